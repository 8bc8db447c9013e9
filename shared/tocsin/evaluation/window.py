"""The window of a commit: which timestamps each unit is due at, and which are too old to be replayed."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from tocsin.evaluation.head import Head, Stretch
from tocsin.evaluation.redo import Gap
from tocsin.evaluation.unit import Unit, spread
from tocsin.schedule.layout import Buckets
from tocsin.schedule.ticks import TICK, due_between, floor_tick, last_due

FAR = timedelta(minutes=10)
"""What is further behind is set aside, and catches up apart from what is on time."""
_POINTS = 4096
"""At most so many timestamps of a unit in one answer: below the 11,000 of Prometheus, and what a worker can hold."""
RECENT = timedelta(seconds=60)
"""A commit this recent, or within the unit's interval, hands over; an older one only advances state."""


@dataclass(frozen=True, slots=True)
class Work:
    """One unit's part of a commit: from its cursor up to `until` it is due `at` these timestamps.

    `skipped` is how much time before them is given up, because it lies beyond the catch-up limit.
    """

    unit: Unit
    at: tuple[datetime, ...]
    until: datetime
    skipped: timedelta = timedelta(0)

    @property
    def asks(self) -> bool:
        """Whether there is something to ask: not if the rule is closed at every timestamp."""
        return any(map(self.unit.rule.open, self.at))


def far(cursor: datetime, until: datetime) -> bool:
    """Tell whether a cursor is so far behind that its units are set aside."""
    return until - cursor > FAR


def set_aside(head: Head, buckets: Buckets, until: datetime) -> Head:
    """Return HEAD with all of a shard that is far behind as stretches, and its cursor where it should be."""
    if not far(head.cursor, until):
        return head
    free = [buckets]
    for piece in head.stretches:
        free = [left for part in free for left in part.without(piece.buckets)]
    stretches = (*head.stretches, *(Stretch(part, head.cursor, until) for part in free))
    return replace(head, cursor=until, stretches=stretches)


def work_of(
    unit: Unit, cursor: datetime, until: datetime, now: datetime, limit: timedelta, tries: int = 0
) -> Work:
    """Return what a unit has to do from its cursor on: up to `until`, or as much as one answer is asked to hold.

    Of a rule that can only be asked about the present, what is missed is a gap.
    """
    rule = unit.rule
    skipped = max(timedelta(0), min(floor_tick(now - limit), until) - cursor)
    if rule.replayable:
        points = max(1, min(rule.chunk, _POINTS) >> min(tries, 12))
        until = min(until, cursor + skipped + points * rule.interval)
    at = due_between(cursor + skipped, until, rule.interval, spread(unit)) if cursor < until else ()
    if len(at) > 1 and not rule.replayable:
        skipped += at[-1] - at[0]
        at = at[-1:]
    return Work(unit, at, until, skipped)


def lagging_work(unit: Unit, head: Head, now: datetime, limit: timedelta) -> Work:
    """Return what a unit that lags does next: half as much after every try in vain.

    How far back counts from when it might be tried, however long its turn takes to come.
    """
    held = head.lagging[unit.id]
    return work_of(unit, held.cursor, head.cursor, min(now, held.until), limit, held.tries)


def plan(units: Iterable[Unit], head: Head, until: datetime, now: datetime, limit: timedelta) -> list[Work]:
    """Return the work of every unit that neither lags nor is set aside."""
    aside = [piece.buckets for piece in head.stretches if far(piece.cursor, until)]
    return [
        work_of(unit, head.cursor_of(unit.id, unit.bucket), until, now, limit)
        for unit in units
        if unit.id not in head.lagging and not any(unit.bucket in buckets for buckets in aside)
    ]


def gap(head: Head, until: datetime, now: datetime, limit: timedelta) -> Gap | None:
    """Return the gap that a commit finds: its ticks that come more than a minute late; None if there are none.

    What was set aside before is on record already.
    """
    near = (piece.cursor for piece in head.stretches if not far(piece.cursor, until))
    start = min([head.cursor, *near])
    last = floor_tick(min(until, now - RECENT))
    late = (last - floor_tick(start)) // TICK
    if late <= 0:
        return None
    dropped = max(0, (min(last, floor_tick(now - limit)) - floor_tick(start)) // TICK)
    return Gap(start, last, late - dropped, dropped)


def recent(work_unit: Unit, until: datetime, now: datetime) -> datetime | None:
    """Return until when a hand-over of the unit's state counts as news; None if it is old by now."""
    last = last_due(until, work_unit.rule.interval, spread(work_unit))
    expires = last + max(RECENT, work_unit.rule.interval)
    return expires if now <= expires else None
