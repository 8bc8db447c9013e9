"""The decision of a tick: what its answers make of HEAD, of the records, and what dispatch is told."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.evaluating import at, by_labels, firing, labels, rule, sample, unit
from tocsin.alert import Alert
from tocsin.evaluation.decision import Decision, behind, decide, orphans
from tocsin.evaluation.evaluated import Evaluated, evaluate
from tocsin.evaluation.fold import Episode
from tocsin.evaluation.head import Head, Lagging, Lease, Stretch
from tocsin.evaluation.records import NOTHING, Record
from tocsin.evaluation.redo import Gap, HandOver, HealthWrite
from tocsin.evaluation.scene import Scene
from tocsin.evaluation.states import Instance, State
from tocsin.evaluation.unit import Unit, unit_of
from tocsin.evaluation.window import Work
from tocsin.labels import LabelSet
from tocsin.ports import Answer, Refused, Sample, Samples, Unanswered
from tocsin.rules.book import Former
from tocsin.rules.rule import Jitter
from tocsin.schedule.buckets import unit_id
from tocsin.schedule.layout import Buckets

DOWN = unit(jitter=Jitter.NEVER)
OTHER = unit("Other", jitter=Jitter.NEVER)
UNITS = {DOWN.id: DOWN, OTHER.id: OTHER}
HEAD = Head("1.0", 7, at(0), "before", version=5, config=1)
UP: list[Sample] = []
BROKEN = [sample()]


def scene(
    records: Mapping[str, Record] | None = None,
    *,
    head: Head = HEAD,
    until: float = 10,
    now: float | None = None,
    units: Mapping[str, Unit] = UNITS,
    config: int = 1,
    lease: Lease | None = None,
) -> Scene:
    moment = at(until + 1 if now is None else now)
    return Scene(head, units, records or {}, at(until), moment, config, "token", lease)


def work(made: Unit, *seconds: float, until: float = 10, skipped: float = 0) -> Work:
    return Work(made, tuple(map(at, seconds)), at(until), timedelta(seconds=skipped))


def answered(
    made: Unit, record: Record = NOTHING, *, until: float = 10, samples: Sequence[Sample]
) -> Evaluated:
    return evaluate(work(made, until, until=until), record, Samples((tuple(samples),)))


def unanswered(made: Unit, until: float = 10) -> Evaluated:
    return evaluate(work(made, until, until=until), NOTHING, Unanswered())


def told(decision: Decision) -> list[tuple[str, list[Alert], bool]]:
    return [(given.writer, list(given.alerts), given.everything) for given in decision.redo.handovers]


def record(*held: Instance, prefixes: frozenset[str] = frozenset({""})) -> Record:
    return Record(by_labels(*held), prefixes)


# -- answers --------------------------------------------------------------------------------------

FAILURES: dict[str, tuple[Answer, str]] = {
    "refused by its source": (Refused("bad_data", "parse error"), "bad_data"),
    "two series for one alert": (Samples(((sample(a=""), sample(b="")),)), "duplicate"),
}


@pytest.mark.parametrize(("answer", "reason"), FAILURES.values(), ids=FAILURES)
def test_a_failed_evaluation_is_consumed_and_changes_no_state(answer: Answer, reason: str) -> None:
    known = {DOWN.id: record(firing(handed=0))}
    result = evaluate(work(DOWN, 10), known[DOWN.id], answer)
    decision = decide(scene(known), [result], None)
    assert result.failure is not None
    assert result.failure.reason == reason
    assert decision.head.cursor == at(10)
    assert decision.head.lagging == {}
    assert decision.records[DOWN.id].instances == known[DOWN.id].instances
    assert (decision.redo.handovers, decision.redo.chunks) == ((), ())
    assert [(health.unit, health.reason) for health in decision.redo.health] == [(DOWN.id, reason)]


def test_a_gap_beyond_the_limit_counts_for_no_clock_that_runs() -> None:
    made = unit_of(DOWN.id, rule(hold=30, jitter=Jitter.NEVER))
    waiting = Instance(labels(), State.PENDING, at(0))
    result = evaluate(work(made, 7210, until=7210, skipped=7200), record(waiting), Samples(((sample(),),)))
    assert result.instances is not None
    [held] = result.instances.values()
    assert (held.state, held.active_at) == (State.PENDING, at(7200))


# -- a quiet tick ---------------------------------------------------------------------------------


def test_a_quiet_tick_commits_head_and_nothing_else() -> None:
    known = {DOWN.id: record(firing(handed=0))}
    results = [answered(DOWN, known[DOWN.id], samples=BROKEN), answered(OTHER, samples=UP)]
    decision = decide(scene(known), results, None)
    assert decision.redo.empty
    assert decision.head == replace(HEAD, seq=8, token="token", cursor=at(10))
    assert decision.news_until is None


def test_a_value_that_changes_is_a_quiet_tick_too() -> None:
    known = {DOWN.id: record(firing(handed=0))}
    decision = decide(scene(known), [answered(DOWN, known[DOWN.id], samples=[sample(99.0)])], None)
    assert decision.redo.empty
    assert [held.value for held in decision.records[DOWN.id].instances.values()] == [99.0]


def test_the_cursor_never_goes_back() -> None:
    assert decide(scene(until=-10, now=0), [], None).head.cursor == at(0)


# -- hand-over is a difference --------------------------------------------------------------------


def test_what_fires_is_handed_over_once() -> None:
    decision = decide(scene(), [answered(DOWN, samples=BROKEN)], None)
    assert told(decision) == [(f"rule.{DOWN.id}", [Alert(dict(labels()), {}, at(10))], False)]
    assert decision.news_until == at(70)
    assert decision.head.version == decision.head.seq == 8
    again = decide(
        scene(decision.records, head=decision.head, until=20),
        [answered(DOWN, decision.records[DOWN.id], until=20, samples=BROKEN)],
        None,
    )
    assert again.redo.empty


def test_its_end_is_handed_over_and_then_nothing_is_left() -> None:
    known = {DOWN.id: record(firing(handed=0))}
    decision = decide(scene(known), [answered(DOWN, known[DOWN.id], samples=UP)], None)
    assert told(decision) == [(f"rule.{DOWN.id}", [Alert(dict(labels()), {}, at(0), at(10))], False)]
    assert decision.records[DOWN.id].instances == {}
    assert [chunk.packed for chunk in decision.redo.chunks] == [None]


def test_a_replay_of_the_past_advances_the_state_and_tells_nobody_until_it_is_present() -> None:
    result = evaluate(work(DOWN, 10, 20, until=20), NOTHING, Samples(((sample(),), (sample(),))))
    decision = decide(scene(until=20, now=600), [result], Gap(at(0), at(20), 2, 0))
    assert told(decision) == []
    assert decision.redo.gap is not None
    assert decision.records[DOWN.id].outstanding
    present = decide(scene(decision.records, head=decision.head, until=600), [], None)
    assert told(present) == [(f"rule.{DOWN.id}", [Alert(dict(labels()), {}, at(10))], False)]
    assert not present.records[DOWN.id].outstanding


def test_what_fired_and_resolved_inside_a_gap_is_on_record_and_no_page() -> None:
    result = evaluate(work(DOWN, 10, 20, until=20), NOTHING, Samples(((sample(),), ())))
    decision = decide(scene(until=20, now=600), [result], None)
    assert DOWN.id not in decision.records
    assert (decision.redo.handovers, decision.redo.chunks) == ((), ())
    [missed] = decision.redo.missed
    assert (missed.rule, missed.episodes) == (DOWN.rule.key, (Episode(labels(), at(10), at(20)),))
    told_once = decide(replace(scene(until=20, now=600), digest=True), [result], None)
    [(writer, [alert], _)] = told(told_once)
    assert (writer, alert.name, alert.ends_at) == ("digest.1.0", "FiredWhileLate", at(900))
    assert alert.annotations == {
        "summary": "1 alerts fired and ended before anybody could be told",
        "description": '{alertname="Down"} from 12:00:10 to 12:00:20',
    }


def test_a_quiet_tick_still_hands_over_what_is_owed() -> None:
    known = {DOWN.id: record(firing())}
    decision = decide(scene(known), [], None)
    assert told(decision) == [(f"rule.{DOWN.id}", [Alert(dict(labels()), {}, at(0))], False)]


def test_what_lags_is_handed_over_when_it_has_caught_up() -> None:
    known = {DOWN.id: record(firing())}
    late = replace(HEAD, lagging={DOWN.id: Lagging(at(-60), 1, at(300))})
    assert told(decide(scene(known, head=late), [], None)) == []


def test_the_news_is_as_old_as_the_oldest_of_it() -> None:
    slow = unit("Slow", every=300, jitter=Jitter.NEVER)
    known = {DOWN.id: record(firing()), slow.id: record(firing())}
    decision = decide(scene(known, units={DOWN.id: DOWN, slow.id: slow}), [], None)
    assert len(told(decision)) == 2
    assert decision.news_until == at(70)


def test_a_shard_that_is_always_late_hands_over_after_5_minutes_all_the_same() -> None:
    known = {DOWN.id: record(firing())}
    first = decide(scene(known, now=200), [], None)
    assert (first.head.late_since, told(first)) == (at(200), [])
    still = decide(scene(first.records, head=first.head, until=20, now=499), [], None)
    assert (still.head.late_since, told(still)) == (at(200), [])
    forced = decide(scene(still.records, head=still.head, until=30, now=500), [], None)
    assert len(told(forced)) == 1
    assert forced.news_until is None
    on_time = decide(scene(forced.records, head=forced.head, until=600), [], None)
    assert on_time.head.late_since is None


def test_a_minute_is_not_late_and_more_is() -> None:
    known = {DOWN.id: record(firing(handed=0)), "gone": record(firing(handed=0, job="a"))}
    on_time = decide(scene(known, now=70, config=2), [], None)
    assert (on_time.head.late_since, on_time.head.config) == (None, 2)
    assert [writer for writer, *_ in told(on_time)] == [f"rule.{DOWN.id}", "rule.gone"]
    assert on_time.news_until == at(70)
    late = decide(scene(known, now=70.001, config=2), [], None)
    assert (late.head.late_since, late.head.config, told(late)) == (at(70.001), 1, [])


steps = st.lists(st.tuples(st.booleans(), st.sampled_from(["on time", "late"])), min_size=1, max_size=10)


@given(steps)
def test_dispatch_knows_what_fires_whenever_a_tick_was_on_time(history: list[tuple[bool, str]]) -> None:
    known: Mapping[str, Record] = {}
    head, dispatch = HEAD, dict[LabelSet, Alert]()
    for number, (broken, when) in enumerate(history, start=1):
        until = 10.0 * number
        result = answered(DOWN, known.get(DOWN.id, NOTHING), until=until, samples=BROKEN if broken else UP)
        now = until + (1 if when == "on time" else 100)
        decision = decide(scene(known, head=head, until=until, now=now), [result], None)
        for handover in decision.redo.handovers:
            dispatch |= {tuple(sorted(alert.labels.items())): alert for alert in handover.alerts}
        known, head = decision.records, decision.head
        if when == "on time":
            firing_now = (
                [held.fired_at for held in known[DOWN.id].instances.values()] if DOWN.id in known else []
            )
            assert [found.starts_at for found in dispatch.values() if found.ends_at is None] == firing_now


# -- what has lost its rule -----------------------------------------------------------------------


def test_a_rule_that_is_gone_resolves_what_was_told_and_forgets_the_rest() -> None:
    known = {"gone": record(firing(handed=0, job="a"), firing(job="b"))}
    assert orphans(known, UNITS) == ["gone"]
    decision = decide(scene(known), [], None)
    assert told(decision) == [("rule.gone", [Alert(dict(labels(job="a")), {}, at(0), at(10))], False)]
    assert decision.records["gone"].instances == {}


def test_a_rule_that_is_gone_has_no_health_either() -> None:
    known = {"gone": Record(health="bad_data", detail="no", since=at(0))}
    decision = decide(scene(known), [], None)
    assert decision.redo.health == (HealthWrite("gone", "", "", at(11)),)
    assert decide(scene(decision.records, head=decision.head, until=20), [], None).redo.empty


def test_only_a_tick_of_the_whole_shard_ends_what_has_lost_its_rule() -> None:
    known = {"gone": record(firing(handed=0))}
    decision = decide(scene(known), [], None, whole=False)
    assert decision.redo.empty
    assert decision.head.cursor == HEAD.cursor


def test_a_unit_that_lagged_and_is_gone_lags_no_more() -> None:
    late = replace(HEAD, lagging={"gone": Lagging(at(-60), 1, at(300))})
    assert decide(scene(head=late), [], None).head.lagging == {}


PAGED = unit_of(unit_id("ns/group", "paged"), rule(labels={"severity": "page"}), 1, Former(DOWN.id, ()))
FIRED = record(firing(handed=0))
TAKEN_OVER: dict[str, tuple[dict[str, Record], list[Evaluated], bool, bool]] = {
    # what is known, what was evaluated, whether it is a tick of all, whether the former unit ends
    "its heir was not evaluated": ({}, [], True, False),
    "its heir was not answered": ({}, [unanswered(PAGED)], True, False),
    "its heir failed": ({}, [evaluate(work(PAGED, 10), NOTHING, Refused("bad_data", ""))], True, False),
    "its heir failed before": ({PAGED.id: Record(health="bad_data")}, [], True, False),
    "its heir was evaluated": ({}, [answered(PAGED, samples=BROKEN)], True, True),
    "its heir found nothing": ({}, [answered(PAGED, samples=UP)], True, True),
    "its heir has alerts of its own": ({PAGED.id: record(firing(severity="page"))}, [], True, True),
    "its heir was evaluated apart": ({}, [answered(PAGED, samples=BROKEN)], False, True),
    "others were evaluated apart": ({}, [answered(OTHER, samples=BROKEN)], False, False),
}


@pytest.mark.parametrize(("known", "results", "whole", "ends"), TAKEN_OVER.values(), ids=TAKEN_OVER)
def test_what_is_to_be_taken_over_stays_until_it_is(
    known: dict[str, Record], results: list[Evaluated], whole: bool, ends: bool
) -> None:
    units = {PAGED.id: PAGED, OTHER.id: OTHER}
    decision = decide(scene({DOWN.id: FIRED, **known}, units=units), results, None, whole=whole)
    assert (decision.records[DOWN.id].instances == {}) is ends
    assert (f"rule.{DOWN.id}" in [writer for writer, *_ in told(decision)]) is ends


def test_what_is_to_be_taken_over_ends_with_its_heir() -> None:
    decision = decide(scene({DOWN.id: FIRED}, units={OTHER.id: OTHER}), [], None)
    assert [writer for writer, *_ in told(decision)] == [f"rule.{DOWN.id}"]


# -- what lags ------------------------------------------------------------------------------------


def test_a_unit_without_an_answer_stays_where_it_is_and_the_others_go_on() -> None:
    decision = decide(scene(), [unanswered(DOWN), answered(OTHER, samples=BROKEN)], None)
    assert decision.head.cursor == at(10)
    assert decision.head.lagging == {DOWN.id: Lagging(at(0), 1, at(31), since=at(11))}
    assert len(told(decision)) == 1


BACKOFFS = {"first": (0, 20), "second": (1, 40), "third": (2, 80), "fifth": (4, 300), "hundredth": (99, 300)}


@pytest.mark.parametrize(("tries", "seconds"), BACKOFFS.values(), ids=BACKOFFS)
def test_asking_in_vain_waits_longer_each_time(tries: int, seconds: float) -> None:
    head = replace(HEAD, lagging={DOWN.id: Lagging(at(-60), tries, at(0))} if tries else {})
    after = behind(head, DOWN, at(0))
    assert (after.tries, after.until) == (tries + 1, at(seconds))
    assert after.cursor == (at(-60) if tries else at(0))


REASONS = {  # how many seconds it waits after its second try, and whether that counts as one
    "unanswered": (40, True),
    "http_503": (40, True),
    "write_unanswered": (40, True),
    "waits": (0, False),
    "down": (0, False),
    "too_large": (0, True),
}


@pytest.mark.parametrize(("reason", "expected"), REASONS.items(), ids=REASONS)
def test_who_was_not_asked_or_asked_for_too_much_does_not_wait(
    reason: str, expected: tuple[float, bool]
) -> None:
    seconds, counts = expected
    late = replace(HEAD, lagging={DOWN.id: Lagging(at(-60), 1, at(0), since=at(-30))})
    result = replace(unanswered(DOWN), unanswered=Unanswered("", reason))
    held = decide(scene(head=late, until=0, now=5), [result], None, whole=False).head.lagging[DOWN.id]
    assert (held.until, held.tries) == (at(5 + seconds), 1 + counts)
    assert (held.cursor, held.since) == (at(-60), at(-30))


def test_a_suspect_stays_one_while_it_does_not_answer() -> None:
    head = replace(HEAD, lagging={DOWN.id: Lagging(at(-60), 1, at(0), suspect=True)})
    assert behind(head, DOWN, at(0)).suspect


def test_a_unit_that_has_caught_up_lags_no_more() -> None:
    late = replace(HEAD, lagging={DOWN.id: Lagging(at(-60), 3, at(0))})
    decision = decide(
        scene(head=late, until=0, now=5), [answered(DOWN, until=0, samples=UP)], None, whole=False
    )
    assert decision.head.lagging == {}


def test_a_unit_that_has_caught_up_in_part_goes_on_from_there_at_once_with_twice_as_much() -> None:
    late = replace(HEAD, lagging={DOWN.id: Lagging(at(-6000), 3, at(0))})
    part = answered(DOWN, until=-5400, samples=UP)
    decision = decide(scene(head=late, until=0, now=5), [part], None, whole=False)
    assert decision.head.lagging == {DOWN.id: Lagging(at(-5400), 2, at(5))}


# -- health ---------------------------------------------------------------------------------------


def healths(decision: Decision) -> list[HealthWrite]:
    return list(decision.redo.health)


def test_a_failure_is_written_when_it_begins_and_when_it_ends_and_not_between() -> None:
    def refused(until: float) -> Evaluated:
        return evaluate(work(DOWN, until, until=until), NOTHING, Refused("bad_data", "no"))

    first = decide(scene(), [refused(10)], None)
    assert healths(first) == [HealthWrite(DOWN.id, "bad_data", "no", at(11))]
    second = decide(scene(first.records, head=first.head, until=20), [refused(20)], None)
    assert second.redo.empty
    well = decide(
        scene(second.records, head=second.head, until=30), [answered(DOWN, until=30, samples=UP)], None
    )
    assert healths(well) == [HealthWrite(DOWN.id, "", "", at(31))]
    assert well.records[DOWN.id].health == ""


def test_another_failure_is_another_health() -> None:
    sick = {DOWN.id: Record(health="bad_data")}
    decision = decide(scene(sick), [evaluate(work(DOWN, 10), NOTHING, Refused("http_500", "x" * 900))], None)
    assert healths(decision) == [HealthWrite(DOWN.id, "http_500", "x" * 500, at(11))]


def test_no_answer_is_a_health_of_its_own_but_hides_no_better_one() -> None:
    assert [found.reason for found in healths(decide(scene(), [unanswered(DOWN)], None))] == ["unanswered"]
    sick = {DOWN.id: Record(health="bad_data")}
    assert healths(decide(scene(sick), [unanswered(DOWN)], None)) == []


def test_a_unit_that_was_not_due_has_no_news_of_its_health() -> None:
    sick = {DOWN.id: Record(health="bad_data")}
    idle = evaluate(Work(DOWN, (), at(10), timedelta(hours=1)), sick[DOWN.id], Samples(()))
    decision = decide(scene(sick), [idle], None)
    assert (healths(decision), decision.records[DOWN.id].health) == ([], "bad_data")


# -- a changed configuration ----------------------------------------------------------------------


def test_a_changed_configuration_places_everything_that_was_told_anew() -> None:
    known = {
        DOWN.id: record(firing(handed=0, job="a"), firing(job="b")),
        OTHER.id: record(Instance(labels("Other"), State.PENDING, at(0))),
    }
    decision = decide(scene(known, config=2), [], None)
    fresh, standing = (Alert(dict(labels(job=name)), {}, at(0)) for name in "ba")
    assert told(decision) == [(f"rule.{DOWN.id}", [fresh, standing], True)]
    assert decision.head.config == 2


def test_a_replay_of_the_past_leaves_the_placing_to_the_present() -> None:
    known = {DOWN.id: record(firing(handed=0))}
    past = decide(scene(known, config=2, now=600), [], None)
    assert (told(past), past.head.config) == ([], 1)
    partly = decide(scene(known, config=2), [], None, whole=False)
    assert (told(partly), partly.head.config) == ([], 1)


def test_a_lagging_units_alerts_are_placed_as_they_were_told() -> None:
    known = {DOWN.id: record(firing(20, handed=0))}
    late = replace(HEAD, lagging={DOWN.id: Lagging(at(-60), 1, at(300))})
    decision = decide(scene(known, head=late, config=2), [], None)
    assert told(decision) == [(f"rule.{DOWN.id}", [Alert(dict(labels()), {}, at(0))], True)]
    assert decision.records[DOWN.id].outstanding


def test_a_unit_whose_news_is_old_is_placed_as_it_was_told() -> None:
    """Its shard is late by less than a minute, so this commit is the one that places; the news waits."""
    slow = unit("Slow", every=60, jitter=Jitter.NEVER)
    known = {slow.id: record(firing(handed=0, job="a"), firing(job="b"))}
    decision = decide(scene(known, units={slow.id: slow}, until=50, now=65, config=2), [], None)
    assert decision.head.config == 2
    assert told(decision) == [(f"rule.{slow.id}", [Alert(dict(labels(job="a")), {}, at(0))], True)]
    assert decision.records[slow.id].outstanding
    assert decision.news_until is None


# -- the rest of HEAD -----------------------------------------------------------------------------


def test_a_tick_of_the_whole_shard_ends_an_inheritance() -> None:
    stretches = replace(HEAD, stretches=(Stretch(Buckets(0, 9), at(-60)),))
    assert decide(scene(head=stretches), [], None).head.stretches == ()
    assert decide(scene(head=stretches), [], None, whole=False).head.stretches == stretches.stretches


def test_somebody_elses_lease_is_left_standing() -> None:
    lease = Lease("other", at(60), ("u",))
    assert decide(scene(head=replace(HEAD, lease=lease), lease=lease), [], None).head.lease == lease
    assert decide(scene(head=replace(HEAD, lease=lease)), [], None).head.lease is None


@given(st.lists(st.booleans(), max_size=8), st.data())
def test_ticks_decided_together_or_one_by_one_leave_the_same_state(
    answers: list[bool], data: st.DataObject
) -> None:
    made = unit_of(unit_id("ns/group", "ns/group/Held"), rule("Held", hold=15, keep=15, jitter=Jitter.NEVER))
    units = {made.id: made}

    def run(cuts: list[int]) -> Mapping[str, Record]:
        known: Mapping[str, Record] = {}
        head, start = HEAD, 0
        for cut in [*cuts, len(answers)]:
            times = range(start + 1, cut + 1)
            samples = tuple((sample(),) if answers[number - 1] else () for number in times)
            asked = work(made, *(10.0 * number for number in times), until=10.0 * cut)
            result = evaluate(asked, known.get(made.id, NOTHING), Samples(samples))
            decision = decide(
                scene(known, head=head, until=10.0 * cut, now=100_000, units=units), [result], None
            )
            known, head, start = decision.records, replace(decision.head, late_since=None), cut
        return known

    cuts = sorted(data.draw(st.sets(st.integers(0, len(answers)))))
    assert {name: found.instances for name, found in run(cuts).items() if found.instances} == {
        name: found.instances for name, found in run([]).items() if found.instances
    }


def test_a_hand_over_names_its_writer_after_the_unit() -> None:
    decision = decide(scene(), [answered(DOWN, samples=BROKEN)], None)
    [handover] = decision.redo.handovers
    assert isinstance(handover, HandOver)
    assert handover.writer == f"rule.{unit_id('ns/group', 'ns/group/Down')}"


def test_a_decision_is_made_at_a_time_that_is_given() -> None:
    moment: datetime = at(12.5)
    decision = decide(scene(now=12.5), [answered(DOWN, samples=BROKEN)], None)
    assert decision.redo.at == moment


# -- how long what fires is held -----------------------------------------------------------------


def failing(reason: str, *, since: float = 0) -> dict[str, Record]:
    return {DOWN.id: replace(record(firing(handed=0)), health=reason, since=at(since))}


@pytest.mark.parametrize("reason", ["limit", "duplicate"])
def test_what_fires_goes_on_however_long_there_is_too_much_of_it(reason: str) -> None:
    known = failing(reason)
    result = evaluate(work(DOWN, 8000, until=8000), known[DOWN.id], Refused(reason, ""))
    assert decide(scene(known, until=8000), [result], None).redo.handovers == ()


def test_what_fires_is_told_as_ended_once_its_rule_has_failed_for_its_hold() -> None:
    known = failing("execution")
    result = evaluate(work(DOWN, 3600, until=3600), known[DOWN.id], Refused("bad_data", ""))
    decision = decide(scene(known, until=3600), [result], None)
    [(_, [alert], _)] = told(decision)
    assert alert.ends_at == at(3601)
    [health] = decision.redo.health
    assert (health.reason, health.since) == ("bad_data", at(0)), (
        "another failure does not begin the time anew"
    )
