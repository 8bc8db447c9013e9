"""The world outside as a simulation has it: every call stops at the baton, and everything is written down."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.simulation.baton import Baton, Crash, InterruptedCallError, Order
from tests.simulation.database import Seen
from tests.simulation.recorded import Recorded
from tocsin.dispatch.config import Config, Integration
from tocsin.labels import Labels, label_set
from tocsin.notification import Delivered, Failed, Failure, Notification, Sent
from tocsin.ports import (
    Answer,
    Clock,
    Message,
    Query,
    Receiver,
    Refused,
    Sample,
    Samples,
    Unanswered,
)

START = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
FORESIGHT = timedelta(seconds=2)
"""How far a worker's clock may be ahead without harm: a source looks back for its samples."""


class VirtualClock:
    """Virtual time: it moves when the simulation says so, and when a worker waits."""

    def __init__(self) -> None:
        self.time = START

    def now(self) -> datetime:
        return self.time

    def sleep(self, seconds: float) -> None:
        self.time += timedelta(seconds=seconds)

    @property
    def seconds(self) -> float:
        """Seconds since the start."""
        return (self.time - START).total_seconds()


@dataclass(frozen=True)
class SkewedClock:
    """A container's own idea of the time."""

    true: VirtualClock
    skew: timedelta

    def now(self) -> datetime:
        return self.true.now() + self.skew

    def sleep(self, seconds: float) -> None:
        self.true.sleep(seconds)


@dataclass
class Waiting:
    """A message on a queue, and how often it was received."""

    at: datetime
    body: Mapping[str, str | int]
    received: int = 0


class Queue:
    """Messages that the simulation delivers when it likes, as often as it likes."""

    def __init__(self, baton: Baton, clock: Clock, name: str) -> None:
        self._baton, self._clock, self._name = baton, clock, name
        self.waiting: list[Waiting] = []

    def send(self, messages: Sequence[Message]) -> None:
        if not messages:
            return
        order = self._baton.pause(f"send {self._name}")
        now = self._clock.now()
        self.waiting += [Waiting(now + timedelta(seconds=m.delay_seconds), m.body) for m in messages]
        if order in (Order.LOSE, Order.DELAY):
            raise InterruptedCallError(self._name)

    def due(self) -> list[Waiting]:
        """Return the messages that may be delivered now."""
        now = self._clock.now()
        return [message for message in self.waiting if message.at <= now]


@dataclass
class Series:
    """A series that exists at some times: `changes` are (second, whether it is there from then on)."""

    labels: Labels
    changes: list[tuple[float, bool]] = field(default_factory=list)

    def present(self, at: datetime) -> bool:
        """Tell whether the series is there."""
        second = (at - START).total_seconds()
        state = False
        for when, present in self.changes:
            if when <= second:
                state = present
        return state


