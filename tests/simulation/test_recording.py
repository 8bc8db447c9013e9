"""Rules that record and rules that read it: what is in the store in the end is what an undisturbed run records."""

from collections.abc import Sequence
from datetime import timedelta
from itertools import count

import pytest

from tests.simulation.baton import Actor, Order
from tests.simulation.outside import START
from tests.simulation.scenes import (
    CHAIN,
    COPIED,
    COUNTED,
    FATES,
    READS,
    WORST,
    befall,
    chained,
    divide,
    flush_all,
    outage,
    played_otherwise,
    recorded,
    settle,
    undisturbed,
)
from tests.simulation.system import System, config, recording, rule
from tocsin.evaluation import replay
from tocsin.ports import Written

FIRES = ["R/a fires", "S/a fires"]
ENDED = ["R/a ended", "S/a ended"]


def undone(system: System, until: float, told: Sequence[str]) -> None:
    """Let everything happen as it should; see that all was told once, and recorded as if nothing had happened."""
    assert sorted(settle(system, until)) == sorted(told)
    assert recorded(system) == undisturbed(system)


def delays(system: System, alert: str, since: float) -> list[float]:
    """Return how late each evaluation of a rule was since a second."""
    start = START + timedelta(seconds=since)
    return [r.delay_seconds for r in system.oracle.results if r.alert == alert and r.at >= start]


# -- in order -------------------------------------------------------------------------------------


def test_what_is_recorded_at_a_tick_is_alerted_on_at_that_tick() -> None:
    system = chained((35, True), (85, False))
    undone(system, 200, FIRES + ENDED)
    assert [a.fired for a in system.oracle.activations] == [START + timedelta(seconds=40)] * 2
    [series] = [
        points for labels, points in recorded(system).items() if dict(labels)["__name__"] == "counted"
    ]
    assert list(series.values()) == [1, 2, 3, 4, 5, None]


@pytest.mark.parametrize("out_seconds", [50, 500, 1200])
def test_ticks_that_are_missed_are_recorded_in_order(out_seconds: float) -> None:
    system = chained((35, True))
    system.present("X", (15, True), (200, False), instance="b")
    system.run(15)
    outage(system, 15 + out_seconds)
    told = [*FIRES, *(["R/b fires", "S/b fires"] if out_seconds < 185 else [])]
    system.run(2000)
    assert set(told) <= set(system.told())
    assert recorded(system) == undisturbed(system)
    assert system.faults == []


def test_ticks_that_are_missed_are_recorded_in_order_with_a_new_layout() -> None:
    system = chained((35, True))
    system.run(15)
    outage(system, 900)
    divide(system, 2)
    undone(system, 1200, FIRES)


def test_a_rule_that_lags_alone_is_caught_up_with_by_who_reads_it() -> None:
    """Its reader, of another group, neither goes on without it nor before it."""
    system = chained((35, True))
    system.run(25)
    system.source.hanging = {COPIED.expr}
    system.run(105)
    assert [held.cursor for held in system.head().lagging.values()] == [START + timedelta(seconds=20)] * 3
    system.source.hanging = set()
    undone(system, 400, FIRES)


def test_a_group_is_replayed_as_a_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replay, "_UNITS", 1)
    system = chained((35, True))
    system.run(15)
    outage(system, 900)
    undone(system, 1000, FIRES)


def test_a_rule_that_reads_itself_goes_on_where_it_was_not_answered() -> None:
    system = chained((5, True))
    system.run(15)
    outage(system, 90)
    asked = count()
    system.source.doubt = lambda: "unanswered" if next(asked) == 9 else ""
    undone(system, 300, FIRES)


def test_a_source_that_is_down_holds_rules_together_that_read_each_other() -> None:
    system = chained((5, True))
    system.run(25)
    system.source.down = {"prometheus"}
    system.run(205)
    system.source.down = set()
    told = [*FIRES, "SourceDown/prometheus fires", "SourceDown/prometheus ended"]
    undone(system, 400, told)
    assert max(delays(system, READS.name, 210)) == 0


def test_suspects_are_tried_in_their_order_however_long_they_have_waited() -> None:
    """Found by seed 27: none waits for long for one that is behind, but here it has only not had its turn."""
    system = chained((5, True))
    system.run(15)
    outage(system, 50)
    system.tick(50).until("ask").crash()
    system.tick(60).past("commit").crash()
    assert all(held.suspect for held in system.head().lagging.values())
    outage(system, 450)
    undone(system, 700, FIRES)


