"""Dialects: what a system's rules mean where systems differ. Another dialect is another row, not another program."""

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True)
class Dialect:
    """One system's answers to the questions on which Prometheus and Grafana part."""

    name: str
    resend_delay: timedelta
    """How often a sender of this dialect repeats that an alert fires."""
    validity_factor: int
    """For how many of its intervals (or resends, if those are longer) an alert stands that is not repeated."""

    def validity(self, interval: timedelta) -> timedelta:
        """Return how long an alert stands though its rule cannot be evaluated (`rules/alerting.go`, ValidUntil)."""
        return self.validity_factor * max(interval, self.resend_delay)


PROMETHEUS = Dialect("prometheus", resend_delay=timedelta(minutes=1), validity_factor=4)
