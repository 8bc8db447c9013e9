"""Backing off: when an output that did not answer is tried again."""

from dataclasses import dataclass
from datetime import timedelta

from tocsin.ports import Unanswered

FIRST, LONGEST = timedelta(seconds=1), timedelta(seconds=60)
LONGEST_ASKED = timedelta(minutes=10)
"""More than this nobody may ask us to wait, as in Telegraf (`outputs/influxdb_v2`)."""
_MOST_DOUBLINGS = 6


@dataclass(frozen=True, slots=True)
class Later(Unanswered):
    """The other side said how long to wait (`Retry-After`)."""

    after_seconds: float = 0.0


def pause(tries: int, answer: Unanswered) -> timedelta:
    """Return how long to wait after so many tries in a row, the last one answered so: 1 s, 2 s, 4 s, … 60 s."""
    doubled = min(FIRST * (1 << min(tries - 1, _MOST_DOUBLINGS)), LONGEST)
    if not isinstance(answer, Later):
        return doubled
    asked = min(answer.after_seconds, LONGEST_ASKED.total_seconds())
    return max(doubled, timedelta(seconds=asked))
