"""Inputs whatever happens: each due time is run by one committed entry, or counted as missed; never both or neither."""

import os
import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from tests.simulation.baton import Actor, Order
from tests.simulation.collecting import Collecting, Message
from tests.simulation.outside import START
from tocsin.collection import claims
from tocsin.collection.due import Due, due_between
from tocsin.collection.input import Input
from tocsin.collection.schedule import JitterBy, Schedule
from tocsin.ports import Item, Key, Put
from tocsin.samples.log import Entry, SampleLog
from tocsin.schedule.ticks import TICK, floor_tick

if TYPE_CHECKING:
    from tocsin.collection.collector import Collector

FIRST = int(os.environ.get("TOCSIN_FIRST_SEED", "0"))
SEEDS = range(FIRST, FIRST + int(os.environ.get("TOCSIN_SEEDS", "40")))
FATES = (Order.LOSE, Order.AGAIN, Order.DELAY, Order.INTERRUPT, Order.CRASH)
SECOND = timedelta(seconds=1)
ALWAYS = Input("always", "fake")
INPUTS = (
    ALWAYS,
    Input("often", "fake", schedule=Schedule(3 * SECOND)),
    Input("uneven", "fake", schedule=Schedule(7 * SECOND, offset=2 * SECOND)),
    Input("seldom", "fake", schedule=Schedule(60 * SECOND, jitter=30 * SECOND)),
    Input("random", "fake", schedule=Schedule(20 * SECOND, jitter=20 * SECOND, jitter_by=JitterBy.RANDOM)),
    Input("cron", "fake", schedule=Schedule(cron="*/2 * * * *", offset=5 * SECOND)),
)
NEW = Input("new", "fake")


def begun() -> Collecting:
    """Return collectors with all inputs, one tick of which has been run."""
    world = Collecting()
    world.add(*INPUTS)
    world.clock.time = START + TICK
    world.tick(START + TICK).finish()
    assert len(world.entries()) == 1
    return world


def faults(world: Collecting, added: dict[str, datetime] | None = None) -> list[str]:
    """Let what is under way arrive and two more ticks be run; return what is wrong then.

    `added` says from when on inputs are due that were not there from the start.
    """
    for write in world.underway:
        write.arrive()
    for _ in range(2):
        world.clock.time += TICK
        world.tick(floor_tick(world.clock.time)).finish()
    since = {each.id: START for each in INPUTS} | (added or {})
    return world.faults(since, {each.id: each for each in (*INPUTS, NEW)})


def calls(world: Collecting) -> int:
    """Return how many calls a tick makes."""
    worker, number = world.tick(world.clock.time).step(), 0
    while not worker.done:
        worker.step()
        number += 1
    return number


def next_tick(ticks: int = 3) -> Collecting:
    """Return collectors of which nobody was there for some ticks, at the next one."""
    world = begun()
    world.clock.time += ticks * TICK
    return world


CALLS = calls(next_tick())


@pytest.mark.parametrize("order", FATES, ids=lambda order: order.name.lower())
@pytest.mark.parametrize("number", range(CALLS))
def test_whatever_becomes_of_a_call_no_time_is_run_twice_or_forgotten(number: int, order: Order) -> None:
    world = next_tick()
    worker = world.tick(world.clock.time).calls(number)
    if order is Order.CRASH:
        worker.crash()
    else:
        worker.end(order)
    world.tick(world.clock.time).finish()  # its message comes again
    assert faults(world) == []


@pytest.mark.parametrize("number", range(CALLS + 1))
def test_wherever_one_stands_when_another_runs_the_same_tick_each_time_is_run_once(number: int) -> None:
    world = next_tick()
    tick = world.clock.time
    slow = world.tick(tick).calls(number)
    world.tick(tick).finish()
    if not slow.done:
        slow.finish()
    assert faults(world) == []


@pytest.mark.parametrize("number", range(CALLS + 1))
def test_wherever_one_stands_when_others_have_gone_on_it_does_no_harm(number: int) -> None:
    world = next_tick()
    slow = world.tick(world.clock.time).calls(number)
    for _ in range(3):
        world.clock.time += TICK
        world.tick(world.clock.time).finish()
    if not slow.done:
        slow.finish()
    assert faults(world) == []


def test_times_that_nobody_was_there_for_are_missed_and_the_newest_is_run() -> None:
    world = begun()
    world.clock.time += timedelta(hours=1)
    world.tick(world.clock.time).finish()
    said = {
        metric.tags["input"]: metric.fields["missed"]
        for metric in world.entries()[-1].metrics
        if metric.name == "tocsin_input"
    }
    assert said["always"] == 359
    assert said["cron"] == 29
    assert faults(world) == []


def test_a_message_that_is_late_or_of_a_clock_gone_back_runs_nothing_again() -> None:
    world = next_tick()
    world.tick(world.clock.time).finish()
    before = len(world.entries())
    world.tick(START).finish()
    world.clock.time -= timedelta(minutes=1)
    world.tick(world.clock.time).finish()
    assert len(world.entries()) == before
    world.clock.time += timedelta(minutes=2)
    assert faults(world) == []


