"""Sixteen dispatchers on the same due groups, dying at every call that matters: each notification once.

Only where one dies between a send and its log is the same sent again: the same content under the same id.
"""

import random
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from functools import partial
from threading import Lock
from typing import TypeVar

import pytest

from tests.acceptance.alerting import config, webhooks
from tests.engines import MINISTACK
from tests.simulation.baton import Crash
from tests.simulation.database import deed
from tests.simulation.outside import START, VirtualClock, content
from tocsin.bootstrap import World, dispatcher, pushed
from tocsin.dispatch.config import Config, Integration
from tocsin.dispatch.group import DUE_SLOTS
from tocsin.dispatch.nflog import Entry
from tocsin.dispatch.posted import Posted
from tocsin.instants import instant, millis
from tocsin.local.applying import apply_config
from tocsin.notification import Delivered, Failed, Failure, Notification, Sent
from tocsin.ports import Clock, Database, Item, Key, Message, Outcome, Receiver, Update, Won, Write
from tocsin.settings import Settings

T = TypeVar("T")

WORKERS = 16
RULES = tuple(f"Rule{number}" for number in range(6))
INTEGRATIONS = ("webhook/0", "webhook/1")
CALLS = ("claim", "intend", "send", "log", "prune", "finish")
KILLS_EACH, _FIRST = 3, 6
"""Deaths before each of the calls, as many after it, and among how many of the first: every group prunes once."""
_BUSY = Failed(Failure.RATE_LIMITED, retry=True, retry_after_seconds=60)
_BUSY_SHARE = 0.1
_LIFETIME = timedelta(seconds=75)
_QUIET = timedelta(hours=1)
"""A group that is due later than that has nothing left to say."""
_LONG = timedelta(days=30)
_ROUND = timedelta(minutes=1)
_MOST_ROUNDS = 60


class Fate:
    """Decides by seed who dies where: at which of the first times that any of the calls is reached or has been made."""

    def __init__(self, seed: int) -> None:
        self.rng, self._lock = random.Random(seed), Lock()
        points = [(call, when) for call in CALLS for when in ("before", "after")]
        self.deaths = {point: self.rng.sample(range(_FIRST), KILLS_EACH) for point in points}
        """By call, before or after it: the numbers of those deaths that are yet to come."""
        self._passed = Counter[tuple[str, str]]()
        self.sent_again = Counter[str]()
        """By its id, how often a notification was sent by somebody who died before its log."""
        self.taken: list[tuple[str, Notification]] = []
        """What the integrations were told and took, also what was told again."""

    def strikes(self, call: str, when: str, notification: str = "") -> None:
        """Let somebody die here, perhaps; `notification` is the id of what has been sent and is not logged."""
        with self._lock:
            number = self._passed[call, when]
            self._passed[call, when] += 1
            if number not in self.deaths.get((call, when), ()):
                return
            self.deaths[call, when].remove(number)
            if notification:
                self.sent_again[notification] += 1
        raise Crash


class Process:
    """One dispatcher, between it and the world the fate: its database, and every integration that it tells."""

    def __init__(self, inner: Database, clock: Clock, fate: Fate) -> None:
        self._inner, self._fate = inner, fate
        world = World(self, clock, flushes=_NoQueue(), receivers=self._receiver, parallel=together)
        self.flush = dispatcher(world, Settings(), _LIFETIME).flush

    def get(self, *keys: Key) -> list[Item | None]:
        return self._inner.get(*keys)

    def query(
        self, table: str, pk: str, *, prefix: str = "", between: tuple[str, str] | None = None
    ) -> list[Item]:
        return self._inner.query(table, pk, prefix=prefix, between=between)

    def scan(self, table: str, segment: int = 0, segments: int = 1) -> list[Item]:
        return self._inner.scan(table, segment, segments)

    def due(self, slot: int, until_ms: int, limit: int) -> list[Item]:
        return self._inner.due(slot, until_ms, limit)

    def write(self, write: Write) -> Outcome:
        self._fate.strikes(deed(write), "before", _logged(write))
        outcome = self._inner.write(write)
        if isinstance(outcome, Won):
            self._fate.strikes(deed(write), "after")
        return outcome

    def transact(self, writes: Sequence[Write]) -> bool:
        return self._inner.transact(writes)

    def _receiver(self, integration: Integration, config: Config) -> Receiver:
        return _Listener(partial(self._tell, f"{integration.kind}/{integration.index}"))

    def _tell(self, integration: str, notification: Notification) -> Sent:
        self._fate.strikes("send", "before")
        if self._fate.rng.random() < _BUSY_SHARE:
            return _BUSY
        self._fate.taken.append((integration, notification))
        self._fate.strikes("send", "after", notification.id)
        return Delivered()


def _logged(write: Write) -> str:
    """Return the id of the notification whose outcome a write logs; empty for any other write."""
    if not (isinstance(write, Update) and deed(write) == "log"):
        return ""
    number = write.set["number"]
    assert isinstance(number, int)
    _, receiver, integration = write.key.sk.split("#")
    return Entry(write.key.pk, receiver, integration).notification_id(number)


