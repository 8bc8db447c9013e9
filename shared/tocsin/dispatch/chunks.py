"""The alerts of one writer in one group, packed; each writer has its own items, so nobody else's are touched."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

from tocsin import alert as alerts
from tocsin.alert import Alert
from tocsin.instants import maybe_instant, millis
from tocsin.labels import format_labels
from tocsin.packing import address, divide, home, unpack
from tocsin.ports import Absent, Below, Database, Either, Equals, Item, Key, Lost, Put, Value

TOMBSTONE_LIFE = timedelta(hours=24)
"""Longer than any message or worker lives: no zombie outlasts the tombstone that refuses it."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """One packed item: some alerts of one writer by their labels' text, and the commit they came from.

    `written_at` is when that commit put it there; None for one that an earlier release wrote.
    """

    group: str
    writer: str
    prefix: str
    seq: int
    revision: str
    alerts: Mapping[str, Alert]
    written_at: datetime | None = None


def writer_prefix(writer: str) -> str:
    """Return what the sort keys of a writer's items in a group begin with."""
    return f"W#{writer}#"


def from_item(item: Item) -> Chunk:
    """Return the chunk as stored; a tombstone holds nothing and remembers its sequence."""
    stored: Mapping[str, Any] = item
    _, writer, prefix = stored["sk"].split("#", 2)
    held = [alerts.from_document(found) for found in unpack(stored["alerts"])] if "alerts" in stored else []
    by_labels = {format_labels(alert.labels): alert for alert in held}
    return Chunk(
        stored["pk"], writer, prefix, stored["seq"], stored["rev"], by_labels, maybe_instant(stored.get("at"))
    )


def merged(chunks: Iterable[Chunk]) -> tuple[Alert, ...]:
    """Return the alerts of a group, merged by labels: of several writers' the one that ends last, or never."""
    found: dict[str, Alert] = {}
    for chunk in sorted(chunks, key=lambda chunk: chunk.seq):
        for text, alert in chunk.alerts.items():
            if text not in found or _outlasts(alert, found[text]):
                found[text] = alert
    return tuple(found.values())


def _outlasts(alert: Alert, other: Alert) -> bool:
    if alert.ends_at is None or other.ends_at is None:
        return alert.ends_at is None
    return alert.ends_at >= other.ends_at


@dataclass(frozen=True, slots=True)
class Merge:
    """What a writer's items of a group become: the ones to write (None: a tombstone), and whether any alert fires."""

    writes: Mapping[str, bytes | None]
    fires: bool


def read(database: Database, group: str, writer: str) -> list[Chunk]:
    """Read a writer's items of a group."""
    return [from_item(item) for item in database.query("dispatch", group, prefix=writer_prefix(writer))]


def merge(
    chunks: Sequence[Chunk],
    changed: Sequence[Alert],
    now: datetime,
    *,
    left: bool = False,
    forget: bool = False,
) -> Merge:
    """Return a writer's items with its changed alerts taken in.

    A resolved alert stays until a flush has seen its end told and prunes it, or goes at once with `forget`; the
    end of one that is not there is no news, unless it is to come. A chunk that is divided is written in its parts
    before it becomes a tombstone. Of a group that the writer has `left` all is written: a put of somebody who died,
    under way to it still, is refused.
    """
    prefixes = {chunk.prefix for chunk in chunks if chunk.alerts}
    held = {text: alert for chunk in chunks for text, alert in chunk.alerts.items()}
    touched: set[str] = set()
    for alert in changed:
        text = format_labels(alert.labels)
        over = alert.resolved(now)
        if (held.get(text) == alert and not (forget and over)) or (over and text not in held):
            continue
        held[text] = alert
        prefix = home(address(text), prefixes)
        prefixes.add(prefix)
        touched.add(prefix)
    if forget:
        held = {text: alert for text, alert in held.items() if not alert.resolved(now)}
    if any(longer.startswith(prefix) for prefix, longer in pairwise(sorted(prefixes))):
        # Somebody died while dividing an item: beside its parts it would go on saying what has been.
        touched = {""}
    fires = any(not alert.resolved(now) for alert in held.values())
    if left:
        return Merge(_packed(held, {""}, prefixes) or {"": None}, fires)
    return Merge(_packed(held, touched, prefixes), fires)


