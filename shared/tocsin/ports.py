"""What the core asks of the world outside: small protocols, and the values that pass through them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Protocol, TypeVar

from tocsin.alert import Alert
from tocsin.labels import Labels
from tocsin.notification import Notification, Sent

T = TypeVar("T")


# -- time and work ------------------------------------------------------------------------------


class Clock(Protocol):
    """The time, and the only way to wait for it."""

    def now(self) -> datetime:
        """Return the current time, aware, in UTC."""
        ...

    def sleep(self, seconds: float) -> None:
        """Let `seconds` pass."""
        ...


class Parallel(Protocol):
    """A way to do several things at once, so that one that hangs does not hold the others."""

    def __call__(self, jobs: Sequence[Callable[[], T]], timeout_seconds: float) -> Sequence[T | None]:
        """Run the jobs and return their results in order; None for one that has not ended in time.

        An exception in a job is raised here.
        """
        ...


def one_by_one(jobs: Sequence[Callable[[], T]], timeout_seconds: float) -> Sequence[T | None]:  # noqa: ARG001
    """Run the jobs in order in this thread: the `Parallel` of simulations and virtual time."""
    return [job() for job in jobs]


# -- sources ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Sample:
    """One value of one series, `__name__` among its labels if it has a name."""

    labels: Labels
    value: float


@dataclass(frozen=True, slots=True)
class Query:
    """One expression at one or more timestamps, oldest first, evenly spaced by `step_seconds`.

    `plan` is what the expression was compiled to when the rule was stored, for a source whose language
    is parsed then (CloudWatch); None for one that parses its own (Prometheus). `singly` says that a range
    query would answer something else than instant queries (`@ start()`, `@ end()`, a step that is not even).
    """

    expr: str
    at: tuple[datetime, ...]
    step_seconds: float
    plan: Mapping[str, Any] | None = None
    singly: bool = False


@dataclass(frozen=True, slots=True)
class Samples:
    """The source's answer: for each timestamp of the query the samples present then, in the same order."""

    at: tuple[tuple[Sample, ...], ...]


@dataclass(frozen=True, slots=True)
class Refused:
    """The source answered that it will not or cannot: the evaluation has failed and is consumed.

    `reason` is one of a few fixed words (`bad_data`, `execution`, `http_500`, `too_large`, `garbage`, …);
    `detail` is for people, without secrets, at most a few hundred characters.
    """

    reason: str
    detail: str


@dataclass(frozen=True, slots=True)
class Unanswered:
    """The source did not answer, whatever it was asked: nothing is known, the timestamps stay due.

    `reason` is one of a few fixed words: `unanswered` (no answer in time), `unreachable`, `auth`, `throttled`,
    `http_503`, … It says what is wrong with the source, where that of a `Refused` tells of the query.
    """

    detail: str = ""
    reason: str = "unanswered"


Answer = Samples | Refused | Unanswered


class Source(Protocol):
    """Where rules ask their questions."""

    def ask(self, queries: Sequence[Query], timeout_seconds: float) -> Sequence[Answer]:
        """Answer every query, in order, within `timeout_seconds` for all of them.

        Never raises for what a source may do wrong: that is a `Refused` or an `Unanswered` of one query
        and leaves the other queries alone.
        """
        ...


# -- what rules write ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Written:
    """One sample to be stored: `__name__` is among its labels; a value of None marks the end of its series."""

    labels: Labels
    value: float | None
    at: datetime


@dataclass(frozen=True, slots=True)
class Stored:
    """The samples are stored, but for so many `dropped` that are older than what is there, or there already."""

    dropped: int = 0


class Sink(Protocol):
    """Where recording rules and the states of alerts are written."""

    def write(self, samples: Sequence[Written], timeout_seconds: float) -> Stored | Refused | Unanswered:
        """Store the samples within `timeout_seconds`; those of one series come oldest first.

        Writing the same sample again changes nothing. Never raises for what a sink may do wrong: `Refused` is
        for good (a bad label), `Unanswered` may be tried again with the same samples.
        """
        ...


# -- a source as rules know it ------------------------------------------------------------------------

HOLD = timedelta(hours=1)
"""How long what fires is held if nobody says otherwise: as far as missed evaluations are replayed."""


@dataclass(frozen=True, slots=True)
class Backend:
    """Whom the rules of a source ask, and where what they record goes.

    `hold` is how long an alert that fires is held though its rule cannot be evaluated; None: as long as the
    rule's dialect says.
    """

    source: Source
    sink: Sink | None = None
    hold: timedelta | None = HOLD


class Backends(Protocol):
    """Finds sources by name."""

    def __call__(self, name: str, version: int) -> Backend | None:
        """Return the source of that name as of a version of all definitions; None if there is none."""
        ...


# -- hand-over, receivers, queues -----------------------------------------------------------------


class Intake(Protocol):
    """The door through which alerts enter dispatch."""

    def hand_over(self, writer: str, seq: int, alerts: Sequence[Alert], *, everything: bool = False) -> None:
        """Take the alerts of `writer` that changed by its commit `seq`; repeating a call changes nothing.

        With `everything`, `alerts` is all that fires and whatever else the writer has placed is withdrawn
        from groups where it no longer belongs (the routes have changed).
        """
        ...