def together(jobs: Sequence[Callable[[], T]], timeout_seconds: float) -> Sequence[T | None]:
    """Run jobs at once and wait for all, also where one dies: time does not go on while another is at work."""
    with ThreadPoolExecutor(len(jobs)) as pool:
        running = [pool.submit(job) for job in jobs]
    return [done.result() for done in running]


class _Listener:
    def __init__(self, take: Callable[[Notification], Sent]) -> None:
        self._take = take

    def send(self, notification: Notification, timeout_seconds: float) -> Sent:
        return self._take(notification)


class _NoQueue:
    """Drops all hints: what is due is looked up."""

    def send(self, messages: Sequence[Message]) -> None:
        pass


class Crowd:
    """Sixteen places for dispatchers, each woken for every due group; who dies is replaced."""

    def __init__(self, database: Database, seed: int) -> None:
        self.database, self.fate, self.clock = database, Fate(seed), VirtualClock()
        text = config({"repeat_interval": "30d"}, {"team": webhooks("one", "other")})
        apply_config(database, text, "alertmanager.yml", self.clock.now())
        self._places = [self._process() for _ in range(WORKERS)]

    def _process(self) -> Process:
        return Process(self.database, self.clock, self.fate)

    def post(self, *instances: str, ends: timedelta = _LONG) -> None:
        """Post alerts of every rule."""
        posted = [
            Posted({"alertname": rule, "instance": instance}, {}, START, self.clock.now() + ends)
            for rule in RULES
            for instance in instances
        ]
        pushed(World(self.database, self.clock, flushes=_NoQueue())).receive(posted)

    def run(self, meanwhile: Callable[[], object] | None = None) -> None:
        """Let all work at once, round by round, until no group has anything left to say.

        A round begins a minute after the one before, or when the last group is due: a group that was armed while
        somebody held it who died is hinted at again then. In the first one two others do something `meanwhile`.
        """
        others: list[Callable[[], object]] = [meanwhile] * 2 if meanwhile else []
        for _ in range(_MOST_ROUNDS):
            soon = {group: due for group, due in self.dues().items() if due <= self.clock.now() + _QUIET}
            if not soon:
                return
            self.clock.time = max(self.clock.now() + _ROUND, *soon.values())
            with ThreadPoolExecutor(WORKERS + len(others)) as pool:
                jobs: list[Callable[[], object]] = [
                    *others,
                    *(partial(self._work, place, list(soon)) for place in range(WORKERS)),
                ]
                for future in [pool.submit(job) for job in jobs]:
                    future.result()
            others = []
        pytest.fail(f"after {_MOST_ROUNDS} rounds there is still something to say")

    def _work(self, place: int, due: Sequence[str]) -> None:
        for group in self.fate.rng.sample(due, len(due)):
            try:
                self._places[place].flush(group)
            except Crash:
                self._places[place] = self._process()

    def dues(self) -> Mapping[str, datetime]:
        """Return when each group is due."""
        never = millis(START + 10 * _LONG)
        items = [item for slot in range(DUE_SLOTS) for item in self.database.due(slot, never, 100)]
        return {str(item["pk"]): instant(int(str(item["due"]))) for item in items}


STORIES = (("abc fire", "abcd fire", "abcd ended"), ("abcd fire", "abcd ended"))
"""What a group's receivers may be told: the fourth alert comes while the group is flushed for the first time."""


def in_short(notification: Notification) -> str:
    """Return which instances a notification tells of, and of all of them whether they fire."""
    instances = "".join(alert.labels["instance"] for alert in notification.alerts)
    assert len({alert.resolved(notification.at) for alert in notification.alerts}) == 1
    return f"{instances} {'fire' if notification.firing else 'ended'}"


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("engine", ["memory", MINISTACK], indirect=True)
def test_each_is_told_once_whoever_dies_unless_between_a_send_and_its_log(
    database: Database, seed: int
) -> None:
    crowd = Crowd(database, seed)
    crowd.post("a", "b", "c")
    crowd.run(meanwhile=lambda: crowd.post("d"))
    crowd.post("a", "b", "c", "d", ends=timedelta(0))
    crowd.run()

    fate, where = crowd.fate, f"seed {seed}"
    assert not any(fate.deaths.values()), f"{where}: not everybody died who was to"
    assert crowd.dues() == {}, where
    sent = Counter(notification.id for _, notification in fate.taken)
    assert sent == {told: 1 + fate.sent_again[told] for told in sent}, where
    assert fate.sent_again.total() == 2 * KILLS_EACH, where
    contents = {(told.id, told.group_key, told.reason, content(told)) for _, told in fate.taken}
    assert len(contents) == len(sent), f"{where}: one id, two contents"
    for rule in RULES:
        for integration in INTEGRATIONS:
            told = {
                n.id: in_short(n)
                for to, n in fate.taken
                if to == integration and n.group_labels["alertname"] == rule
            }
            assert tuple(told.values()) in STORIES, f"{where}: {rule} {integration}"
