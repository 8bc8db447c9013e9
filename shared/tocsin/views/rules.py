"""Rules as people see them: each with what it is doing now and whether it is well."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from tocsin.evaluation.head import Lagging
from tocsin.evaluation.records import NOTHING, Record, load
from tocsin.evaluation.states import State
from tocsin.evaluation.unit import spread, unit_of
from tocsin.index import Index
from tocsin.instants import instant
from tocsin.ports import Database
from tocsin.rules.book import RuleBook, StoredRule
from tocsin.rules.rule import Rule
from tocsin.schedule.buckets import BUCKETS, bucket, slot
from tocsin.schedule.layout import Buckets
from tocsin.schedule.ticks import last_due
from tocsin.views.shards import ShardView, read_shards

OK = "ok"
QUARANTINED = "quarantined"
UNANSWERED = "unanswered"
_UNIT = re.compile("[0-9a-f]{24}")


@dataclass(frozen=True, slots=True)
class RuleView:
    """A stored rule, the record of its unit, up to when it has been evaluated, and how it lags if it does."""

    stored: StoredRule
    record: Record = NOTHING
    lagging: Lagging | None = None
    cursor: datetime | None = None

    @property
    def rule(self) -> Rule:
        """The rule itself."""
        return self.stored.rule

    def count(self, state: State) -> int:
        """Return how many of its instances are in a state."""
        return sum(held.state is state for held in self.record.instances.values())

    @property
    def state(self) -> State:
        """The highest state of its instances (Prometheus: a rule fires if one of its alerts does)."""
        return next((state for state in (State.FIRING, State.PENDING) if self.count(state)), State.INACTIVE)

    def lag(self, now: datetime) -> timedelta | None:
        """Return how far behind now its evaluation is; None if it has not begun, or is paused."""
        if self.cursor is None or self.stored.paused(now):
            return None
        return max(now - self.cursor, timedelta(0))

    @property
    def last_evaluation(self) -> datetime | None:
        """The last timestamp for which it was evaluated as it is written now; None if there has been none."""
        if self.cursor is None:
            return None
        last = self._due_until(self.cursor)
        return last if last > instant(self.stored.at_ms) else None

    def next_evaluation(self, now: datetime) -> datetime | None:
        """Return when it is evaluated next, or tried if it lags; None if it is paused for good, or not to be then."""
        pause, after = self.stored.pause, now
        if pause is not None and pause.holds(now):
            if pause.until is None:
                return None
            after = pause.until - timedelta(milliseconds=1)  # at its very end it is evaluated
        elif self.lagging is not None:
            return max(self.lagging.until, now)
        due = self._due_until(after) + self.rule.interval
        return due if self.rule.open(due) else None

    def _due_until(self, until: datetime) -> datetime:
        return last_due(until, self.rule.interval, spread(unit_of(self.stored.id, self.rule)))

    @property
    def health(self) -> str:
        """`ok`, `quarantined`, why its last evaluation failed, or `unanswered` if it waits for its source."""
        if self.lagging is not None and self.lagging.quarantined:
            return QUARANTINED
        waits = self.lagging is not None and self.lagging.since is not None
        return self.record.health or (UNANSWERED if waits else OK)


def read_stored(database: Database, index: Index) -> list[StoredRule]:
    """Read every rule, in the order of their keys."""
    return sorted(RuleBook(database).load(index).values(), key=lambda stored: stored.rule.key)


def read_rule(database: Database, index: Index, unit: str) -> RuleView | None:
    """Read one rule with the record of its unit; None if there is none of that id."""
    stored = read_one(database, index, unit)
    if stored is None:
        return None
    place = bucket(unit)
    shards = [shard for shard in read_shards(database, index.layout) if place in shard.shard.buckets]
    return _view(stored, load(database, Buckets(place, place + 1)), shards)


def read_one(database: Database, index: Index, unit: str) -> StoredRule | None:
    """Read one rule as it is stored; None if there is none of that id, which may be any text."""
    if not _UNIT.fullmatch(unit):
        return None
    number = slot(unit)
    return RuleBook(database).slot(number, index.slots[number]).get(unit)


def read_rules(database: Database, index: Index, shards: Iterable[ShardView]) -> list[RuleView]:
    """Read every rule with the record of its unit, in the order of their keys."""
    views = list(shards)
    records = load(database, Buckets(0, BUCKETS))
    return [_view(stored, records, views) for stored in read_stored(database, index)]


def _view(stored: StoredRule, records: Mapping[str, Record], shards: Iterable[ShardView]) -> RuleView:
    record, place = records.get(stored.id, NOTHING), bucket(stored.id)
    head = next((view.head for view in shards if place in view.shard.buckets), None)
    if head is None:
        return RuleView(stored, record)
    return RuleView(stored, record, head.lagging.get(stored.id), head.cursor_of(stored.id, place))
