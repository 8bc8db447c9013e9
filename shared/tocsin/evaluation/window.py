"""The window of a commit: which timestamps each unit is due at, and which are too old to be replayed."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from tocsin.evaluation.head import Head
from tocsin.evaluation.redo import Gap
from tocsin.evaluation.unit import Unit, spread
from tocsin.schedule.ticks import TICK, due_between, last_due

CHUNK = timedelta(minutes=10)
"""At most so much of the past goes into one commit: answers stay small and progress is kept."""
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


def target(now: datetime, tick: datetime) -> datetime:
    """Return the tick to evaluate up to: the latest, or the message's own if our clock is just behind it."""
    return max(floor_tick_of(now), tick) if tick - now <= timedelta(seconds=2) else floor_tick_of(now)


def floor_tick_of(now: datetime) -> datetime:
    """Return the latest tick."""
    return last_due(now, TICK, timedelta(0))


def end_of_commit(head: Head, target_: datetime, now: datetime, limit: timedelta) -> datetime:
    """Return up to which tick the next commit goes: to the target if it is near, else one chunk on."""
    start = max(head.cursor, floor_tick_of(now - limit))
    return min(target_, start + CHUNK)


def work_of(unit: Unit, cursor: datetime, until: datetime, now: datetime, limit: timedelta) -> Work:
    """Return what a unit has to do from its cursor to the end of the commit."""
    horizon = floor_tick_of(now - limit)
    skipped = max(timedelta(0), min(horizon, until) - cursor)
    at = due_between(cursor + skipped, until, unit.rule.interval, spread(unit)) if cursor < until else ()
    return Work(unit, at, until, skipped)


def plan(units: Iterable[Unit], head: Head, until: datetime, now: datetime, limit: timedelta) -> list[Work]:
    """Return the work of every unit that does not lag."""
    return [
        work_of(unit, head.cursor_of(unit.id, unit.bucket), until, now, limit)
        for unit in units
        if unit.id not in head.lagging
    ]


def gap(head: Head, until: datetime, now: datetime, limit: timedelta) -> Gap | None:
    """Return the gap that a commit closes: its ticks that come more than a minute late; None if there are none."""
    start = min([head.cursor, *(piece.cursor for piece in head.inherited)])
    last = floor_tick_of(min(until, now - RECENT))
    late = (last - floor_tick_of(start)) // TICK
    if late <= 0:
        return None
    dropped = max(0, (min(last, floor_tick_of(now - limit)) - floor_tick_of(start)) // TICK)
    return Gap(start, last, late - dropped, dropped)


def recent(work_unit: Unit, until: datetime, now: datetime) -> datetime | None:
    """Return until when a hand-over of the unit's state counts as news; None if it is old by now."""
    last = last_due(until, work_unit.rule.interval, spread(work_unit))
    expires = last + max(RECENT, work_unit.rule.interval)
    return expires if now <= expires else None
