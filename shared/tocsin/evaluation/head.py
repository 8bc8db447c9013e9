"""HEAD: the one item per shard that commits.

A tick commits by one update of HEAD on condition that the sequence is the one that was read. Whatever else
the tick changes was written before as REDO and means nothing unless HEAD names it. So every other order of
events (a crash between two writes, a zombie's late verdict, two workers on one shard) ends in the same state.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from tocsin.instants import instant, maybe_instant, maybe_millis, millis
from tocsin.packing import pack, unpack
from tocsin.ports import Absent, Condition, Database, Equals, Every, Item, Key, Outcome, Update, Value, Won
from tocsin.schedule.layout import Buckets


@dataclass(frozen=True, slots=True)
class Lagging:
    """A unit that is behind its shard: where its own cursor is, how often it was tried, when it may be again.

    A suspect was in flight when a worker died; it is only asked alone, after everything else is committed.
    """

    cursor: datetime
    tries: int
    until: datetime
    suspect: bool = False
    quarantined: bool = False
    revision: int = 0
    """Of its rule, as it was tried: a rule that was written since gets another chance at once."""
    since: datetime | None = None
    """When it was first asked in vain; None if it never was, and is behind for another reason."""


@dataclass(frozen=True, slots=True)
class Lease:
    """Held by the worker that catches up, to save double work; `units` are in flight under it.

    A lease that ran out with units in flight is the trace of a worker that died of one of them.
    """

    token: str
    until: datetime
    units: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RedoKey:
    """Names the REDO of a commit: its sequence, the token of its attempt, and its number of parts."""

    seq: int
    token: str
    parts: int


@dataclass(frozen=True, slots=True)
class Stretch:
    """A range of buckets whose cursor is behind the shard's: set aside to catch up, or left so by another layout."""

    buckets: Buckets
    cursor: datetime
    since: datetime | None = None
    """When it was set aside: how far back is replayed counts from then, however long its turn takes to come."""


@dataclass(frozen=True, slots=True)
class Head:
    """What a shard has committed."""

    shard: str
    seq: int
    cursor: datetime
    token: str = ""
    version: int = 0
    """The sequence of the last commit that changed states: caches filled under it are valid under it only."""
    config: int = 0
    """The configuration under which the shard's alerts were last placed."""
    redo: RedoKey | None = None
    lagging: Mapping[str, Lagging] = field(default_factory=dict)
    stretches: tuple[Stretch, ...] = ()
    lease: Lease | None = None
    late_since: datetime | None = None
    sealed: bool = False

    def cursor_of(self, unit: str, bucket: int) -> datetime:
        """Return up to when a unit has been evaluated."""
        if unit in self.lagging:
            return self.lagging[unit].cursor
        return next((piece.cursor for piece in self.stretches if bucket in piece.buckets), self.cursor)


def head_key(shard: str) -> Key:
    """Return where a shard's HEAD is."""
    return Key("state", shard, "HEAD")


def from_item(shard: str, item: Item) -> Head:
    """Return the HEAD that was stored."""
    stored: Mapping[str, Any] = item
    redo = stored.get("redo")
    return Head(
        shard=shard,
        seq=stored["seq"],
        cursor=instant(stored["cursor"]),
        token=stored.get("token", ""),
        version=stored.get("version", 0),
        config=stored.get("config", 0),
        redo=RedoKey(*redo) if redo else None,
        lagging={unit: _lagging(held) for unit, held in unpack(stored["lagging"]).items()}
        if "lagging" in stored
        else {},
        stretches=tuple(
            Stretch(Buckets(first, end), instant(cursor), maybe_instant(since))
            for first, end, cursor, since in stored.get("stretches", ())
        ),
        lease=_lease(stored["lease"]) if "lease" in stored else None,
        late_since=maybe_instant(stored.get("late_since")),
        sealed=stored.get("sealed", False),
    )


def _lagging(stored: list[Any]) -> Lagging:
    cursor, tries, until, suspect, quarantined, revision, since = stored
    return Lagging(
        instant(cursor), tries, instant(until), suspect, quarantined, revision, maybe_instant(since)
    )


def _lease(stored: Mapping[str, Any]) -> Lease:
    return Lease(stored["token"], instant(stored["until"]), tuple(stored["units"]))


