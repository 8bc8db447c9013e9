"""Receivers as people see them: what each of their integrations last answered, and what it is being told again."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from tocsin.dispatch.config import Config, Integration, ReceiverConfig
from tocsin.dispatch.lognames import log_names
from tocsin.views.groups import HeldGroup
from tocsin.views.notifications import Log, Notice, logs


@dataclass(frozen=True, slots=True)
class IntegrationView:
    """An integration as it is configured, its name in the log, and its logs in all groups."""

    integration: Integration
    name: str
    logs: tuple[Log, ...] = ()

    @property
    def last_delivery(self) -> Notice | None:
        """The newest notification that it took."""
        return _newest(log.newest(failed=False) for log in self.logs)

    @property
    def last_failure(self) -> Notice | None:
        """The newest notification that it did not take."""
        return _newest(log.newest(failed=True) for log in self.logs)

    @property
    def failing(self) -> bool:
        """Whether its last answer was a failure."""
        delivery, failure = self.last_delivery, self.last_failure
        return failure is not None and (delivery is None or delivery.event.at < failure.event.at)

    @property
    def retrying(self) -> list[Log]:
        """The logs in which something is told again, or just now for the first time."""
        return [log for log in self.logs if log.open is not None]


@dataclass(frozen=True, slots=True)
class ReceiverView:
    """A receiver and its integrations, in the order of the configuration."""

    receiver: ReceiverConfig
    integrations: tuple[IntegrationView, ...]


def receivers(config: Config, groups: Iterable[HeldGroup]) -> list[ReceiverView]:
    """Return the receivers of a configuration with what the groups' logs say of them."""
    by_name: dict[tuple[str, str], list[Log]] = {}
    for held in groups:
        for log in logs(held):
            by_name.setdefault((log.receiver, log.integration), []).append(log)
    return [
        ReceiverView(
            receiver,
            tuple(
                IntegrationView(integration, name, tuple(by_name.get((receiver.name, name), ())))
                for integration, name in zip(
                    receiver.integrations, log_names(receiver.integrations), strict=True
                )
            ),
        )
        for receiver in config.receivers.values()
    ]


def _newest(found: Iterable[Notice | None]) -> Notice | None:
    there: Sequence[Notice] = [notice for notice in found if notice is not None]
    return max(there, key=lambda notice: notice.event.at, default=None)
