"""A notification: what one receiver is told about one group, and what became of telling it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from hashlib import sha256

from tocsin.alert import Alert


class Reason(StrEnum):
    """Why a receiver is notified, or is not (the words of Alertmanager's `notification_reason`)."""

    FIRST = "first notification"
    NEW_ALERTS = "new alerts added"
    ALL_RESOLVED = "all alerts resolved"
    SOME_RESOLVED = "some alerts resolved"
    REPEAT = "repeat interval elapsed"
    NONE = "none"


Memory = Mapping[str, str | int | float]
"""What a receiver remembers of a group from one notification to the next: the message it updates, an issue's key."""


@dataclass(frozen=True, slots=True)
class Notification:
    """One message to one receiver: a fixed content under an id that stands for exactly that content.

    `id` is the idempotency key: it is the same in every attempt to send this content and in no other.
    `at` is the time of the flush that decided it; whether an alert is resolved is judged at that time.
    `route_labels` are the route's, their values still templates. `memory` is what the receiver remembered when
    it was last told of this group; empty at a first notification.
    """

    id: str
    receiver: str
    reason: Reason
    group_key: str
    group_labels: Mapping[str, str]
    alerts: tuple[Alert, ...]
    at: datetime
    external_url: str = ""
    truncated: int = 0
    route_labels: Mapping[str, str] = field(default_factory=dict)
    memory: Memory = field(default_factory=dict)

    @property
    def group_hash(self) -> str:
        """The SHA-256 of the group key in hex: how services know the group's incident (`notify.Key.Hash`)."""
        return sha256(self.group_key.encode()).hexdigest()

    @property
    def firing(self) -> tuple[Alert, ...]:
        """The alerts that fire, in the order of the notification."""
        return tuple(alert for alert in self.alerts if not alert.resolved(self.at))

    @property
    def resolved(self) -> tuple[Alert, ...]:
        """The alerts that have resolved, in the order of the notification."""
        return tuple(alert for alert in self.alerts if alert.resolved(self.at))

    @property
    def status(self) -> str:
        """`firing` if any alert fires, else `resolved`."""
        return "firing" if self.firing else "resolved"


@dataclass(frozen=True, slots=True)
class Delivered:
    """The receiver took the notification; `detail` is its answer in a few words (a status, a message id).

    `memory` is what it is to be given with the group's next notification; None leaves it as it is.
    """

    detail: str = ""
    memory: Memory | None = None


class Failure(StrEnum):
    """Why a send failed (the fixed reasons of Alertmanager's `notifications_failed_total`)."""

    CLIENT_ERROR = "clientError"
    SERVER_ERROR = "serverError"
    AUTH_ERROR = "authError"
    RATE_LIMITED = "rateLimited"
    DEADLINE = "contextDeadlineExceeded"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Failed:
    """The receiver did not take it; `retry` tells whether the same content may be tried again.

    `detail` holds no secret: no URL beyond its host, no header, no token. `retry_after_seconds` is what
    the receiver asked for, if it asked.
    """

    reason: Failure
    retry: bool
    detail: str = ""
    retry_after_seconds: float | None = None


Sent = Delivered | Failed


def common(maps: tuple[Mapping[str, str], ...]) -> dict[str, str]:
    """Return the pairs that stand in every one of `maps` (Alertmanager's commonLabels, commonAnnotations)."""
    if not maps:
        return {}
    first, *rest = maps
    return {name: value for name, value in first.items() if all(other.get(name) == value for other in rest)}
