"""One unit of work: its timestamps, its query, what its samples make of its instances."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.evaluating import at, by_labels, firing, labels, rule, sample, unit
from tocsin.alert import Alert
from tocsin.evaluation.fold import RuleError, fold, points
from tocsin.evaluation.states import Instance, Instances, State
from tocsin.evaluation.unit import alert_of, ended, query, spread, unit_of
from tocsin.ports import Sample
from tocsin.rules.rule import Jitter, Rule
from tocsin.schedule.buckets import bucket, offset, unit_id


def test_a_unit_lives_where_its_id_says() -> None:
    made = unit()
    assert (made.id, made.bucket) == (unit_id("ns/group", "ns/group/Down"), bucket(made.id))


def test_rules_of_a_group_share_an_offset_unless_they_are_spread_by_rule() -> None:
    groups = {spread(unit(f"Down{number}", every=3600)) for number in range(20)}
    assert groups == {offset(timedelta(hours=1), {"name": "group", "file": "ns", "orgId": "1"})}
    apart = {spread(unit(f"Down{number}", every=3600, jitter=Jitter.RULE)) for number in range(20)}
    assert len(apart) > 10
    assert spread(unit(every=3600, jitter=Jitter.NEVER)) == timedelta(0)


def test_a_query_looks_its_offset_into_the_past() -> None:
    made = unit(every=15, query_offset=timedelta(seconds=90), plan={"metrics": []})
    asked = query(made.rule, [at(0), at(15)])
    assert (asked.expr, asked.at, asked.step_seconds) == ("up == 0", (at(-90), at(-75)), 15.0)
    assert asked.plan == {"metrics": []}


# -- samples to alerts ----------------------------------------------------------------------------


def test_an_alert_has_its_series_labels_its_rules_and_its_name() -> None:
    made = rule(
        labels={"severity": "page", "where": "{{ $labels.site }}", "job": "of the rule"},
        annotations={"summary": "{{ $labels.__name__ }} is {{ $value }}"},
    )
    [point] = points(made, [sample(3.5, __name__="up", job="of the series", site="north", empty="")], at(0))
    assert dict(point.labels) == {
        "alertname": "Down",
        "job": "of the rule",
        "severity": "page",
        "site": "north",
        "where": "north",
    }
    assert (point.value, point.annotations) == (3.5, {"summary": "up is 3.5"})


def test_the_name_of_an_alert_is_its_rules_though_a_series_says_another() -> None:
    [point] = points(rule(), [sample(alertname="Mine")], at(0))
    assert point.labels == labels()


def test_a_label_without_text_is_no_label() -> None:
    made = rule(labels={"team": "{{ $labels.team }}"})
    [point] = points(made, [sample(job="a")], at(0))
    assert point.labels == labels(job="a")


DUPLICATES: dict[str, tuple[Rule, list[Sample]]] = {
    "series that differ in their name only": (rule(), [sample(__name__="a"), sample(__name__="b")]),
    "series that a label of the rule makes equal": (
        rule(labels={"job": "one"}),
        [sample(job="a"), sample(job="b")],
    ),
    "series that an empty label makes equal": (rule(), [sample(job=""), sample()]),
}


@pytest.mark.parametrize(("made", "samples"), DUPLICATES.values(), ids=DUPLICATES)
def test_two_series_for_one_alert_fail_the_evaluation(made: Rule, samples: list[Sample]) -> None:
    failure = fold(made, {}, [at(0)], [samples]).failure
    assert failure is not None
    assert (failure.reason, str(failure)[:30]) == ("duplicate", "two series give the same alert")


def test_annotations_that_are_too_long_to_be_stored_say_so_in_their_place() -> None:
    [point] = points(rule(annotations={"a": "x" * 65_000, "b": "y" * 1_000, "c": "z"}), [sample()], at(0))
    assert point.annotations["a"] == "x" * 65_000
    assert point.annotations["b"] == ("<error expanding template: annotations longer than 65536 characters>")
    assert point.annotations["c"] == "z"


# -- timestamps in order --------------------------------------------------------------------------


def failure_of(made: Rule, *answer: list[Sample]) -> RuleError | None:
    return fold(made, {}, [at(10 * number) for number in range(len(answer))], answer).failure


def test_a_limit_counts_what_is_pending_and_what_fires() -> None:
    many = [sample(job=str(number)) for number in range(3)]
    assert len(fold(rule(limit=3), {}, [at(0)], [many]).instances) == 3
    for hold in (0, 60):
        failure = failure_of(rule(limit=2, hold=hold), many)
        assert failure is not None
        assert (failure.reason, str(failure)) == ("limit", "3 alerts exceed the rule's limit of 2")


def test_a_limit_does_not_count_what_is_over() -> None:
    over = by_labels(
        *(replace(firing(handed=0, job=name), state=State.INACTIVE, fired_at=None) for name in "ab")
    )
    after = fold(rule(limit=1), over, [at(10)], [[sample(job="c")]])
    assert len(after.instances) == 3


def test_a_limit_exceeded_keeps_the_alerts_that_fire_and_the_next_timestamp_goes_on() -> None:
    before = by_labels(firing(job="a"))
    many = [sample(job=str(number)) for number in range(3)]
    folded = fold(rule(limit=2), before, [at(10)], [many])
    assert (folded.instances, folded.failure is not None) == (before, True)
    folded = fold(rule(limit=2), before, [at(10), at(20)], [many, [sample(job="b")]])
    assert (list(folded.instances), folded.failure) == ([labels(job="b")], None)


def test_answers_that_are_too_few_are_no_answer() -> None:
    with pytest.raises(ValueError, match="zip"):
        fold(rule(), {}, [at(0), at(10)], [[]])


samples_of = st.sets(st.sampled_from("abc")).map(lambda names: [sample(job=name) for name in sorted(names)])
rules = st.builds(rule, hold=st.sampled_from([0.0, 10.0, 15.0]), keep=st.sampled_from([0.0, 10.0, 25.0]))


@given(rules, st.lists(samples_of, max_size=10), st.data())
def test_timestamps_replayed_together_or_one_by_one_come_to_the_same(
    made: Rule, answer: list[list[Sample]], data: st.DataObject
) -> None:
    times = [at(10 * number) for number in range(len(answer))]
    single: Instances = {}
    for timestamp, samples in zip(times, answer, strict=True):
        single = fold(made, single, [timestamp], [samples]).instances
    assert fold(made, {}, times, answer).instances == single
    cut = data.draw(st.integers(0, len(answer)))
    early = fold(made, {}, times[:cut], answer[:cut]).instances
    assert fold(made, early, times[cut:], answer[cut:]).instances == single


# -- ends and what dispatch is told ---------------------------------------------------------------


def test_a_rule_that_is_gone_ends_its_alerts_and_forgets_those_nobody_was_told_of() -> None:
    waiting = Instance(labels(job="c"), State.PENDING, at(0))
    over = ended(by_labels(firing(handed=0, job="a"), firing(job="b"), waiting), at(60))
    assert list(over) == [labels(job="a")]
    assert alert_of(over[labels(job="a")]).ends_at == at(60)


ALERTS: dict[str, tuple[Instance, Alert]] = {
    "firing": (
        replace(firing(20), annotations={"summary": "down"}),
        Alert(dict(labels()), {"summary": "down"}, at(20)),
    ),
    "firing anew": (firing(20, handed=0), Alert(dict(labels()), {}, at(20))),
    "over": (
        Instance(labels(), State.INACTIVE, at(0), resolved_at=at(30), handed=at(10)),
        Alert(dict(labels()), {}, at(10), at(30)),
    ),
    "pending anew, the end of the last activation still owed": (
        Instance(labels(), State.PENDING, at(40), resolved_at=at(30), handed=at(10)),
        Alert(dict(labels()), {}, at(10), at(30)),
    ),
}


@pytest.mark.parametrize(("held", "expected"), ALERTS.values(), ids=ALERTS)
def test_dispatch_is_told_of_an_activation_and_of_its_end(held: Instance, expected: Alert) -> None:
    assert alert_of(held) == expected


def test_a_unit_knows_the_revision_of_its_rule() -> None:
    assert unit_of("ab" * 12, rule(), 7).revision == 7
