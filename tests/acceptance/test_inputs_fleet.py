"""500 inputs at 10 s on real sockets, one in ten hanging, one in ten failing, one in ten slow: none hurts another."""

import gc
import itertools
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from resource import getpagesize

import pytest

from tests.acceptance.fleet import Fleet
from tests.unit.gathering import stored, tools
from tocsin.collection import catalogue
from tocsin.collection.catalogue import Catalogue, Cataloguer
from tocsin.collection.collector import Collector, Report
from tocsin.collection.crew import GRACE_SECONDS, Crew
from tocsin.collection.gather import Gather
from tocsin.collection.health import Health, Outcome, from_document
from tocsin.collection.input import Input
from tocsin.collection.running import Probe, Runner
from tocsin.history import Via, What
from tocsin.inputs import http_response
from tocsin.metric import Metric
from tocsin.parallel import Threads
from tocsin.ports import Message
from tocsin.rules.rule import Pause
from tocsin.samples.log import SampleLog, head_from_item, head_key
from tocsin.schedule.ticks import TICK
from tocsin.stores.memory import MemoryDatabase

FLEET = 500
TICKS = 3
FLOOR, CEILING = 8, 128
DEADLINES = {"hang": timedelta(seconds=1), "stuck": timedelta(seconds=1)}
DEADLINE = timedelta(seconds=4)
"""Of all others: more than they need on a machine that is very busy."""
WRITER = "inputs.1.0"
BEHAVIOURS = {0: "hang", 1: "refused", 2: "slow", 10: "stuck", 11: "wrong", 12: "slow"}
"""By the number of an input modulo 20: of those that hang, one half waits for a target, the other for itself."""
LATE = 2.0
"""Seconds that a deadline may be overrun by on a machine that is very busy."""
MOST_GROWTH = 24 << 20


def behaviour(number: int) -> str:
    return BEHAVIOURS.get(number % 20, "well")


def behaviour_of(name: str) -> str:
    return name.partition("-")[0]


@dataclass
class StillClock:
    """Stands within a tick; deadlines go by the real time."""

    time: datetime = datetime(2026, 11, 21, 12, 0, 0, 500_000, UTC)

    def now(self) -> datetime:
        return self.time

    def sleep(self, seconds: float) -> None:
        raise AssertionError("nobody sleeps")


@dataclass
class Sent:
    """A queue that nobody reads."""

    messages: list[Message] = field(default_factory=list)

    def send(self, messages: Sequence[Message]) -> None:
        self.messages += messages


@dataclass
class World:
    """A stack of one shard with its catalogue, its log and real threads."""

    fleet: Fleet
    release: threading.Event
    clock: StillClock = field(default_factory=StillClock)
    database: MemoryDatabase = field(default_factory=MemoryDatabase)

    def __post_init__(self) -> None:
        numbers = itertools.count()

        def token() -> str:
            return f"t{next(numbers)}"

        self.log = SampleLog(self.database)
        crew = Crew(Threads(CEILING, FLOOR), CEILING, self.clock.now)
        runner = Runner(self.opens, crew, self.clock, {})
        self.collector = Collector(self.database, self.log, runner, self.clock, token, Sent(), Sent())
        self.cataloguer = Cataloguer(self.database, token)
        self._tools = tools()

    def opens(self, given: Input) -> Sequence[Probe]:
        """Open an input; one that is stuck never comes back, whatever its deadline."""
        if given.kind == "stuck":
            return [self._stuck]
        return http_response.KIND.open(given.settings, self._tools)

    def _stuck(self, _: Gather) -> None:
        self.release.wait()

    def input(self, name: str, behaves: str, number: int) -> Input:
        """Return an input that checks one target."""
        settings = {"urls": [self.fleet.url(behaves, number)], "response_status_code": 200}
        kind = "stuck" if behaves == "stuck" else "http_response"
        deadline = DEADLINES.get(behaves, DEADLINE)
        return Input(name, kind, stored(http_response.KIND, settings), deadline=deadline)

    def change(self, change: Callable[[Catalogue], Catalogue], what: What = What.INPUTS) -> None:
        """Put a change of the catalogue in force."""
        self.cataloguer.change(change, what, (), by="ann", via=Via.CLI, now=self.clock.now())

    def tick(self) -> Report:
        """Let the next tick come, and its message."""
        self.clock.time += TICK
        return self.collector.tick(1, 0, self.clock.time.replace(microsecond=0))

    def gathered(self) -> dict[str, list[Metric]]:
        """Return what the last entry of the log holds, by input."""
        [head] = self.log.heads([WRITER])
        [entry] = self.log.read(WRITER, head.seq - 1)
        assert entry.cursor == self.clock.time.replace(microsecond=0)
        found: dict[str, list[Metric]] = {}
        for metric in entry.metrics:
            found.setdefault(metric.tags["input"], []).append(metric)
        return found

    def health(self) -> dict[str, Health]:
        """Return the health of the inputs as their shard keeps it."""
        [item] = self.database.get(head_key(WRITER))
        return from_document(head_from_item(item).notes)


