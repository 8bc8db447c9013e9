"""A stack in virtual time: the template's functions on a world of stand-ins, with no thread and no waiting."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from typing import Any

from tocsin.bootstrap import World
from tocsin.collection.crew import in_turn
from tocsin.collection.input import Input
from tocsin.collection.running import OpenError, OpenProbes, Probe
from tocsin.dispatch.flush import Receivers
from tocsin.local.agenda import Agenda, Firings, every
from tocsin.local.blueprint import Blueprint
from tocsin.local.clocks import VirtualClock
from tocsin.local.functions import Fleet, Handler, container
from tocsin.local.queues import LocalQueue
from tocsin.local.runner import VirtualRunner
from tocsin.local.watching import Tally, Watcher
from tocsin.ports import Database, Source, one_by_one


def no_inputs(given: Input) -> Sequence[Probe]:
    """Refuse to open an input: there are none."""
    raise OpenError(f"{given.kind} is not here")


@dataclass(frozen=True, slots=True)
class Outside:
    """What is outside of a virtual stack."""

    database: Database
    sources: Mapping[str, Source] = field(default_factory=dict)
    receivers: Receivers | None = None
    probes: OpenProbes = no_inputs


class VirtualStack:
    """The functions, queues and schedule of a blueprint, run by hand."""

    def __init__(
        self,
        blueprint: Blueprint,
        outside: Outside,
        start: datetime,
        watch: Watcher,
        firings: Firings | None = None,
    ) -> None:
        """`firings` is when the schedule fires; by default every minute, 5 s past it."""
        self.clock = VirtualClock(start)
        self.meter = Tally()
        self.queues = {name: LocalQueue(name, held, self.clock) for name, held in blueprint.queues.items()}
        self._outside, self._watch = outside, watch
        self._tokens = count(1)
        self.deploy(blueprint)
        rate = blueprint.schedules[0].rate
        fires = firings or every(rate, start + timedelta(seconds=5))
        self.agenda = Agenda(blueprint, self.queues, fires, start, self._invoke)
        self.runner = VirtualRunner(self.agenda, self.clock)

    def deploy(self, blueprint: Blueprint) -> None:
        """Replace all functions by those of a blueprint: every next invocation starts cold."""
        self._fleets = {
            name: Fleet(function, self._starting(blueprint, name), self._watch)
            for name, function in blueprint.functions.items()
        }

    def world(self) -> World:
        """Return the world as every function has it."""
        return World(
            database=self._outside.database,
            clock=self.clock,
            ticks=self.queues["TicksQueue"],
            input_ticks=self.queues["InputTicksQueue"],
            runs=self.queues["RunsQueue"],
            shipments=self.queues["ShipmentsQueue"],
            flushes=self.queues["FlushesQueue"],
            sources=self._outside.sources,
            receivers=self._outside.receivers,
            parallel=one_by_one,
            probes=self._outside.probes,
            in_time=in_turn,
            token=lambda: f"token-{next(self._tokens)}",
        )

    def _starting(self, blueprint: Blueprint, name: str) -> Callable[[], Handler]:
        return lambda: container(blueprint.functions[name], self.world(), self.meter, self._watch)

    def _invoke(self, function: str, event: dict[str, Any]) -> Any:
        return self._fleets[function].invoke(event)
