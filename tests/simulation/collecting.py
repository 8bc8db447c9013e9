"""Collectors in virtual time, each call outside a point where they may stop, die or be doubled."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import count

from tests.simulation.baton import Actor, Baton
from tests.simulation.database import Seen, StoppingDatabase, Underway
from tests.simulation.outside import Queue, VirtualClock
from tocsin.collection import catalogue
from tocsin.collection.catalogue import Catalogue, Cataloguer
from tocsin.collection.collector import Collector
from tocsin.collection.crew import Crew, in_turn
from tocsin.collection.due import due_between
from tocsin.collection.gather import Gather
from tocsin.collection.input import Input
from tocsin.collection.running import MEASUREMENT, Probe, Runner
from tocsin.history import Via, What
from tocsin.samples.log import Entry, SampleLog
from tocsin.samples.writers import RUNS
from tocsin.schedule.ticks import floor_tick
from tocsin.stores.memory import MemoryDatabase

WRITER = "inputs.1.0"


@dataclass(frozen=True, slots=True)
class Message:
    """A tick's message to the one shard: it comes back if its worker dies."""

    tick: datetime
    at: datetime


class Collecting:
    """One shard of inputs, any number of containers that work at it, and what they have committed."""

    def __init__(self) -> None:
        self.baton, self.clock, self.inner = Baton(), VirtualClock(), MemoryDatabase()
        self.underway: list[Underway] = []
        self.runs = Queue(self.baton, self.clock, "runs")
        self.shipments = Queue(self.baton, self.clock, "shipments")
        self.probes: dict[str, Probe] = {}
        """What inputs do that do not just gather one metric, by their ids."""
        self._numbers = count()
        self._cataloguer = Cataloguer(self.inner, self._token)

    def _token(self) -> str:
        return f"t{next(self._numbers)}"

    def add(self, *inputs: Input) -> None:
        """Add inputs: they are due from now on."""
        now = self.clock.now()
        self.change(lambda held: catalogue.added(held, inputs, now, "ann"))

    def change(self, how: Callable[[Catalogue], Catalogue]) -> None:
        """Change the catalogue."""
        self._cataloguer.change(how, What.INPUTS, ["x"], by="ann", via=Via.CLI, now=self.clock.now())

    def container(self) -> Collector:
        """Return a new container: it knows nothing."""
        database = StoppingDatabase(
            self.inner, self.baton, Seen(), self.underway, lambda *_: None, self.clock
        )
        crew = Crew(in_turn, 8, self.clock.now, lambda: self.clock.seconds)
        runner = Runner(self._opens, crew, self.clock, {})
        return Collector(
            database, SampleLog(database), runner, self.clock, self._token, self.runs, self.shipments
        )

    def _opens(self, given: Input) -> Sequence[Probe]:
        def probe(gather: Gather) -> None:
            self.baton.pause(f"probe {given.id}")
            self.probes.get(given.id, _well)(gather)

        return [probe]

    def tick(self, tick: datetime, collector: Collector | None = None) -> Actor:
        """Return a worker that is about to handle the message of a tick."""
        worker = collector or self.container()
        return self.baton.start(f"tick {tick:%H:%M:%S}", lambda: worker.tick(1, 0, tick))

    def run(self, name: str, due: datetime) -> Actor:
        """Return a worker that is about to handle the message of a run that may take long."""
        worker = self.container()
        return self.baton.start(f"run {name}", lambda: worker.run(name, due, 0))

    def runs_of(self, name: str) -> int:
        """Return how many runs of an input have been committed by who takes long runs."""
        said = [metric for writer in RUNS for entry in self.entries(writer) for metric in entry.metrics]
        return sum(metric.name == MEASUREMENT and metric.tags["input"] == name for metric in said)

    def entries(self, writer: str = WRITER) -> list[Entry]:
        """Return what has been committed."""
        return SampleLog(self.inner).read(writer, 0)

    def faults(self, since: dict[str, datetime], inputs: dict[str, Input]) -> list[str]:
        """Return what is wrong: a due time that has been run twice, or is neither run nor counted as missed."""
        entries = self.entries()
        numbers = [entry.seq for entry in entries]
        found = [] if numbers == list(range(1, len(numbers) + 1)) else [f"entries {numbers}"]
        cursors = [entry.cursor for entry in entries if entry.cursor is not None]
        if cursors != sorted(set(cursors)):
            found.append(f"cursors {cursors}")
        until = floor_tick(self.clock.now())
        if cursors[-1] != until:
            found.append(f"run up to {cursors[-1]} at {until}")
        for name in since:
            found += _accounted(inputs[name], entries, since[name], until)
        return found


def _well(gather: Gather) -> None:
    gather.add("checked", {"value": 1})


def _accounted(given: Input, entries: Sequence[Entry], since: datetime, until: datetime) -> list[str]:
    """Compare what entries say of an input with the times at which it was due in (since, until]."""
    found, times, after = [], 0, since
    for entry in entries:
        cursor = entry.cursor or after
        due = due_between(given.schedule, given.id, after, cursor)
        said = [
            metric.fields["missed"]
            for metric in entry.metrics
            if metric.name == MEASUREMENT and metric.tags["input"] == given.id
        ]
        if said != ([due.missed] if due.last else []):
            found.append(f"{given.id}: in entry {entry.seq} run with {said} missed, not as {due}")
        times += sum(1 + int(missed) for missed in said)
        after = max(after, cursor)
    whole = due_between(given.schedule, given.id, since, until)
    if times != whole.missed + (whole.last is not None):
        found.append(f"{given.id}: {times} times run or missed, not as {whole}")
    return found
