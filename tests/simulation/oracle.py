"""The oracle: what the committed answers make of each rule, told by a fold of its own.

It watches every write that takes effect on a HEAD. The first commit of a timestamp is its result: the oracle
folds the answers that its worker had, checks that each unit goes on exactly where its last commit ended, and
compares what is stored with its own fold whenever a REDO has been worked off.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from tests.simulation.database import Seen, deed
from tests.simulation.outside import VirtualClock
from tocsin.evaluation import head as heads
from tocsin.evaluation.head import Head
from tocsin.evaluation.records import load
from tocsin.evaluation.states import State
from tocsin.index import read_index
from tocsin.labels import LabelSet, label_set
from tocsin.ports import Database, Item, Outcome, Refused, Samples, Won, Write
from tocsin.rules.rule import Rule
from tocsin.schedule.buckets import bucket
from tocsin.schedule.ticks import due_between


@dataclass(frozen=True, slots=True)
class Active:
    """An alert of a rule: since when active, since when firing, since when kept though absent."""

    since: datetime
    fired: datetime | None = None
    kept: datetime | None = None


@dataclass
class Activation:
    """One firing of one alert, as the committed answers have it."""

    labels: LabelSet
    fired: datetime
    ended: datetime | None = None


@dataclass(frozen=True, slots=True)
class Result:
    """A rule's evaluation at one timestamp, and when it was committed."""

    alert: str
    at: datetime
    committed: datetime

    @property
    def delay_seconds(self) -> float:
        """How long after its timestamp it was committed."""
        return (self.committed - self.at).total_seconds()


@dataclass
class Oracle:
    """What should be, beside what is."""

    database: Database
    clock: VirtualClock
    faults: list[str] = field(default_factory=list)
    cursors: dict[str, datetime] = field(default_factory=dict)
    alerts: dict[str, dict[LabelSet, Active]] = field(default_factory=dict)
    activations: list[Activation] = field(default_factory=list)
    known: dict[str, Rule] = field(default_factory=dict)
    results: list[Result] = field(default_factory=list)

    def written(self, seen: Seen, write: Write, outcome: Outcome, before: Item | None) -> None:
        """Take note of a write to a HEAD."""
        if not isinstance(outcome, Won) or outcome.item.get("empty"):
            return
        shard = write.key.pk
        after = heads.from_item(shard, outcome.item)
        match deed(write):
            case "create":
                self._takes_up(after, after)
            case "commit":
                assert before is not None
                self._committed(seen, heads.from_item(shard, before), after)
            case "clear":
                self.compare(after)

    def units(self, head: Head) -> list[str]:
        """Return the units of a shard."""
        layout = read_index(self.database).layout
        version, index = (int(part) for part in head.shard.split("."))
        owned = layout.shard(index, version).buckets
        return [unit for unit in sorted(self.known) if bucket(unit) in owned]

    def _takes_up(self, head: Head, after: Head) -> None:
        for unit in self.units(head):
            was = head.cursor_of(unit, bucket(unit))
            known = self.cursors.get(unit)
            if known is not None and known != was:
                self.faults.append(f"{head.shard}: {unit} was at {known}, a commit takes up at {was}")
            self.cursors[unit] = after.cursor_of(unit, bucket(unit))

    def _committed(self, seen: Seen, before: Head, after: Head) -> None:
        if after.sealed or before.sealed:
            self.faults.append(f"{before.shard}: a commit of a sealed shard")
        if after.seq != before.seq + 1:
            self.faults.append(f"{before.shard}: a commit of {after.seq} after {before.seq}")
        self._takes_up(before, after)
        rules = seen.units()
        whole = (before.cursor, before.inherited) != (after.cursor, after.inherited)
        for unit in self.units(before):
            start, end = (head.cursor_of(unit, bucket(unit)) for head in (before, after))
            if unit in rules:
                self._fold(seen, unit, rules[unit], start, end)
            elif whole:
                self._end(unit, after.cursor)

    def _fold(self, seen: Seen, unit: str, rule: Rule, start: datetime, end: datetime) -> None:
        for at in due_between(start, end, rule.interval, timedelta(0)):
            self.results.append(Result(rule.alert, at, self.clock.now()))
            answer = seen.answers.get((rule.expr, at))
            if isinstance(answer, Samples):
                present = {
                    label_set({**s.labels, **rule.labels, "alertname": rule.alert}) for s in answer.at[0]
                }
                self._step(unit, rule, at, present)
            elif not isinstance(answer, Refused):
                self.faults.append(f"{rule.alert} at {at}: committed, though it was never answered")

    def _step(self, unit: str, rule: Rule, at: datetime, present: set[LabelSet]) -> None:
        alerts = self.alerts.setdefault(unit, {})
        for labels in present:
            alert = replace(alerts.get(labels) or Active(at), kept=None)
            held = at - alert.since >= rule.hold
            if held and alert.fired is None:
                alert = replace(alert, fired=at)
                self.activations.append(Activation(labels, at))
            elif not held and alert.fired is not None:  # `for` was raised above the time it has been active
                alert = replace(alert, fired=None)
                self._ended(labels, at)
            alerts[labels] = alert
        for labels in alerts.keys() - present:
            alert = alerts[labels]
            kept = alert.kept or at
            if alert.fired is not None and at - kept < rule.keep_firing_for:
                alerts[labels] = replace(alert, kept=kept)
            else:
                self._over(unit, labels, at)

    def _end(self, unit: str, at: datetime) -> None:
        for labels in list(self.alerts.get(unit, ())):
            self._over(unit, labels, at)

    def _over(self, unit: str, labels: LabelSet, at: datetime) -> None:
        del self.alerts[unit][labels]
        self._ended(labels, at)

    def _ended(self, labels: LabelSet, at: datetime) -> None:
        for activation in self.activations:
            if activation.labels == labels and activation.ended is None:
                activation.ended = at

    def compare(self, head: Head) -> None:
        """Compare what is stored with what should be: HEAD names no REDO."""
        layout = read_index(self.database).layout
        version, index = (int(part) for part in head.shard.split("."))
        stored = load(self.database, layout.shard(index, version).buckets)
        for unit in self.units(head):
            found: Mapping[LabelSet, Active] = {
                labels: Active(held.active_at, held.fired_at, held.keep_firing_since)
                for labels, held in (stored[unit].instances.items() if unit in stored else ())
                if held.state is not State.INACTIVE
            }
            if found != self.alerts.get(unit, {}):
                self.faults.append(
                    f"{head.shard} after {head.seq}: {self.known[unit].alert} is stored as {found}, "
                    f"its committed answers make {self.alerts.get(unit, {})}"
                )
