"""Dispatch by itself, each of its requests counted and its own CPU time measured."""

import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from time import process_time
from typing import Any, TypeVar

from tests.benchmarks.costs import Cost
from tests.simulation.outside import VirtualClock
from tests.unit.source_access import FakeAccess
from tocsin.bootstrap import World, dispatcher, pushed, token
from tocsin.dispatch.config import Config, Integration
from tocsin.dispatch.controls import Controls
from tocsin.dispatch.group import DUE_SLOTS
from tocsin.dispatch.intake import Intake
from tocsin.http import Reply, Request, Response, Transport
from tocsin.instants import millis
from tocsin.local.applying import apply_config
from tocsin.messages.writer import Writer
from tocsin.ports import Database, Item, Message, Outcome, Receiver, Write, one_by_one
from tocsin.receivers.registry import open_receiver
from tocsin.receivers.tools import Tools
from tocsin.settings import Settings
from tocsin.stores.counting import CountingDatabase
from tocsin.stores.memory import MemoryDatabase
from tocsin.tls import Tls

T = TypeVar("T")

_MANY = 10_000
_LIFETIME = timedelta(seconds=75)
_ROUTE = {
    "receiver": "team",
    "group_by": ["alertname", "cluster"],
    "group_wait": "30s",
    "group_interval": "5m",
    "repeat_interval": "4h",
}


class TimedDatabase:
    """A `Database` in front of another; `seconds` is the CPU time that was spent behind it."""

    def __init__(self, inner: Database) -> None:
        self._inner, self.seconds = inner, 0.0

    def _timed(self, call: Callable[[], T]) -> T:
        began = process_time()
        try:
            return call()
        finally:
            self.seconds += process_time() - began

    def get(self, *keys: Any) -> list[Item | None]:
        return self._timed(lambda: self._inner.get(*keys))

    def query(
        self, table: str, pk: str, *, prefix: str = "", between: tuple[str, str] | None = None
    ) -> list[Item]:
        return self._timed(lambda: self._inner.query(table, pk, prefix=prefix, between=between))

    def scan(self, table: str, segment: int = 0, segments: int = 1) -> list[Item]:
        return self._timed(lambda: self._inner.scan(table, segment, segments))

    def due(self, slot: int, until_ms: int, limit: int) -> list[Item]:
        return self._timed(lambda: self._inner.due(slot, until_ms, limit))

    def write(self, write: Write) -> Outcome:
        return self._timed(lambda: self._inner.write(write))

    def transact(self, writes: Sequence[Write]) -> bool:
        return self._timed(lambda: self._inner.transact(writes))


@dataclass
class Inbox(FakeAccess):
    """A webhook's server that takes everything and reads nothing before the measuring is over."""

    bodies: list[tuple[str, bytes]] = field(default_factory=list)
    """Of each request its idempotency key and what it said."""

    def transport(
        self,
        connections: int,
        tls: Tls | None = None,
        proxy_url: str = "",
        proxy_headers: Mapping[str, str] | None = None,
    ) -> Transport:
        return self._take

    def _take(self, request: Request, timeout_seconds: float) -> Reply:
        self.bodies.append((request.headers["Idempotency-Key"], request.body or b""))
        return Response(200, {}, b"")


class _Dropped:
    """A queue that loses every hint: what is due is looked up."""

    def send(self, messages: Sequence[Message]) -> None:
        pass


@dataclass(frozen=True)
class Effort:
    """What something cost: requests and units, and the CPU time that was ours."""

    cost: Cost
    cpu_seconds: float

    def __add__(self, other: "Effort") -> "Effort":
        return Effort(self.cost + other.cost, self.cpu_seconds + other.cpu_seconds)


class Dispatch:
    """Dispatch with one webhook, whose every request is counted and whose own CPU time is measured."""

    def __init__(self, **config: Any) -> None:
        self.clock, self.inbox = VirtualClock(), Inbox()
        self.counted = CountingDatabase(MemoryDatabase())
        self.timed = TimedDatabase(self.counted)
        self.configure(**config)
        self.start()

    def start(self) -> None:
        """Start processes that know nothing yet."""
        world = World(
            self.timed,
            self.clock,
            flushes=_Dropped(),
            receivers=self._receiver,
            parallel=one_by_one,
            token=token,
        )
        self._made: dict[str, Receiver] = {}
        self.dispatcher, self.pushed = dispatcher(world, Settings(), _LIFETIME), pushed(world)
        controls = Controls(self.timed)
        self.intake = Intake(self.timed, _Dropped(), self.clock, controls.config, one_by_one)

    def configure(self, **config: Any) -> None:
        """Put a configuration in force: the route, and whatever else is given."""
        receivers = [{"name": "team", "webhook_configs": [{"url": "http://team.invalid/"}]}]
        text = json.dumps({"route": _ROUTE, "receivers": receivers} | config)
        apply_config(self.counted, text, "alertmanager.yml", self.clock.now())

    def _receiver(self, integration: Integration, config: Config) -> Receiver:
        name = f"{integration.kind}/{integration.index}"
        if name not in self._made:
            self._made[name] = open_receiver(integration, Tools(self.inbox, Writer(config.templates)))
        return self._made[name]

    def measured(self, work: Callable[[], object]) -> Effort:
        """Do some work and return what it cost."""
        self.counted.reset()
        behind, began = self.timed.seconds, process_time()
        work()
        spent = process_time() - began - (self.timed.seconds - behind)
        counted = self.counted
        return Effort(Cost(Counter(counted.requests), counted.read_units, counted.write_units), spent)

    def due(self) -> list[str]:
        """Return the groups that are due now; it is the sweep's to ask, or a message says it, and not counted."""
        now = millis(self.clock.now())
        return [str(item["pk"]) for slot in range(DUE_SLOTS) for item in self.counted.due(slot, now, _MANY)]

    def flush(self) -> Effort:
        """Flush what is due now, and return what that cost."""
        groups = self.due()
        return self.measured(lambda: [self.dispatcher.flush(group) for group in groups])

    def pass_seconds(self, seconds: float) -> None:
        """Let time pass."""
        self.clock.sleep(seconds)

    def told(self) -> Counter[str]:
        """Return how often each alert was told, by its fingerprint."""
        return Counter(
            alert["fingerprint"] for _, body in self.inbox.bodies for alert in json.loads(body)["alerts"]
        )
