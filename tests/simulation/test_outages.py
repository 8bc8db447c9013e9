"""Outages: of a source as a whole, of the evaluator for longer than can be made up for at once."""

import random
from collections.abc import Callable
from datetime import timedelta

import pytest

from tests.simulation.baton import Actor, Order
from tests.simulation.outside import START
from tests.simulation.scenes import (
    FATES,
    WORST,
    befall,
    divide,
    flush_all,
    gaps,
    one_rule,
    outage,
    played_otherwise,
    race,
    settle,
    stored,
)
from tests.simulation.system import System, config, rule
from tocsin.evaluation import replay
from tocsin.ports import Answer, Query, Refused

FIRES, ENDED = "A/a fires", "A/a ended"
DOWN, UP = "SourceDown/prometheus fires", "SourceDown/prometheus ended"
NAMES = [f"R{number:02d}" for number in range(20)]


def fleet(**changes: tuple[float, bool]) -> System:
    """Return a system of twenty rules at ten seconds, after its first tick."""
    system = System()
    system.apply(*map(rule, NAMES))
    system.configure(config())
    for name, change in changes.items():
        system.present(name, change)
    system.run(15)
    return system


def down(system: System, seconds: float, *sources: str) -> None:
    """Let sources answer nobody for so long."""
    system.source.down = set(sources or ("prometheus",))
    system.run(system.clock.seconds + seconds)
    system.source.down = set()


def delays(system: System, since: float, *alerts: str) -> list[float]:
    """Return how late each evaluation of some rules, or of all, was since a second."""
    start = START + timedelta(seconds=since)
    found = [r for r in system.oracle.results if r.at >= start and (not alerts or r.alert in alerts)]
    assert found, "nothing was evaluated"
    return [result.delay_seconds for result in found]


def evaluated(system: System, *alerts: str) -> list[tuple[str, float]]:
    """Return each evaluation: of which rule, at which second; all of them once."""
    found = [(r.alert, (r.at - START).total_seconds()) for r in system.oracle.results]
    assert len(found) == len(set(found)), "a timestamp was evaluated twice"
    return sorted(one for one in found if not alerts or one[0] in alerts)


def everything(names: list[str], until: int) -> list[tuple[str, float]]:
    """Return each evaluation that there should be."""
    return [(name, float(second)) for name in names for second in range(0, until + 1, 10)]


# -- a source that is down --------------------------------------------------------------------------


def test_a_source_that_is_down_is_one_alert_and_no_health_of_its_rules() -> None:
    system = fleet(R07=(5, True))
    down(system, 200)
    assert not [item for item in system.items("state") if str(item["sk"]).endswith("!")]
    assert settle(system, 600) == ["R07/a fires", DOWN, UP]
    assert evaluated(system) == everything(NAMES, 600)


def test_a_minute_without_an_answer_is_no_outage() -> None:
    system = fleet()
    down(system, 55)
    assert settle(system, 300) == []


def test_of_a_source_that_is_down_one_rule_a_tick_is_asked() -> None:
    system = fleet()
    before = len(system.source.requests)
    down(system, 180)
    first, *probes = system.source.requests[before:]
    assert first == len(NAMES)
    assert set(probes) == {1}
    assert 10 <= len(probes) <= 18


def test_what_waits_for_a_source_is_current_as_soon_as_it_answers() -> None:
    system = fleet(R07=(105, True))
    down(system, 300)
    back = system.clock.seconds
    system.run(back + 10)
    assert system.head().lagging == {}
    assert max(delays(system, back)) == 0
    assert settle(system, back + 60) == [DOWN, "R07/a fires", UP]


def test_a_source_with_one_rule_is_asked_again_within_half_a_minute() -> None:
    system = one_rule((5, True))
    system.run(15)
    down(system, 1000)
    back = system.clock.seconds
    system.run(back + 30)
    assert system.head().lagging == {}


def test_a_rule_that_is_due_once_an_hour_hides_no_outage() -> None:
    system = fleet()
    system.apply(rule("Hourly", interval=timedelta(hours=1)))
    system.run(55)
    down(system, 200)
    assert settle(system, 500) == [DOWN, UP]


def test_another_source_goes_on_as_if_nothing_were() -> None:
    system = fleet()
    system.apply(rule("T", source="thanos"))
    system.present("T", (105, True), (155, False))
    system.run(45)
    down(system, 200)
    assert set(settle(system, 600)) == {"T/a fires", "T/a ended", DOWN, UP}
    assert max(delays(system, 50, "T")) <= 2


