"""Scenarios of alerts and notifications in virtual time: who posts, silences and reconfigures at which second.

One Tocsin in memory through the real use-cases: alertmanager.yml as users write it, alerts as they are posted, groups
flushed exactly when they are due, receivers that speak HTTP to a network which writes down what it is told.
"""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit

from botocore.config import Config as ClientConfig

from tests.unit.source_access import FakeAccess
from tocsin.bootstrap import World, dispatcher, pushed
from tocsin.dispatch import silencing
from tocsin.dispatch.config import Config, Integration
from tocsin.dispatch.group import DUE_SLOTS
from tocsin.dispatch.posted import Posted, PostedError
from tocsin.dispatch.silence import Silence
from tocsin.dispatch.silenceedit import Edit, Limits
from tocsin.dispatch.silencestore import read_silence
from tocsin.dispatch.sweep import Sweep
from tocsin.http import Reply, Request, Response, Timeout, Transport
from tocsin.instants import instant, millis
from tocsin.local.applying import apply_config
from tocsin.matchers import parse_matchers
from tocsin.messages.writer import Writer
from tocsin.ports import Message, Receiver
from tocsin.receivers.registry import open_receiver
from tocsin.receivers.tools import Tools
from tocsin.settings import Settings
from tocsin.stores.memory import MemoryDatabase
from tocsin.tls import Tls

if TYPE_CHECKING:
    from tocsin.dispatch.flush import Report

T = TypeVar("T")

START = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
"""A Monday's noon: second 0 unless a scenario says otherwise."""
EXTERNAL_URL = "http://alerts.example"
GENERATOR_URL = "http://prometheus.example/graph?g0.expr=up"
WHOLE_DAY = 24 * 3600.0
_NEVER_MS = millis(datetime(2999, 1, 1, tzinfo=UTC))
_LIFETIME = timedelta(seconds=75)
_MANY = 1000


@dataclass(frozen=True)
class Post:
    """An alert as a sender posts it; times are seconds after the scenario's start.

    It starts when it is posted if nothing else is said, and without an end it says none.
    """

    labels: Mapping[str, str]
    annotations: Mapping[str, str] = field(default_factory=dict)
    starts: float | None = None
    ends: float | None = None
    says_start: bool = True


def alert(
    alertname: str, *, starts: float | None = None, ends: float | None = None, text: str = "", **labels: str
) -> Post:
    """Return an alert to post; `text` is its summary."""
    annotations = {"summary": text} if text else {}
    return Post({"alertname": alertname, **labels}, annotations, starts, ends)


@dataclass(frozen=True)
class Told:
    """A request that a receiver was sent: when, to which host, and what it answered."""

    at: float
    to: str
    body: Mapping[str, Any]
    id: str = ""
    answer: str = "200"

    @property
    def reason(self) -> str:
        """Why it was sent."""
        return str(self.body["notification_reason"])

    @property
    def said(self) -> str:
        """What it says in short: of each alert its name, its instance if it has one, and whether it fires."""
        return ", ".join(map(_said, self.body["alerts"]))


def _said(body: Mapping[str, Any]) -> str:
    names = [body["labels"][label] for label in ("alertname", "instance") if label in body["labels"]]
    return f"{'/'.join(names)} {'fires' if body['status'] == 'firing' else 'ended'}"


@dataclass
class Clock:
    """Time that stands still until it is moved; to sleep is to move it."""

    time: datetime

    def now(self) -> datetime:
        """Return the time as it is set."""
        return self.time

    def sleep(self, seconds: float) -> None:
        """Let time pass."""
        self.time += timedelta(seconds=seconds)

    def at_once(self, jobs: Sequence[Callable[[], T]], timeout_seconds: float) -> Sequence[T | None]:
        """Run jobs in parallel: each begins now, and all take as long as the one that takes longest."""
        begun, results, ends = self.time, [], [self.time]
        for job in jobs:
            self.time = begun
            results.append(job())
            ends.append(self.time)
        self.time = max(ends)
        return results


class _NoQueue:
    """Drops all hints: what is due is looked up."""

    def send(self, messages: Sequence[Message]) -> None:
        pass


