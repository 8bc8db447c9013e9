"""Order: who waits for whom, and that rounds come to what Prometheus' order comes to."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.evaluating import at
from tests.unit.toytsdb import ToyDatabase, alerting, recording
from tocsin.evaluation.chain import Chain
from tocsin.evaluation.evaluated import evaluate
from tocsin.evaluation.fold import Means
from tocsin.evaluation.order import Needs, needs, rounds
from tocsin.evaluation.records import Record
from tocsin.evaluation.unit import Unit, query
from tocsin.evaluation.window import Work
from tocsin.ports import Backend
from tocsin.schedule.ticks import due_between


def work(unit: Unit, *seconds: float) -> Work:
    return Work(unit, tuple(map(at, seconds)), at(seconds[-1] if seconds else 0))


def asked(units: Sequence[Unit], *seconds: float, writes: bool = True) -> list[list[tuple[str, list[float]]]]:
    """Return the rounds of a pass in which every unit is due at these seconds: names and seconds."""
    found = rounds([work(unit, *seconds) for unit in units], needs(units), writes=writes)
    return [
        [
            (step.work.unit.rule.name, [(moment - at(0)).total_seconds() for moment in step.at])
            for step in steps
        ]
        for steps in found
    ]


def named(found: Needs, units: Sequence[Unit]) -> dict[str, set[str]]:
    names = {unit.id: unit.rule.name for unit in units}
    return {names[unit]: {names[other] for other in others} for unit, others in found.items()}


# -- who needs whom -------------------------------------------------------------------------------

NEEDS: dict[str, tuple[list[Unit], dict[str, set[str]]]] = {
    "nobody records": ([alerting("A", "up"), alerting("B", "ALERTS", position=1)], {}),
    "a rule needs those before it that record what it reads": (
        [recording("x"), recording("y", "x", position=1), alerting("A", "x", "y", position=2)],
        {"y": {"x"}, "A": {"x", "y"}},
    ),
    "not those after it": ([recording("y", "x"), recording("x", position=1)], {}),
    "nor itself": ([recording("x", "x")], {}),
    "one in another group waits": (
        [recording("x"), alerting("A", "x", group="h")],
        {"A": {"x"}},
    ),
    "whatever the place in the file": (
        [recording("x", group="z", position=5), alerting("A", "x", group="a")],
        {"A": {"x"}},
    ),
    "two groups that read each other have no order, and none that reads them has one": (
        [
            recording("x", "y"),
            recording("y", "x", group="h"),
            alerting("A", "x", group="i"),
            recording("z", group="j"),
            alerting("B", "z", group="k"),
        ],
        {"B": {"z"}},
    ),
    "inside such a group there is one": (
        [recording("x", "y"), alerting("A", "x", position=1), recording("y", "x", group="h")],
        {"A": {"x"}},
    ),
    "everybody who records a name": (
        [recording("x"), recording("x", group="h"), alerting("A", "x", group="i")],
        {"A": {"x"}},
    ),
    "who does not tell what it reads waits for nobody": (
        [recording("x"), recording("y", "x", group="h", blind=True)],
        {},
    ),
}


@pytest.mark.parametrize(("units", "expected"), NEEDS.values(), ids=NEEDS)
def test_a_rule_needs_who_records_what_it_reads(units: list[Unit], expected: dict[str, set[str]]) -> None:
    assert named(needs(units), units) == expected


def test_another_source_is_another_world() -> None:
    here = recording("x")
    there = alerting("A", "x", group="h")
    elsewhere = replace(there, rule=replace(there.rule, source="loki"))
    assert needs([here, there]) == {there.id: frozenset({here.id})}
    assert needs([here, elsewhere]) == {}


# -- rounds ---------------------------------------------------------------------------------------

ALL = [10.0, 20.0]
ROUNDS: dict[str, tuple[list[Unit], list[list[tuple[str, list[float]]]]]] = {
    "nothing to do with each other: at once": (
        [recording("x"), recording("y", position=1), alerting("A", "up", position=2)],
        [[("x", ALL), ("y", ALL), ("A", ALL)]],
    ),
    "level by level, each with all its timestamps": (
        [
            recording("x"),
            recording("y", "x", position=1),
            alerting("A", "x", position=2),
            alerting("B", "y", position=3),
        ],
        [[("x", ALL)], [("y", ALL), ("A", ALL)], [("B", ALL)]],
    ),
    "reading what a later one records: time goes step by step": (
        [recording("y", "x"), recording("x", position=1)],
        [[("y", [10])], [("x", [10])], [("y", [20])], [("x", [20])]],
    ),
    "reading itself too": ([recording("x", "x")], [[("x", [10])], [("x", [20])]]),
    "reading ALERTS too": (
        [alerting("A", "up"), alerting("B", "ALERTS", position=1)],
        [[("A", [10])], [("B", [10])], [("A", [20])], [("B", [20])]],
    ),
    "who does not tell what it reads may read anything": (
        [recording("x"), recording("y", "up", blind=True, position=1)],
        [[("x", [10])], [("y", [10])], [("x", [20])], [("y", [20])]],
    ),
    "a group after all of another that it reads": (
        [alerting("A", "x"), recording("w", group="h"), recording("x", "w", group="h", position=1)],
        [[("w", ALL)], [("x", ALL)], [("A", ALL)]],
    ),
    "groups that read each other: at once": (
        [recording("x", "y"), recording("y", "x", group="h")],
        [[("x", ALL), ("y", ALL)]],
    ),
}


@pytest.mark.parametrize(("units", "expected"), ROUNDS.values(), ids=ROUNDS)
def test_rules_are_asked_in_rounds(units: list[Unit], expected: list[list[tuple[str, list[float]]]]) -> None:
    assert [sorted(steps) for steps in asked(units, 10, 20)] == [sorted(steps) for steps in expected]


def test_one_timestamp_needs_no_steps_but_levels() -> None:
    units = [recording("y", "x"), recording("x", position=1)]
    assert asked(units, 10) == [[("y", [10])], [("x", [10])]]


def test_where_nobody_stores_what_is_written_all_is_asked_at_once() -> None:
    units = [recording("x"), recording("y", "x", position=1)]
    assert asked(units, 10, 20, writes=False) == [[("x", ALL), ("y", ALL)]]
    assert rounds([], {}, writes=False) == rounds([], {}, writes=True) == []


def test_who_is_not_due_is_in_no_round() -> None:
    units = [recording("x"), recording("y", "x", position=1)]
    found = rounds([work(units[1], 10)], needs(units), writes=True)
    assert [[step.work.unit for step in steps] for steps in found] == [[units[1]]]


# -- what it comes to -----------------------------------------------------------------------------

NAMES = "uvwxyz"


@st.composite
def shards(draw: st.DrawFn) -> list[Unit]:
    """Return rules of up to three groups, in any order; a group reads what it, or an earlier one, records.

    Only a rule that is alone in alerting reads ALERTS: between groups these have no order. Nor has a rule that
    does not tell what it reads, so it reads its own group.
    """
    found: list[Unit] = []
    names = iter(draw(st.permutations(NAMES)))
    before: list[str] = []
    alone = draw(st.booleans())
    for number in range(draw(st.integers(1, 3))):
        group, every = f"g{number}", draw(st.sampled_from([10, 10, 20]))
        own = [next(names) for _ in range(draw(st.integers(1, 2)))]
        known = ["up", *own, *before]
        for position, name in enumerate(own):
            blind = draw(st.integers(0, 5)) == 0
            reads = draw(_some(known[: len(own) + 1] if blind else known))
            found.append(recording(name, *reads, group=group, position=position, every=every, blind=blind))
        if number == 0 or not alone:
            reads = draw(_some([*known, "ALERTS"] if alone else known)) or ["up"]
            found.append(alerting(f"A{number}", *reads, group=group, position=len(own), every=every))
        before += own
    return draw(st.permutations(found))


def _some(names: list[str]) -> st.SearchStrategy[list[str]]:
    return st.lists(st.sampled_from(names), max_size=3, unique=True)


def in_prometheus_order(units: Sequence[Unit], moments: Sequence[datetime]) -> ToyDatabase:
    """Evaluate timestamp by timestamp, group after group, rule by rule in file order, each written at once."""
    toy = ToyDatabase()
    records: dict[str, Record] = {unit.id: Record() for unit in units}
    for moment in moments:
        for unit in sorted(units, key=lambda unit: (unit.rule.group, unit.rule.position)):
            if moment in due(unit, moments):
                [answer] = toy.ask([query(unit.rule, [moment])], 1)
                done = evaluate(work_at(unit, [moment]), records[unit.id], answer, Means(writes=True))
                assert done.instances is not None
                records[unit.id] = Record(done.instances)
                toy.write(done.written, 1)
    return toy


def due(unit: Unit, moments: Sequence[datetime]) -> tuple[datetime, ...]:
    return due_between(at(0), moments[-1], unit.rule.interval, unit.offset * 0)


def work_at(unit: Unit, moments: Sequence[datetime]) -> Work:
    return Work(unit, tuple(moments), moments[-1])


def passes(moments: Sequence[datetime], cuts: Sequence[int]) -> Iterator[Sequence[datetime]]:
    """Yield the timestamps in passes that end at the cuts."""
    edges = [0, *sorted(cuts), len(moments)]
    for start, end in pairwise(edges):
        if start < end:
            yield moments[start:end]


@given(shards(), st.sets(st.integers(1, 7)))
def test_rounds_come_to_what_prometheus_order_comes_to(units: list[Unit], cuts: set[int]) -> None:
    """However many timestamps a pass has, and in whatever order the units come."""
    moments = [at(10 * number) for number in range(1, 9)]
    toy = ToyDatabase()
    records: dict[str, Record] = {}
    for times in passes(moments, list(cuts)):
        works = [
            Work(unit, tuple(t for t in due(unit, moments) if times[0] <= t <= times[-1]), times[-1])
            for unit in units
        ]
        chain = Chain(Backend(toy, toy), records, needs(units), lambda: 1.0)
        for done in chain.run([piece for piece in works if piece.at]):
            assert done.instances is not None
            records[done.work.unit.id] = Record(done.instances)
    assert toy.series == in_prometheus_order(units, moments).series