def test_one_rule_that_hangs_is_not_its_source() -> None:
    system = fleet()
    system.source.hanging = {"R03"}
    system.run(300)
    assert system.source.requests.count(1) == 3, "it is tried ever more rarely, and nobody probes"
    system.source.hanging = set()
    assert settle(system, 900) == []


@pytest.mark.parametrize("order", WORST, ids=lambda order: order.name.lower())
def test_one_alert_whatever_becomes_of_a_call_of_the_tick_that_finds_it_down(order: Order) -> None:
    def scene() -> tuple[System, Actor]:
        system = one_rule((5, True))
        system.run(15)
        system.source.down = {"prometheus"}
        system.run(79)
        return system, system.tick(80)

    def then(system: System) -> None:
        system.run(160)
        system.source.down = set()

    assert _everywhere(order, scene, 300, [FIRES, DOWN, UP], then) >= 10


def _everywhere(
    order: Order,
    scene: Callable[[], tuple[System, Actor]],
    until: float,
    told: list[str],
    then: Callable[[System], None] = lambda system: None,
) -> int:
    """Let each call of a worker go wrong in turn, and something happen; see what is told in the end."""
    for call in range(200):
        system, started = scene()
        if started.calls(call).done:
            return call
        if played_otherwise(order, started.at):
            continue
        at = f"{order.name} at call {call}, {started.at}"
        befall(system, started, order)
        then(system)
        assert sorted(settle(system, until)) == sorted(told), at
    raise AssertionError("a worker that never ends")


# -- what fires meanwhile ---------------------------------------------------------------------------


def test_what_fires_is_held_while_its_source_is_down() -> None:
    system = one_rule((5, True))
    system.run(15)
    down(system, 1000)
    assert settle(system, 1200) == [FIRES, DOWN, UP]


def test_what_fires_is_given_up_after_its_hold_and_told_again_when_it_is_known() -> None:
    system = one_rule((5, True))
    system.hold = timedelta(seconds=120)
    system.run(15)
    down(system, 400)
    assert set(system.told()) == {FIRES, DOWN, ENDED}
    gone = ended_at(system)
    assert 140 < gone < 200
    assert settle(system, 600).count(FIRES) == 2
    starts = {told.alerts[0].starts_at for told in system.ledger.to("web") if told.alerts[0].name == "A"}
    assert starts == {START + timedelta(seconds=10)}


def test_what_was_given_up_and_is_over_is_not_told_again() -> None:
    system = one_rule((5, True), (300, False))
    system.hold = timedelta(seconds=120)
    system.run(15)
    down(system, 400)
    assert sorted(settle(system, 900)) == sorted([FIRES, DOWN, ENDED, UP])


def test_without_a_hold_what_fires_is_given_up_as_prometheus_does() -> None:
    system = one_rule((5, True))
    system.hold = None
    system.run(15)
    down(system, 400)
    gone = ended_at(system)
    assert 250 < gone < 320
    settle(system, 600)


def ended_at(system: System) -> float:
    """Return when the end of A was told, the only one."""
    found = [second for second, _, told in system.ledger.sent if told.alerts[0].name == "A" and told.resolved]
    assert len(found) == 1
    return found[0]


# -- an evaluator that is dead for long ---------------------------------------------------------------


def in_batches(patch: pytest.MonkeyPatch, units: int = 2) -> None:
    """Let a batch of what is set aside be small."""
    patch.setattr(replay, "_UNITS", units)


def test_an_hour_of_outage_comes_to_what_would_have_been(monkeypatch: pytest.MonkeyPatch) -> None:
    in_batches(monkeypatch)

    def run(*, dead: bool) -> System:
        system = fleet(R03=(100, True), R04=(2000, True))
        system.present("R05", (40, True), (3000, False))
        if dead:
            outage(system, 3000)
        settle(system, 3400)
        return system

    dead, alive = run(dead=True), run(dead=False)
    assert stored(dead) == stored(alive)
    assert evaluated(dead) == evaluated(alive) == everything(NAMES, 3400)
    assert sum(replayed for _, _, replayed, _ in gaps(dead)) == (2940 - 10) // 10
    assert sorted(dead.told()) == ["R03/a fires", "R04/a fires"]


