"""Shards as people see them: how far each has come, what lags behind it, which stretches were not on time."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from tocsin.evaluation.head import Head, from_item, head_key
from tocsin.evaluation.redo import Gap
from tocsin.instants import instant, millis
from tocsin.ports import Database
from tocsin.schedule.layout import Layout, Shard

_KEYS_AT_ONCE = 100
_EARLIER_LAYOUTS = 3
"""Whose gaps are still read; every layout before them had its time."""


@dataclass(frozen=True, slots=True)
class ShardView:
    """A shard and what it has committed; None if it has not begun."""

    shard: Shard
    head: Head | None

    def lag(self, now: datetime) -> timedelta | None:
        """Return how far behind now its cursor is."""
        return None if self.head is None else max(now - self.head.cursor, timedelta(0))


@dataclass(frozen=True, slots=True)
class GapView:
    """A gap and the shard in which it was."""

    shard: str
    gap: Gap


def read_shards(database: Database, layout: Layout) -> list[ShardView]:
    """Read the shards of the layout in force."""
    shards = [layout.shard(index) for index in range(layout.shards)]
    views: list[ShardView] = []
    for start in range(0, len(shards), _KEYS_AT_ONCE):
        some = shards[start : start + _KEYS_AT_ONCE]
        items = database.get(*(head_key(shard.id) for shard in some))
        views += [
            ShardView(shard, from_item(shard.id, item) if item else None)
            for shard, item in zip(some, items, strict=True)
        ]
    return views


def read_gaps(database: Database, layout: Layout, now: datetime) -> list[GapView]:
    """Read the gaps on record, newest first; contiguous ones of a shard are one."""
    versions = [*sorted(layout.before)[-_EARLIER_LAYOUTS:], layout.version]
    shards = [
        layout.shard(index, version)
        for version in versions
        for index in range(layout.shards if version == layout.version else layout.before[version])
    ]
    views = [
        GapView(shard.id, gap)
        for shard in shards
        for gap in merge(_gaps(database.query("state", shard.id, prefix="GAP#"), now))
    ]
    return sorted(views, key=lambda view: (view.gap.start, view.shard), reverse=True)


def _gaps(items: Iterable[Mapping[str, Any]], now: datetime) -> list[Gap]:
    live = [item for item in items if item["expires"] * 1000 > millis(now)]
    return [
        Gap(instant(item["start"]), instant(item["end"]), item["replayed"], item["dropped"]) for item in live
    ]


def merge(gaps: Sequence[Gap]) -> list[Gap]:
    """Return gaps of one shard, oldest first, those that touch put together."""
    merged: list[Gap] = []
    for gap in sorted(gaps, key=lambda gap: gap.start):
        if merged and gap.start <= merged[-1].end:
            last = merged[-1]
            merged[-1] = replace(
                last,
                end=max(last.end, gap.end),
                replayed=last.replayed + gap.replayed,
                dropped=last.dropped + gap.dropped,
            )
        else:
            merged.append(gap)
    return merged
