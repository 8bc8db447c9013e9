"""A whole Tocsin under simulation: the deployed handlers, their events, and an outside that can do anything."""

import importlib.util
import json
import random
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from types import ModuleType
from typing import Any

from aws_lambda_powertools import Logger

from tests.simulation.baton import Actor, Baton
from tests.simulation.database import Seen, StoppingDatabase, Underway
from tests.simulation.oracle import Oracle
from tests.simulation.outside import (
    START,
    AskedBy,
    Ledger,
    Queue,
    Series,
    Source,
    VirtualClock,
    Waiting,
)
from tests.simulation.recorded import Recorded, Sink, WrittenBy
from tocsin.alert import Alert
from tocsin.bootstrap import World, pushed
from tocsin.dispatch import configcodec, controls, silencing
from tocsin.dispatch.config import Config, InhibitRule, Integration, ReceiverConfig, Route
from tocsin.dispatch.group import DUE_SLOTS
from tocsin.dispatch.posted import Posted
from tocsin.dispatch.silence import Silence
from tocsin.dispatch.silenceedit import Edit
from tocsin.dispatch.silencestore import read_silence
from tocsin.evaluation.head import Head, from_item, head_key
from tocsin.index import read_index
from tocsin.instants import millis
from tocsin.local.events import sqs_event
from tocsin.local.queues import Held
from tocsin.matchers import parse_matchers
from tocsin.notification import Notification
from tocsin.ports import (
    HOLD,
    Backend,
    Backends,
    Clock,
    Database,
    Item,
    Key,
    Outcome,
    Write,
    one_by_one,
)
from tocsin.rules.book import RuleBook, StoredRule
from tocsin.rules.rule import Jitter, Kind, Pause, Rule
from tocsin.settings import Settings
from tocsin.stores.memory import MemoryDatabase

SOURCES = ("prometheus", "thanos")
"""Two names of one source, each of which may be down."""
_QUEUE = "arn:aws:sqs:us-east-1:123456789012:queue"
_FUNCTIONS = Path(__file__).parents[2] / "functions"


