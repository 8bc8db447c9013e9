"""Rules as people see them: each with what it is doing now and whether it is well."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from tocsin.evaluation.head import Lagging
from tocsin.evaluation.records import NOTHING, Record, load
from tocsin.evaluation.states import State
from tocsin.index import Index
from tocsin.ports import Database
from tocsin.rules.book import RuleBook, StoredRule
from tocsin.rules.rule import Rule
from tocsin.schedule.buckets import BUCKETS, bucket
from tocsin.schedule.layout import Buckets
from tocsin.views.shards import ShardView

OK = "ok"
QUARANTINED = "quarantined"
UNANSWERED = "unanswered"


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
    def health(self) -> str:
        """`ok`, `quarantined`, why its last evaluation failed, or `unanswered` if it waits for its source."""
        if self.lagging is not None and self.lagging.quarantined:
            return QUARANTINED
        waits = self.lagging is not None and self.lagging.since is not None
        return self.record.health or (UNANSWERED if waits else OK)


def read_stored(database: Database, index: Index) -> list[StoredRule]:
    """Read every rule, in the order of their keys."""
    return sorted(RuleBook(database).load(index).values(), key=lambda stored: stored.rule.key)


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
