"""Suspicion: which unit killed a worker, told from the lease that the worker left behind.

A worker that dies on time leaves no trace but a shard that is behind. Who finds it behind takes a lease and
writes down, batch by batch, what is in flight. If that worker dies too, its batch is suspect: the others go
on without it, and the suspects are tried alone, after the others are committed. One that kills again, alone,
is quarantined, with an alarm, and tried ever more rarely, or as soon as its rule is written again. One death
alone condemns nobody: a worker also dies of its own time running out, or of a call that fails.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from tocsin.evaluation.head import Head, Lagging
from tocsin.evaluation.unit import Unit

_FIRST_QUARANTINE = timedelta(minutes=10)
_LONGEST_QUARANTINE = timedelta(hours=6)


def suspect(head: Head, units: Mapping[str, Unit], now: datetime) -> Head:
    """Return HEAD with the units of a lease that ran out held back, and those whose rule was written released."""
    lagging = {unit: _released(held, units.get(unit), now) for unit, held in head.lagging.items()}
    lease = head.lease
    if lease is not None and lease.until <= now:
        for unit in lease.units:
            if unit in units:
                lagging[unit] = _held_back(head, units[unit], now, alone=_tried_alone(head, unit))
        head = replace(head, lease=None)
    return replace(head, lagging=lagging)


def _tried_alone(head: Head, unit: str) -> bool:
    """Tell whether the worker that died was trying a suspect: such are only tried one at a time."""
    known = head.lagging.get(unit)
    return known is not None and known.suspect


def _held_back(head: Head, unit: Unit, now: datetime, *, alone: bool) -> Lagging:
    known = head.lagging.get(unit.id)
    tries = known.tries if known else 0
    wait = min(_LONGEST_QUARANTINE, _FIRST_QUARANTINE * 2 ** min(tries, 8)) if alone else timedelta(0)
    cursor = head.cursor_of(unit.id, unit.bucket)
    since = known.since if known else None
    return Lagging(cursor, tries + alone, now + wait, True, alone, unit.revision, since or now)


def _released(held: Lagging, unit: Unit | None, now: datetime) -> Lagging:
    if unit is None or unit.revision == held.revision:
        return held
    return replace(held, until=now, quarantined=False, revision=unit.revision)
