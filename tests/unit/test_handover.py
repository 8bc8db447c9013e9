"""Hand-over: what is held back, what is given up and told again, what people are told of what nobody heard."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

import pytest

from tests.unit.evaluating import at, by_labels, firing, labels, unit
from tocsin.alert import Alert
from tocsin.evaluation.decision import Decision, decide
from tocsin.evaluation.evaluated import evaluate
from tocsin.evaluation.fold import Episode
from tocsin.evaluation.handover import digest
from tocsin.evaluation.head import Head, Lagging, Stretch
from tocsin.evaluation.records import Record
from tocsin.evaluation.redo import Missed
from tocsin.evaluation.scene import Scene
from tocsin.evaluation.states import Instance, State
from tocsin.evaluation.window import Work
from tocsin.ports import HOLD, Sample, Samples
from tocsin.rules.rule import Jitter
from tocsin.schedule.layout import Buckets

DOWN = unit(jitter=Jitter.NEVER)
HOUR = timedelta(hours=1)


def scene(
    held: Record,
    now: float,
    *,
    lags_since: float | None = None,
    hold: timedelta | None = HOLD,
    stretches: tuple[Stretch, ...] = (),
) -> Scene:
    lagging: Mapping[str, Lagging] = {}
    if lags_since is not None:
        lagging = {DOWN.id: Lagging(at(0), 3, at(now + 60), since=at(lags_since))}
    head = Head("1.0", 1, at(now), lagging=lagging, stretches=stretches)
    holds = {"prometheus": hold}
    return Scene(head, {DOWN.id: DOWN}, {DOWN.id: held}, at(now), at(now), 0, "t", holds=holds)


def told(decision: Decision) -> list[Alert]:
    return [alert for handover in decision.redo.handovers for alert in handover.alerts]


def of(*held: Instance, health: str = "", since: float = 0) -> Record:
    return Record(by_labels(*held), frozenset({""}), health, "", at(since) if health else None)


FIRES = firing(0, handed=0)

# -- given up -------------------------------------------------------------------------------------

GIVEN_UP: dict[str, tuple[Scene, bool]] = {
    "it is well": (scene(of(FIRES), 9000), False),
    "it lags, but not for long": (scene(of(FIRES), 3600, lags_since=0), False),
    "it lags for longer than is held": (scene(of(FIRES), 3601, lags_since=0), True),
    "held for less": (scene(of(FIRES), 61, lags_since=0, hold=timedelta(minutes=1)), True),
    "held as Prometheus does, four minutes at least": (scene(of(FIRES), 240, lags_since=0, hold=None), False),
    "and no longer": (scene(of(FIRES), 241, lags_since=0, hold=None), True),
    "it fails, but not for long": (scene(of(FIRES, health="bad_data"), 3600), False),
    "it fails for longer than is held": (scene(of(FIRES, health="bad_data"), 3601), True),
    "it fires untold": (scene(of(firing(0)), 3601, lags_since=0), False),
}


@pytest.mark.parametrize(("scene", "given_up"), GIVEN_UP.values(), ids=GIVEN_UP)
def test_what_fires_is_given_up_when_it_was_not_known_for_too_long(scene: Scene, given_up: bool) -> None:
    decision = decide(scene, [], None)
    ends = [(alert.starts_at, alert.ends_at) for alert in told(decision)]
    assert ends == ([(at(0), scene.now)] if given_up else [])


def test_it_is_given_up_once_and_its_state_goes_on() -> None:
    given_up = decide(scene(of(FIRES), 4000, lags_since=0), [], None)
    [held] = given_up.records[DOWN.id].instances.values()
    assert (held.state, held.active_at, held.fired_at, held.handed) == (State.FIRING, at(0), at(0), None)
    again = decide(replace(scene(given_up.records[DOWN.id], 4010, lags_since=0)), [], None)
    assert told(again) == []


def test_it_is_told_again_as_the_incident_that_it_is_when_it_is_known() -> None:
    given_up = decide(scene(of(FIRES), 4000, lags_since=0), [], None).records[DOWN.id]
    work = Work(DOWN, (at(4010),), at(4010))
    known = evaluate(work, given_up, Samples(((Sample({}, 1.0),),)))
    assert [
        (alert.starts_at, alert.ends_at) for alert in told(decide(scene(given_up, 4010), [known], None))
    ] == [(at(0), None)]


def test_what_was_given_up_and_is_over_is_no_news() -> None:
    given_up = decide(scene(of(FIRES), 4000, lags_since=0), [], None).records[DOWN.id]
    over = evaluate(Work(DOWN, (at(4010),), at(4010)), given_up, Samples(((),)))
    decision = decide(replace(scene(given_up, 4010), digest=True), [over], None)
    assert (told(decision), decision.redo.missed) == ([], ())
    assert decision.records[DOWN.id].instances == {}


def test_an_end_that_is_owed_is_told_with_what_is_given_up() -> None:
    over = replace(firing(0, handed=0, job="b"), state=State.INACTIVE, fired_at=None, resolved_at=at(50))
    decision = decide(scene(of(FIRES, over), 4000, lags_since=0), [], None)
    assert {alert.ends_at for alert in told(decision)} == {at(4000)}
    assert list(decision.records[DOWN.id].instances) == [FIRES.labels]


# -- held back ------------------------------------------------------------------------------------


@pytest.mark.parametrize(("since", "held_back"), [(-700, True), (-500, False)])
def test_what_is_set_aside_is_told_when_it_has_caught_up(since: float, held_back: bool) -> None:
    aside = Stretch(Buckets(DOWN.bucket, DOWN.bucket + 1), at(since))
    elsewhere = Stretch(Buckets(DOWN.bucket + 1, DOWN.bucket + 2), at(-9000))
    decision = decide(scene(of(firing(0)), 10, stretches=(aside, elsewhere)), [], None)
    assert told(decision) == ([] if held_back else [Alert(dict(labels()), {}, at(0))])


def test_it_is_told_by_the_batch_that_catches_up() -> None:
    aside = Stretch(Buckets(DOWN.bucket, DOWN.bucket + 1), at(-700))
    caught_up = replace(scene(of(firing(0)), 10, stretches=(aside,)), stretches=())
    decision = decide(caught_up, [], None, whole=False)
    assert told(decision) == [Alert(dict(labels()), {}, at(0))]
    assert decision.head.stretches == ()


# -- what nobody heard ----------------------------------------------------------------------------


def test_a_digest_is_one_alert_that_ends_by_itself() -> None:
    episodes = tuple(Episode(labels(job=str(n)), at(10), at(70)) for n in range(53))
    [alert] = digest("1.0", [Missed("ns/group/Down", episodes)], at(100)).alerts
    assert (alert.labels, alert.starts_at, alert.ends_at) == (
        {"alertname": "FiredWhileLate", "shard": "1.0"},
        at(100),
        at(400),
    )
    assert alert.annotations["summary"] == "53 alerts fired and ended before anybody could be told"
    lines = alert.annotations["description"].splitlines()
    assert len(lines) == 51
    assert (lines[0], lines[-1]) == (
        '{alertname="Down", job="0"} from 12:00:10 to 12:01:10',
        "and 3 more",
    )


@pytest.mark.parametrize("wanted", [True, False])
def test_it_is_told_if_it_is_wanted_and_on_record_all_the_same(wanted: bool) -> None:
    result = evaluate(Work(DOWN, (at(0), at(10)), at(10)), of(), Samples(((Sample({}, 1.0),), ())))
    decision = decide(replace(scene(of(), 10), digest=wanted), [result], None)
    assert [handover.writer for handover in decision.redo.handovers] == ["digest.1.0"] * wanted
    [missed] = decision.redo.missed
    assert (missed.rule, missed.episodes) == (DOWN.rule.key, (Episode(labels(), at(0), at(10)),))
