"""The state machine of an alerting rule: Prometheus' table, case by case, and what holds for every history."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.evaluating import at, firing, labels, rule
from tocsin.evaluation.states import Instance, Point, State, end, pass_over, settled, step
from tocsin.labels import LabelSet
from tocsin.rules.rule import GapPolicy, Rule

LABELS = labels()
POINT = Point(LABELS, 1.0, {})

Seen = tuple[State, float, float | None] | None
"""A state, since when it is active, since when it fires; None for no alert at all."""


def pending(active: float) -> Seen:
    return State.PENDING, active, None


def fires(active: float, since: float | None = None) -> Seen:
    return State.FIRING, active, active if since is None else since


def seen(instance: Instance | None) -> Seen:
    """Return what people would see of an instance: one that is over is no alert."""
    if instance is None or instance.state is State.INACTIVE:
        return None
    fired = None if instance.fired_at is None else (instance.fired_at - at(0)).total_seconds()
    return instance.state, (instance.active_at - at(0)).total_seconds(), fired


def told(instances: dict[LabelSet, Instance]) -> dict[LabelSet, Instance]:
    """Return the instances as after a hand-over of everything."""
    known = (settled(replace(held, handed=held.wanted)) for held in instances.values())
    return {held.labels: held for held in known if held is not None}


# Each history: the rule, then at which second the series is present (+) or absent (-), and what is seen then.
HISTORIES: dict[str, tuple[Rule, list[tuple[float, str, Seen]]]] = {
    "absent: nothing": (rule(), [(0, "-", None), (10, "-", None)]),
    "for 0 fires at once": (rule(), [(0, "+", fires(0)), (10, "+", fires(0))]),
    "pending until for has passed": (
        rule(hold=20),
        [(0, "+", pending(0)), (10, "+", pending(0)), (20, "+", fires(0, 20)), (30, "+", fires(0, 20))],
    ),
    "for is no multiple of the interval": (
        rule(hold=15),
        [(0, "+", pending(0)), (10, "+", pending(0)), (20, "+", fires(0, 20))],
    ),
    "for shorter than the interval waits for the second evaluation": (
        rule(every=60, hold=1),
        [(0, "+", pending(0)), (60, "+", fires(0, 60))],
    ),
    "a pending alert that is absent is forgotten, and begins anew": (
        rule(hold=20),
        [(0, "+", pending(0)), (10, "-", None), (20, "+", pending(20)), (40, "+", fires(20, 40))],
    ),
    "a firing alert that is absent is over": (rule(), [(0, "+", fires(0)), (10, "-", None), (20, "-", None)]),
    "resolved, then active again: a new activation": (
        rule(),
        [(0, "+", fires(0)), (10, "-", None), (20, "+", fires(20))],
    ),
    "resolved, then active again: for is waited for again": (
        rule(hold=10),
        [
            (0, "+", pending(0)),
            (10, "+", fires(0, 10)),
            (20, "-", None),
            (30, "+", pending(30)),
            (40, "+", fires(30, 40)),
        ],
    ),
    "kept firing until keep_firing_for has passed since the first absence": (
        rule(keep=20),
        [(0, "+", fires(0)), (10, "-", fires(0)), (20, "-", fires(0)), (30, "-", None)],
    ),
    "keep_firing_for is no multiple of the interval": (
        rule(keep=15),
        [(0, "+", fires(0)), (10, "-", fires(0)), (20, "-", fires(0)), (30, "-", None)],
    ),
    "keep_firing_for shorter than the interval keeps it for one": (
        rule(every=60, keep=1),
        [(0, "+", fires(0)), (60, "-", fires(0)), (120, "-", None)],
    ),
    "present again while kept: the same activation, and keeping begins anew": (
        rule(keep=20),
        [
            (0, "+", fires(0)),
            (10, "-", fires(0)),
            (20, "+", fires(0)),
            (30, "-", fires(0)),
            (40, "-", fires(0)),
            (50, "-", None),
        ],
    ),
    "a pending alert is not kept": (rule(hold=20, keep=60), [(0, "+", pending(0)), (10, "-", None)]),
    "held, then kept": (
        rule(hold=10, keep=10),
        [(0, "+", pending(0)), (10, "+", fires(0, 10)), (20, "-", fires(0, 10)), (30, "-", None)],
    ),
}


@pytest.mark.parametrize("handing_over", [True, False], ids=["handed over", "not handed over"])
@pytest.mark.parametrize(("made", "history"), HISTORIES.values(), ids=HISTORIES)
def test_a_series_that_comes_and_goes(
    made: Rule, history: list[tuple[float, str, Seen]], handing_over: bool
) -> None:
    instances: dict[LabelSet, Instance] = {}
    for second, present, expected in history:
        instances = step(instances, [POINT] if present == "+" else [], at(second), made)
        assert seen(instances.get(LABELS)) == expected, f"at {second} s"
        if handing_over:
            instances = told(instances)


def test_for_raised_above_the_time_active_takes_a_firing_alert_back_to_pending() -> None:
    fired = step(step({}, [POINT], at(0), rule(hold=10)), [POINT], at(10), rule(hold=10))
    assert seen(fired[LABELS]) == fires(0, 10)
    back = step(told(fired), [POINT], at(20), rule(hold=60))
    assert seen(back[LABELS]) == pending(0)
    assert (back[LABELS].outstanding, back[LABELS].resolved_at) == (True, at(20))
    assert seen(step(told(back), [POINT], at(60), rule(hold=60))[LABELS]) == fires(0, 60)


def test_for_lowered_lets_a_pending_alert_fire() -> None:
    waiting = step({}, [POINT], at(0), rule(hold=3600))
    assert seen(step(waiting, [POINT], at(10), rule(hold=10))[LABELS]) == fires(0, 10)


def test_a_new_value_and_new_texts_are_taken_whatever_the_state() -> None:
    newer = Point(LABELS, 2.0, {"summary": "two"})
    for made in (rule(), rule(hold=60)):
        after = step(step({}, [POINT], at(0), made), [newer], at(10), made)[LABELS]
        assert (after.value, after.annotations) == (2.0, {"summary": "two"})


def test_a_changed_value_alone_is_no_change() -> None:
    held = step({}, [POINT], at(0), rule())[LABELS]
    assert replace(held, value=2.0, annotations={"a": "b"}).same_but_for_value(held)
    assert not replace(held, keep_firing_since=at(10)).same_but_for_value(held)


# -- what dispatch is told ------------------------------------------------------------------------


def test_what_is_pending_is_never_to_be_told() -> None:
    assert not step({}, [POINT], at(0), rule(hold=60))[LABELS].outstanding


def test_a_resolved_alert_is_kept_until_it_is_told_and_then_gone() -> None:
    fired = told(step({}, [POINT], at(0), rule()))
    over = step(fired, [], at(10), rule())
    for second in (20, 30):
        over = step(over, [], at(second), rule())
        assert (over[LABELS].state, over[LABELS].resolved_at) == (State.INACTIVE, at(10))
        assert over[LABELS].outstanding
    assert told(over) == {}


def test_what_fired_and_resolved_untold_leaves_nothing() -> None:
    assert step(step({}, [POINT], at(0), rule()), [], at(10), rule()) == {}


def test_a_resolve_that_is_still_owed_survives_the_next_activation() -> None:
    over = step(told(step({}, [POINT], at(0), rule())), [], at(10), rule(hold=20))
    again = step(over, [POINT], at(20), rule(hold=20))[LABELS]
    assert seen(again) == pending(20)
    assert (again.handed, again.resolved_at, again.outstanding) == (at(0), at(10), True)
    gone = step({LABELS: again}, [], at(30), rule(hold=20))[LABELS]
    assert (gone.state, gone.resolved_at, gone.handed) == (State.INACTIVE, at(10), at(0))


def test_a_refire_is_another_activation_and_so_outstanding() -> None:
    over = step(told(step({}, [POINT], at(0), rule())), [], at(10), rule())
    again = step(over, [POINT], at(20), rule())[LABELS]
    assert (again.handed, again.wanted, again.outstanding) == (at(0), at(20), True)


ENDINGS: dict[str, tuple[Instance, tuple[State, datetime | None] | None]] = {
    "firing and told": (firing(handed=0), (State.INACTIVE, at(60))),
    "firing and untold": (firing(), None),
    "firing, kept and told": (replace(firing(handed=0), keep_firing_since=at(50)), (State.INACTIVE, at(60))),
    "pending": (Instance(LABELS, State.PENDING, at(0)), None),
    "pending, an earlier activation still owed": (
        Instance(LABELS, State.PENDING, at(50), resolved_at=at(40), handed=at(0)),
        (State.INACTIVE, at(40)),
    ),
    "over and owed": (
        Instance(LABELS, State.INACTIVE, at(0), resolved_at=at(40), handed=at(0)),
        (State.INACTIVE, at(40)),
    ),
}


@pytest.mark.parametrize(("before", "expected"), ENDINGS.values(), ids=ENDINGS)
def test_an_instance_that_loses_its_rule_ends_and_owes_what_was_told(
    before: Instance, expected: tuple[State, datetime | None] | None
) -> None:
    after = end(before, at(60))
    assert (after and (after.state, after.resolved_at)) == expected
    assert after is None or (after.fired_at is None and after.keep_firing_since is None and after.outstanding)


GAPS = {  # what a gap of an hour does to (active since, kept since), by its policy
    "shift": (GapPolicy.SHIFT, 3600, 3610),
    "hold": (GapPolicy.HOLD, 0, 3610),
    "count": (GapPolicy.COUNT, 0, 10),
}


@pytest.mark.parametrize(("policy", "active", "kept_since"), GAPS.values(), ids=GAPS)
def test_a_gap_counts_for_the_clocks_its_policy_says(policy: GapPolicy, active: int, kept_since: int) -> None:
    gap = timedelta(hours=1)
    waiting = Instance(LABELS, State.PENDING, at(0))
    assert pass_over(waiting, gap, policy) == replace(waiting, active_at=at(active))
    kept = replace(firing(handed=0), keep_firing_since=at(10))
    assert pass_over(kept, gap, policy) == replace(kept, keep_firing_since=at(kept_since))
    over = Instance(LABELS, State.INACTIVE, at(0), resolved_at=at(5), handed=at(0))
    for unmoved in (firing(handed=0), over):
        assert pass_over(unmoved, gap, policy) == unmoved


# -- what holds for every history -----------------------------------------------------------------

SERIES = [labels(job=name) for name in "abc"]
rules = st.builds(
    rule,
    hold=st.sampled_from([0.0, 1.0, 10.0, 15.0, 30.0]),
    keep=st.sampled_from([0.0, 1.0, 10.0, 25.0]),
)
presences = st.lists(st.sets(st.sampled_from(SERIES)), max_size=12)


def points(present: set[LabelSet], value: float = 1.0) -> list[Point]:
    return [Point(found, value, {}) for found in sorted(present)]


@given(rules, presences, st.data())
def test_evaluating_a_timestamp_twice_leaves_the_same_state(
    made: Rule, history: list[set[LabelSet]], data: st.DataObject
) -> None:
    instances: dict[LabelSet, Instance] = {}
    for number, present in enumerate(history):
        instances = step(instances, points(present), at(10 * number), made)
        assert step(instances, points(present), at(10 * number), made) == instances
        if data.draw(st.booleans()):
            instances = told(instances)


@given(rules, presences)
def test_handing_over_changes_nothing_that_people_see(made: Rule, history: list[set[LabelSet]]) -> None:
    quiet: dict[LabelSet, Instance] = {}
    loud: dict[LabelSet, Instance] = {}
    for number, present in enumerate(history):
        quiet = step(quiet, points(present), at(10 * number), made)
        loud = told(step(loud, points(present), at(10 * number), made))
        for found in SERIES:
            assert seen(quiet.get(found)) == seen(loud.get(found))


@given(rules, presences)
def test_a_series_does_not_touch_another(made: Rule, history: list[set[LabelSet]]) -> None:
    together: dict[LabelSet, Instance] = {}
    alone: dict[LabelSet, Instance] = {}
    for number, present in enumerate(history):
        together = step(together, points(present), at(10 * number), made)
        alone = step(alone, points(present & {SERIES[0]}), at(10 * number), made)
    assert together.get(SERIES[0]) == alone.get(SERIES[0])


@given(rules, presences)
def test_a_firing_alert_has_been_active_for_at_least_for(made: Rule, history: list[set[LabelSet]]) -> None:
    instances: dict[LabelSet, Instance] = {}
    for number, present in enumerate(history):
        instances = told(step(instances, points(present), at(10 * number), made))
        for held in instances.values():
            assert (held.fired_at is not None) is (held.state is State.FIRING)
            assert held.fired_at is None or held.fired_at - held.active_at >= made.hold
            assert held.handed == held.wanted
