"""Asking: every source at once, each with its own rules; what does not come in time is unanswered."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TypeVar

from tests.unit.evaluating import at, by_labels, firing, rule, unit
from tests.unit.toytsdb import ToyDatabase, recording
from tocsin.evaluation.asking import ask
from tocsin.evaluation.evaluated import Evaluated
from tocsin.evaluation.order import needs
from tocsin.evaluation.records import Record
from tocsin.evaluation.unit import Unit, unit_of
from tocsin.evaluation.window import Work
from tocsin.ports import Backend, Parallel, Query, Refused, Unanswered, one_by_one
from tocsin.rules.rule import Jitter

T = TypeVar("T")


def of(name: str, source: str) -> Unit:
    made = replace(rule(name, jitter=Jitter.NEVER), source=source)
    return unit_of(made.id, made)


A, B, L = of("A", "one"), of("B", "one"), of("L", "two")


def asked(
    units: Sequence[Unit],
    sources: dict[str, ToyDatabase],
    parallel: Parallel = one_by_one,
    records: dict[str, Record] | None = None,
) -> list[Evaluated]:
    def backend(name: str) -> Backend | None:
        return Backend(sources[name], sources[name]) if name in sources else None

    works = [Work(made, (at(10),), at(10)) for made in units]
    return ask(works, backend, records or {}, needs(units), parallel, lambda: 2.0)


def test_each_source_is_asked_for_its_own_rules_and_the_results_come_in_order() -> None:
    sources = {"one": ToyDatabase(), "two": ToyDatabase()}
    results = asked([A, L, B], sources)
    assert [result.work.unit for result in results] == [A, L, B]
    assert all(result.instances for result in results)
    assert [len(source.asked) for source in sources.values()] == [2, 1]


def test_a_source_that_nobody_defined_fails_its_rules_and_no_others() -> None:
    known = {A.id: Record(by_labels(firing(handed=0)))}
    results = asked([A, L], {"two": ToyDatabase()}, records=known)
    assert results[0].failure == Refused("no_source", "no source named 'one' is configured")
    assert results[0].instances is None
    assert results[1].instances


def test_a_source_that_is_not_done_in_time_is_left_behind() -> None:
    timeouts: list[float] = []

    def impatient(jobs: Sequence[Callable[[], T]], timeout_seconds: float) -> Sequence[T | None]:
        timeouts.append(timeout_seconds)
        return [None, *(job() for job in jobs[1:])]

    late, also, well = asked([A, B, L], {"one": ToyDatabase(), "two": ToyDatabase()}, impatient)
    assert (late.unanswered, also.unanswered) == (Unanswered("no answer in time"),) * 2
    assert well.instances
    assert timeouts == [2.5]


def test_where_there_is_nothing_to_ask_nobody_is_asked() -> None:
    def never(jobs: Sequence[Callable[[], T]], timeout_seconds: float) -> Sequence[T | None]:
        raise AssertionError("asked")

    assert asked([], {}, never) == []
    assert asked([A], {}, never)[0].failure is not None


def test_a_source_that_does_not_answer_one_rule_answers_the_others() -> None:
    def trouble(query: Query) -> Unanswered | None:
        return Unanswered("no") if query.expr == "x" else None

    toy = ToyDatabase(trouble=trouble)
    well, reads = recording("x"), recording("y", "x", position=1)
    results = asked([well, reads], {"prometheus": toy})
    assert [result.unanswered for result in results] == [None, Unanswered("no")]


def test_what_is_known_of_a_rule_is_what_it_goes_on_from() -> None:
    made = unit("Down", jitter=Jitter.NEVER)
    known = {made.id: Record(by_labels(firing(-60, handed=-60, job="a")))}
    [result] = asked([made], {"prometheus": ToyDatabase()}, records=known)
    assert result.instances is not None
    assert [held.active_at for held in result.instances.values()] == [at(-60)]
