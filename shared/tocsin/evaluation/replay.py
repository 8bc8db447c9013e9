"""Replay: what was set aside catches up batch by batch, each unit up to the present at once."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby

from tocsin.evaluation.head import Head, Stretch
from tocsin.evaluation.unit import Unit
from tocsin.schedule.layout import Buckets

_UNITS = 64
_TIMESTAMPS = 2048
"""Of all units of a batch: what is asked at once has to fit into a worker's memory and its time."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Some units that catch up together, and what is still set aside after them."""

    units: tuple[Unit, ...]
    left: tuple[Stretch, ...]


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
        if chosen and (len(chosen) + len(own) > _UNITS or timestamps + wanted > _TIMESTAMPS):
            end = bucket
            break
        chosen += own
        timestamps += wanted
    rest = Buckets(end, stretch.buckets.end)
    left = [Stretch(rest, stretch.cursor)] if end < stretch.buckets.end else []
    return Batch(tuple(chosen), (*(piece for piece in head.stretches if piece is not stretch), *left))


def _place(unit: Unit) -> tuple[int, str]:
    return unit.bucket, unit.id
