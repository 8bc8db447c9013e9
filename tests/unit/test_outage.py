"""Outages: when a source is down, what is asked of it then, and the one alert that tells."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from tests.unit.evaluating import at, rule
from tests.unit.toytsdb import alerting, recording
from tocsin.evaluation import outage
from tocsin.evaluation.chain import LATE, WAITS
from tocsin.evaluation.decision import Decision, decide
from tocsin.evaluation.evaluated import Evaluated
from tocsin.evaluation.head import Head, Lagging
from tocsin.evaluation.order import needs
from tocsin.evaluation.outage import DOWN, SOURCE_DOWN, Verdict, known_down, sift, verdicts, witness
from tocsin.evaluation.records import Record
from tocsin.evaluation.scene import Scene
from tocsin.evaluation.states import State
from tocsin.evaluation.unit import Unit, unit_of
from tocsin.evaluation.window import Work
from tocsin.ports import Refused, Unanswered
from tocsin.rules.rule import Jitter
from tocsin.schedule.layout import Buckets, Shard
from tocsin.timeintervals import TimeInterval

SHARD = Shard(3, 1, Buckets(0x8000, 0x10000))
NEVER_OPEN = (TimeInterval(years=((1999, 1999),)),)


def unit(name: str, source: str = "prometheus", **changes: Any) -> Unit:
    made = replace(rule(name, jitter=Jitter.NEVER), source=source, **changes)
    return unit_of(made.id, made)


def result(name: str, reason: str = "", *, source: str = "prometheus") -> Evaluated:
    """Return what came of one rule: an answer, or none for a reason."""
    work = Work(unit(name, source), (at(10),), at(10))
    return Evaluated(work, {}) if not reason else Evaluated(work, None, unanswered=Unanswered("", reason))


# -- verdicts -------------------------------------------------------------------------------------

VERDICTS: dict[str, tuple[list[Evaluated], set[str], dict[str, Verdict]]] = {
    "nothing was asked": ([], set(), {}),
    "it answers": ([result("A"), result("B")], set(), {"prometheus": Verdict("prometheus")}),
    "it answers some": (
        [result("A", "throttled"), result("B")],
        set(),
        {"prometheus": Verdict("prometheus")},
    ),
    "it answers nothing: the reason is the most frequent one": (
        [result("A", "auth"), result("B", "unreachable"), result("C", "unreachable")],
        set(),
        {"prometheus": Verdict("prometheus", "unreachable", 3)},
    ),
    "a refusal is an answer": (
        [
            replace(result("A"), instances=None, failure=Refused("bad_data", "")),
            result("B", "unreachable"),
        ],
        set(),
        {"prometheus": Verdict("prometheus")},
    ),
    "so is that the answer would be too large": (
        [result("A", "too_large")],
        set(),
        {"prometheus": Verdict("prometheus")},
    ),
    "and one that could not be written down": (
        [result("A", "write_unreachable")],
        set(),
        {"prometheus": Verdict("prometheus")},
    ),
    "who waits says nothing, but waits": (
        [result("A", WAITS), result("B", "unreachable"), result("C", DOWN)],
        set(),
        {"prometheus": Verdict("prometheus", "unreachable", 3)},
    ),
    "only who waits: nothing is known": ([result("A", WAITS), result("B", DOWN)], set(), {}),
    "others are on time": ([result("A", "unreachable")], {"prometheus"}, {}),
    "each source for itself": (
        [result("A", "auth"), result("B", source="loki")],
        {"loki"},
        {"prometheus": Verdict("prometheus", "auth", 1), "loki": Verdict("loki")},
    ),
}


@pytest.mark.parametrize(("results", "on_time", "expected"), VERDICTS.values(), ids=VERDICTS)
def test_a_source_is_down_if_it_answered_nothing(
    results: list[Evaluated], on_time: set[str], expected: dict[str, Verdict]
) -> None:
    assert verdicts(results, on_time) == expected


def test_a_rule_that_is_closed_says_nothing_of_its_source() -> None:
    closed = unit("A", windows=NEVER_OPEN)
    assert verdicts([Evaluated(Work(closed, (at(10),), at(10)), {})], ()) == {}


# -- the alert ------------------------------------------------------------------------------------


def decided(
    records: dict[str, Record],
    verdict: Verdict,
    second: float,
    head: Head | None = None,
    *,
    down: bool | None = None,
) -> Decision:
    """Return what a tick decides that found out about a source."""
    told = witness(SHARD, verdict, records, at(second))
    made = outage.units(SHARD, [verdict.source], {verdict.source: verdict})
    scene = Scene(head or Head("3.1", 1, at(0)), made, records, at(second), at(second), 0, "t")
    return decide(scene, [told] if told else [], None)


def test_one_alert_tells_of_a_source_for_a_thousand_rules() -> None:
    found = verdicts([result(f"R{n}", "unreachable") for n in range(1000)], ())
    [verdict] = found.values()
    records: dict[str, Record] = {}
    told = []
    for second in range(10, 100, 10):
        decision = decided(records, verdict, second)
        records = dict(decision.records)
        told += [alert for handover in decision.redo.handovers for alert in handover.alerts]
        assert known_down(SHARD, ["prometheus", "loki"], records) == {"prometheus"}
    [alert] = told
    assert alert.labels == {"alertname": SOURCE_DOWN, "source": "prometheus"}
    assert alert.starts_at == at(70)
    assert alert.annotations["summary"] == (
        "Source prometheus answers nothing (unreachable): 1000 rules wait for it, and what fires is held."
    )
    decision = decided(records, Verdict("prometheus"), 110)
    [handover] = decision.redo.handovers
    assert [alert.ends_at for alert in handover.alerts] == [at(110)]
    assert known_down(SHARD, ["prometheus"], decision.records) == set()


def test_less_than_a_minute_is_told_to_nobody() -> None:
    records = dict(decided({}, Verdict("prometheus", "auth", 1), 10).records)
    after = decided(records, Verdict("prometheus"), 60)
    assert (after.redo.handovers, known_down(SHARD, ["prometheus"], after.records)) == ((), set())


def test_of_a_source_that_answers_as_ever_there_is_nothing_to_evaluate() -> None:
    assert witness(SHARD, Verdict("prometheus"), {}, at(10)) is None


def test_the_state_of_a_source_lives_in_the_shard_that_asks_it() -> None:
    [made] = outage.units(SHARD, ["prometheus"], {}).values()
    assert made.bucket in SHARD.buckets
    assert made.id == outage.unit_id(SHARD, "prometheus")
    assert made.id != outage.unit_id(Shard(3, 0, Buckets(0, 0x8000)), "prometheus")


# -- what is asked meanwhile ----------------------------------------------------------------------


def works(*units: Unit) -> list[Work]:
    return [Work(made, (at(10),), at(10)) for made in units]


def names(found: list[Work]) -> list[str]:
    return [work.unit.rule.name for work in found]


X, Y, READS = recording("x"), recording("y", "x", position=1), alerting("R", "y", group="other")
SIFTED: dict[str, tuple[list[Unit], set[str], set[str], list[str]]] = {
    "all is well": ([unit("A"), unit("B")], set(), set(), ["A", "B"]),
    "one is the probe": ([unit("A"), unit("B"), unit("C")], {"prometheus"}, set(), ["A"]),
    "none if it was probed": ([unit("A"), unit("B")], {"prometheus"}, {"prometheus"}, []),
    "another source is no matter": (
        [unit("A"), unit("B"), unit("L", "loki"), unit("M", "loki")],
        {"prometheus"},
        set(),
        ["A", "L", "M"],
    ),
    "rules that read each other probe together": (
        [READS, Y, X, unit("A")],
        {"prometheus"},
        set(),
        ["R", "y", "x"],
    ),
}


@pytest.mark.parametrize(("units", "down", "probed", "expected"), SIFTED.values(), ids=SIFTED)
def test_of_a_source_that_is_down_only_the_probe_is_asked(
    units: list[Unit], down: set[str], probed: set[str], expected: list[str]
) -> None:
    asked, held = sift(works(*units), down, probed, needs(units))
    assert names(asked) == expected
    assert {found.work.unit.id for found in held} == {u.id for u in units if u.rule.name not in expected}
    assert all(found.unanswered and found.unanswered.reason == DOWN for found in held)


# -- what waits -----------------------------------------------------------------------------------

A = unit("A")


def test_a_rule_that_is_closed_is_no_probe() -> None:
    closed, probe, other = unit("Closed", windows=NEVER_OPEN), unit("A"), unit("B")
    asked, held = sift(works(closed, probe, other), {"prometheus"}, (), {})
    assert names(asked) == ["Closed", "A"]
    assert [result.work.unit.rule.name for result in held] == ["B"]
    asked, held = sift(works(closed, probe), {"prometheus"}, ("prometheus",), {})
    assert (names(asked), len(held)) == (["Closed"], 1)


def test_who_had_no_turn_says_nothing_of_the_source_and_is_due_at_once() -> None:
    assert verdicts([result("A", LATE)], ()) == {}
    late = lags(result("A", LATE), head=Head("3.1", 1, at(0)))
    assert (late.tries, late.until) == (0, at(11))


def lags(*results: Evaluated, head: Head, down: bool = False, back: bool = False, now: float = 11) -> Lagging:
    """Return how A lags after a tick with these results."""
    source = frozenset({"prometheus"})
    scene = Scene(
        head,
        {A.id: A},
        {},
        at(10),
        at(now),
        0,
        "t",
        down=source if down else frozenset(),
        back=source if back else frozenset(),
    )
    return decide(scene, results, None).head.lagging[A.id]


HEAD = Head("3.1", 1, at(0))
WAITING = replace(HEAD, lagging={A.id: Lagging(at(-60), 5, at(300))})


def test_who_was_not_asked_is_due_as_soon_as_the_source_is_back() -> None:
    held = lags(result("A", DOWN), head=HEAD, down=True)
    assert (held.cursor, held.tries, held.until) == (at(0), 0, at(11))


def test_who_waits_is_released_with_a_clean_slate() -> None:
    assert lags(head=WAITING, back=True) == replace(WAITING.lagging[A.id], tries=0, until=at(11))
    assert lags(head=WAITING) == WAITING.lagging[A.id]


def test_a_suspect_is_not_released() -> None:
    suspect = replace(HEAD, lagging={A.id: Lagging(at(-60), 5, at(300), suspect=True)})
    assert lags(head=suspect, back=True) == suspect.lagging[A.id]


@pytest.mark.parametrize(("every", "waits"), [(10, 20), (60, 60), (3600, 300)])
def test_a_source_that_is_down_is_asked_as_often_as_its_rules_are_due(every: float, waits: float) -> None:
    made = unit_of(A.id, replace(A.rule, interval=timedelta(seconds=every)))
    asked = Evaluated(Work(made, (at(10),), at(10)), None, unanswered=Unanswered())
    held = lags(asked, head=WAITING, down=True)
    assert (held.tries, held.until) == (6, at(11 + waits))


def test_what_a_rule_could_not_be_asked_is_no_health_of_it() -> None:
    source = frozenset({"prometheus"})
    for reason, down in ((DOWN, frozenset[str]()), ("unreachable", source)):
        scene = Scene(HEAD, {A.id: A}, {}, at(10), at(11), 0, "t", down=down)
        assert decide(scene, [result("A", reason)], None).redo.health == ()


def test_state_pending_is_down_already() -> None:
    """The circuit opens at the first pass without an answer, not when people are told."""
    records = dict(decided({}, Verdict("prometheus", "auth", 1), 10).records)
    [record] = records.values()
    assert [held.state for held in record.instances.values()] == [State.PENDING]
    assert known_down(SHARD, ["prometheus"], records) == {"prometheus"}
