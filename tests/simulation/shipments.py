"""Shipping by seed: workers that are doubled, killed and overtaken, outputs that fail, hang and lose their answers.

Then peace; then each metric that was gathered must have been stored or put aside, or be counted as given up.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import count

from tests.simulation.baton import Actor, Baton, InterruptedCallError, Order
from tests.simulation.database import Seen, StoppingDatabase, Underway
from tests.simulation.outside import SkewedClock, VirtualClock
from tocsin.metric import Metric
from tocsin.ports import Message, Refused, Stored, Unanswered, one_by_one
from tocsin.samples.log import Entry, SampleLog
from tocsin.shipping.cursor import read_cursor
from tocsin.shipping.deadletters import DeadLetters
from tocsin.shipping.output import Output
from tocsin.shipping.shipper import Shipper
from tocsin.stores.memory import MemoryDatabase

LEASE, LIFE_SECONDS = timedelta(seconds=75), 60.0
SKEW_SECONDS = 2.0
TROUBLE_SECONDS = 200.0
WRITERS = ("inputs.1.0", "runs.0", "runs.1")
_MOST_AT_ONCE = 4
Answer = Stored | Refused | Unanswered


@dataclass
class Place:
    """Where one output writes: what it stored, in order, repetitions included; `bad` is never taken."""

    baton: Baton
    clock: VirtualClock
    rng: random.Random
    bad: set[int] = field(default_factory=set)
    trouble: float = 0.0
    """How often it does not answer, or stores and does not answer."""
    stored: list[int] = field(default_factory=list)

    def write(self, metrics: Sequence[Metric], timeout_seconds: float) -> Answer:
        try:
            order = self.baton.pause("write")
        except InterruptedCallError:
            return Unanswered()
        numbers = [int(metric.tags["n"]) for metric in metrics]
        fate = self.rng.random()
        if fate < self.trouble / 2:
            self.clock.sleep(timeout_seconds if self.rng.random() < 0.3 else 0)
            return Unanswered()
        if self.bad & set(numbers):
            return Refused("bad_data", "")
        self.stored += numbers
        return Unanswered() if fate < self.trouble or order is not Order.GO else Stored(0)


@dataclass(frozen=True)
class Mail:
    """The shipper's own messages, which get lost: each minute says the same again."""

    def send(self, messages: Sequence[Message]) -> None:
        """Lose them."""


