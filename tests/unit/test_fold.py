"""Folding: errors timestamp by timestamp, what is written for whom, what nobody heard, whose texts are news."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.evaluating import at, by_labels, firing, labels, rule, sample
from tocsin.evaluation.fold import Episode, Folded, Means, ends, fold
from tocsin.evaluation.states import Instance, State
from tocsin.labels import LabelSet, label_set
from tocsin.ports import Sample, Written
from tocsin.rules.book import Former
from tocsin.rules.rule import Kind, Rule
from tocsin.timeintervals import TimeInterval

WRITES = Means(writes=True)
A, B, C = sample(1.0, job="a"), sample(2.0, job="b"), sample(3.0, job="c")
TWICE = [sample(job="a", __name__="x"), sample(job="a", __name__="y")]


def folded(
    made: Rule,
    *answer: Sequence[Sample],
    before: Mapping[LabelSet, Instance] | None = None,
    means: Means = WRITES,
) -> Folded:
    times = [at(10 * number) for number in range(1, len(answer) + 1)]
    return fold(made, before or {}, times, answer, means)


def recording(**changes: Any) -> Rule:
    return replace(rule("job:up", **changes), kind=Kind.RECORD)


def written(result: Folded, name: str) -> dict[tuple[str, ...], dict[int, float | None]]:
    """Return what is written of a name: by the values of the other labels, by second."""
    found: dict[tuple[str, ...], dict[int, float | None]] = {}
    for one in result.written:
        if one.labels["__name__"] == name:
            rest = tuple(value for key, value in sorted(one.labels.items()) if key != "__name__")
            found.setdefault(rest, {})[int((one.at - at(0)).total_seconds())] = one.value
    return found


# -- errors are of their timestamp only -----------------------------------------------------------

LIMITED = replace(rule(), limit=2)
MANY = [A, B, C]
ERRORS: dict[str, tuple[Rule, list[Sequence[Sample]], str, list[str]]] = {
    # the rule, its answers, why the last one failed, the alerts that are left
    "duplicate at the end": (rule(), [[A], TWICE], "duplicate", ["a"]),
    "duplicate in the middle": (rule(), [[A], TWICE, [B]], "", ["b"]),
    "duplicate at first": (rule(), [TWICE, [A]], "", ["a"]),
    "duplicate all the time": (rule(), [TWICE, TWICE], "duplicate", []),
    "limit at the end": (LIMITED, [[A], MANY], "limit", ["a"]),
    "limit in the middle": (LIMITED, [[A], MANY, [A, B]], "", ["a", "b"]),
    "another error than before": (LIMITED, [[A], TWICE, MANY], "limit", ["a"]),
}


@pytest.mark.parametrize(("made", "answer", "reason", "left"), ERRORS.values(), ids=ERRORS)
def test_an_error_leaves_all_as_it_was_and_the_next_timestamp_goes_on(
    made: Rule, answer: list[Sequence[Sample]], reason: str, left: list[str]
) -> None:
    result = folded(made, *answer)
    assert (result.failure.reason if result.failure else "") == reason
    assert [dict(found)["job"] for found in result.instances] == left


def test_an_error_does_not_stop_a_clock() -> None:
    """As in Prometheus: `for` is a difference of timestamps, whatever was between them."""
    held = folded(rule(hold=20), [A], TWICE, [A]).instances
    assert [(found.state, found.fired_at) for found in held.values()] == [(State.FIRING, at(30))]


def test_what_is_missing_at_an_error_is_not_ended() -> None:
    result = folded(rule(), [A], TWICE)
    assert all(one.value is not None for one in result.written)


# -- ALERTS ---------------------------------------------------------------------------------------


def test_states_are_written_at_every_evaluation_and_ended_when_they_are_left() -> None:
    result = folded(rule(hold=20), [A], [A], [A], [A], [])
    assert written(result, "ALERTS") == {
        ("Down", "pending", "a"): {10: 1.0, 20: 1.0, 30: None},
        ("Down", "firing", "a"): {30: 1.0, 40: 1.0, 50: None},
    }
    began = at(10).timestamp()
    assert written(result, "ALERTS_FOR_STATE") == {
        ("Down", "a"): {10: began, 20: began, 30: began, 40: began, 50: None}
    }


def test_a_firing_alert_that_is_back_to_pending_is_written_so() -> None:
    before = by_labels(replace(firing(0, job="a"), keep_firing_since=None))
    result = folded(rule(hold=3600), [A], before=before)
    assert written(result, "ALERTS") == {
        ("Down", "pending", "a"): {10: 1.0},
        ("Down", "firing", "a"): {10: None},
    }
    assert written(result, "ALERTS_FOR_STATE") == {("Down", "a"): {10: at(0).timestamp()}}


def test_what_is_kept_firing_is_written_as_firing() -> None:
    result = folded(rule(keep=15), [A], [], [])
    assert written(result, "ALERTS") == {("Down", "firing", "a"): {10: 1.0, 20: 1.0, 30: 1.0}}
    result = folded(rule(keep=15), [A], [], [], [])
    assert written(result, "ALERTS")["Down", "firing", "a"][40] is None


def test_an_end_that_is_still_owed_is_written_once() -> None:
    over = replace(firing(0, handed=0, job="a"), state=State.INACTIVE, fired_at=None, resolved_at=at(5))
    assert folded(rule(), [], [], before=by_labels(over)).written == ()


def test_all_is_written_at_the_time_that_was_looked_at() -> None:
    made = rule(query_offset=timedelta(seconds=60))
    assert {one.at for one in folded(made, [A]).written} == {at(-50)}
    assert {one.at for one in folded(replace(made, kind=Kind.RECORD), [A]).written} == {at(-50)}


def test_where_nobody_stores_it_nothing_is_written() -> None:
    assert folded(rule(), [A], means=Means()).written == ()


# -- recording ------------------------------------------------------------------------------------


def test_a_recorded_series_has_the_rules_name_and_labels() -> None:
    made = recording(labels={"env": "prod", "job": "of the rule"})
    [one] = folded(made, [sample(7.0, __name__="up", job="a", zone="z")]).written
    assert (one.labels, one.value) == (
        {"__name__": "job:up", "env": "prod", "job": "of the rule", "zone": "z"},
        7.0,
    )


def test_a_series_that_is_gone_is_ended_once() -> None:
    result = folded(recording(), [A, B], [B], [B], [A])
    assert written(result, "job:up") == {
        ("a",): {10: 1.0, 20: None, 40: 1.0},
        ("b",): {10: 2.0, 20: 2.0, 30: 2.0, 40: None},
    }


RECORDING_ERRORS: dict[str, tuple[Rule, Sequence[Sample], str]] = {
    "two samples of one series": (recording(), TWICE, "duplicate"),
    "more than its limit": (replace(recording(), limit=1), [A, B], "limit"),
}


@pytest.mark.parametrize(("made", "bad", "reason"), RECORDING_ERRORS.values(), ids=RECORDING_ERRORS)
def test_a_recording_that_fails_writes_nothing_and_ends_nothing(
    made: Rule, bad: Sequence[Sample], reason: str
) -> None:
    result = folded(made, [A], bad, [A])
    assert written(result, "job:up") == {("a",): {10: 1.0, 30: 1.0}}
    assert result.failure is None
    failure = folded(made, [A], bad).failure
    assert failure is not None
    assert failure.reason == reason


def test_a_series_is_known_since_it_was_first_recorded_and_no_alert() -> None:
    result = folded(recording(), [A], [A])
    [held] = result.instances.values()
    assert (held.state, held.active_at, held.value, held.outstanding) == (State.RECORDED, at(10), 1.0, False)


def test_a_recorded_series_ends_where_its_rule_is_closed() -> None:
    noon = TimeInterval(times=((12 * 60, 12 * 60 + 1),))
    made = replace(recording(), windows=(noon,))
    result = fold(made, {}, [at(30), at(90)], [[A], [A]], WRITES)
    assert written(result, "job:up") == {("a",): {30: 1.0, 90: None}}
    assert result.instances == {}


# -- what nobody heard ----------------------------------------------------------------------------


def episodes(result: Folded) -> list[tuple[datetime, datetime]]:
    return [(one.fired_at, one.resolved_at) for one in result.unheard]


def test_what_fired_and_ended_before_it_was_told_is_on_record() -> None:
    result = folded(rule(), [A], [], [A], [A], [])
    assert result.unheard == (
        Episode(labels(job="a"), at(10), at(20)),
        Episode(labels(job="a"), at(30), at(50)),
    )


def test_what_was_told_is_not() -> None:
    assert episodes(folded(rule(), [], before=by_labels(firing(0, handed=0, job="a")))) == []


def test_what_was_told_and_given_up_since_is_not() -> None:
    given_up = replace(firing(0, job="a"), resolved_at=at(5))
    assert episodes(folded(rule(), [], before=by_labels(given_up))) == []


def test_what_was_pending_is_not() -> None:
    assert episodes(folded(rule(hold=60), [A], [])) == []


def test_an_activation_after_the_one_that_was_told_is() -> None:
    result = folded(rule(), [], [A], [], before=by_labels(firing(0, handed=0, job="a")))
    assert episodes(result) == [(at(20), at(30))]


def test_what_is_back_to_pending_is() -> None:
    result = folded(rule(hold=3600), [A], before=by_labels(firing(0, job="a")))
    assert episodes(result) == [(at(0), at(10))]


# -- relabelled -----------------------------------------------------------------------------------


def relabelled(was: Instance, *names: str, to: Mapping[str, str]) -> tuple[Rule, Means]:
    """Return a rule that had labels of these names, and what it was."""
    return rule(hold=60, labels=to), Means(former=by_labels(was), was=Former("u", names))


OLD = Instance(labels(job="a", severity="page"), State.FIRING, at(-600), fired_at=at(-500), handed=at(-500))
TAKEN: dict[str, tuple[Mapping[str, str], Instance, bool]] = {
    "another value": ({"severity": "ticket"}, OLD, True),
    "no more label": ({}, OLD, True),
    "one more": ({"severity": "page", "team": "x"}, OLD, True),
    "a pending one": ({"severity": "ticket"}, replace(OLD, state=State.PENDING, fired_at=None), True),
    "one that was over": (
        {"severity": "ticket"},
        replace(OLD, state=State.INACTIVE, fired_at=None, resolved_at=at(-10)),
        False,
    ),
    "of another series": ({"severity": "ticket"}, replace(OLD, labels=labels(job="b")), False),
}


@pytest.mark.parametrize(("to", "was", "taken"), TAKEN.values(), ids=TAKEN)
def test_an_alert_under_new_labels_is_as_old_as_under_the_old_ones(
    to: Mapping[str, str], was: Instance, taken: bool
) -> None:
    made, means = relabelled(was, "severity", to=to)
    [held] = folded(made, [A], means=means).instances.values()
    assert held.labels == label_set({"alertname": "Down", "job": "a", **to})
    assert (held.active_at, held.handed) == (at(-600) if taken else at(10), None)
    assert held.state is (State.FIRING if taken else State.PENDING)


def test_only_the_first_evaluation_takes_over() -> None:
    made, means = relabelled(OLD, "severity", to={})
    [held] = folded(made, [], [A], means=means).instances.values()
    assert held.active_at == at(20)
    [held] = folded(made, TWICE, [A], means=means).instances.values()
    assert held.active_at == at(-600)


# -- whose texts are news -------------------------------------------------------------------------


def test_texts_that_ask_are_expanded_when_they_are_news_and_only_then() -> None:
    asked: list[tuple[str, datetime]] = []

    def look(made: Rule, expr: str, moment: datetime) -> Sequence[Sample]:
        asked.append((expr, moment))
        return [sample(float(len(asked)))]

    made = rule(hold=20, annotations={"n": '{{ query "other" | first | value }}'})
    means = Means(look=look)
    held: Mapping[LabelSet, Instance] = {}
    said = []
    for second in (10, 20, 30, 40):
        held = fold(made, held, [at(second)], [[A]], means).instances
        [one] = held.values()
        said.append(dict(one.annotations or {})["n"])
        held = by_labels(replace(one, handed=one.wanted))
    assert said == ["1", "1", "2", "2"]
    assert asked == [("other", at(10)), ("other", at(30))]


def test_of_a_replay_only_the_last_timestamp_asks() -> None:
    asked: list[datetime] = []

    def look(made: Rule, expr: str, moment: datetime) -> Sequence[Sample]:
        asked.append(moment)
        return []

    made = rule(annotations={"n": '{{ query "other" }}'})
    fold(made, {}, [at(10), at(20), at(30)], [[A], [A], [A]], Means(look=look))
    assert asked == [at(30)]


# -- what holds for every history -----------------------------------------------------------------

answers = st.lists(st.lists(st.sampled_from([A, B, C]), max_size=3), max_size=10)


@given(answers, st.sampled_from([0.0, 15.0]), st.sampled_from([0.0, 15.0]), st.booleans())
def test_every_state_that_is_written_is_ended_when_it_is_left(
    history: list[list[Sample]], hold: float, keep: float, records: bool
) -> None:
    """Whoever reads the series sees, at every timestamp, exactly what is pending, firing or recorded."""
    made = replace(rule(hold=hold, keep=keep), kind=Kind.RECORD if records else Kind.ALERT)
    seen: dict[LabelSet, float | None] = {}
    held: Mapping[LabelSet, Instance] = {}
    for number, samples in enumerate(history):
        result = fold(made, held, [at(10 * number)], [samples], WRITES)
        held = result.instances
        seen |= {label_set(one.labels): one.value for one in result.written}
        there = {dict(found).get("job") for found, value in seen.items() if value is not None}
        active = {dict(found)["job"] for found, one in held.items() if one.state is not State.INACTIVE}
        assert there == active


def test_a_rule_that_is_gone_marks_the_ends_of_what_it_wrote() -> None:
    alert = rule(query_offset=timedelta(seconds=5))
    firing_ = fold(alert, {}, [at(0)], [[sample(job="a")]]).instances
    marked = {(w.labels["__name__"], w.value, w.at) for w in ends(alert, firing_, at(10))}
    assert marked == {("ALERTS", None, at(5)), ("ALERTS_FOR_STATE", None, at(5))}
    series = fold(recording(), {}, [at(0)], [[A]]).instances
    assert ends(recording(), series, at(10)) == (Written({"__name__": "job:up", "job": "a"}, None, at(10)),)