# -- what goes wrong with a write -----------------------------------------------------------------


@pytest.mark.parametrize("order", FATES, ids=lambda order: order.name.lower())
def test_all_is_recorded_once_whatever_becomes_of_a_call_of_a_tick(order: Order) -> None:
    def scene() -> tuple[System, Actor]:
        system = chained((5, True))
        return system, system.tick(10)

    assert _everywhere(order, scene, 120, FIRES) >= 15


@pytest.mark.parametrize("order", WORST, ids=lambda order: order.name.lower())
def test_all_is_recorded_once_whatever_becomes_of_a_call_of_a_tick_that_catches_up(order: Order) -> None:
    def scene() -> tuple[System, Actor]:
        system = chained((5, True))
        outage(system, 50)
        return system, system.tick(50)

    assert _everywhere(order, scene, 210, FIRES) >= 25


def _everywhere(order: Order, scene: object, until: float, told: Sequence[str]) -> int:
    assert callable(scene)
    for call in range(200):
        system, worker = scene()
        if worker.calls(call).done:
            return call
        if played_otherwise(order, worker.at):
            continue
        at = f"{order.name} at call {call}, {worker.at}"
        befall(system, worker, order)
        system.run(until)
        assert (system.faults, sorted(system.told())) == ([], sorted(told)), at
        assert recorded(system) == undisturbed(system), at
    raise AssertionError("a worker that never ends")


def test_a_sink_that_does_not_answer_holds_who_records_and_who_reads_it_and_nobody_else() -> None:
    system = chained((5, True))
    system.apply(rule("A"))
    system.present("A", (35, True))
    system.run(15)
    system.sink.doubt = lambda samples: "unanswered"
    system.run(105)
    assert len(system.head().lagging) == len(CHAIN)
    assert max(delays(system, "A", 0)) == 0
    system.sink.doubt = lambda samples: ""
    undone(system, 500, [*FIRES, "A/a fires"])


def test_a_write_that_is_refused_is_that_evaluation_and_no_other_ones() -> None:
    system = chained((5, True))
    system.apply(recording("other", "series X", 0, group="other"))
    system.run(15)

    def refused(samples: Sequence[Written]) -> str:
        return "refused" if any(sample.labels["__name__"] == COUNTED.name for sample in samples) else ""

    system.sink.doubt = refused
    system.run(45)
    system.sink.doubt = lambda samples: ""
    assert sorted(settle(system, 100)) == sorted(FIRES)
    found = {
        dict(labels)["__name__"]: [(at - START).total_seconds() for at in points]
        for labels, points in system.recorded.of(COUNTED.name, COPIED.name, "other").items()
    }
    every = list(range(10, 110, 10))
    assert found == {COUNTED.name: [10, *range(50, 110, 10)], COPIED.name: every, "other": every}


def test_states_that_are_not_written_harm_no_alert() -> None:
    system = System()
    system.apply(rule("A"))
    system.present("A", (5, True), (105, False))
    system.sink.doubt = lambda samples: "refused"
    system.run(0)
    flush_all(system)
    system.configure(config())
    assert settle(system, 300) == ["A/a fires", "A/a ended"]
    assert system.meter.of("samples_unwritten")


def test_what_fires_is_written_as_ALERTS_and_ended() -> None:  # noqa: N802
    system = System()
    waits = rule("A", hold=timedelta(seconds=20))
    system.apply(waits)
    system.present("A", (5, True), (45, False))
    system.run(60)
    [pending, fires] = sorted(system.recorded.of("ALERTS").items(), key=lambda found: -len(found[1]))
    assert dict(pending[0])["alertstate"] == "pending"
    assert list(pending[1].values()) == [1.0, 1.0, None]
    assert dict(fires[0])["alertstate"] == "firing"
    assert list(fires[1].values()) == [1.0, 1.0, None]
    [since] = system.recorded.of("ALERTS_FOR_STATE").values()
    began = (START + timedelta(seconds=10)).timestamp()
    assert list(since.values()) == [began] * 4 + [None]


def test_who_reads_a_rule_that_was_paused_does_not_wait_for_it() -> None:
    system = chained((5, True))
    system.run(25)
    system.pause(COUNTED, COPIED)
    system.run(65)
    assert system.head().lagging == {}
    assert max(delays(system, READS.name, 30)) == 0
