"""The log of samples: what inputs gather, entry after entry, and what sources and outputs read.

Each writer (a shard of inputs, one of the API's few) has a log of its own. An entry stands once it is put at the
number after the last one, on condition that nothing is there: of two who try, one has gathered and the other has not.
So numbers have no holes, nothing is added before what somebody has read, and a reader is a number for each writer.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from tocsin.instants import instant, maybe_instant, maybe_millis, millis
from tocsin.metric import Metric
from tocsin.packing import pack, unpack
from tocsin.ports import Absent, AtMost, Database, Either, Item, Key, Put, Update, Value, Won
from tocsin.samples.codec import from_document, to_document

RETENTION = timedelta(hours=6)
PART_BYTES = 300_000
"""Of one item; DynamoDB allows 400 KB."""
NOTES_BYTES = 300_000
MOST_PARTS = 12
"""That is 3.6 MB packed; all parts are read at once, which DynamoDB does up to 16 MB."""
_TRIES = 50
_AT_ONCE = 100


class TooMuchError(ValueError):
    """An entry would be larger than an entry may be."""


class BusyError(RuntimeError):
    """Others write to a log faster than we can."""


@dataclass(frozen=True, slots=True)
class Entry:
    """What one writer gathered at once; `cursor` is up to when its inputs have run, None for who has no inputs."""

    writer: str
    seq: int
    at: datetime
    token: str
    metrics: tuple[Metric, ...] = ()
    cursor: datetime | None = None


@dataclass(frozen=True, slots=True)
class Head:
    """Where a log ends, as far as it was noted: an entry or two more may be there.

    `notes` is what the writer keeps beside it (the health of its inputs), packed.
    """

    seq: int = 0
    at: datetime | None = None
    cursor: datetime | None = None
    notes: Mapping[str, Any] = field(default_factory=dict)


def head_key(writer: str) -> Key:
    """Return where the head of a writer's log is."""
    return Key("samples", writer, "HEAD")


def head_from_item(item: Item | None) -> Head:
    """Return a head as stored; before anything is written there is nothing."""
    stored: Mapping[str, Any] = item or {}
    return Head(
        stored.get("seq", 0),
        maybe_instant(stored.get("at")),
        maybe_instant(stored.get("cursor")),
        unpack(stored["notes"]) if "notes" in stored else {},
    )


@dataclass(frozen=True, slots=True)
class SampleLog:
    """Appends to logs and reads them; entries are gone after `retention`."""

    database: Database
    retention: timedelta = RETENTION

    def append(self, entry: Entry) -> Entry:
        """Put an entry where its number says, unless one is there; return the one that stands.

        It is ours if its token is. Raises TooMuchError.
        """
        parts = _parts(entry)
        expires = millis(entry.at + self.retention) // 1000
        for number, part in enumerate(parts[1:], 1):
            self.database.write(Put(_part_key(entry, number), {"metrics": part, "expires": expires}))
        item: dict[str, Value] = {
            "at": millis(entry.at),
            "token": entry.token,
            "metrics": parts[0],
            "parts": len(parts),
            "expires": expires,
        }
        if entry.cursor is not None:
            item["cursor"] = millis(entry.cursor)
        key = _entry_key(entry.writer, entry.seq)
        outcome = self.database.write(Put(key, item, Absent("pk")))
        if isinstance(outcome, Won):
            return entry
        return self._entry(outcome.item) if outcome.item else entry

    def note(
        self,
        writer: str,
        seq: int,
        at: datetime | None,
        cursor: datetime | None = None,
        notes: Mapping[str, Any] | None = None,
    ) -> None:
        """Note that a log has an entry `seq` of the time `at`, unless a later one is noted.

        None leaves the time as it is: there is no new entry, only the cursor has moved.
        Notes that are too much for an item stay as they were: that an entry is there matters more.
        """
        packed = pack(dict(notes)) if notes else b""
        optional: dict[str, Value] = {
            "at": maybe_millis(at),
            "cursor": maybe_millis(cursor),
            "notes": packed if 0 < len(packed) <= NOTES_BYTES else None,
        }
        noted: dict[str, Value] = {"seq": seq}
        self.database.write(
            Update(
                head_key(writer),
                set=noted | {name: value for name, value in optional.items() if value is not None},
                condition=Either((Absent("seq"), AtMost("seq", seq))),
            )
        )

    def add(self, writer: str, metrics: Sequence[Metric], now: datetime, token: Callable[[], str]) -> Entry:
        """Append metrics after whatever is there, for a writer that is many; they are durable when this returns.

        Raises TooMuchError and BusyError.
        """
        [head] = self.heads([writer])
        seq = head.seq
        for _ in range(_TRIES):
            seq += 1
            entry = Entry(writer, seq, now, token(), tuple(metrics))
            if self.append(entry).token == entry.token:
                self.note(writer, seq, now)
                return entry
        raise BusyError(f"log {writer} is never as it was read")

    def heads(self, writers: Sequence[str]) -> list[Head]:
        """Return the heads of logs, in the order of the writers."""
        keys = [head_key(writer) for writer in writers]
        some = (keys[at : at + _AT_ONCE] for at in range(0, len(keys), _AT_ONCE))
        return [head_from_item(item) for few in some for item in self.database.get(*few)]

    def read(self, writer: str, after: int, until: int | None = None) -> list[Entry]:
        """Return the entries after a number, in their order, those that have expired left out by who cares."""
        end = f"{until:012d}~" if until is not None else "~"
        items = self.database.query("samples", writer, between=(f"{after + 1:012d}", end))
        return [self._entry(item) for item in items if str(item["sk"]).isdigit()]

    def _entry(self, item: Item) -> Entry:
        stored: Mapping[str, Any] = item
        first = Entry(
            stored["pk"],
            int(stored["sk"]),
            instant(stored["at"]),
            stored["token"],
            cursor=maybe_instant(stored.get("cursor")),
        )
        keys = [_part_key(first, number) for number in range(1, stored["parts"])]
        rest = self.database.get(*keys) if keys else []
        packed = [stored["metrics"], *(part["metrics"] for part in rest if part)]
        metrics = tuple(metric for part in packed for metric in from_document(unpack(part)))
        return Entry(first.writer, first.seq, first.at, first.token, metrics, first.cursor)


def _entry_key(writer: str, seq: int) -> Key:
    return Key("samples", writer, f"{seq:012d}")


def _part_key(entry: Entry, number: int) -> Key:
    return Key("samples", entry.writer, f"{entry.seq:012d}#{entry.token}#{number:03d}")


def _parts(entry: Entry) -> list[bytes]:
    """Return the metrics packed, in so many items as they need; at least one."""
    found: list[bytes] = []
    todo = [entry.metrics]
    while todo:
        some = todo.pop()
        packed = pack(to_document(some))
        if len(packed) <= PART_BYTES:
            found.append(packed)
        elif len(some) == 1:
            raise TooMuchError(f"a metric of {len(packed)} bytes")
        else:
            middle = len(some) // 2
            todo += [some[middle:], some[:middle]]
    if len(found) > MOST_PARTS:
        raise TooMuchError(f"{len(entry.metrics)} metrics come to more than {MOST_PARTS * PART_BYTES} bytes")
    return found
