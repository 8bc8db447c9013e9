"""Trouble that stays: a rule that kills who asks, a source that hangs or refuses, a unit that is large."""

from datetime import timedelta
from itertools import pairwise

import pytest

from tests.simulation.outside import START
from tests.simulation.scenes import flush_all, one_rule, settle
from tests.simulation.system import System, config, rule
from tocsin.evaluation import worker
from tocsin.ports import Answer, Query, Refused

NAMES = [f"R{number:02d}" for number in range(30)]
BAD = "R17"
FROM = 60
"""The second from which on one rule does harm."""


def fleet(*, until: float, poison: bool = False, hanging: bool = False, end: float = 10_000) -> System:
    """Return a system of thirty rules after some time; one of them does harm from FROM until `end`."""
    system = System()
    system.apply(*map(rule, NAMES))
    system.configure(config())
    system.present(BAD, (5, True))
    system.run(FROM - 5)
    harm(system, poison=poison, hanging=hanging)
    system.run(min(end, until))
    harm(system)
    system.run(until)
    assert system.faults == []
    return system


def harm(system: System, *, poison: bool = False, hanging: bool = False) -> None:
    """Let one rule kill who asks for it, or hang, or do neither any more."""
    system.source.poison = {BAD} if poison else set()
    system.source.hanging = {BAD} if hanging else set()


def delays(system: System, *, since: float) -> list[float]:
    """Return how many seconds after its tick each evaluation of the innocent rules was committed."""
    start = START + timedelta(seconds=since)
    found = [result for result in system.oracle.results if result.alert != BAD and result.at >= start]
    assert found, "nothing was evaluated"
    return [result.delay_seconds for result in found]


def test_a_poison_rule_costs_the_others_three_late_ticks_and_nothing_after() -> None:
    """On time: committed in the second of the tick. The ticks of the three deaths are made up for by 30 s later."""
    system = fleet(poison=True, until=600)
    assert max(delays(system, since=0)) <= 30
    assert max(delays(system, since=FROM + 30)) == 0
    assert len(delays(system, since=0)) == 61 * (len(NAMES) - 1)
    assert [held.quarantined for held in system.head().lagging.values()] == [True]
    assert system.meter.of("units_quarantined")[-1] == 1


def test_an_edit_releases_a_rule_from_quarantine() -> None:
    system = fleet(poison=True, until=300)
    harm(system)
    system.run(400)
    assert [held.quarantined for held in system.head().lagging.values()] == [True]
    system.apply(rule(BAD, hold=timedelta(seconds=10)))
    system.run(411)
    assert system.head().lagging == {}
    assert settle(system, 420) == [f"{BAD}/a fires"]


def test_a_quarantined_rule_is_tried_again_and_goes_on_where_it_was() -> None:
    system = fleet(poison=True, end=300, until=1200)
    assert system.head().lagging == {}
    of_the_bad = [found.at for found in system.oracle.results if found.alert == BAD]
    assert of_the_bad == [START + timedelta(seconds=second) for second in range(0, 1210, 10)]


def test_a_hung_rule_costs_the_others_one_deadline_and_nothing_after() -> None:
    """On time: the tick at which it first hangs waits for it up to the deadline; then it is tried apart."""
    system = fleet(hanging=True, until=600)
    late = delays(system, since=0)
    assert max(late) <= worker.DEADLINE_SECONDS
    assert max(delays(system, since=FROM + 10)) == 0
    assert len(late) == 61 * (len(NAMES) - 1)


def test_what_hangs_is_tried_ever_more_rarely_and_made_up_for() -> None:
    system = fleet(hanging=True, end=500, until=1000)
    tried = [second for second, expr, _ in system.source.asked if expr == BAD and FROM <= second < 500]
    pauses = [later - earlier for earlier, later in pairwise(tried)]
    assert pauses == sorted(pauses)
    assert len(tried) <= 6
    assert system.head().lagging == {}
    of_the_bad = [found.at for found in system.oracle.results if found.alert == BAD]
    assert of_the_bad == [START + timedelta(seconds=second) for second in range(0, 1010, 10)]


def test_a_source_that_refuses_freezes_what_is_known_of_its_rule_and_consumes_the_tick() -> None:
    system = one_rule((5, True), (300, False))
    system.run(25)
    system.source.doubt = lambda: "refused"
    system.run(200)
    assert system.told() == ["A/a fires"]
    assert system.head().lagging == {}
    system.source.doubt = lambda: ""
    assert settle(system, 400) == ["A/a fires", "A/a ended"]


def test_a_refusal_of_one_rule_is_no_matter_to_another(monkeypatch: pytest.MonkeyPatch) -> None:
    system = one_rule((5, True))
    system.apply(rule("B"))
    system.present("B", (5, True))
    answer = system.source.answer

    def only_b_is_refused(query: Query, timeout_seconds: float) -> Answer:
        return Refused("bad_data", "") if query.expr == "B" else answer(query, timeout_seconds)

    monkeypatch.setattr(system.source, "answer", only_b_is_refused)
    assert settle(system, 100) == ["A/a fires"]


@pytest.mark.parametrize("chunk_bytes", [16 * 1024, 2000])
def test_a_thousand_series_shrink_and_grow_again_across_containers(
    chunk_bytes: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tocsin.packing.CHUNK_BYTES", chunk_bytes)
    system = System()
    system.apply(rule("A"))
    system.configure(config(group_by=("alertname",)))
    for number in range(1000):
        times = [
            (15.0 if number % 3 else 35.0, True),
            (75.0, number % 7 == 0),
            (135.0, number % 2 == 0),
            (195.0, False),
        ]
        system.present("A", *times, instance=f"host-{number:04d}-{number * 7919 % 1000:03d}")
    for second in range(0, 260, 10):
        system.tick(second).finish()  # each in a cold container
        flush_all(system)
    settle(system, 500)
    sizes = [(len(told.firing), len(told.resolved)) for told in system.ledger.to("web")]
    assert sizes[0] == (666, 0)
    assert max(sizes) == (1000, 0)
    assert sizes[-1][0] == 0
    # Twice those that were gone in between: their number is not divisible by 7, but by 2.
    assert sum(resolved for _, resolved in sizes) == 1000 + sum(n % 7 != 0 == n % 2 for n in range(1000))
    assert system.groups() == []
