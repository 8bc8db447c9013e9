"""Lateness: how far behind each shard is, told from outside, so that a shard that is dead tells too."""

from datetime import datetime

from tocsin.evaluation.head import from_item, head_key
from tocsin.ports import Database
from tocsin.schedule.layout import Layout, Shard
from tocsin.schedule.ticks import TICK

_GRACE = 2 * TICK
"""A tick takes up to its own length and begins up to 12 s late: that much is on time."""


def behind_seconds(database: Database, layout: Layout, now: datetime) -> dict[str, float]:
    """Return for each shard that has ever had a cursor how many seconds it is behind; 0 if it is on time."""
    cursors = {
        shard.id: _cursor(database, layout, shard) for shard in map(layout.shard, range(layout.shards))
    }
    return {
        shard: max(0.0, (now - cursor - _GRACE).total_seconds())
        for shard, cursor in cursors.items()
        if cursor is not None
    }


def _cursor(database: Database, layout: Layout, shard: Shard) -> datetime | None:
    """Return a shard's cursor; for one that has not begun the earliest of those that it will take over."""
    [item] = database.get(head_key(shard.id))
    if item is not None and not item.get("empty"):
        return from_item(shard.id, item).cursor
    earlier = layout.overlapping(shard.buckets, shard.layout - 1)
    cursors = (_cursor(database, layout, before) for before, _ in earlier)
    return min((cursor for cursor in cursors if cursor is not None), default=None)
