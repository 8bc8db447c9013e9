"""What one visit of an output came to, for its log line and its figures."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime
from enum import StrEnum
from typing import Any

from tocsin.instants import rfc3339
from tocsin.ports import Meter
from tocsin.shipping.cursor import Counts


class Outcome(StrEnum):
    """How a visit ended."""

    CAUGHT_UP = "caught_up"
    BEHIND = "behind"
    """The time was over before everything was written."""
    UNANSWERED = "unanswered"
    """It stays where it is, and is tried again later."""
    NOT_OURS = "not_ours"
    """Somebody else is at it, or it is too early for another try."""
    OVERTAKEN = "overtaken"
    """The lease ended under our hands; what was written may be written again."""
    UNKNOWN = "unknown"
    """There is no such output any more."""


@dataclass(frozen=True, slots=True)
class Report:
    """One visit; `counts` are those of this visit alone."""

    output: str
    outcome: Outcome
    counts: Counts = field(default_factory=Counts)
    writes: int = 0
    reason: str = ""
    detail: str = ""
    failing_since: datetime | None = None
    retry_at: datetime | None = None

    @property
    def lost(self) -> int:
        """How much did not get there and never will."""
        return self.counts.refused + self.counts.dropped + self.counts.gone


def line(report: Report) -> dict[str, Any]:
    """Return what the log says of a visit."""
    return {
        "output": report.output,
        "outcome": report.outcome.value,
        "writes": report.writes or None,
        **_counted(report),
        "reason": report.reason,
        "detail": report.detail,
        "failing_since": rfc3339(report.failing_since) if report.failing_since else None,
        "retry_at": rfc3339(report.retry_at) if report.retry_at else None,
    }


def count(meter: Meter, report: Report) -> None:
    """Count what a visit came to, by output; who found nothing to do counts nothing."""
    for name, number in _counted(report).items():
        meter.count(name, number, output=report.output)
    if report.outcome is Outcome.UNANSWERED:
        meter.count("output_failures", output=report.output, reason=report.reason)


def _counted(report: Report) -> Mapping[str, int]:
    counts = {each.name: getattr(report.counts, each.name) for each in fields(Counts)}
    return {f"{_NAMES[name]}_{name}": number for name, number in counts.items() if number}


_NAMES = {
    "written": "metrics",
    "unwritable": "samples",
    "refused": "metrics",
    "dropped": "metrics",
    "gone": "entries",
}
