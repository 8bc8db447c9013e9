"""A collector on stand-ins: a clock by hand, probes by name, queues that keep what they were sent."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from tocsin.collection import catalogue
from tocsin.collection.catalogue import Cataloguer
from tocsin.collection.collector import Collector, Report
from tocsin.collection.crew import Crew, in_turn
from tocsin.collection.gather import Gather
from tocsin.collection.input import Input
from tocsin.collection.running import Probe, Runner
from tocsin.collection.schedule import Schedule
from tocsin.history import Via, What
from tocsin.index import read_index
from tocsin.local.clocks import VirtualClock
from tocsin.ports import Database, Message
from tocsin.samples.log import Entry, SampleLog
from tocsin.samples.writers import writers
from tocsin.schedule.ticks import floor_tick
from tocsin.stores.memory import MemoryDatabase

START = datetime(2026, 11, 22, 12, 0, 3, tzinfo=UTC)


@dataclass
class Sent:
    """A queue that keeps what it was sent."""

    messages: list[Message] = field(default_factory=list)

    def send(self, messages: Sequence[Message]) -> None:
        """Keep the messages."""
        self.messages += messages

    def taken(self) -> list[dict[str, Any]]:
        """Return the bodies of what was sent, and forget it."""
        bodies = [dict(message.body) for message in self.messages]
        self.messages.clear()
        return bodies


def check(name: str, *, interval: float = 10, deadline: float = 5, **more: Any) -> Input:
    """Return an input whose probe is found by its id."""
    schedule = Schedule(timedelta(seconds=interval))
    return Input(name, "fake", schedule=schedule, deadline=timedelta(seconds=deadline), **more)


def well(gather: Gather) -> None:
    """Gather one metric."""
    gather.add("check", {"value": 1.0})


@dataclass
class Desk:
    """One collector, its database, and what is around it."""

    database: Database = field(default_factory=MemoryDatabase)
    clock: VirtualClock = field(default_factory=lambda: VirtualClock(START))
    probes: dict[str, Probe] = field(default_factory=dict)
    runs: Sent = field(default_factory=Sent)
    shipments: Sent = field(default_factory=Sent)
    tokens: Any = field(default_factory=lambda: count(1))

    def __post_init__(self) -> None:
        self.collector = self.another()

    def token(self) -> str:
        """Return a token that was never returned."""
        return f"token-{next(self.tokens)}"

    def another(self, database: Database | None = None) -> Collector:
        """Return one more collector, with nothing in its memory."""
        crew = Crew(in_turn, 100, self.clock.now, self._monotonic)
        runner = Runner(self._open, crew, self.clock, {"location": "here"})
        held = database or self.database
        return Collector(held, SampleLog(held), runner, self.clock, self.token, self.runs, self.shipments)

    def _monotonic(self) -> float:
        return self.clock.now().timestamp()

    def _open(self, given: Input) -> Sequence[Probe]:
        return [lambda gather: self.probes.get(given.id, well)(gather)]

    def change(self, change: Callable[[catalogue.Catalogue], catalogue.Catalogue]) -> None:
        """Change the catalogue."""
        Cataloguer(self.database, self.token).change(
            change, What.INPUTS, ("x",), by="me", via=Via.CLI, now=self.clock.now()
        )

    def add(self, *inputs: Input) -> None:
        """Add inputs."""
        self.change(lambda was: catalogue.added(was, inputs, self.clock.now(), "me"))

    def tick(self, seconds: float = 10, collector: Collector | None = None) -> Report:
        """Let time pass to the next tick and a little, and run it."""
        self.clock.sleep(seconds)
        return self.again(collector)

    def again(self, collector: Collector | None = None) -> Report:
        """Run the tick that is now."""
        return (collector or self.collector).tick(1, 0, floor_tick(self.clock.now()))

    def ticks(self) -> None:
        """Run the tick that is now in every shard of the layout in force, by somebody with nothing in memory."""
        layout = read_index(self.database).layout
        for shard in range(layout.shards):
            self.another().tick(layout.version, shard, floor_tick(self.clock.now()))

    def entries(self) -> list[Entry]:
        """Return all that was gathered, writer by writer."""
        log, layout = SampleLog(self.database), read_index(self.database).layout
        return [entry for writer in writers(layout) for entry in log.read(writer, 0)]

    def ran(self) -> list[str]:
        """Return which inputs ran, once for each run that was committed."""
        metrics = [metric for entry in self.entries() for metric in entry.metrics]
        return [metric.tags["input"] for metric in metrics if metric.name == "tocsin_input"]
