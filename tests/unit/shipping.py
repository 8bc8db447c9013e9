"""A log, outputs that do as they are told, and a shipper between them, in virtual time."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from tocsin.metric import Metric
from tocsin.ports import Database, Message, Refused, Stored, Unanswered, one_by_one
from tocsin.samples.log import Entry, SampleLog
from tocsin.shipping.output import Output, Writer
from tocsin.shipping.report import Report
from tocsin.shipping.shipper import Shipper
from tocsin.stores.memory import MemoryDatabase

START = datetime(2026, 3, 1, 12, tzinfo=UTC)
LEASE = timedelta(seconds=75)
A, B = "inputs.1.0", "runs.0"
"""Two writers of the log."""
Answer = Stored | Refused | Unanswered


class VirtualClock:
    """Time that passes when somebody sleeps."""

    def __init__(self) -> None:
        self.time = START

    def now(self) -> datetime:
        return self.time

    def sleep(self, seconds: float) -> None:
        self.time += timedelta(seconds=seconds)


def metric(number: int, name: str = "m", at: datetime = START) -> Metric:
    """Return a metric that can be told from others by its number."""
    return Metric(name, {"value": number}, {"n": str(number)}, at=at)


def numbers(metrics: Sequence[Metric]) -> list[int]:
    """Return which metrics these are."""
    return [int(each.tags["n"]) for each in metrics]


@dataclass
class Shelf:
    """A `Writer` that keeps what it stores; `answer` decides, and may take its time."""

    answer: Callable[[Sequence[Metric]], Answer] = lambda metrics: Stored()
    stored: list[int] = field(default_factory=list)
    asked: list[list[int]] = field(default_factory=list)
    timeouts: list[float] = field(default_factory=list)

    def write(self, metrics: Sequence[Metric], timeout_seconds: float) -> Answer:
        self.asked.append(numbers(metrics))
        self.timeouts.append(timeout_seconds)
        answer = self.answer(metrics)
        if isinstance(answer, Stored):
            self.stored += numbers(metrics)
        return answer


@dataclass
class Sent:
    """A queue that keeps its messages."""

    messages: list[Message] = field(default_factory=list)

    def send(self, messages: Sequence[Message]) -> None:
        self.messages += messages


@dataclass
class Stage:
    """All of it. There is one output, `out`, unless a test has more."""

    database: Database = field(default_factory=MemoryDatabase)
    clock: VirtualClock = field(default_factory=VirtualClock)
    outputs: dict[str, Output] = field(default_factory=lambda: {"out": Output("out", "shelf")})
    shelves: dict[str, Shelf] = field(default_factory=lambda: {"out": Shelf()})
    sent: Sent = field(default_factory=Sent)
    log: SampleLog = field(init=False)
    shipper: Shipper = field(init=False)

    def __post_init__(self) -> None:
        self.log = SampleLog(self.database)
        self._ends: dict[str, int] = {}
        tokens = count()
        self.shipper = Shipper(
            self.database,
            self.log,
            lambda version: self.outputs,
            self._open,
            self.clock,
            self.sent,
            one_by_one,
            lambda: f"token{next(tokens)}",
            LEASE,
        )

    def _open(self, output: Output) -> Writer:
        return self.shelves[output.name]

    @property
    def shelf(self) -> Shelf:
        """Where the one output writes to."""
        return self.shelves["out"]

    def gather(self, *given: int | Metric, writer: str = A, noted: bool = True) -> None:
        """Append an entry to a writer's log."""
        metrics = tuple(metric(each) if isinstance(each, int) else each for each in given)
        seq = self._ends[writer] = self._ends.get(writer, 0) + 1
        now = self.clock.now()
        self.log.append(Entry(writer, seq, now, f"{writer}{seq}", metrics))
        if noted:
            self.log.note(writer, seq, now)

    def ship(self, name: str = "out") -> Report:
        """Let a worker visit an output."""
        return self.shipper.ship(name)

    def later(self, seconds: float = 10.0) -> Report:
        """Let time pass, then let a worker visit the output."""
        self.clock.sleep(seconds)
        return self.ship()


def begun(**settings: Any) -> Stage:
    """Return a stage whose one output has begun; `settings` are those of `Output`."""
    stage = Stage(outputs={"out": Output("out", "shelf", **settings)})
    stage.ship()
    return stage