class Receiver(Protocol):
    """A way to tell people."""

    def send(self, notification: Notification, timeout_seconds: float) -> Sent:
        """Try once to deliver within `timeout_seconds`; never raises for what a receiver may do wrong."""
        ...


@dataclass(frozen=True, slots=True)
class Message:
    """A hint on a queue: small, repeatable, delivered no earlier than `delay_seconds` from now."""

    body: Mapping[str, str | int]
    delay_seconds: int = 0


class Queue(Protocol):
    """Where hints wait; losing one delays work by a minute at most, doubling one changes nothing."""

    def send(self, messages: Sequence[Message]) -> None:
        """Enqueue the messages, at least once each."""
        ...


# -- the database ---------------------------------------------------------------------------------

Value = None | bool | int | str | bytes | Sequence["Value"] | Mapping[str, "Value"]
Item = dict[str, Value]


@dataclass(frozen=True, slots=True)
class Key:
    """Where an item lives: a table by its logical name, a partition and a sort key."""

    table: str
    pk: str
    sk: str


@dataclass(frozen=True, slots=True)
class Absent:
    """Holds if the item has no attribute `name` (`pk`: if there is no item)."""

    name: str


@dataclass(frozen=True, slots=True)
class Present:
    """Holds if the item has the attribute `name`."""

    name: str


@dataclass(frozen=True, slots=True)
class Equals:
    """Holds if the attribute is there and equal."""

    name: str
    value: Value


@dataclass(frozen=True, slots=True)
class Below:
    """Holds if the attribute is there and less than `value`."""

    name: str
    value: int | str


@dataclass(frozen=True, slots=True)
class AtMost:
    """Holds if the attribute is there and not greater than `value`."""

    name: str
    value: int | str


@dataclass(frozen=True, slots=True)
class Above:
    """Holds if the attribute is there and greater than `value`."""

    name: str
    value: int | str


@dataclass(frozen=True, slots=True)
class Every:
    """Holds if all of its clauses hold."""

    clauses: tuple["Condition", ...]


@dataclass(frozen=True, slots=True)
class Either:
    """Holds if one of its clauses holds."""

    clauses: tuple["Condition", ...]


Condition = Absent | Present | Equals | Below | AtMost | Above | Every | Either


@dataclass(frozen=True, slots=True)
class Won:
    """The write took effect; `item` is the whole item after it (empty after a delete)."""

    item: Item


@dataclass(frozen=True, slots=True)
class Lost:
    """The condition did not hold, perhaps because of our own first attempt: `item` is what is there now.

    None if nothing is there. Compare its owner token with your own before you call it somebody else's.
    """

    item: Item | None


Outcome = Won | Lost


@dataclass(frozen=True, slots=True)
class Put:
    """Replace the whole item."""

    key: Key
    item: Mapping[str, Value]
    condition: Condition | None = None


@dataclass(frozen=True, slots=True)
class Update:
    """Change some attributes: `set` them, `add` to numbers (absent counts as 0), `remove` them."""

    key: Key
    set: Mapping[str, Value] = field(default_factory=dict)
    add: Mapping[str, int] = field(default_factory=dict)
    remove: tuple[str, ...] = ()
    condition: Condition | None = None


@dataclass(frozen=True, slots=True)
class Delete:
    """Remove the item; removing what is not there is no error."""

    key: Key
    condition: Condition | None = None


Write = Put | Update | Delete


class Database(Protocol):
    """Every call is one request to DynamoDB, strongly consistent, or its in-memory twin."""

    def get(self, *keys: Key) -> list[Item | None]:
        """Read up to 100 items at once, in the order of the keys; None where nothing is there."""
        ...

    def query(
        self, table: str, pk: str, *, prefix: str = "", between: tuple[str, str] | None = None
    ) -> list[Item]:
        """Return the items of a partition in the order of their sort keys, all of them or a range of it."""
        ...

    def scan(self, table: str, segment: int = 0, segments: int = 1) -> list[Item]:
        """Return every item of a table, or of one of its `segments`: a request for every megabyte.

        For people who want to see everything; nothing that runs by itself may.
        """
        ...

    def due(self, slot: int, until_ms: int, limit: int) -> list[Item]:
        """Return up to `limit` items of the index `due` in `slot` with `due` ≤ `until_ms`, earliest first.

        An index is a hint: it may be behind, and holds only pk, sk and due.
        """
        ...

    def write(self, write: Write) -> Outcome:
        """Do one conditional write."""
        ...

    def transact(self, writes: Sequence[Write]) -> bool:
        """Do all of the writes or none (at most 100); False if a condition did not hold. Control plane only."""
        ...


# -- what is counted --------------------------------------------------------------------------------


class Meter(Protocol):
    """Where figures go."""

    def count(self, name: str, value: float = 1, *, unit: str = "Count", **dimensions: str) -> None:
        """Add one figure under a metric's name; units are CloudWatch's."""
        ...