class Shipments:
    """One run of a seed: the same seed makes the same run."""

    def __init__(self, seed: int) -> None:
        self.rng = random.Random(seed)
        self.inner, self.clock, self.baton = MemoryDatabase(), VirtualClock(), Baton()
        self.log = SampleLog(self.inner)
        self.gathered: list[int] = []
        self._ends = dict.fromkeys(WRITERS, 0)
        self._numbers, self._tokens = count(), count()
        self._underway: list[Underway] = []
        self._born: dict[Actor, float] = {}
        limit = self.rng.choice((5, 30, 10_000))
        size = self.rng.choice((1, 3, 100))
        self.outputs = {
            name: Output(name, "place", batch_size=size, buffer_limit=max(limit, size))
            for name in ("well", "ill")
        }
        likely = self.rng.choice((0.1, 0.5, 0.95))
        self.places = {
            name: Place(self.baton, self.clock, self.rng, trouble=likely if name == "ill" else 0.0)
            for name in self.outputs
        }
        for name in self.outputs:
            self._shipper(0.0).ship(name)

    def _shipper(self, skew: float) -> Shipper:
        clock = SkewedClock(self.clock, timedelta(seconds=skew))
        database = StoppingDatabase(self.inner, self.baton, Seen(), self._underway, lambda *_: None, clock)
        return Shipper(
            database,
            SampleLog(database),
            lambda version: self.outputs,
            lambda output: self.places[output.name],
            clock,
            Mail(),
            one_by_one,
            lambda: f"token{next(self._tokens)}",
            LEASE,
        )

    # -- trouble ----------------------------------------------------------------------------------

    def run(self) -> list[str]:
        """Make trouble, then peace; return what is wrong."""
        while self.clock.seconds < TROUBLE_SECONDS:
            self._step()
        return self.peace()

    def peace(self) -> list[str]:
        """Let everyone die, what is under way arrive or not, and then all go as it should; return what is wrong."""
        self.baton.end()
        for write in self._underway:
            if self.rng.random() < 0.5:
                write.arrive()
        for place in self.places.values():
            place.trouble = 0.0
        for _ in range(3):
            self.clock.sleep(LEASE.total_seconds() + 2 * SKEW_SECONDS)
            for name in self.outputs:
                self._shipper(0.0).ship(name)
        return [fault for name in self.outputs for fault in self._faults(name)]

    def _step(self) -> None:
        dice, running = self.rng.random(), self.baton.alive()
        if running and dice < 0.75:
            self._order(self.rng.choice(running))
        elif dice < 0.85:
            self.gather(self.rng.choice(WRITERS), self.rng.choice((0, 1, 1, 2, 7)))
        elif dice < 0.95 and len(running) < _MOST_AT_ONCE:
            self.visit(self.rng.choice(list(self.outputs)))
        else:
            self.clock.sleep(self.rng.choice((0.5, 1, 5, 20)))
            self._reap()

    def _order(self, actor: Actor) -> None:
        fate = self.rng.random()
        if fate < 0.02:
            actor.crash()
        elif fate > 0.1 or actor.at == "start":
            actor.step()
        else:
            actor.step(self.rng.choice((Order.INTERRUPT, Order.LOSE, Order.DELAY, Order.AGAIN)))
        if self._underway and self.rng.random() < 0.05:
            self._underway.pop(self.rng.randrange(len(self._underway))).arrive()

    def gather(self, writer: str, metrics: int) -> None:
        """Append an entry with so many metrics to a writer's log."""
        seq = self._ends[writer] = self._ends[writer] + 1
        found = []
        for number in [next(self._numbers) for _ in range(metrics)]:
            found.append(Metric("m", {"v": number}, {"n": str(number)}, at=self.clock.now()))
            self.gathered.append(number)
            if self.rng.random() < 0.03:
                for place in self.places.values():
                    place.bad.add(number)
        self.log.append(Entry(writer, seq, self.clock.now(), f"{writer}.{seq}", tuple(found)))
        if self.rng.random() < 0.9:
            self.log.note(writer, seq, self.clock.now())

    def visit(self, name: str) -> Actor:
        """Let a worker begin to visit an output."""
        shipper = self._shipper(self.rng.uniform(-SKEW_SECONDS, SKEW_SECONDS))
        actor = self.baton.start(name, lambda: shipper.ship(name))
        self._born[actor] = self.clock.seconds
        return actor

    def _reap(self) -> None:
        """Kill who has outlived its Lambda."""
        for actor in list(self.baton.alive()):
            if self.clock.seconds - self._born[actor] > LIFE_SECONDS:
                actor.crash()

    # -- verdict ----------------------------------------------------------------------------------

    def _faults(self, name: str) -> list[str]:
        counts, place = read_cursor(self.inner, name).counts, self.places[name]
        letters = DeadLetters(self.inner).read(name, self.clock.now())
        dead = [int(metric.tags["n"]) for letter in letters for metric in letter.metrics]
        lost = set(self.gathered) - set(place.stored) - set(dead)
        accounted = counts.written + counts.refused + counts.dropped
        wrong = {
            "more is lost than was given up": len(lost) > counts.dropped,
            "not each metric is accounted for once": accounted != len(self.gathered),
            "a metric is put aside twice": len(dead) != len(set(dead)),
            "what was good is put aside": bool(set(dead) - place.bad),
            "what is there expired": counts.gone > 0,
            "an output that was well gave something up": name == "well" and counts.dropped > self._slow(),
            "it is still in trouble": read_cursor(self.inner, name).trouble is not None,
        }
        return [f"{name}: {what}" for what, found in wrong.items() if found]

    def _slow(self) -> int:
        """Return how much even an output that is well may give up: its writes are interrupted, too."""
        return 0 if self.outputs["well"].buffer_limit > len(self.gathered) else len(self.gathered)