class Storm:
    """Ticks that come late, twice or not at all, to workers that are slow, die, or are not heard; by the seed."""

    def __init__(self, seed: int) -> None:
        self.rng = random.Random(seed)
        self.world = begun()
        self.messages: list[Message] = []
        self.working: dict[Actor, tuple[Message, Collector]] = {}
        self.idle: list[Collector] = []
        self.added: dict[str, datetime] = {}

    def run(self) -> list[str]:
        """Let it rage for some minutes, then settle; return what is wrong."""
        world, rng = self.world, self.rng
        for tick in self._ticks():
            world.clock.time = max(world.clock.time, tick)
            for _ in range(rng.choice((0, 1, 1, 1, 2, 3))):
                self.messages.append(Message(tick, tick + rng.choice((0, 0, 0, 1, 12, 31)) * SECOND))
            self._add()
            self._deliver()
            for _ in range(rng.randrange(60)):
                self._step()
        for worker in list(self.working):
            worker.end()
        return faults(world, self.added)

    def _add(self) -> None:
        """Add an input while nobody works: else a worker may have read before it was there, and commit after."""
        if not self.added and not self.working:
            self.world.add(NEW)
            self.added[NEW.id] = self.world.clock.now()

    def _ticks(self) -> Iterator[datetime]:
        tick = START + TICK
        for _ in range(20):
            tick += self.rng.choice((1, 1, 1, 1, 1, 2, 30)) * TICK
            yield tick

    def _deliver(self) -> None:
        now = self.world.clock.now()
        for message in [message for message in self.messages if message.at <= now]:
            self.messages.remove(message)
            warm = self.idle and self.rng.random() < 0.7
            collector = self.idle.pop() if warm else self.world.container()
            self.working[self.world.tick(message.tick, collector)] = (message, collector)

    def _step(self) -> None:
        rng = self.rng
        if rng.random() < 0.1:
            self.world.clock.time += SECOND
            self._deliver()
        if self.world.underway and rng.random() < 0.2:
            self.world.underway.pop(0).arrive()
        if not self.working:
            return
        worker = rng.choice(list(self.working))
        if rng.random() < 0.02:
            worker.crash()
        else:
            worker.step(rng.choice(FATES[:-1]) if rng.random() < 0.05 else Order.GO)
        if worker.done:
            message, collector = self.working.pop(worker)
            if not worker.crashed:
                self.idle.append(collector)
            if worker.crashed or worker.failure:
                self.messages.append(Message(message.tick, self.world.clock.now() + 5 * SECOND))


@pytest.mark.parametrize("seed", SEEDS)
def test_each_due_time_is_run_once_or_counted_as_missed(seed: int) -> None:
    assert Storm(seed).run() == [], (
        f"TOCSIN_FIRST_SEED={seed} TOCSIN_SEEDS=1 pytest tests/simulation/test_inputs.py"
    )


# -- runs that may take longer than a tick ----------------------------------------------------------------------

LONG = Input("long", "fake", schedule=Schedule(60 * SECOND), deadline=30 * SECOND)
DUE = START + 60 * SECOND
OVER = LONG.deadline + claims.GRACE
"""After that the message of a dead worker comes again: the queue hides it for longer than a claim lasts."""


def due_long() -> Collecting:
    """Return collectors with an input that may take long, at its due time."""
    world = Collecting()
    world.add(LONG)
    world.clock.time = DUE
    return world


def calls_of_run() -> int:
    world = due_long()
    worker, number = world.run(LONG.id, DUE).step(), 0
    while not worker.done:
        worker.step()
        number += 1
    return number


RUN_CALLS = calls_of_run()


@pytest.mark.parametrize("number", range(RUN_CALLS + 1))
def test_wherever_one_stands_a_doubled_message_runs_nothing_twice(number: int) -> None:
    world = due_long()
    slow = world.run(LONG.id, DUE).calls(number)
    world.run(LONG.id, DUE).finish()
    if not slow.done:
        slow.finish()
    assert world.runs_of(LONG.id) == 1


@pytest.mark.parametrize("order", FATES, ids=lambda order: order.name.lower())
@pytest.mark.parametrize("number", range(RUN_CALLS))
def test_whatever_becomes_of_a_call_of_a_long_run_it_is_run(number: int, order: Order) -> None:
    world = due_long()
    worker = world.run(LONG.id, DUE).calls(number)
    if order is Order.CRASH:
        worker.crash()
    else:
        worker.end(order)
    for write in world.underway:
        write.arrive()
    if worker.crashed or worker.failure:
        world.clock.time += OVER
        world.run(LONG.id, DUE).finish()
    # Who died after it had gathered, and before it could say so, is run again: a check more is better than none.
    assert 1 <= world.runs_of(LONG.id) <= 2
    world.clock.time = max(world.clock.time, DUE + 120 * SECOND)
    world.run(LONG.id, DUE + 120 * SECOND).finish()
    assert world.runs_of(LONG.id) >= 2


def test_a_tick_sends_what_may_take_long_to_its_own_queue() -> None:
    world = due_long()
    world.tick(DUE).finish()
    assert [message.body["input"] for message in world.runs.waiting] == [LONG.id]
    assert world.entries()[-1].metrics == ()


# -- the proof of the proof ---------------------------------------------------------------------------------------


def uncounted(*given: Any) -> Due:
    return replace(due_between(*given), missed=0)


def unconditional(key: Key, item: Item, condition: object = None) -> Put:
    return Put(key, item)


def own(log: SampleLog, entry: Entry) -> Entry:
    SAMPLES_APPEND(log, entry)
    return entry


def unnoted(*given: Any, **more: Any) -> None:
    pass


SAMPLES_APPEND = SampleLog.append


@pytest.mark.parametrize(
    ("where", "mutation"),
    [
        pytest.param(
            "tocsin.collection.collector.due_between", uncounted, id="what is missed is not counted"
        ),
        pytest.param("tocsin.samples.log.Put", unconditional, id="an entry is put over another one"),
        pytest.param("tocsin.samples.log.SampleLog.append", own, id="who loses believes to have won"),
        pytest.param("tocsin.samples.log.SampleLog.note", unnoted, id="nobody notes that there is an entry"),
    ],
)
def test_a_mistake_is_noticed(where: str, mutation: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(where, mutation)
    assert any(Storm(seed).run() for seed in range(20))