def to_attributes(head: Head) -> dict[str, Value]:
    """Return HEAD's attributes; what is empty is left out, so that a quiet HEAD stays small."""
    attributes: dict[str, Value] = {
        "seq": head.seq,
        "cursor": millis(head.cursor),
        "token": head.token,
        "version": head.version,
        "config": head.config,
    }
    optional: dict[str, Value] = {
        "redo": [head.redo.seq, head.redo.token, head.redo.parts] if head.redo else None,
        "lagging": pack({unit: _lagging_document(held) for unit, held in head.lagging.items()})
        if head.lagging
        else None,
        "stretches": [
            [piece.buckets.first, piece.buckets.end, millis(piece.cursor), maybe_millis(piece.since)]
            for piece in head.stretches
        ],
        "lease": _lease_document(head.lease) if head.lease else None,
        "late_since": maybe_millis(head.late_since),
        "sealed": head.sealed,
    }
    return attributes | {name: value for name, value in optional.items() if value}


_OPTIONAL = ("redo", "lagging", "stretches", "lease", "late_since", "sealed")


def _lagging_document(held: Lagging) -> list[Any]:
    flags = [held.suspect, held.quarantined, held.revision]
    return [millis(held.cursor), held.tries, millis(held.until), *flags, maybe_millis(held.since)]


def _lease_document(lease: Lease) -> dict[str, Value]:
    return {"token": lease.token, "until": millis(lease.until), "units": list(lease.units)}


def _replace(head: Head, condition: Condition) -> Update:
    attributes = to_attributes(head)
    remove = tuple(name for name in _OPTIONAL if name not in attributes)
    return Update(head_key(head.shard), set=attributes, remove=remove, condition=condition)


def commit(database: Database, read: Head, after: Head) -> bool:
    """Commit `after` if nothing was committed since `read`; tell whether it stands.

    `after` carries the next sequence and a token fresh for this attempt. A refusal may be the answer to our
    own first write, sent twice by the SDK: then the token is ours and the commit stands.
    """
    unchanged = Every((Equals("seq", read.seq), Absent("sealed")))
    return _stands(database.write(_replace(after, unchanged)), after)


def _stands(outcome: Outcome, after: Head) -> bool:
    if isinstance(outcome, Won):
        return True
    item = outcome.item
    return item is not None and item["seq"] == after.seq and item.get("token") == after.token


def create(database: Database, head: Head) -> bool:
    """Create a shard's HEAD if there is none; tell whether it is ours."""
    outcome = database.write(_replace(head, Absent("pk")))
    return _stands(outcome, head)


def clear(database: Database, head: Head) -> None:
    """Forget the REDO that has been applied, if HEAD still names it; its sequence stays."""
    if head.redo is None:
        return
    named = Equals("redo", [head.redo.seq, head.redo.token, head.redo.parts])
    database.write(Update(head_key(head.shard), remove=("redo",), condition=named))


def mark(database: Database, head: Head, lease: Lease) -> bool:
    """Write down who is catching up, what is in flight and who lags; no commit, so the sequence stays."""
    attributes = to_attributes(replace(head, lease=lease))
    written: dict[str, Value] = {
        name: value for name, value in attributes.items() if name in ("lease", "lagging")
    }
    unchanged = Every((Equals("seq", head.seq), Absent("sealed")))
    outcome = database.write(Update(head_key(head.shard), set=written, condition=unchanged))
    if isinstance(outcome, Won):
        return True
    item = outcome.item
    return bool(item and item["seq"] == head.seq and item.get("lease") == written["lease"])


def seal(database: Database, shard: str, read: Head | None, token: str) -> bool:
    """Close a shard of an earlier layout for ever; tell whether it was as read.

    Sealing counts the sequence up, so that a commit under way is refused. An absent HEAD is sealed too,
    before anybody looks behind it: else its first worker, late, would create it and run beside us.
    """
    if read is None:
        blank: dict[str, Value] = {"seq": 0, "cursor": 0, "token": token, "sealed": True, "empty": True}
        outcome = database.write(Update(head_key(shard), set=blank, condition=Absent("pk")))
    else:
        sealed = replace(read, seq=read.seq + 1, token=token, sealed=True, lease=None)
        condition = Every((Equals("seq", read.seq), Absent("sealed"), Absent("redo")))
        outcome = database.write(_replace(sealed, condition))
    if isinstance(outcome, Won):
        return True
    return bool(outcome.item and outcome.item.get("token") == token)