@dataclass
class Network(FakeAccess):
    """What receivers reach: hosts that answer 200 unless told otherwise, and SNS."""

    seconds: Callable[[], float] = field(default=lambda: 0.0)
    sleep: Callable[[float], None] = field(default=lambda seconds: None)
    told: list[Told] = field(default_factory=list)
    answers: dict[str, list[Reply]] = field(default_factory=dict)
    """By host what it answers next; when there is nothing left, 200."""
    published: list[tuple[float, Mapping[str, Any]]] = field(default_factory=list)
    """What SNS was told to publish, and when."""

    def transport(
        self,
        connections: int,
        tls: Tls | None = None,
        proxy_url: str = "",
        proxy_headers: Mapping[str, str] | None = None,
    ) -> Transport:
        """Return the way to the hosts."""
        return self._take

    def client(
        self,
        service: str,
        config: ClientConfig | None = None,
        *,
        role_arn: str = "",
        external_id: str = "",
        region: str = "",
        endpoint_url: str = "",
    ) -> Any:
        """Return a client of SNS."""
        return SimpleNamespace(publish=self._publish)

    def _take(self, request: Request, timeout_seconds: float) -> Reply:
        host = urlsplit(request.url).hostname or ""
        answers = self.answers.get(host)
        reply = answers.pop(0) if answers else Response(200, {}, b"")
        at, answer = self.seconds(), str(reply.status or "nothing")
        id_ = request.headers.get("Idempotency-Key", "")
        self.told.append(Told(at, host, _document(request.body), id_, answer))
        if isinstance(reply, Timeout):
            self.sleep(round(timeout_seconds))  # the little that has passed is the wall's time
        return reply

    def _publish(self, **publication: Any) -> Mapping[str, Any]:
        self.published.append((self.seconds(), publication))
        return {"MessageId": f"m{len(self.published)}"}


def webhooks(*hosts: str, **settings: Any) -> dict[str, Any]:
    """Return a receiver with a webhook at each of the hosts."""
    return {"webhook_configs": [{"url": f"http://{host}/", **settings} for host in hosts]}


def config(
    route: Mapping[str, Any] | None = None,
    receivers: Mapping[str, Mapping[str, Any]] | None = None,
    **more: Any,
) -> str:
    """Return an alertmanager.yml: a route to `team`, with more in it, and receivers, by default one webhook each.

    Groups are by alertname, with a group_wait of 10 s, a group_interval of 30 s and a repeat_interval of an hour.
    """
    times = {"group_wait": "10s", "group_interval": "30s", "repeat_interval": "1h"}
    root = {"receiver": "team", "group_by": ["alertname"], **times, **(route or {})}
    known = {name: webhooks(name) for name in ("team", "crew", "boss")} | dict(receivers or {})
    named = [{"name": name, **integrations} for name, integrations in known.items()]
    return json.dumps({**more, "route": root, "receivers": named})


def _document(body: bytes) -> Mapping[str, Any]:
    """Return a body in JSON; empty for what is none."""
    try:
        found: Mapping[str, Any] = json.loads(body)
    except ValueError:
        return {}
    return found


def busy(retry_after: int | None = None) -> Response:
    """Return the answer of a host that is asked too much, and perhaps says when to come again."""
    return Response(429, {} if retry_after is None else {"retry-after": str(retry_after)}, b"")


def answer(status: int, document: Any = None) -> Response:
    """Return an answer of that status, perhaps with a document."""
    if document is None:
        return Response(status, {}, b"")
    return Response(status, {"content-type": "application/json"}, json.dumps(document).encode())


