"""Replay: what is behind catches up batch by batch, each unit up to the present at once."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import groupby

from tocsin.evaluation.head import Head, Stretch
from tocsin.evaluation.unit import Unit
from tocsin.evaluation.window import Work
from tocsin.schedule.layout import Buckets

_UNITS = 64
_TIMESTAMPS = 2048
"""Of all units of a batch: what is asked at once has to fit into a worker's memory and its time."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Some units that catch up together, what is still set aside after them, and since when they were."""

    units: tuple[Unit, ...]
    left: tuple[Stretch, ...]
    since: datetime | None = None


def next_batch(head: Head, units: Iterable[Unit]) -> Batch:
    """Return the first units, in the order of their buckets, of the stretch that is furthest behind.

    A bucket is never divided, so that a group stays together.
    """
    stretch = min(head.stretches, key=lambda piece: (piece.cursor, piece.buckets))
    behind = head.cursor - stretch.cursor
    members = [unit for unit in units if unit.bucket in stretch.buckets and unit.id not in head.lagging]
    chosen: list[Unit] = []
    timestamps, end = 0.0, stretch.buckets.end
    for bucket, found in groupby(sorted(members, key=_place), key=lambda unit: unit.bucket):
        own = list(found)
        wanted = sum(behind / unit.rule.interval for unit in own)
        if chosen and not _fits(len(chosen) + len(own), timestamps + wanted):
            end = bucket
            break
        chosen += own
        timestamps += wanted
    rest = Buckets(end, stretch.buckets.end)
    left = [replace(stretch, buckets=rest)] if end < stretch.buckets.end else []
    others = (piece for piece in head.stretches if piece is not stretch)
    return Batch(tuple(chosen), (*others, *left), stretch.since)


def first_of(clusters: Iterable[Sequence[Work]]) -> list[Work]:
    """Return the first works that lag and fit into a batch, at least a cluster: the others keep their turn."""
    chosen: list[Work] = []
    for cluster in clusters:
        wanted = [*chosen, *cluster]
        if chosen and not _fits(len(wanted), sum(len(work.at) for work in wanted)):
            break
        chosen = wanted
    return chosen


def _fits(units: int, timestamps: float) -> bool:
    return units <= _UNITS and timestamps <= _TIMESTAMPS


def _place(unit: Unit) -> tuple[int, str]:
    return unit.bucket, unit.id