def test_who_has_caught_up_is_on_time_while_others_are_replayed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The source takes its time for each rule; a batch is a few seconds, the whole of it minutes."""
    in_batches(monkeypatch, 1)
    system = fleet()
    outage(system, 1500)
    system.source.seconds_a_query = 1.5
    caught_up: dict[str, float] = {}
    while len(caught_up) < len(NAMES):
        system.run(system.clock.seconds + 10)
        assert system.head().lagging == {}, "who has not had its turn was not asked in vain"
        for result in system.oracle.results:
            if result.at >= START + timedelta(seconds=1490):
                caught_up.setdefault(result.alert, (result.committed - START).total_seconds())
        assert system.clock.seconds < 3000
    assert system.faults == []
    late = [
        result.delay_seconds
        for result in system.oracle.results
        if (result.at - START).total_seconds() > caught_up[result.alert]
    ]
    assert max(late) <= 40
    assert evaluated(system, "R00") == everything(["R00"], int(system.clock.seconds) // 10 * 10)


@pytest.mark.parametrize("order", FATES, ids=lambda order: order.name.lower())
def test_nothing_is_lost_whatever_becomes_of_a_call_of_a_replay(
    order: Order, monkeypatch: pytest.MonkeyPatch
) -> None:
    in_batches(monkeypatch, 1)

    def scene() -> tuple[System, Actor]:
        system = one_rule((500, True))
        system.apply(rule("B", hold=timedelta(seconds=700)))
        system.present("B", (50, True))
        system.run(15)
        outage(system, 900)
        return system, system.tick(900)

    assert _everywhere(order, scene, 1000, [FIRES, "B/a fires"]) >= 30


def test_workers_that_replay_at_once_come_to_one_end(monkeypatch: pytest.MonkeyPatch) -> None:
    in_batches(monkeypatch, 1)
    for seed in range(3):
        system = fleet(R03=(100, True))
        outage(system, 900)
        race(random.Random(seed), [system.tick(900) for _ in range(4)])
        flush_all(system)
        assert settle(system, 1000) == ["R03/a fires"]
        assert evaluated(system) == everything(NAMES, 1000)


def test_a_worker_leaves_a_replay_to_who_is_at_it(monkeypatch: pytest.MonkeyPatch) -> None:
    in_batches(monkeypatch, 1)
    system = fleet()
    outage(system, 900)
    first = system.tick(900).until("mark").until("ask").past("commit").until("mark").past("mark")
    before = system.head()
    system.tick(900).finish()
    assert system.head() == before
    first.finish()
    settle(system, 1000)
    assert evaluated(system) == everything(NAMES, 1000)


def test_a_zombies_batch_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    in_batches(monkeypatch, 1)
    system = fleet(R03=(100, True))
    outage(system, 900)
    zombie = system.tick(900).past("commit").until("commit")
    system.run(930)
    zombie.finish()
    assert settle(system, 1000) == ["R03/a fires"]
    assert evaluated(system) == everything(NAMES, 1000)


def test_a_layout_that_changes_while_others_are_replayed_loses_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    in_batches(monkeypatch, 1)
    system = fleet(R03=(100, True))
    outage(system, 900)
    half = system.tick(900)
    for _ in range(5):
        half.past("commit")
    half.crash()
    assert system.head().stretches
    divide(system, 3)
    system.run(960)
    divide(system, 2)
    assert settle(system, 1100) == ["R03/a fires"]
    assert [one for one in evaluated(system) if one[1] <= 1080] == everything(NAMES, 1080)


def test_an_outage_during_the_replay_of_another_keeps_each_cursor(monkeypatch: pytest.MonkeyPatch) -> None:
    in_batches(monkeypatch, 1)
    system = fleet(R03=(100, True))
    outage(system, 900)
    system.tick(900).past("commit").past("commit").past("commit").crash()
    outage(system, 1800)
    assert settle(system, 2100) == ["R03/a fires"]
    assert evaluated(system) == everything(NAMES, 2100)


def test_a_rule_that_kills_its_replay_does_not_hold_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    in_batches(monkeypatch, 1)
    system = fleet(R03=(100, True))
    outage(system, 900)
    system.source.poison = {"R11"}
    system.run(1100)
    assert [held.quarantined for held in system.head().lagging.values()] == [True]
    assert evaluated(system) == [one for one in everything(NAMES, 1100) if one[0] != "R11" or one[1] <= 10]
    system.source.poison = set()
    system.apply(rule("R11"))
    assert settle(system, 1200) == ["R03/a fires"]
    assert evaluated(system) == everything(NAMES, 1200)


def test_what_lagged_when_it_was_set_aside_is_evaluated_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Found by seed 74: it caught up by itself, and then once more with its bucket, from where that was."""
    in_batches(monkeypatch, 1)
    system = fleet(R11=(100, True))
    system.source.hanging = {"R11"}
    system.run(35)
    system.source.hanging = set()
    outage(system, 900)
    assert settle(system, 1000) == ["R11/a fires"]
    assert evaluated(system) == everything(NAMES, 1000)


