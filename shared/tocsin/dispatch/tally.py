"""Tallies: what was counted today, kept in items that are written anyway, so that counting costs no write.

A tally begins anew with the first count of a new day (UTC), and its item outlives the day. So the sum over all items
whose tally is of today only rises until midnight and then begins at zero: what Prometheus calls a counter, whose
resets `rate` and `increase` know. Nothing of it is in the memory of a process that others know nothing of.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from tocsin.instants import millis
from tocsin.notification import Delivered, Sent

TOTAL, REQUESTS, REQUESTS_FAILED, MILLISECONDS = "total", "requests", "requests_failed", "ms"
FAILED, WITHIN = "failed.", "le."
"""What the names begin with of failures by their reason, and of requests by the bucket of their duration."""
BUCKETS = (1, 5, 10, 15, 20)
"""In seconds, those of `alertmanager_notification_latency_seconds`; what took longer is in none of them."""
BEYOND = "+Inf"
_DAY_MS = 86_400_000

Counts = Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Tally:
    """The counts of one day, which is a number of days since 1970."""

    day: int = 0
    counts: Counts = field(default_factory=dict)

    def plus(self, more: Counts, now: datetime) -> "Tally":
        """Return the tally with more counts of now; one whose clock is behind at midnight counts for the new day."""
        if not more:
            return self
        day = max(self.day, millis(now) // _DAY_MS)
        return Tally(day, total([self.counts if day == self.day else {}, more]))

    def today(self, now: datetime) -> Counts:
        """Return what it counts today."""
        return self.counts if self.day == millis(now) // _DAY_MS else {}

    def to_document(self) -> list[Any]:
        """Return the tally as it is stored."""
        return [self.day, dict(self.counts)]


def from_document(document: Sequence[Any] | None) -> Tally:
    """Return the tally that `to_document` wrote, or the empty one."""
    return Tally(document[0], document[1]) if document else Tally()


def total(several: Iterable[Counts]) -> dict[str, int]:
    """Return the sum of several counts, name by name."""
    found: dict[str, int] = {}
    for counts in several:
        for name, number in counts.items():
            found[name] = found.get(name, 0) + number
    return found


def of_try(sent: Sent, seconds: Sequence[float]) -> dict[str, int]:
    """Return what one notification counts that was sent so: each of its requests took so many seconds.

    Alertmanager counts the same (`notify.RetryStage`): a notification once a flush, a request each time.
    """
    delivered = isinstance(sent, Delivered)
    buckets = total({bucket(one): 1} for one in seconds)
    found = {
        TOTAL: 1,
        REQUESTS: len(seconds),
        REQUESTS_FAILED: len(seconds) - delivered,
        MILLISECONDS: round(1000 * sum(seconds)),
        **buckets,
    }
    if not isinstance(sent, Delivered):
        found[FAILED + sent.reason] = 1
    return {name: number for name, number in found.items() if number}


def bucket(seconds: float) -> str:
    """Return the name under which a request of that duration is counted."""
    return WITHIN + next((str(bound) for bound in BUCKETS if seconds <= bound), BEYOND)
