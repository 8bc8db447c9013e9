"""Due: when an input is to run now, and how many of its times nobody was there for."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import takewhile

from tocsin.collection.schedule import Schedule, cron_times, jitter, open_spans
from tocsin.instants import instant, millis

LOOKED_BACK = timedelta(days=1)
"""How far back the times of a cron expression, or those in windows, are counted one by one: at most 1440 times and as
many minutes. Those of an interval without windows are counted by arithmetic, however many they are."""

QUIET = timedelta(minutes=1)
"""How far a shard's cursor may be behind while nothing is due: so often it is moved, or it would look dead."""


@dataclass(frozen=True, slots=True)
class Due:
    """The newest time at which an input is due, and how many before it were missed: nothing can be checked in the past.

    Between the windows of a schedule nothing is due, and so nothing missed.
    """

    last: datetime | None = None
    missed: int = 0


_Times = tuple[int, datetime | None]
"""How many times, and the newest of them."""


def due_between(schedule: Schedule, input_id: str, after: datetime, until: datetime) -> Due:
    """Return what is due in (after, until]: nothing if a clock has gone back.

    Times are whole milliseconds: multiples of the interval since 1970 (Telegraf's `round_interval`), or those of the
    cron expression; each of them `offset` later, and its jitter more. The jitter of one run does not move the next.
    """
    if until <= after:
        return Due()
    if not (schedule.active or schedule.muted):
        return _due([_times(schedule)(schedule, input_id, after, until)])
    since = max(after, until - LOOKED_BACK)
    spans = open_spans(schedule, since, until)
    return _due([_times(schedule)(schedule, input_id, start, end) for start, end in spans])


def _due(found: list[_Times]) -> Due:
    newest = [last for _, last in found if last is not None]
    return Due(newest[-1], sum(number for number, _ in found) - 1) if newest else Due()


def _times(schedule: Schedule) -> Callable[[Schedule, str, datetime, datetime], _Times]:
    return _by_cron if schedule.cron else _by_interval


def _by_interval(schedule: Schedule, input_id: str, after: datetime, until: datetime) -> _Times:
    newest = _number(schedule, input_id, until)
    count = newest - _number(schedule, input_id, after)
    return count, _time(schedule, input_id, newest) if count else None


def _number(schedule: Schedule, input_id: str, at: datetime) -> int:
    """Return the number of the last time that is not after `at`: no jitter is longer than the interval."""
    number = millis(at - schedule.offset) // (schedule.interval // timedelta(milliseconds=1))
    return number if _time(schedule, input_id, number) <= at else number - 1


def _time(schedule: Schedule, input_id: str, number: int) -> datetime:
    base = instant(number * (schedule.interval // timedelta(milliseconds=1))) + schedule.offset
    return base + jitter(schedule, input_id, base)


def _by_cron(schedule: Schedule, input_id: str, after: datetime, until: datetime) -> _Times:
    after = max(after, until - LOOKED_BACK)
    since = after - schedule.offset - schedule.jitter
    bases = (base + schedule.offset for base in cron_times(schedule, since))
    times = [base + jitter(schedule, input_id, base) for base in takewhile(lambda base: base <= until, bases)]
    due = [time for time in times if after < time <= until]
    return len(due), max(due, default=None)
