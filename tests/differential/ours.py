"""Tocsin in virtual time: the same scenario on memory, each group flushed exactly when it is due."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import count
from operator import itemgetter
from typing import Any

from tests.differential.differences import SLACK
from tests.differential.scenario import (
    EXTERNAL_URL,
    GENERATOR_URL,
    SLOT_SECONDS,
    SWEEPS,
    Event,
    Expiry,
    Post,
    PostedAlert,
    Scenario,
    Silencing,
    Told,
    Trouble,
)
from tocsin.bootstrap import World, dispatcher
from tocsin.dispatch.config import Config, Integration
from tocsin.dispatch.controls import Controls
from tocsin.dispatch.group import DUE_SLOTS
from tocsin.dispatch.intake import Intake
from tocsin.dispatch.posted import Posted
from tocsin.dispatch.pushed import Pushed
from tocsin.dispatch.silence import Silence
from tocsin.dispatch.silencing import expire_silence, set_silence
from tocsin.dispatch.sweep import Sweep
from tocsin.dispatch.waiting import wake_waiters
from tocsin.instants import instant, millis
from tocsin.local.applying import apply_config
from tocsin.local.clocks import VirtualClock
from tocsin.notification import Delivered, Failed, Failure, Notification, Sent
from tocsin.ports import Message, Receiver, one_by_one
from tocsin.receivers.webhook import document
from tocsin.settings import Settings
from tocsin.stores.memory import MemoryDatabase

_NEVER_MS = millis(datetime(2999, 1, 1, tzinfo=UTC))


class _NoQueue:
    """Drops all hints: what is due is looked up."""

    def send(self, messages: Sequence[Message]) -> None:
        pass


class _Clock(VirtualClock):
    """Who sleeps between two attempts holds nobody else: each group has a worker of its own."""

    def sleep(self, seconds: float) -> None:
        pass


@dataclass
class _Webhook:
    """One integration: keeps what would be posted, and when, unless it is in trouble."""

    integration: Integration
    trouble: Trouble | None
    at: Callable[[], float]
    told: list[Told]
    asked: Counter[str] = field(default_factory=Counter)

    def send(self, notification: Notification, timeout_seconds: float) -> Sent:
        self.asked[notification.id] += 1
        if self.trouble is Trouble.REFUSES:
            return Failed(Failure.CLIENT_ERROR, retry=False)
        if self.trouble is Trouble.FALTERS and self.asked[notification.id] == 1:
            return Failed(Failure.SERVER_ERROR, retry=True)
        body = document(notification, self.integration.settings["max_alerts"], {})
        self.told.append(Told(self.at(), notification.receiver, self.integration.index, body))
        return Delivered("200")


@dataclass
class Ours:
    """One Tocsin with a scenario's configuration, and everybody who talks to it."""

    scenario: Scenario
    start: datetime
    told: list[Told] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._clock, self._database, self._queue = _Clock(self.start), MemoryDatabase(), _NoQueue()
        tokens = count(1)
        world = World(
            self._database,
            self._clock,
            flushes=self._queue,
            receivers=self._receiver,
            parallel=one_by_one,
            token=lambda: f"token-{next(tokens)}",
        )
        self._dispatcher = dispatcher(world, Settings(external_url=EXTERNAL_URL), timedelta(seconds=75))
        configuration = Controls(self._database).config
        intake = Intake(self._database, self._queue, self._clock, configuration)
        self._pushed = Pushed(self._database, intake, self._clock, configuration, world.token, slack=SLACK)
        self._sweep = Sweep(self._database, self._queue, self._clock, self._pushed)
        self._silences: dict[str, Silence] = {}
        self._webhooks: dict[tuple[str, int], _Webhook] = {}
        apply_config(
            self._database, self.scenario.config("http://ours.example", self.start), "am.yml", self.start
        )

    def play(self) -> list[Told]:
        """Let all of it happen, and return what the webhooks were told."""
        slots = range(int(self.scenario.seconds // SLOT_SECONDS))
        happens: list[tuple[float, Callable[[], Any]]]
        happens = [(event.at, partial(self._do, event)) for event in self.scenario.events]
        happens += [(slot * SLOT_SECONDS + SWEEPS, self._sweep.sweep) for slot in slots]
        for at, do in sorted(happens, key=itemgetter(0)):
            self._flush_until(self._at(at))
            do()
        self._flush_until(self._at(self.scenario.seconds))
        return self.told

    def _at(self, seconds: float) -> datetime:
        return self.start + timedelta(milliseconds=round(seconds * 1000))

    def _flush_until(self, until: datetime) -> None:
        """Flush what is due before a time, then let it be that time."""
        while (due := self._next_due()) is not None and due[0] < until:
            self._clock.advance_to(due[0])
            self._dispatcher.flush(due[1])
        self._clock.advance_to(until)

    def _next_due(self) -> tuple[datetime, str] | None:
        first = [item for slot in range(DUE_SLOTS) for item in self._database.due(slot, _NEVER_MS, 1)]
        return min(((instant(int(str(item["due"]))), str(item["pk"])) for item in first), default=None)

    def _do(self, event: Event) -> None:
        if isinstance(event, Post):
            wrong = self._pushed.receive([self._posted(alert) for alert in event.alerts])
            assert not wrong, wrong
        elif isinstance(event, Silencing):
            self._silence(event)
        elif isinstance(event, Expiry):
            silence = self._silences[event.name]
            expire_silence(self._database, silence.id, self._clock.now())
            self._wake(silence.id)

    def _posted(self, alert: PostedAlert) -> Posted:
        starts, ends = (None if at is None else self._at(at) for at in (alert.starts, alert.ends))
        return Posted(alert.labels, alert.annotations, starts, ends, GENERATOR_URL)

    def _silence(self, event: Silencing) -> None:
        now, known = self._clock.now(), self._silences.get(event.name)
        starts = known.starts_at if known and event.starts is None else self._at(event.starts or 0)
        wanted = Silence(
            id=known.id if known else "",
            matchers=event.matchers,
            starts_at=starts,
            ends_at=self._at(event.ends),
            created_by="somebody",
            comment=event.comment,
            updated_at=now,
        )
        edit = set_silence(self._database, wanted, now, fresh_id=f"{event.name} {event.at}")
        self._silences[event.name] = edit.silence
        if edit.wakes is not None:
            self._wake(edit.wakes)

    def _wake(self, silence: str) -> None:
        wake_waiters(self._database, self._queue, silence, self._clock.now())

    def _receiver(self, integration: Integration, config: Config) -> Receiver:
        _, receiver, _ = str(integration.settings["url"]).rsplit("/", 2)
        place = (receiver, integration.index)
        if place not in self._webhooks:
            trouble = self.scenario.troubles.get(place)
            self._webhooks[place] = _Webhook(integration, trouble, self._seconds, self.told)
        return self._webhooks[place]

    def _seconds(self) -> float:
        return (self._clock.now() - self.start).total_seconds()
