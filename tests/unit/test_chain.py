"""A chain: what one source is asked in a pass, what is written between, and what waits for what was not."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.evaluating import at, firing, rule, sample
from tests.unit.test_order import in_prometheus_order, shards
from tests.unit.toytsdb import ToyDatabase, alerting, recording
from tocsin.evaluation.chain import WAITS, Chain
from tocsin.evaluation.evaluated import Evaluated
from tocsin.evaluation.order import needs
from tocsin.evaluation.records import Record
from tocsin.evaluation.states import State
from tocsin.evaluation.unit import Unit, unit_of
from tocsin.evaluation.window import Work
from tocsin.ports import (
    Answer,
    Backend,
    Query,
    Refused,
    Samples,
    Sink,
    Source,
    Stored,
    Unanswered,
    Written,
)
from tocsin.rules.book import Former
from tocsin.rules.rule import Jitter
from tocsin.schedule.ticks import due_between
from tocsin.timeintervals import TimeInterval

X = recording("x")
Y = recording("y", "x", position=1)
COUNTER = recording("x", "x")
DOWN = alerting("Down", "up", position=2)
NEVER_OPEN = (TimeInterval(years=((1999, 1999),)),)


def run(
    source: Source,
    works: Sequence[Work],
    *,
    sink: Sink | None = None,
    records: Mapping[str, Record] | None = None,
) -> list[Evaluated]:
    units = [work.unit for work in works]
    return Chain(Backend(source, sink), records or {}, needs(units), lambda: 1.0).run(works)


def work(unit: Unit, *seconds: float) -> Work:
    return Work(unit, tuple(map(at, seconds)), at(seconds[-1]))


def refusing(name: str, answer: Refused | Unanswered) -> ToyDatabase:
    """Return a database that takes no batch with a series of a name."""
    return ToyDatabase(
        write_trouble=lambda samples: answer if any(s.labels["__name__"] == name for s in samples) else None
    )


def silent(expr: str, *seconds: float) -> ToyDatabase:
    """Return a database that does not answer an expression at some seconds."""
    times = set(map(at, seconds))
    return ToyDatabase(
        trouble=lambda asked: Unanswered() if asked.expr == expr and times & set(asked.at) else None
    )


# -- what is written is read ----------------------------------------------------------------------


def test_what_a_round_records_is_written_before_the_next_one_asks() -> None:
    toy = ToyDatabase()
    run(toy, [work(Y, 10, 20), work(X, 10, 20)], sink=toy)
    assert toy.asked == [("up", (at(10), at(20))), ("x", (at(10), at(20)))]
    assert toy.recorded("x") == {10: 10, 20: 20}
    assert toy.recorded("y") == {10: 7 * 2 * 10 + 10, 20: 7 * 2 * 20 + 20}


def test_a_round_is_one_request_and_one_write() -> None:
    toy = ToyDatabase()
    run(toy, [work(X, 10), work(recording("z", position=1), 10), work(DOWN, 10)], sink=toy)
    assert toy.writes == [4]


def test_a_recording_that_was_not_written_has_not_happened_and_who_reads_it_waits() -> None:
    toy = refusing("x", Unanswered("gone", "unreachable"))
    lost, waits, alert = run(toy, [work(X, 10), work(Y, 10), work(DOWN, 10)], sink=toy)
    assert (lost.instances, lost.unanswered) == (None, Unanswered("gone", "write_unreachable"))
    assert waits.unanswered is not None
    assert (waits.instances, waits.unanswered.reason) == (None, WAITS)
    assert [asked for asked, _ in toy.asked] == ["up", "up"]
    assert alert.instances is not None


def test_a_write_that_is_refused_spoils_its_own_rule_only() -> None:
    toy = refusing("x", Refused("bad_data", "no"))
    other = recording("z", position=1)
    bad, good = run(toy, [work(X, 10), work(other, 10)], sink=toy)
    assert (bad.instances, bad.failure) == (None, Refused("write", "no"))
    assert (good.failure, list(toy.recorded("z"))) == (None, [10])


def test_who_reads_a_recording_that_was_refused_goes_on_without() -> None:
    """As in Prometheus: the evaluation that failed is over, and nobody waits for what is over."""
    toy = refusing("x", Refused("bad_data", "no"))
    _, reads = run(toy, [work(X, 10), work(Y, 10)], sink=toy)
    assert (reads.failure, reads.unanswered, toy.recorded("y")) == (None, None, {10: 10})


@pytest.mark.parametrize("answer", [Refused("bad_data", "no"), Unanswered()], ids=["refused", "unanswered"])
def test_alerts_do_not_depend_on_ALERTS_being_written(answer: Refused | Unanswered) -> None:  # noqa: N802
    toy = refusing("ALERTS", answer)
    [result] = run(toy, [work(DOWN, 10)], sink=toy)
    assert (result.failure, result.unanswered, result.unwritten) == (None, None, 2)
    assert result.instances is not None
    assert [held.state for held in result.instances.values()] == [State.FIRING]


def test_samples_that_are_there_already_are_counted() -> None:
    toy = ToyDatabase()
    for dropped in (0, 1):
        [result] = run(toy, [work(X, 10)], sink=toy)
        assert result.unwritten == dropped


def test_without_a_sink_nothing_can_be_recorded_and_everything_be_alerted_on() -> None:
    toy = ToyDatabase()
    recorded, alert = run(toy, [work(X, 10), work(DOWN, 10)])
    assert recorded.failure == Refused("no_sink", "source prometheus has nowhere to record to")
    assert recorded.instances is None
    assert alert.instances
    assert toy.series == {}


def test_nothing_is_written_when_no_time_is_left() -> None:
    toy = ToyDatabase()
    left = iter((5.0, 0.0))
    [result] = Chain(Backend(toy, toy), {}, {}, lambda: next(left)).run([work(X, 10)])
    assert result.unanswered == Unanswered("no time left to write", "write_unanswered")
    assert toy.series == {}


def test_what_has_no_turn_before_the_time_is_over_is_late_and_what_came_before_stands() -> None:
    toy = ToyDatabase()
    left = iter((5.0, 5.0, 0.0))
    first, second = Chain(Backend(toy, toy), {}, needs([X, Y]), lambda: next(left)).run(
        [work(X, 10), work(Y, 10)]
    )
    assert first.unanswered is None
    assert second.unanswered == Unanswered("no time left to ask", "late")


# -- step by step ---------------------------------------------------------------------------------


def test_a_rule_that_reads_itself_stops_where_it_is_not_answered_and_keeps_what_it_has() -> None:
    toy = silent("x", 20)
    [result] = run(toy, [work(COUNTER, 10, 20, 30)], sink=toy)
    assert (result.work.at, result.work.until, result.unanswered) == ((at(10),), at(10), None)
    assert toy.recorded("x") == {10: 10}
    assert [moment for _, [moment] in toy.asked] == [at(10), at(20)]


def test_who_reads_it_stops_there_too() -> None:
    toy = silent("x", 20)
    counter, reads = run(
        toy, [work(COUNTER, 10, 20, 30), work(recording("y", "x", "up", position=1), 10, 20, 30)], sink=toy
    )
    assert (counter.work.until, reads.work.until) == (at(10), at(10))
    assert reads.unanswered is None
    assert list(toy.recorded("y")) == [10]


def test_who_does_not_read_it_goes_on() -> None:
    toy = silent("x", 20)
    _, other = run(toy, [work(COUNTER, 10, 20, 30), work(recording("z", position=1), 10, 20, 30)], sink=toy)
    assert (other.work.at, other.work.until) == ((at(10), at(20), at(30)), at(30))


def test_a_rule_that_is_not_answered_at_its_first_step_has_not_begun() -> None:
    toy = silent("x", 10)
    [result] = run(toy, [work(COUNTER, 10, 20)], sink=toy)
    assert (result.instances, result.unanswered) == (None, Unanswered())
    assert toy.series == {}


def test_time_that_was_given_up_counts_once() -> None:
    toy = ToyDatabase()
    loop = alerting("Loop", "ALERTS", hold=3600)
    waiting = replace(firing(-100), state=State.PENDING, fired_at=None)
    waiting = replace(waiting, labels=(("alertname", "Loop"), ("job", "a")))
    late = replace(work(loop, 10, 20), skipped=timedelta(hours=1))
    [result] = run(toy, [late], sink=toy, records={loop.id: Record({waiting.labels: waiting})})
    assert result.instances is not None
    [held] = result.instances.values()
    assert (held.active_at, result.work.skipped) == (at(-100) + timedelta(hours=1), timedelta(hours=1))


def test_what_came_and_went_in_several_steps_is_all_told() -> None:
    present = {at(10), at(30)}
    loop = alerting("Loop", "ALERTS")

    class Flapping(ToyDatabase):
        def _answer(self, query: Query) -> Answer:
            return Samples(tuple((sample(job="a"),) if moment in present else () for moment in query.at))

    toy = Flapping()
    [result] = run(toy, [work(loop, 10, 20, 30, 40)], sink=toy)
    assert [(episode.fired_at, episode.resolved_at) for episode in result.unheard] == [
        (at(10), at(20)),
        (at(30), at(40)),
    ]


# -- what a rule was before -----------------------------------------------------------------------


def relabelled(*reads: str, answer: Sequence[float] = ()) -> tuple[Unit, dict[str, Record]]:
    """Return the unit of a rule whose labels were edited while it fired, and what is known of the former."""
    made = alerting("Down", *reads, hold=60)
    after = replace(made.rule, labels={"severity": "page"})
    fires = replace(firing(-600, handed=-600), labels=(("alertname", "Down"), ("job", "a")))
    unit = unit_of(after.id, after, former=Former(made.id, ()))
    return unit, {made.id: Record({fires.labels: fires})}


@pytest.mark.parametrize("reads", ["up", "ALERTS"], ids=["all at once", "step by step"])
def test_an_alert_is_taken_over_as_old_as_it_was(reads: str) -> None:
    unit, records = relabelled(reads)
    toy = ToyDatabase()
    [result] = run(toy, [work(unit, 10, 20)], sink=toy, records=records)
    assert result.instances is not None
    [held] = result.instances.values()
    assert (held.state, held.active_at, held.fired_at) == (State.FIRING, at(-600), at(10))
    assert dict(held.labels)["severity"] == "page"


@pytest.mark.parametrize("reads", ["up", "ALERTS"], ids=["all at once", "step by step"])
def test_what_is_over_when_it_could_be_taken_over_begins_anew(reads: str) -> None:
    unit, records = relabelled(reads)

    class Back(ToyDatabase):
        def _answer(self, query: Query) -> Answer:
            return Samples(tuple((sample(job="a"),) if moment > at(10) else () for moment in query.at))

    toy = Back()
    [result] = run(toy, [work(unit, 10, 20)], sink=toy, records=records)
    assert result.instances is not None
    assert [held.active_at for held in result.instances.values()] == [at(20)]


def test_a_rule_that_failed_so_far_takes_over_still() -> None:
    unit, records = relabelled("up")
    toy = ToyDatabase()
    [result] = run(toy, [work(unit, 10)], records=records | {unit.id: Record(health="bad_data")})
    assert result.instances is not None
    assert [held.active_at for held in result.instances.values()] == [at(-600)]


# -- asking ---------------------------------------------------------------------------------------


def test_a_rule_that_is_closed_all_the_time_asks_nothing_and_its_alerts_end() -> None:
    closed = unit_of(DOWN.id, replace(DOWN.rule, windows=NEVER_OPEN))
    toy = ToyDatabase()
    [result] = run(toy, [work(closed, 10)], records={DOWN.id: Record({firing().labels: firing()})})
    assert (toy.asked, result.instances) == ([], {})


def test_an_answer_with_too_few_parts_is_garbage() -> None:
    class Short(ToyDatabase):
        def _answer(self, query: Query) -> Answer:
            return Samples(((),))

    [result] = run(Short(), [work(DOWN, 10, 20)])
    assert result.failure == Refused("garbage", "1 answers for 2 timestamps")


def test_a_query_that_fails_at_one_of_many_timestamps_fails_there_alone() -> None:
    toy = ToyDatabase(
        trouble=lambda asked: Refused("execution", "two match") if at(20) in asked.at else None,
    )
    bad, good = run(toy, [work(X, 10, 20, 30), work(Y, 10, 20, 30)], sink=toy)
    assert list(toy.recorded("x")) == [10, 30]
    assert (bad.work.at, bad.failure, good.failure) == ((at(10), at(20), at(30)), None, None)
    assert [asked for expr, asked in toy.asked if expr == "up"] == [
        (at(10), at(20), at(30)),
        *((at(n),) for n in (10, 20, 30)),
    ]


def test_a_template_asks_the_source_at_the_timestamp_less_the_offset() -> None:
    texts = {"good": '{{ query "other" | first | value }}', "bad": '{{ query "broken" }}'}
    made = rule(annotations=texts, query_offset=timedelta(seconds=30), jitter=Jitter.NEVER)
    toy = ToyDatabase(
        trouble=lambda asked: Refused("bad_data", "no such") if asked.expr == "broken" else None
    )
    [result] = run(toy, [work(unit_of(made.id, made), 100)])
    assert toy.asked == [("up == 0", (at(70),)), ("other", (at(70),)), ("broken", (at(70),))]
    assert result.instances is not None
    [held] = result.instances.values()
    assert held.annotations is not None
    assert held.annotations["good"] == "70"
    assert "no such" in held.annotations["bad"]


# -- whatever goes wrong --------------------------------------------------------------------------


class Troubled(ToyDatabase):
    """A database that now and then does not answer, stores nothing, or stores and does not say so."""

    def __init__(self, fates: Iterator[str]) -> None:
        """Let fates be what becomes of the next requests; then all goes well."""
        super().__init__()
        self._fates = fates

    def _answer(self, query: Query) -> Answer:
        return Unanswered() if next(self._fates, "") == "lost" else super()._answer(query)

    def write(self, samples: Sequence[Written], timeout_seconds: float) -> Stored | Refused | Unanswered:
        fate = next(self._fates, "")
        if fate == "lost":
            return Unanswered()
        stored = super().write(samples, timeout_seconds)
        return Unanswered() if fate == "unsaid" else stored


def looks_back(units: Sequence[Unit]) -> bool:
    """Tell whether every rule reads only what is waited for: no ALERTS, and nothing that comes after it."""
    return not any(
        unit.rule.group == other.rule.group
        and unit.rule.position < other.rule.position
        and other.rule.name in unit.rule.expr.split()
        for unit in units
        for other in units
    ) and not any(unit.rule.reads is None or "ALERTS" in unit.rule.reads for unit in units)


@given(
    shards().filter(looks_back),
    st.integers(1, 8),
    st.lists(st.sampled_from(["", "", "lost", "unsaid"]), max_size=40),
)
def test_whatever_is_not_answered_or_not_written_in_the_end_all_is_recorded(
    units: list[Unit], chunk: int, fates: list[str]
) -> None:
    """Each rule goes on from where it was; one that needs another is asked when that one is not behind it."""
    moments = [at(10 * number) for number in range(1, 9)]
    toy = Troubled(iter(fates))
    records: dict[str, Record] = {}
    cursors = {unit.id: at(0) for unit in units}
    for number in range(200):
        until = moments[min(chunk * (number + 1), len(moments)) - 1]
        chain = Chain(Backend(toy, toy), records, needs(units), lambda: 1.0)
        for done in chain.run(_due(units, cursors, until)):
            if done.unanswered is None:
                unit = done.work.unit.id
                cursors[unit] = done.work.until
                records[unit] = Record(done.instances or {})
        if set(cursors.values()) == {moments[-1]}:
            break
    undisturbed = in_prometheus_order(units, moments)
    for made in units:
        assert not made.rule.records or toy.recorded(made.rule.name) == undisturbed.recorded(made.rule.name)


def _due(units: Sequence[Unit], cursors: Mapping[str, datetime], until: datetime) -> list[Work]:
    needed = needs(units)
    return [
        Work(unit, due_between(cursors[unit.id], until, unit.rule.interval, unit.offset * 0), until)
        for unit in units
        if cursors[unit.id] < until
        and all(cursors[other] >= cursors[unit.id] for other in needed.get(unit.id, ()))
    ]
