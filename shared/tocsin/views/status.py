"""The status of the whole: versions in force, every shard, gaps, what is due, what is not well."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from tocsin.dispatch.group import held_groups
from tocsin.index import Index, read_index
from tocsin.ports import Database
from tocsin.views.rules import OK, RuleView, read_rules
from tocsin.views.shards import GapView, MissedView, ShardView, read_gaps, read_missed, read_shards

OVERDUE = timedelta(minutes=1)
"""A group that was due longer ago has been missed by a sweep."""


@dataclass(frozen=True, slots=True)
class Groups:
    """How many groups hold an alert, how many of these are due, and how many were a minute ago already."""

    held: int
    due: int
    overdue: int

    @classmethod
    def count(cls, dues: Collection[datetime], now: datetime) -> "Groups":
        """Return the figures for the due times of all groups."""
        return cls(len(dues), sum(due <= now for due in dues), sum(due <= now - OVERDUE for due in dues))


@dataclass(frozen=True, slots=True)
class Status:
    """Everything that `tocsin status` shows."""

    at: datetime
    index: Index
    shards: tuple[ShardView, ...]
    rules: tuple[RuleView, ...]
    groups: Groups
    gaps: tuple[GapView, ...]
    missed: tuple[MissedView, ...] = ()

    @property
    def unhealthy(self) -> list[RuleView]:
        """The rules that are not well."""
        return [view for view in self.rules if view.health != OK]


def read_status(database: Database, now: datetime) -> Status:
    """Read the status; every item as it is at its reading, so that parts may be a tick apart."""
    index = read_index(database)
    shards = read_shards(database, index.layout)
    return Status(
        at=now,
        index=index,
        shards=tuple(shards),
        rules=tuple(read_rules(database, index, shards)),
        groups=Groups.count(held_groups(database).values(), now),
        gaps=tuple(read_gaps(database, index.layout, now)),
        missed=tuple(read_missed(database, index.layout, now)),
    )