def test_what_is_too_much_for_one_answer_is_asked_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    system = one_rule((100, True))
    system.run(15)
    answer = system.source.answer

    def at_most_50(query: Query, timeout_seconds: float) -> Answer:
        return Refused("too_large", "") if len(query.at) > 50 else answer(query, timeout_seconds)

    monkeypatch.setattr(system.source, "answer", at_most_50)
    outage(system, 3500)
    system.run(3560)
    assert system.head().lagging == {}
    assert settle(system, 3700) == [FIRES]
    assert [a.fired for a in system.oracle.activations] == [START + timedelta(seconds=100)]
    assert evaluated(system) == everything(["A"], 3700)


def test_what_came_and_went_unheard_is_told_once_if_wanted() -> None:
    system = one_rule((100, True), (300, False), digest=True)
    system.run(15)
    outage(system, 900)
    assert settle(system, 1900) == ["FiredWhileLate/1.0 fires", "FiredWhileLate/1.0 ended"]
    [alert] = system.ledger.to("web")[0].alerts
    assert alert.annotations["description"] == ('{alertname="A", instance="a"} from 12:01:40 to 12:05:00')


# -- rules that are paused, closed, relabelled ----------------------------------------------------------


def test_a_pause_ends_at_its_time_in_a_warm_worker() -> None:
    system = one_rule((5, True))
    system.run(25)
    system.pause(rule("A"), seconds=60)
    assert settle(system, 200) == [FIRES, ENDED, FIRES]
    starts = [a.fired for a in system.oracle.activations]
    assert starts == [START + timedelta(seconds=second) for second in (10, 90)]


def test_a_pause_without_end_lasts() -> None:
    system = one_rule((5, True))
    system.run(25)
    system.pause(rule("A"))
    assert settle(system, 200) == [FIRES, ENDED]


@pytest.mark.parametrize("order", WORST, ids=lambda order: order.name.lower())
def test_alerts_are_taken_over_once_whatever_becomes_of_a_call(order: Order) -> None:
    def scene() -> tuple[System, Actor]:
        system = one_rule((5, True), hold=timedelta(seconds=20))
        system.run(49)
        system.relabel(rule("A", hold=timedelta(seconds=20)), severity="page")
        return system, system.tick(50)

    assert _everywhere(order, scene, 200, [FIRES, "A/a ended, A/a fires"]) >= 12


@pytest.mark.parametrize("trouble", ["hanging", "refused"])
def test_alerts_are_taken_over_by_a_rule_whose_first_evaluation_failed(trouble: str) -> None:
    system = one_rule((5, True), hold=timedelta(seconds=60))
    system.run(95)
    system.source.hanging = {"A"} if trouble == "hanging" else set()
    system.source.doubt = lambda: "refused" if trouble == "refused" else ""
    system.relabel(rule("A", hold=timedelta(seconds=60)), severity="page")
    system.run(135)
    assert system.told() == [FIRES]
    system.source.hanging = set()
    system.source.doubt = lambda: ""
    assert settle(system, 300) == [FIRES, "A/a ended, A/a fires"]
    second = system.oracle.activations[1]
    assert dict(second.labels)["severity"] == "page"


def test_alerts_are_taken_over_after_an_outage() -> None:
    system = one_rule((5, True), (400, False), (600, True), hold=timedelta(seconds=60))
    system.run(95)
    system.relabel(rule("A", hold=timedelta(seconds=60)), severity="page")
    outage(system, 900)
    settle(system, 1000)
    assert [a.fired for a in system.oracle.activations if dict(a.labels).get("severity")] == [
        START + timedelta(seconds=second) for second in (100, 660)
    ]
