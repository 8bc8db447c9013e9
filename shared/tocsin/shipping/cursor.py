"""The cursor of an output: how far it has read each writer's log, how it goes, and what came of all it read.

One item keeps it. Whoever holds its lease moves it; every move says everything anew, so one that is repeated changes
nothing, and one of a worker whose lease is over is refused.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import datetime, timedelta
from typing import Any

from tocsin.instants import instant, maybe_instant, maybe_millis, millis
from tocsin.ports import (
    Absent,
    AtMost,
    Database,
    Either,
    Equals,
    Every,
    Item,
    Key,
    Lost,
    Update,
    Value,
    Won,
)

KEPT = timedelta(days=14)
"""How long the cursor of an output that is gone stays."""


@dataclass(frozen=True, slots=True)
class Position:
    """All entries up to `seq` are done, and the first `offset` metrics of the next one."""

    seq: int = 0
    offset: int = 0


@dataclass(frozen=True, slots=True)
class Counts:
    """What came of what was read, since the output is there."""

    written: int = 0
    """Metrics that were stored."""
    unwritable: int = 0
    """Values that the other side has no room for, by its own count: too old, there already, not a number."""
    refused: int = 0
    """Metrics that are put aside as dead letters."""
    dropped: int = 0
    """Metrics that were given up because more than `buffer_limit` waited."""
    gone: int = 0
    """Entries of the log that expired before they were read."""

    def __add__(self, other: "Counts") -> "Counts":
        sums = {each.name: getattr(self, each.name) + getattr(other, each.name) for each in fields(self)}
        return Counts(**sums)

    def __sub__(self, other: "Counts") -> "Counts":
        return self + Counts(**{each.name: -getattr(other, each.name) for each in fields(self)})


@dataclass(frozen=True, slots=True)
class Trouble:
    """An output that does not answer: since when, how often it was tried, when it is again, and why it failed."""

    since: datetime
    tries: int
    retry_at: datetime
    reason: str
    detail: str


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where an output stands. `positions` is None before the output has begun."""

    positions: Mapping[str, Position] | None = None
    counts: Counts = field(default_factory=Counts)
    trouble: Trouble | None = None
    behind: bool = False
    """Whether it had not come to the end when it was last left: then what waits is bounded."""
    at: datetime | None = None
    """When it was last moved."""

    def position(self, writer: str) -> Position:
        """Return how far a writer's log is read: one that came after the output is read from its beginning."""
        return (self.positions or {}).get(writer, Position())


def cursor_key(output: str) -> Key:
    """Return where the cursor of an output is."""
    return Key("samples", f"output.{output}", "HEAD")


def from_item(item: Item | None) -> Cursor:
    """Return a cursor as stored."""
    stored: Mapping[str, Any] = item or {}
    positions = stored.get("positions")
    return Cursor(
        None if positions is None else {writer: Position(*place) for writer, place in positions.items()},
        Counts(**{each.name: stored.get(each.name, 0) for each in fields(Counts)}),
        _trouble(stored),
        bool(stored.get("behind")),
        maybe_instant(stored.get("at")),
    )


def _trouble(stored: Mapping[str, Any]) -> Trouble | None:
    if "tries" not in stored:
        return None
    return Trouble(
        instant(stored["failing_since"]),
        stored["tries"],
        instant(stored["retry_at"]),
        stored["reason"],
        stored["detail"],
    )


_TROUBLE = ("failing_since", "tries", "retry_at", "reason", "detail")
_LEASE = ("lease", "leased_until")


def _document(cursor: Cursor) -> dict[str, Value]:
    positions = cursor.positions or {}
    found: dict[str, Value] = {
        "positions": {writer: [place.seq, place.offset] for writer, place in positions.items()},
        **{each.name: getattr(cursor.counts, each.name) for each in fields(Counts)},
        "behind": cursor.behind,
        "at": maybe_millis(cursor.at),
    }
    if (trouble := cursor.trouble) is None:
        return found
    said = (millis(trouble.since), trouble.tries, millis(trouble.retry_at), trouble.reason, trouble.detail)
    return found | dict(zip(_TROUBLE, said, strict=True))


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to move one output's cursor."""

    database: Database
    output: str
    token: str

    def take(self, now: datetime, until: datetime) -> Cursor | None:
        """Return the cursor, ours until `until`; None if somebody else has it or it is too early for another try."""
        over = Either((Absent("leased_until"), AtMost("leased_until", millis(now))))
        waited = Either((Absent("retry_at"), AtMost("retry_at", millis(now))))
        taken: dict[str, Value] = {"lease": self.token, "leased_until": millis(until)}
        outcome = self.database.write(
            Update(cursor_key(self.output), set=taken, condition=Every((over, waited)))
        )
        if isinstance(outcome, Lost) and (outcome.item or {}).get("lease") != self.token:
            return None
        return from_item(outcome.item)

    def move(self, cursor: Cursor, now: datetime) -> bool:
        """Store the cursor; False if it is somebody else's by now."""
        return self._write(cursor, now, ())

    def release(self, cursor: Cursor, now: datetime) -> bool:
        """Store the cursor and give it back; False if it is somebody else's by now."""
        return self._write(cursor, now, _LEASE)

    def _write(self, cursor: Cursor, now: datetime, remove: tuple[str, ...]) -> bool:
        about: dict[str, Value] = {"by": self.token, "expires": millis(now + KEPT) // 1000}
        said = _document(replace(cursor, at=now)) | about
        healed = () if cursor.trouble else _TROUBLE
        outcome = self.database.write(
            Update(
                cursor_key(self.output),
                set=said,
                remove=(*remove, *healed),
                condition=Equals("lease", self.token),
            )
        )
        # Lost to ourselves: the release that took effect before its answer was lost.
        return isinstance(outcome, Won) or said.items() <= (outcome.item or {}).items()


def read_cursor(database: Database, output: str) -> Cursor:
    """Return where an output stands."""
    [item] = database.get(cursor_key(output))
    return from_item(item)