@pytest.fixture
def world() -> Iterator[World]:
    release = threading.Event()
    with Fleet() as fleet:
        world = World(fleet, release)
        inputs = [world.input(f"{behaviour(n)}-{n}", behaviour(n), n) for n in range(FLEET)]
        world.change(lambda held: catalogue.added(held, inputs, world.clock.now(), "ann"))
        yield world
        release.set()


def results(metrics: Sequence[Metric]) -> list[str]:
    """Return the results of an input's checks."""
    return [str(metric.tags["result"]) for metric in metrics if metric.name == "http_response"]


EXPECTED = {
    "well": ["success"],
    "slow": ["success"],
    "wrong": ["response_status_code_mismatch"],
    "refused": ["connection_failed"],
    "hang": ["timeout"],
    "stuck": [],
}


def resident_bytes() -> int:
    """Return how much memory this process has."""
    gc.collect()
    return int(Path("/proc/self/statm").read_text().split()[1]) * getpagesize()


def test_every_healthy_input_runs_at_every_tick_and_what_hangs_ends_at_its_deadline(world: World) -> None:
    memory = 0
    for _ in range(TICKS):
        report = world.tick()
        gathered = world.gathered()
        wrong = {
            name: results(metrics)
            for name, metrics in gathered.items()
            if results(metrics) != EXPECTED[behaviour_of(name)]
        }
        assert wrong == {}
        assert (report.ran, report.missed, len(gathered)) == (FLEET, 0, FLEET)
        health = world.health()
        assert all(
            health[name].outcome is Outcome.TIMEOUT for name in health if behaviour_of(name) == "stuck"
        )
        longest = max(each.took_seconds for name, each in health.items() if behaviour_of(name) in DEADLINES)
        assert 1 <= longest < 1 + GRACE_SECONDS + LATE
        assert threads() <= 2 * CEILING
        memory = memory or resident_bytes()
    assert resident_bytes() - memory < MOST_GROWTH
    asked = Counter(path.split("/")[1] for path in world.fleet.asked.elements())
    assert asked == {"well": TICKS * 350, "slow": TICKS * 50, "wrong": TICKS * 25, "hang": TICKS * 25}


def threads() -> int:
    return sum(thread.name.startswith("tocsin") for thread in threading.enumerate())


def test_one_is_added_changed_paused_and_removed_while_all_run_and_no_other_skips_a_tick(
    world: World,
) -> None:
    fleet, now = world.fleet, world.clock.now()
    world.tick()
    before = world.gathered()
    fleet.first.clear()
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(world.tick)
        assert fleet.first.wait(30)
        changed = world.input("well-3", "wrong", 1003)
        world.change(lambda held: catalogue.added(held, [world.input("new", "well", 1000)], now, "ann"))
        world.change(lambda held: catalogue.put(held, [changed], now, "ann"))
        world.change(lambda held: catalogue.paused(held, ["well-4"], Pause(), now))
        world.change(lambda held: catalogue.removed(held, ["well-5"]))
        running.result(60)
    assert {name: results(found) for name, found in world.gathered().items()} == {
        name: results(found) for name, found in before.items()
    }
    world.tick()
    after = {name: results(found) for name, found in world.gathered().items()}
    expected = {name: results(found) for name, found in before.items()}
    expected |= {"new": ["success"], "well-3": ["response_status_code_mismatch"]}
    assert after == {name: found for name, found in expected.items() if name not in ("well-4", "well-5")}
    assert sum(each.missed for each in world.health().values()) == 0