class Source:
    """Answers from the series, and from what was recorded; `doubt` may turn an answer into another, poison kills.

    An expression is a series' name, or `series x` if it is in no doubt; `recorded x` reads what a rule recorded
    as x, `counted x of y` adds one to what was recorded as x before, for each series y that is there.
    """

    def __init__(self, baton: Baton, clock: VirtualClock, recorded: Recorded) -> None:
        self._baton, self._clock, self._recorded = baton, clock, recorded
        self.series: dict[str, list[Series]] = {}
        self.doubt: Callable[[], str] = lambda: ""
        self.asked: list[tuple[float, str, int]] = []
        self.poison: set[str] = set()
        self.hanging: set[str] = set()
        self.down: set[str] = set()
        """The names under which it answers nobody."""
        self.seconds_a_query = 0.0
        self.requests: list[int] = []
        """How many queries each container had at once."""

    def present(self, expr: str, at: datetime) -> tuple[Sample, ...]:
        """Return what is there, each with another value every time; of the future nothing is known."""
        if at > self._clock.now() + FORESIGHT:
            return ()
        return self.true(expr, at, self._recorded)

    def true(self, expr: str, at: datetime, recorded: Recorded) -> tuple[Sample, ...]:
        """Return what an expression comes to."""
        match expr.split():
            case ["recorded", name, *_]:
                return tuple(recorded.read(name, at))
            case ["counted", name, "of", counted]:
                before = recorded.read(name, at - timedelta(milliseconds=1))
                values = {label_set(sample.labels): sample.value for sample in before}
                return tuple(
                    Sample(s.labels, values.get(label_set(s.labels), 0.0) + 1)
                    for s in self.series.get(counted, ())
                    if s.present(at)
                )
        name = expr.removeprefix("series ")
        return tuple(Sample(s.labels, at.timestamp()) for s in self.series.get(name, ()) if s.present(at))

    def answer(self, query: Query, timeout_seconds: float) -> Answer:
        """Return the answer to one query."""
        self.asked.append((self._clock.seconds, query.expr, len(query.at)))
        if query.expr in self.hanging:
            return Unanswered("it hangs")
        doubt = self.doubt()
        if doubt == "unanswered":
            return Unanswered()
        if (
            " " in query.expr
        ):  # What another answer would be kept of for ever: nothing but its absence is in doubt.
            doubt = ""
        if doubt == "refused":
            return Refused("http_500", "")
        answers = [self.present(query.expr, at) for at in query.at]
        if doubt == "late" and self._clock.now() - query.at[-1] < timedelta(seconds=30):
            answers[-1] = ()
        return Samples(tuple(answers))

    def ask(self, seen: Seen, name: str, queries: Sequence[Query], timeout_seconds: float) -> list[Answer]:
        """Answer a container's queries, and note down what it was told."""
        if self._baton.pause("ask") is not Order.GO:
            return [Unanswered() for _ in queries]
        self.requests.append(len(queries))
        if name in self.down:
            self._clock.sleep(min(1.0, timeout_seconds))
            return [Unanswered("no connection", "unreachable") for _ in queries]
        answers = [self.answer(query, timeout_seconds) for query in queries]
        if any(query.expr in self.poison for query in queries):
            raise Crash
        self._clock.sleep(
            timeout_seconds
            if any(query.expr in self.hanging for query in queries)
            else min(timeout_seconds, len(queries) * self.seconds_a_query)
        )
        for query, answer in zip(queries, answers, strict=True):
            for number, at in enumerate(query.at):
                one = Samples((answer.at[number],)) if isinstance(answer, Samples) else answer
                seen.answers[query.expr, at] = one
        return answers


@dataclass(frozen=True)
class AskedBy:
    """The source as one container knows it."""

    source: Source
    seen: Seen
    name: str

    def ask(self, queries: Sequence[Query], timeout_seconds: float) -> Sequence[Answer]:
        return self.source.ask(self.seen, self.name, queries, timeout_seconds)


Content = tuple[tuple[Any, datetime, bool], ...]


def content(notification: Notification) -> Content:
    """Return what a notification says: of each alert its labels, its activation, whether it fires."""
    return tuple(
        (label_set(alert.labels), alert.starts_at, not alert.resolved(notification.at))
        for alert in notification.alerts
    )


class Ledger:
    """Receives everything that is sent to any receiver."""

    def __init__(self, baton: Baton, clock: VirtualClock) -> None:
        self._baton, self._clock = baton, clock
        self.sent: list[tuple[float, str, Notification]] = []
        self.answer: Callable[[str, Notification], Sent] = lambda name, notification: Delivered()
        self.deaf: Callable[[], bool] = lambda: False

    def receiver(self, integration: Integration, config: Config) -> Receiver:
        """Return the receiver that a container makes of an integration."""
        return _Listener(self, str(integration.settings["url"]))

    def take(self, name: str, notification: Notification) -> Sent:
        """Answer one attempt to tell a receiver; what is delivered is on record even if the answer is lost."""
        order = self._baton.pause(f"tell {name}")
        answer = self.answer(name, notification)
        if isinstance(answer, Delivered):
            self.sent.append((self._clock.seconds, name, notification))
            if order is not Order.GO or self.deaf():
                answer = Failed(Failure.OTHER, retry=True, detail="delivered, but the answer was lost")
        return answer

    def to(self, name: str) -> list[Notification]:
        """Return what one receiver was told, repetitions of the same notification folded."""
        told: dict[str, Notification] = {}
        for _, receiver, notification in self.sent:
            if receiver == name:
                told.setdefault(notification.id, notification)
        return list(told.values())


@dataclass(frozen=True)
class _Listener:
    ledger: Ledger
    name: str

    def send(self, notification: Notification, timeout_seconds: float) -> Sent:
        return self.ledger.take(self.name, notification)