class Alerting:
    """One Tocsin with a configuration, and everybody who talks to it."""

    def __init__(
        self, config: str, *, start: datetime = START, muted_ends: bool = False, unit: int = 1
    ) -> None:
        """With `muted_ends` the end of what was told is told under a silence too.

        `unit` is how many seconds there are in what a scenario calls one.
        """
        self.start, self.clock, self._unit = start, Clock(start), unit
        self.database = MemoryDatabase()
        self.network = Network(seconds=lambda: self.seconds, sleep=self.clock.sleep)
        self.reports: list[tuple[float, Report]] = []
        """Of every flush that has happened, when it began."""
        self._settings = Settings(external_url=EXTERNAL_URL, muted_ends=muted_ends)
        self._queue, self._tokens, self._silences = _NoQueue(), count(1), count(1)
        self._busy: dict[str, datetime] = {}
        self._swept = start
        self.restart()
        self.configure(config)

    @property
    def seconds(self) -> float:
        """The time, in seconds after the start."""
        return round((self.clock.time - self.start).total_seconds() / self._unit, 3)

    def moment(self, seconds: float) -> datetime:
        """Return the instant so many seconds after the start."""
        return self.start + timedelta(milliseconds=round(seconds * 1000 * self._unit))

    # -- who talks to it ------------------------------------------------------------------------

    def restart(self) -> None:
        """Let every process go and start others: only the database stays."""
        world = World(
            self.database,
            self.clock,
            flushes=self._queue,
            receivers=self._receiver,
            parallel=self.clock.at_once,
            token=lambda: f"token-{next(self._tokens)}",
        )
        self._dispatcher = dispatcher(world, self._settings, _LIFETIME)
        self._pushed = pushed(world)
        self._sweep = Sweep(self.database, self._queue, self.clock, self._pushed)

    def configure(self, text: str) -> None:
        """Put a configuration in force, and move to their groups the alerts that are there."""
        apply_config(self.database, text, "alertmanager.yml", self.clock.now())
        self._pushed.reroute()

    def post(self, *alerts: Post) -> list[PostedError]:
        """Post alerts in one request; return what is wrong with some of them."""
        return self._pushed.receive([self._posted(one) for one in alerts])

    def silence(
        self,
        matchers: str,
        *,
        ends: float = WHOLE_DAY,
        starts: float | None = None,
        of: str = "",
        comment: str = "",
        limits: Limits = silencing.ONLY_SIZE,
    ) -> Edit:
        """Set a silence from `starts` (by default now), or edit the one `of` that id; return what it came to."""
        now = self.clock.now()
        begins = now if starts is None else self.moment(starts)
        wanted = Silence(of, parse_matchers(matchers), begins, self.moment(ends), "me", comment, now)
        fresh_id = f"silence-{next(self._silences)}"
        return silencing.put(self.database, self._queue, wanted, now, fresh_id=fresh_id, limits=limits)

    def expire(self, silence_id: str) -> Silence | None:
        """End a silence now; return it as it is then."""
        return silencing.end(self.database, self._queue, silence_id, self.clock.now())

    def stored(self, silence_id: str) -> Silence:
        """Return a silence as it is stored."""
        found = read_silence(self.database, silence_id)
        assert found is not None, silence_id
        return found

    def answer(self, host: str, *replies: Reply) -> None:
        """Let a host answer so, one after the other, before it answers 200 again."""
        self.network.answers[host] = list(replies)

    # -- time -----------------------------------------------------------------------------------

    def at(self, seconds: float) -> "Alerting":
        """Do whatever is due before a time, then let it be that time: flushes, and a sweep each minute."""
        until = self.moment(seconds)
        while (due := min(self._due(), default=(until, "")))[0] < until or self._minute() < until:
            if self._minute() <= due[0]:
                self._swept = self.clock.time = self._minute()
                self._sweep.sweep()
            else:
                self._flush(*due)
        self.clock.time = max(self.clock.time, until)
        return self

    def _minute(self) -> datetime:
        """Return when the next sweep is."""
        return self._swept + timedelta(minutes=1)

    def _due(self) -> Iterable[tuple[datetime, str]]:
        """Yield when each group is flushed next: when it is due, but one flush of it is over before the next."""
        for slot in range(DUE_SLOTS):
            for item in self.database.due(slot, _NEVER_MS, _MANY):
                group, due = str(item["pk"]), instant(int(str(item["due"])))
                yield max(due, self._busy.get(group, due)), group

    def _flush(self, at: datetime, group: str) -> None:
        """Flush a group in a process of its own: what it sleeps is its own time."""
        self.clock.time = at
        self.reports.append((self.seconds, self._dispatcher.flush(group)))
        self._busy[group] = self.clock.time
        self.clock.time = at

    # -- what came of it ------------------------------------------------------------------------

    @property
    def requests(self) -> list[Told]:
        """All that any host was sent, in the order of time, whatever it answered."""
        return sorted(self.network.told, key=lambda told: told.at)

    def notifications(self, to: str = "") -> list[Told]:
        """Return what a host (by default any) was told and took."""
        taken = [told for told in self.requests if told.answer.startswith("2")]
        return [told for told in taken if to in ("", told.to)]

    def told(self, to: str = "") -> list[tuple[float, str, str]]:
        """Return of each notification that a host took: when, why, and what it says."""
        return [(told.at, told.reason, told.said) for told in self.notifications(to)]

    def muted(self) -> list[tuple[float, Mapping[str, int]]]:
        """Return of each flush with muted alerts: when, and how many of them for which reason."""
        return [(at, report.muted) for at, report in self.reports if report.muted]

    def _posted(self, one: Post) -> Posted:
        starts = self.clock.now() if one.starts is None else self.moment(one.starts)
        ends = None if one.ends is None else self.moment(one.ends)
        return Posted(one.labels, one.annotations, starts if one.says_start else None, ends, GENERATOR_URL)

    def _receiver(self, integration: Integration, config: Config) -> Receiver:
        return open_receiver(integration, Tools(self.network, Writer(config.templates)))
