"""Lateness: how far behind each shard is, told from outside, so that a shard that is dead tells too."""

from collections.abc import Callable
from datetime import datetime

from tocsin.collection.due import QUIET
from tocsin.evaluation import head as evaluation
from tocsin.index import Index
from tocsin.ports import Database
from tocsin.samples import log as samples
from tocsin.samples.writers import writer_of
from tocsin.schedule.layout import Layout, Shard
from tocsin.schedule.ticks import TICK

_GRACE = 2 * TICK
"""A tick takes up to its own length and begins up to 12 s late: that much is on time."""

_CursorOf = Callable[[Database, Shard], datetime | None]


def behind_seconds(database: Database, index: Index, now: datetime) -> dict[str, float]:
    """Return how many seconds each shard is behind, 0 if it is on time: `1.0` of rules, `inputs.1.0` of inputs.

    Left out is what has never had a cursor, and inputs where there are none.
    """
    rules = _behind(database, index.layout, _rules_cursor, now - _GRACE)
    late = {shard.id: seconds for shard, seconds in rules.items()}
    if index.inputs:
        inputs = _behind(database, index.layout, _inputs_cursor, now - _GRACE - QUIET)
        late |= {writer_of(shard): seconds for shard, seconds in inputs.items()}
    return late


def _behind(
    database: Database, layout: Layout, cursor_of: _CursorOf, on_time: datetime
) -> dict[Shard, float]:
    """Return how far the cursors are from the time that is still on time."""
    cursors = {
        shard: _cursor(database, layout, cursor_of, shard)
        for shard in map(layout.shard, range(layout.shards))
    }
    return {
        shard: max(0.0, (on_time - cursor).total_seconds())
        for shard, cursor in cursors.items()
        if cursor is not None
    }


def _cursor(database: Database, layout: Layout, cursor_of: _CursorOf, shard: Shard) -> datetime | None:
    """Return a shard's cursor; for one that has not begun the earliest of those that it will take over."""
    cursor = cursor_of(database, shard)
    if cursor is not None:
        return cursor
    earlier = layout.overlapping(shard.buckets, shard.layout - 1)
    cursors = (_cursor(database, layout, cursor_of, before) for before, _ in earlier)
    return min((cursor for cursor in cursors if cursor is not None), default=None)


def _rules_cursor(database: Database, shard: Shard) -> datetime | None:
    [item] = database.get(evaluation.head_key(shard.id))
    if item is None or item.get("empty"):
        return None
    return evaluation.from_item(shard.id, item).cursor


def _inputs_cursor(database: Database, shard: Shard) -> datetime | None:
    [item] = database.get(samples.head_key(writer_of(shard)))
    return samples.head_from_item(item).cursor
