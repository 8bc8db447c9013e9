"""The oracle: what the committed answers make of each rule, told by a fold of its own.

It watches every write that takes effect on a HEAD. The first commit of a timestamp is its result: the oracle
folds the answers that its worker had, checks that each unit goes on exactly where its last commit ended (so
that no timestamp is lost or evaluated twice), and compares what is stored with its own fold whenever a REDO has
been worked off. What a recording rule wrote counts if its write was answered.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from tests.simulation.database import Row, Seen, deed
from tests.simulation.outside import VirtualClock
from tocsin.evaluation import head as heads
from tocsin.evaluation.head import Head
from tocsin.evaluation.records import load
from tocsin.evaluation.states import State
from tocsin.evaluation.window import far
from tocsin.index import read_index
from tocsin.labels import LabelSet, label_set
from tocsin.ports import Database, Item, Outcome, Refused, Sample, Samples, Unanswered, Won, Write
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


Inherited = Callable[[LabelSet], Active | None]
"""Finds what an alert was before its rule was relabelled."""


def _nothing(labels: LabelSet) -> Active | None:
    return None


def _without(labels: LabelSet, names: set[str]) -> LabelSet:
    return tuple(pair for pair in labels if pair[0] not in names)


def _labels(rule: Rule, sample: Sample) -> LabelSet:
    """Return the labels of the alert, or of the recorded series, that a sample stands for."""
    name = "__name__" if rule.records else "alertname"
    return label_set({**sample.labels, **rule.labels, name: rule.name})


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
    """Every rule there ever was, by its unit."""
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
        rows = seen.units()
        units = self.units(before)
        succeeded = {
            unit
            for unit in units
            if unit in rows
            and self._fold(
                seen, unit, rows[unit], *(h.cursor_of(unit, bucket(unit)) for h in (before, after))
            )
        }
        taken_over = {rows[unit].former for unit in succeeded}
        awaited = {row.former for unit, row in rows.items() if not self.alerts.get(unit)} - taken_over
        whole = before.cursor != after.cursor or any(
            not far(piece.cursor, after.cursor) for piece in set(before.stretches) - set(after.stretches)
        )
        for unit in units:
            if unit not in rows and (unit in taken_over or (whole and unit not in awaited)):
                self._end(unit, after.cursor)

    def _fold(self, seen: Seen, unit: str, row: Row, start: datetime, end: datetime) -> bool:
        """Fold what was answered between two cursors; tell whether there was a result."""
        rule, succeeded = row.rule, False
        for at in due_between(start, end, rule.interval, timedelta(0)):
            self.results.append(Result(rule.name, at, self.clock.now()))
            answer = seen.answers.get((rule.expr, at))
            if not rule.open(at):
                self._end(unit, at)
            elif isinstance(answer, Samples):
                if isinstance(stored := seen.stored.get((rule.name, at)), Refused) and rule.records:
                    continue
                if isinstance(stored, Unanswered) and rule.records:
                    self.faults.append(f"{rule.name} at {at}: committed, though it was not written")
                former = _nothing if succeeded else self._former(unit, row)
                self._step(unit, rule, at, {_labels(rule, sample) for sample in answer.at[0]}, former)
            elif not isinstance(answer, Refused):
                self.faults.append(f"{rule.name} at {at}: committed, though it was never answered")
            succeeded = succeeded or not rule.open(at) or isinstance(answer, Samples)
        return succeeded

    def _former(self, unit: str, row: Row) -> Inherited:
        """Return how to find what an alert was under the labels of the unit that this one takes over from."""
        if not row.former or self.alerts.get(unit):
            return _nothing
        edited = {*self.known[row.former].labels, *row.rule.labels}
        held = {_without(labels, edited): alert for labels, alert in self.alerts.get(row.former, {}).items()}
        return lambda labels: held.get(_without(labels, edited))

    def _step(self, unit: str, rule: Rule, at: datetime, present: set[LabelSet], former: Inherited) -> None:
        alerts = self.alerts.setdefault(unit, {})
        if rule.records:
            self.alerts[unit] = {labels: alerts.get(labels) or Active(at) for labels in present}
            return
        for labels in present:
            was = former(labels)
            alert = replace(alerts.get(labels) or Active(was.since if was else at), kept=None)
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
                    f"{head.shard} after {head.seq}: {self.known[unit].name} is stored as {found}, "
                    f"its committed answers make {self.alerts.get(unit, {})}"
                )