def first_end(chunks: Sequence[Chunk], alerts: Iterable[Alert], now: datetime) -> datetime:
    """Return when the first of some alerts ends as it is held in a writer's items; `now` if one is not held there."""
    held = {text: alert for chunk in chunks for text, alert in chunk.alerts.items()}
    found = [held.get(format_labels(alert.labels)) for alert in alerts]
    return min(
        (now if alert is None or alert.ends_at is None else alert.ends_at for alert in found), default=now
    )


def write(database: Database, group: str, writer: str, merged: Merge, seq: int, now: datetime) -> None:
    """Write a writer's items; an item takes only what is newer than it holds."""
    for prefix, packed in merged.writes.items():
        _put_newer(database, group, writer, prefix, packed, seq, now)


def strays(chunks: Sequence[Chunk], held: Sequence[Alert], now: datetime) -> list[Alert]:
    """Return the ends of a writer's firing alerts that no longer belong to a group: all but those `held` there.

    Whoever was told that they fire there is owed their end there: a receiver may keep an incident a group.
    """
    belong = {format_labels(alert.labels) for alert in held}
    return [
        replace(alert, ends_at=now)
        for chunk in chunks
        for text, alert in chunk.alerts.items()
        if not alert.resolved(now) and text not in belong
    ]


def prune(database: Database, chunk: Chunk, gone: Collection[str], token: str, now: datetime) -> bool:
    """Remove alerts, by their labels' text, from an item that is exactly as it was read; tell whether they are gone."""
    left = {text: alert for text, alert in chunk.alerts.items() if text not in gone}
    packed = divide(_documents(left), "").get("") if left else None
    key = _key(chunk.group, chunk.writer, chunk.prefix)
    if left and packed is None:
        return False  # Too much is left for one item: its writer divides it with its next change.
    outcome = database.write(
        Put(key, _item(packed, chunk.seq, token, now, chunk.written_at), Equals("rev", chunk.revision))
    )
    return not isinstance(outcome, Lost) or bool(outcome.item and outcome.item.get("rev") == token)


def _packed(held: Mapping[str, Alert], touched: set[str], known: set[str]) -> dict[str, bytes | None]:
    """Return the items to write for the touched prefixes; None is a tombstone, of one that is divided."""
    documents = _documents(held)
    written: dict[str, bytes | None] = {}
    for prefix in touched:
        chunks = divide(documents, prefix)
        gone = sorted(one for one in known if one.startswith(prefix) and one not in chunks)
        written |= chunks | dict.fromkeys(gone, None)
    return written


def _documents(held: Mapping[str, Alert]) -> dict[str, list[Any]]:
    documents: dict[str, list[Any]] = {}
    for text, alert in held.items():
        documents.setdefault(address(text), []).append(alerts.to_document(alert))
    return documents


def _put_newer(
    database: Database, group: str, writer: str, prefix: str, packed: bytes | None, seq: int, now: datetime
) -> None:
    newer = Either((Absent("seq"), Below("seq", seq)))
    # The sequence also serves as revision: a writer's commit has one content.
    database.write(Put(_key(group, writer, prefix), _item(packed, seq, str(seq), now, now), newer))


def _key(group: str, writer: str, prefix: str) -> Key:
    return Key("dispatch", group, f"{writer_prefix(writer)}{prefix}")


def _item(
    packed: bytes | None, seq: int, revision: str, now: datetime, written_at: datetime | None
) -> dict[str, Value]:
    if packed is None:
        return {"seq": seq, "rev": revision, "expires": millis(now + TOMBSTONE_LIFE) // 1000}
    return {"seq": seq, "rev": revision, "alerts": packed, "at": millis(written_at or now)}
