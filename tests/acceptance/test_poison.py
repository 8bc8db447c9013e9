"""A thousand rules, one whose answer kills the worker, one whose source hangs: the other 998 go on."""

from datetime import timedelta

from tests.simulation.outside import START
from tests.simulation.system import System, rule
from tocsin.instants import millis
from tocsin.schedule.buckets import bucket

RULES = 1000
TICKS = 40
FROM = 5
"""The tick from which on they do harm."""
NAMES = [f"Rule{number:04d}" for number in range(RULES)]
POISON, HUNG = NAMES[500], NAMES[700]


class Fleet:
    """A thousand rules through some ticks, one message a tick; afterwards, who was behind when."""

    def __init__(self, *, poison: bool, hung: bool) -> None:
        self.system = System()
        self.units = {name: rule(name).id for name in NAMES}
        self.system.apply(*map(rule, NAMES))
        self.crashes: list[int] = []
        self.seconds: list[float] = []
        self.behind: dict[int, list[str]] = {}
        for number in range(TICKS):
            if number == FROM:
                self.system.source.poison = {POISON} if poison else set()
                self.system.source.hanging = {HUNG} if hung else set()
            self._tick(number)

    def _tick(self, number: int) -> None:
        self.system.go_to(10 * number)
        tick = START + timedelta(seconds=10 * number)
        message = {"tick": millis(tick), "layout": 1, "shard": 0}
        actor = self.system.warm("evaluator").on(message)
        while not actor.done:
            actor.step()
        assert actor.failure is None, actor.failure
        if actor.crashed:
            self.crashes.append(number)
        self.seconds.append(self.system.clock.seconds - 10 * number)
        head = self.system.head()
        self.behind[number] = [
            name for name, unit in self.units.items() if head.cursor_of(unit, bucket(unit)) < tick
        ]


def test_a_hung_source_delays_no_other_rule() -> None:
    fleet = Fleet(poison=False, hung=True)
    assert all(behind in ([], [HUNG]) for behind in fleet.behind.values())
    # The tick at which it first hangs waits for it until the deadline; then it is tried apart from the others.
    assert max(fleet.seconds) <= 8
    assert fleet.system.oracle.faults == []


def test_a_poison_rule_is_found_in_three_ticks_and_the_others_go_on() -> None:
    fleet = Fleet(poison=True, hung=False)
    # Two workers die before it is known which few to suspect, a third of the one that it is, alone.
    assert fleet.crashes == [FROM, FROM + 1, FROM + 2]
    assert len(fleet.behind[FROM + 2]) <= RULES // 64 + 1
    assert [fleet.behind[number] for number in range(FROM + 3, TICKS)] == [[POISON]] * (TICKS - FROM - 3)
    [held] = fleet.system.head().lagging.values()
    assert held.quarantined
    assert fleet.system.meter.of("units_quarantined")[-1] == 1
    assert fleet.system.oracle.faults == []


def test_both_at_once_hold_the_other_998_for_a_tick_more() -> None:
    fleet = Fleet(poison=True, hung=True)
    for number in range(FROM + 4, TICKS):
        assert set(fleet.behind[number]) <= {POISON, HUNG}, f"tick {number}"
    assert fleet.system.oracle.faults == []
