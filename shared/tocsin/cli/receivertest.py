"""A test message to a receiver: marked as one, sent integration by integration, each answer kept."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import uuid4

import click

from tocsin.alert import Alert
from tocsin.dispatch.config import Config, Integration
from tocsin.labels import format_labels
from tocsin.notification import Delivered, Memory, Notification, Reason, Sent

if TYPE_CHECKING:
    from tocsin.bootstrap import World

TIMEOUT_SECONDS = 10.0
"""As long as a flush gives an integration."""


def name_of(integration: Integration) -> str:
    """Return what an integration is called within its receiver."""
    return f"{integration.kind}/{integration.index}"


def notification_of_test(receiver: str, labels: Mapping[str, str], user: str, now: datetime) -> Notification:
    """Return the message: of a group of its own, so that no real incident is opened or closed by it."""
    identity = str(uuid4())
    annotations = {
        "summary": f"This is a test by {user}: nothing is wrong.",
        "description": f"{user} ran: tocsin receivers test {receiver}",
    }
    group_labels = {"alertname": labels["alertname"]}
    return Notification(
        id=identity,
        receiver=receiver,
        reason=Reason.FIRST,
        group_key=f'{{}}/{{test="{identity}"}}:{format_labels(group_labels)}',
        group_labels=group_labels,
        alerts=(Alert(labels, annotations, now),),
        at=now,
    )


@dataclass(frozen=True, slots=True)
class Result:
    """What an integration answered."""

    integration: str
    status: str
    sent: Sent

    @property
    def delivered(self) -> bool:
        """Whether the message was taken."""
        return isinstance(self.sent, Delivered)

    def __str__(self) -> str:
        outcome = "delivered" if isinstance(self.sent, Delivered) else f"failed ({self.sent.reason})"
        return f"{self.integration}  {self.status}  {outcome} {self.sent.detail}".rstrip()

    def to_json(self) -> dict[str, object]:
        """Return the result as JSON."""
        reason = None if isinstance(self.sent, Delivered) else self.sent.reason.value
        return {
            "integration": self.integration,
            "status": self.status,
            "delivered": self.delivered,
            "reason": reason,
            "detail": self.sent.detail,
        }


def tell(
    world: "World",
    config: Config,
    integrations: Sequence[Integration],
    firing: Notification,
    *,
    resolve: bool,
) -> Iterator[Result]:
    """Send to one integration after the other, the end too if that is asked for and the integration wants it."""
    if world.receivers is None:
        raise click.ClickException("there is nothing to send with here")
    for integration in integrations:
        receiver = world.receivers(integration, config)
        sent = receiver.send(firing, TIMEOUT_SECONDS)
        yield Result(name_of(integration), firing.status, sent)
        if resolve and integration.send_resolved and isinstance(sent, Delivered):
            resolved = _resolved(firing, world.clock.now(), sent.memory or {})
            yield Result(name_of(integration), resolved.status, receiver.send(resolved, TIMEOUT_SECONDS))


def _resolved(firing: Notification, now: datetime, memory: Memory) -> Notification:
    alerts = tuple(replace(alert, ends_at=now) for alert in firing.alerts)
    return replace(firing, id=str(uuid4()), reason=Reason.ALL_RESOLVED, alerts=alerts, at=now, memory=memory)
