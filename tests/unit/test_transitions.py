"""The transition table, case by case: evaluated in order, every tick twice, and with a gap that is replayed."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import count, groupby
from typing import Any

import pytest

from tests.unit.evaluating import START, at, sample
from tests.unit.transitions import (
    CLOSED,
    DUPLICATE,
    EDITED_AT,
    LATE_ABSENT,
    LATE_PRESENT,
    PRESENT,
    REFUSED,
    TOO_MANY,
    Alert,
    Case,
    Step,
    cases,
    expected,
)
from tocsin.evaluation import head as heads
from tocsin.evaluation import redo
from tocsin.evaluation.chain import Chain
from tocsin.evaluation.decision import decide
from tocsin.evaluation.head import Head
from tocsin.evaluation.records import Record, load
from tocsin.evaluation.scene import Scene
from tocsin.evaluation.states import Instance, State
from tocsin.evaluation.unit import unit_of
from tocsin.evaluation.window import Work
from tocsin.evaluation.worker import Worker
from tocsin.ports import Answer, Backend, Query, Refused, Sample, Samples, Unanswered, one_by_one
from tocsin.rules.book import RuleBook, StoredRule
from tocsin.schedule.buckets import BUCKETS
from tocsin.schedule.layout import Buckets
from tocsin.stores.memory import MemoryDatabase

CASES = {case.name: case for case in cases()}
LATE = (LATE_PRESENT, LATE_ABSENT)
SAMPLES: dict[str, tuple[Sample, ...]] = {
    PRESENT: (sample(job="a"),),
    LATE_PRESENT: (sample(job="a"),),
    DUPLICATE: (sample(job="a", __name__="x"), sample(job="a", __name__="y")),
    TOO_MANY: (sample(job="a"), sample(job="b"), sample(job="c")),
}


class Nobody:
    """An intake that is told in vain: what dispatch makes of it is tested elsewhere."""

    def hand_over(self, writer: str, seq: int, alerts: Sequence[Any], *, everything: bool = False) -> None:
        """Take note of nothing."""


@dataclass
class Life:
    """A shard with one rule: what is stored of it, and what its worker remembers."""

    database: MemoryDatabase = field(default_factory=MemoryDatabase)
    head: Head = field(default_factory=lambda: Head("1.0", 1, at(-60)))
    records: dict[str, Record] = field(default_factory=dict)
    due: list[Step] = field(default_factory=list)
    """Steps that were asked for in vain."""
    tried: set[datetime] = field(default_factory=set)
    """Timestamps whose answer comes late and that were asked for before."""

    def live(self, *steps: Step) -> None:
        """Evaluate steps at once, with those that are due still, as a tick of the whole shard."""
        last = steps[-1]
        if steps[0].restart:
            self._restart()
        self.due += steps
        unit = unit_of(last.rule.id, last.rule, former=last.former)
        work = Work(unit, tuple(step.at for step in self.due), last.at, steps[0].skipped)
        [result] = Chain(Backend(self), self.records, {}, lambda: 1.0).run([work])
        scene = Scene(self.head, {unit.id: unit}, self.records, last.at, last.at, 0, "token")
        decision = decide(scene, [result], None)
        redo.apply(self.database, Nobody(), "1.0", decision.head.seq, decision.redo)
        self.head, self.records = decision.head, dict(decision.records)
        if not decision.head.lagging:
            self.due.clear()

    def ask(self, queries: Sequence[Query], timeout_seconds: float) -> Sequence[Answer]:
        """Answer with what the steps say comes of them; what comes late, when it is asked for again."""
        late = {step.at for step in self.due if step.result in LATE}
        if late - self.tried:
            self.tried |= late
            return [Unanswered()]
        if any(step.result == REFUSED for step in self.due):
            return [Refused("execution", "no")]
        return [Samples(tuple(SAMPLES.get(step.result, ()) for step in self.due))]

    def _restart(self) -> None:
        """Forget all but what is stored."""
        self.records = load(self.database, Buckets(0, BUCKETS))
        self.head = heads.from_item("1.0", heads.to_attributes(self.head))

    def alert(self) -> Alert | None:
        """Return the one alert that is pending or firing, of whichever unit."""
        return _only(self.records)


def _only(records: Mapping[str, Record]) -> Alert | None:
    held = [held for record in records.values() for held in record.instances.values()]
    found = [_seen(one) for one in held if one.state is not State.INACTIVE]
    assert len(found) <= 1, found
    return found[0] if found else None


def _seen(held: Instance) -> Alert:
    severity = dict(held.labels).get("severity", "")
    return Alert(severity, held.active_at, held.fired_at, held.keep_firing_since)


def in_order(case: Case) -> None:
    """Evaluate every step once, in its tick; what comes late comes with the next."""
    life = Life()
    for number, (step, alert) in enumerate(zip(case.steps, expected(case), strict=True)):
        life.live(step)
        assert life.due or life.alert() == alert, f"after step {number}"


def every_tick_twice(case: Case) -> None:
    """Evaluate every step, and then again from what came of it."""
    life = Life()
    for number, (step, alert) in enumerate(zip(case.steps, expected(case), strict=True)):
        life.live(step)
        life.due.clear()
        life.live(replace(step, skipped=0 * step.skipped, restart=False))
        assert life.alert() == alert, f"after step {number}"


def with_a_gap_replayed(case: Case) -> None:
    """Evaluate some steps, and the others at once: but a refusal is one of all that was asked for."""
    life = Life(tried={step.at for step in case.steps})
    for step in case.steps[:EDITED_AT]:
        life.live(step)
    for _, behind in groupby(case.steps[EDITED_AT:], lambda step: step.result == REFUSED):
        life.live(*behind)
    assert life.alert() == expected(case)[-1]


WAYS: list[Callable[[Case], None]] = [in_order, every_tick_twice, with_a_gap_replayed]


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__.replace("_", " "))
@pytest.mark.parametrize("name", CASES)
def test_a_series_ends_where_the_table_says(name: str, way: Callable[[Case], None]) -> None:
    way(CASES[name])


# -- through a worker -----------------------------------------------------------------------------


@dataclass
class Deployed:
    """A worker with its database, its clock, and a source that knows what comes of every step."""

    case: Case
    database: MemoryDatabase = field(default_factory=MemoryDatabase)
    time: datetime = START

    def __post_init__(self) -> None:
        """Write the rule; nobody has evaluated it yet."""
        self._results = {step.at: step.result for step in self.case.steps}
        self._book = RuleBook(self.database)
        self._book.write([self.case.steps[0].rule], [], by="test", at_ms=0)
        self.worker = self._worker()

    def _worker(self) -> Worker:
        tokens = map(str, count())
        backend = Backend(self)
        return Worker(
            self.database,
            lambda *_: backend,
            Nobody(),
            self,
            one_by_one,
            lambda: f"{self.time}{next(tokens)}",
        )

    def now(self) -> datetime:
        return self.time

    def sleep(self, seconds: float) -> None:
        self.time += timedelta(seconds=seconds)

    def ask(self, queries: Sequence[Query], timeout_seconds: float) -> Sequence[Answer]:
        return [
            Samples(tuple(SAMPLES.get(self._results[moment], ()) for moment in query.at)) for query in queries
        ]

    def tick(self, step: Step) -> None:
        """Evaluate up to a step, in a new container if there was a restart."""
        self.time = step.at
        self.worker = self._worker() if step.restart else self.worker
        self.worker.tick(1, 0, step.at)

    def edit(self, step: Step) -> None:
        """Write the rule as it is from a step on."""
        was = self.case.steps[0].rule
        gone = [was.id] if step.rule.id != was.id else []
        stored = {step.rule.id: StoredRule(was.id, was, 0)}
        self._book.write([step.rule], gone, by="test", at_ms=0, was=stored if gone else None)

    def alert(self) -> Alert | None:
        """Return the one alert that is stored as pending or firing."""
        return _only(load(self.database, Buckets(0, BUCKETS)))


OUTAGES = {"near": 1, "far": 4}
"""How many times slower than a minute a step: four of those minutes are near, sixteen are set aside."""
OUT = [case for case in CASES.values() if not {REFUSED, CLOSED} & {step.result for step in case.steps}]
OUT = [case for case in OUT if case.edit or case.steps[EDITED_AT].restart]


@pytest.mark.parametrize("outage", OUTAGES)
@pytest.mark.parametrize("case", OUT, ids=lambda case: case.name)
def test_an_outage_of_the_worker_changes_no_end(case: Case, outage: str) -> None:
    case = case.slower(OUTAGES[outage])
    deployed = Deployed(case)
    for step in case.steps[:EDITED_AT]:
        deployed.tick(step)
    deployed.edit(case.steps[EDITED_AT])
    deployed.tick(replace(case.steps[-1], restart=case.steps[EDITED_AT].restart))
    assert deployed.alert() == expected(case)[-1]


def test_there_are_several_hundred_cases_each_with_its_own_name() -> None:
    assert len(CASES) == len(list(cases())) > 500
    assert len(OUT) > 300
