"""Shards as people see them: how far each has come, what lags behind it, which stretches were not on time."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from tocsin.evaluation.fold import Episode
from tocsin.evaluation.head import Head, from_item, head_key
from tocsin.evaluation.redo import Gap, missed_from_document
from tocsin.instants import instant, millis
from tocsin.packing import unpack
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


@dataclass(frozen=True, slots=True)
class MissedView:
    """An alert that fired and ended before anybody was told, the rule and the shard it was of."""

    shard: str
    rule: str
    episode: Episode


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
    """Read the gaps on record, newest first."""
    views = [
        GapView(shard, gap)
        for shard in _recent(layout)
        for gap in _gaps(_live(database.query("state", shard, prefix="GAP#"), now))
    ]
    return sorted(views, key=lambda view: (view.gap.start, view.shard), reverse=True)


def read_missed(database: Database, layout: Layout, now: datetime) -> list[MissedView]:
    """Read the alerts on record that fired and ended unheard, newest first."""
    views = [
        MissedView(shard, missed.rule, episode)
        for shard in _recent(layout)
        for item in _live(database.query("state", shard, prefix="MISSED#"), now)
        for missed in map(missed_from_document, unpack(item["missed"]))
        for episode in missed.episodes
    ]
    return sorted(views, key=lambda view: (view.episode.fired_at, view.rule), reverse=True)


def _recent(layout: Layout) -> list[str]:
    versions = [*sorted(layout.before)[-_EARLIER_LAYOUTS:], layout.version]
    return [
        layout.shard(index, version).id
        for version in versions
        for index in range(layout.shards if version == layout.version else layout.before[version])
    ]


def _live(items: Iterable[Mapping[str, Any]], now: datetime) -> list[Mapping[str, Any]]:
    return [item for item in items if item["expires"] * 1000 > millis(now)]


def _gaps(items: Iterable[Mapping[str, Any]]) -> list[Gap]:
    return [
        Gap(instant(item["start"]), instant(item["end"]), item["replayed"], item["dropped"]) for item in items
    ]