def _function(name: str) -> ModuleType:
    """Load a deployed function's module by its path, as Lambda does."""
    spec = importlib.util.spec_from_file_location(f"functions_{name}", _FUNCTIONS / name / "app.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


APPS = {name: _function(name) for name in ("ticker", "evaluator", "dispatcher")}


class Counts:
    """A meter that remembers."""

    def __init__(self) -> None:
        self.counted: list[tuple[str, float, dict[str, str]]] = []

    def count(self, name: str, value: float = 1, *, unit: str = "Count", **dimensions: str) -> None:
        self.counted.append((name, value, dimensions))

    def of(self, name: str) -> list[float]:
        """Return what was counted under a name."""
        return [value for counted, value, _ in self.counted if counted == name]


def rule(alert: str, **fields: Any) -> Rule:
    """Return a rule whose expression is its name, evaluated at every tick."""
    defaults: dict[str, Any] = {
        "group": f"g-{alert}",
        "expr": alert,
        "interval": timedelta(seconds=10),
        "jitter": Jitter.NEVER,
    }
    return Rule(namespace="ns", name=alert, **defaults | fields)


def recording(name: str, expr: str, position: int, *reads: str, **fields: Any) -> Rule:
    """Return a rule that records a series, one of a group that is evaluated in order."""
    known: dict[str, Any] = {"group": "recording", "position": position, "reads": reads}
    return rule(name, expr=expr, kind=Kind.RECORD, **known | fields)


def config(
    *,
    receivers: Sequence[str] = ("web",),
    group_by: Iterable[str] = ("alertname", "instance"),
    group_wait: float = 10,
    group_interval: float = 30,
    repeat_interval: float = 4 * 3600,
    receiver: str = "team",
    send_resolved: bool = True,
    inhibit_rules: Sequence[InhibitRule] = (),
) -> Config:
    """Return a configuration of one route to one of two receivers, both known to the ledger as `receivers`."""
    integrations = tuple(
        Integration("webhook", i, {"url": name}, send_resolved) for i, name in enumerate(receivers)
    )
    route = Route(
        id="{}",
        key="{}",
        receiver=receiver,
        matchers=(),
        group_by=frozenset(group_by),
        group_wait=timedelta(seconds=group_wait),
        group_interval=timedelta(seconds=group_interval),
        repeat_interval=timedelta(seconds=repeat_interval),
    )
    known = {name: ReceiverConfig(name, integrations) for name in ("team", "crew")}
    return Config(route, known, inhibit_rules=tuple(inhibit_rules))


class Container:
    """An instance of a function: its caches, its clock, and what it has seen."""

    def __init__(self, system: "System", name: str, clock: Clock) -> None:
        self.name = name
        self.actor: Actor | None = None
        seen = Seen()
        world = World(
            database=system.view(seen, clock),
            clock=clock,
            ticks=system.ticks,
            flushes=system.flushes,
            input_ticks=system.input_ticks,
            shipments=system.shipments,
            backends=system.backends(seen),
            receivers=system.ledger.receiver,
            parallel=one_by_one,
            token=system.token,
        )
        settings = Settings(shards=system.shards, gap_digest=system.digest, muted_ends=system.muted_ends)
        self._baton = system.baton
        self.handler = APPS[name].Handler(world, settings, system.meter, system.log)

    @property
    def idle(self) -> bool:
        """Whether it lives and has nothing to do."""
        return self.actor is None or (self.actor.done and not self.actor.crashed)

    def on(self, body: Any) -> Actor:
        """Start work on a message (on the scheduler's event if there is none)."""

        def job() -> Any:
            if body is None:
                return self.handler({}, None)
            answer = self.handler(sqs_event(_QUEUE, [Held("m", json.dumps(body), START)]), None)
            assert not answer["batchItemFailures"], f"{self.name} failed on {body}"
            return answer

        self.actor = self._baton.start(self.name, job)
        return self.actor


class System:
    """Starts workers on messages, moves time, plays the people."""

    def __init__(self, database: Database | None = None, shards: int = 1) -> None:
        self.inner = database or MemoryDatabase()
        self.baton, self.clock, self.meter = Baton(), VirtualClock(), Counts()
        self.underway: list[Underway] = []
        self.oracle = Oracle(self.inner, self.clock)
        self.ticks = Queue(self.baton, self.clock, "ticks")
        self.flushes = Queue(self.baton, self.clock, "flushes")
        self.input_ticks = Queue(self.baton, self.clock, "input ticks")
        self.runs = Queue(self.baton, self.clock, "runs")
        self.shipments = Queue(self.baton, self.clock, "shipments")
        self.recorded = Recorded()
        self.sink = Sink(self.baton, self.recorded, self.underway)
        self.source = Source(self.baton, self.clock, self.recorded)
        self.hold: timedelta | None = HOLD
        """How long what fires is held though its rule cannot be evaluated."""
        self.digest = False
        """Whether people are told of what came and went unheard."""
        self.muted_ends = False
        """Whether the end of what was told is told though it is muted."""
        self.ledger = Ledger(self.baton, self.clock)
        self.shards = shards
        self.doubling: random.Random | None = None
        """If there is one, every message comes twice, and in any order."""
        self.log = Logger("simulation", level="CRITICAL")
        self._tokens = 0
        self._book = RuleBook(self.inner)
        self._touched: set[Key] = set()
        self._minutes: set[float] = set()
        self._warm: dict[tuple[str, int], Container] = {}

    def token(self) -> str:
        self._tokens += 1
        return f"t{self._tokens}"

    # -- workers --------------------------------------------------------------------------------

    def container(self, name: str, clock: Clock | None = None) -> Container:
        """Return a cold container of a function."""
        return Container(self, name, clock or self.clock)

    def warm(self, name: str) -> Container:
        """Return the container that has done this function's work before, unless it is busy or has died."""
        known = self._warm.get((name, self.shards))
        if known is None or not known.idle:
            known = self._warm[name, self.shards] = self.container(name)
        return known

    def view(self, seen: Seen | None = None, clock: Clock | None = None) -> StoppingDatabase:
        """Return the database as a worker sees it, or, if it notes nothing down, as people do."""
        return StoppingDatabase(
            self.inner,
            self.baton,
            seen or Seen(),
            self.underway,
            self.written,
            clock or self.clock,
            people=seen is None,
        )

    def backends(self, seen: Seen) -> Backends:
        """Return what finds the sources, each with the sink, as one container knows them."""

        def find(name: str, version: int) -> Backend | None:
            return (
                Backend(AskedBy(self.source, seen, name), WrittenBy(self.sink, seen), self.hold)
                if name in SOURCES
                else None
            )

        return find

    def minute(self) -> Actor:
        """Start the ticker."""
        return self.warm("ticker").on(None)

    def tick(
        self, seconds: float | None = None, *, layout: int = 1, shard: int = 0, on: Container | None = None
    ) -> Actor:
        """Start an evaluator, cold if not told where, on the tick at `seconds`, by default the latest."""
        if seconds is not None:
            self.go_to(seconds)
        body = {"tick": millis(self.clock.now()) // 10_000 * 10_000, "layout": layout, "shard": shard}
        return (on or self.container("evaluator")).on(body)

    def flush(self, group: str | None = None, *, on: Container | None = None) -> Actor:
        """Start a dispatcher on a group, by default the only one there is."""
        if group is None:
            [group] = self.groups()
        return (on or self.container("dispatcher")).on({"group": group})

    # -- people ---------------------------------------------------------------------------------

    def apply(self, *rules: Rule, deleted: Sequence[Rule] = ()) -> None:
        """Write and delete rules."""
        self.oracle.known |= {added.id: added for added in rules}
        gone = [removed.id for removed in deleted]
        self._book.write(rules, gone, by="test", at_ms=millis(self.clock.now()))

    def relabel(self, was: Rule, **labels: str) -> Rule:
        """Edit a rule's labels: another unit takes over its alerts; return it."""
        now, edited = millis(self.clock.now()), replace(was, labels=labels)
        self.oracle.known |= {edited.id: edited}
        stored = {edited.id: StoredRule(was.id, was, 0)}
        self._book.write([edited], [was.id], by="test", at_ms=now, was=stored)
        return edited

    def pause(self, *rules: Rule, seconds: float | None = None) -> None:
        """Pause rules, for ever or for so long."""
        until = None if seconds is None else self.clock.now() + timedelta(seconds=seconds)
        units = [paused.id for paused in rules]
        self._book.pause(units, Pause(until), by="test", at_ms=millis(self.clock.now()))

    def configure(self, wanted: Config) -> None:
        """Put a configuration in force."""
        document = configcodec.to_document(wanted)
        assert controls.store_config(self.inner, document, "", by="test", now=self.clock.now())

    def silence(self, matchers: str, seconds: float = 3600, silence_id: str = "s1") -> None:
        """Silence from now on."""
        now = self.clock.now()
        ends = now + timedelta(seconds=seconds)
        wanted = Silence("", parse_matchers(matchers), now, ends, "me", "", now)
        silencing.set_silence(self.inner, wanted, now, fresh_id=silence_id)

    def unsilence(self, silence_id: str = "s1", database: Database | None = None) -> None:
        """End a silence, then wake who waits for it."""
        silencing.end(database or self.inner, self.flushes, silence_id, self.clock.now())

    def waker(self, silence_id: str = "s1") -> Actor:
        """Start whoever ends a silence and wakes its waiters."""
        database = self.view()
        return self.baton.start("waker", lambda: self.unsilence(silence_id, database))

    def edit(self, matchers: str, seconds: float, silence_id: str = "s1", *, fresh_id: str = "s2") -> Actor:
        """Start whoever edits a silence: what it matches, and in how many seconds it ends."""
        database = self.view()

        def job() -> Edit:
            now, existing = self.clock.now(), read_silence(database, silence_id)
            assert existing is not None, silence_id
            ends = now + timedelta(seconds=seconds)
            wanted = replace(existing, matchers=parse_matchers(matchers), ends_at=ends)
            return silencing.put(database, self.flushes, wanted, now, fresh_id=fresh_id)

        return self.baton.start("people", job)

    def post(self, alert: str, ends: float | None, *, starts: float = 0, instance: str = "a") -> Actor:
        """Start whoever takes an alert that is posted: at which second it starts and ends."""
        begins = START + timedelta(seconds=starts)
        over = None if ends is None else START + timedelta(seconds=ends)
        posted = Posted({"alertname": alert, "instance": instance}, {}, begins, over)
        world = World(self.view(), self.clock, flushes=self.flushes, parallel=one_by_one, token=self.token)
        return self.baton.start("api", lambda: pushed(world).receive([posted]))

    def present(self, alert: str, *changes: tuple[float, bool], **labels: str) -> None:
        """Say when a series of a rule is there."""
        self.source.series.setdefault(alert, []).append(Series({"instance": "a"} | labels, list(changes)))

    # -- time -----------------------------------------------------------------------------------

    def go_to(self, seconds: float) -> None:
        """Let time pass."""
        self.clock.time = max(self.clock.time, START + timedelta(seconds=seconds))

    def run(self, until: float) -> None:
        """Let everything happen as it should up to a time: ticker each minute, each message once, in order."""
        while (coming := self._coming()) <= until:
            self.go_to(coming)
            if coming % 60 == 0 and coming not in self._minutes:
                self._minutes.add(coming)
                self.minute().finish()
            self._deliver_next()
        self.go_to(until)

    def _coming(self) -> float:
        """Return when something happens next."""
        now = self.clock.seconds
        minute = -(-now // 60) * 60
        messages = [(m.at - START).total_seconds() for q in (self.ticks, self.flushes) for m in q.waiting]
        return max(now, min([minute + 60 * (minute in self._minutes), *messages]))

    def _deliver_next(self) -> None:
        """Deliver the message that has been due for longest; if messages are doubled, any, perhaps once more."""
        queues = {"evaluator": self.ticks, "dispatcher": self.flushes}
        due = [(message, name) for name, queue in queues.items() for message in queue.due()]
        if not due:
            return
        if self.doubling is None:
            message, name = min(due, key=lambda found: found[0].at)
        else:
            message, name = self.doubling.choice(due)
            if not message.received:
                later = timedelta(seconds=self.doubling.randint(0, 60))
                queues[name].waiting.append(Waiting(message.at + later, message.body, received=1))
        queues[name].waiting.remove(message)
        self.warm(name).on(message.body).finish()

    # -- what there is --------------------------------------------------------------------------

    def written(self, seen: Seen, write: Write, outcome: Outcome, before: Item | None) -> None:
        """Take note of a worker's write."""
        self._touched.add(write.key)
        if write.key.table == "state" and write.key.sk == "HEAD":
            self.oracle.written(seen, write, outcome, before)

    def items(self, table: str) -> list[Item]:
        """Return the items of a table that workers have written."""
        keys = sorted((key for key in self._touched if key.table == table), key=lambda key: (key.pk, key.sk))
        pages = [keys[start : start + 100] for start in range(0, len(keys), 100)]
        return [item for page in pages for item in self.inner.get(*page) if item is not None]

    @property
    def faults(self) -> list[str]:
        """What the oracle objects to, now and ever."""
        layout = read_index(self.inner).layout
        for index in range(layout.shards):
            shard = layout.shard(index).id
            [item] = self.inner.get(head_key(shard))
            if item is not None and "redo" not in item:
                self.oracle.compare(from_item(shard, item))
        return self.oracle.faults

    def groups(self) -> list[str]:
        """The groups that are due some time."""
        return [str(item["pk"]) for slot in range(DUE_SLOTS) for item in self.inner.due(slot, 1 << 52, 1000)]

    def head(self, shard: str = "1.0") -> Head:
        """Return a shard's HEAD."""
        [item] = self.inner.get(head_key(shard))
        assert item is not None, f"{shard} has no HEAD"
        return from_item(shard, item)

    def told(self, receiver: str = "web") -> list[str]:
        """Return what a receiver was told, one text a notification: `A/a fires, A/b ended`."""
        return [said(notification) for notification in self.ledger.to(receiver)]


def said(notification: Notification) -> str:
    """Return what a notification says in short: of each alert its name, its instance, whether it fires."""
    return ", ".join(
        f"{alert.name}/{which(alert)} {'ended' if alert.resolved(notification.at) else 'fires'}"
        for alert in notification.alerts
    )


def which(alert: Alert) -> str:
    """Return which of its rule's alerts it is: its instance, or the source or the shard that it is about."""
    names = ("instance", "source", "shard")
    return next((alert.labels[name] for name in names if name in alert.labels), "")
