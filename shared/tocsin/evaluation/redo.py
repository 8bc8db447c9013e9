"""REDO: what a tick changes, written before it commits and applied after, by whoever reads HEAD next.

It is stored under its shard, sequence and the token of its attempt, so no two attempts share one; put with
a condition that it is new; kept without TTL while HEAD may name it. Its order is fixed: states, hand-over
(which writes its manifest, its alerts, and arms their groups), gap; then HEAD is cleared, then it is deleted.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from tocsin import alert as alerts
from tocsin.alert import Alert
from tocsin.evaluation.fold import Episode
from tocsin.evaluation.head import RedoKey
from tocsin.instants import instant, millis
from tocsin.labels import label_set
from tocsin.packing import pack, unpack
from tocsin.ports import Absent, Below, Database, Delete, Either, Intake, Key, Put, Value
from tocsin.schedule.buckets import slot

PART_BYTES = 300 * 1024
"""Below DynamoDB's 400 KB an item, with room for keys; a larger REDO has several parts."""
TOMBSTONE_LIFE = timedelta(hours=24)
"""Longer than any message or worker lives: no zombie outlasts the tombstone that refuses it."""
GAP_LIFE = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class ChunkWrite:
    """One packed item of one unit's instances, or None for a tombstone."""

    unit: str
    prefix: str
    packed: bytes | None


@dataclass(frozen=True, slots=True)
class HealthWrite:
    """A unit's health has changed: `reason` is empty when it is well again."""

    unit: str
    reason: str
    detail: str
    since: datetime


@dataclass(frozen=True, slots=True)
class HandOver:
    """What dispatch is told of one writer."""

    writer: str
    alerts: tuple[Alert, ...]
    everything: bool = False


@dataclass(frozen=True, slots=True)
class Gap:
    """A stretch of ticks that was not evaluated on time: how many were replayed and how many given up."""

    start: datetime
    end: datetime
    replayed: int
    dropped: int


@dataclass(frozen=True, slots=True)
class Missed:
    """Alerts of one rule that fired and ended before dispatch was told."""

    rule: str
    episodes: tuple[Episode, ...]


@dataclass(frozen=True, slots=True)
class Redo:
    """Everything a commit changes besides HEAD."""

    at: datetime
    chunks: tuple[ChunkWrite, ...] = ()
    health: tuple[HealthWrite, ...] = ()
    handovers: tuple[HandOver, ...] = ()
    gap: Gap | None = None
    missed: tuple[Missed, ...] = ()

    @property
    def empty(self) -> bool:
        """Whether the tick was quiet: then HEAD alone is written."""
        return not (self.chunks or self.health or self.handovers or self.gap or self.missed)


def redo_key(shard: str, named: RedoKey, part: int) -> Key:
    """Return where one part of a REDO is."""
    return Key("state", shard, f"REDO#{named.seq:012d}#{named.token}#{part}")


def write(database: Database, shard: str, seq: int, token: str, redo: Redo) -> RedoKey:
    """Write a REDO that nothing names yet and return its key."""
    packed = pack(_to_document(redo))
    parts = [packed[start : start + PART_BYTES] for start in range(0, len(packed), PART_BYTES)]
    named = RedoKey(seq, token, len(parts))
    for number, part in enumerate(parts):
        # Refused only if it is there already: the token is ours alone, so it was put by our own first try.
        database.write(Put(redo_key(shard, named, number), {"part": part}, Absent("pk")))
    return named


def read(database: Database, shard: str, named: RedoKey) -> Redo | None:
    """Read a REDO; None if it is gone, and then HEAD, read again, no longer names it."""
    items = database.get(*(redo_key(shard, named, number) for number in range(named.parts)))
    parts = [item["part"] for item in items if item is not None]
    if len(parts) < named.parts:
        return None
    return _from_document(unpack(b"".join(part for part in parts if isinstance(part, bytes))))


def discard(database: Database, shard: str, named: RedoKey) -> None:
    """Delete a REDO that HEAD does not name: one that is applied and cleared, or our own that lost."""
    for number in range(named.parts):
        database.write(Delete(redo_key(shard, named, number)))


def apply(database: Database, intake: Intake, shard: str, seq: int, redo: Redo) -> None:
    """Do what a committed tick changes; repeating it, in whole or in part, changes nothing more."""
    for chunk in redo.chunks:
        _put_newer(database, chunk_key(chunk.unit, chunk.prefix), seq, _chunk_item(chunk, redo.at))
    for health in redo.health:
        _put_newer(database, health_key(health.unit), seq, _health_item(health, redo.at))
    for handover in redo.handovers:
        intake.hand_over(handover.writer, seq, handover.alerts, everything=handover.everything)
    if redo.gap is not None:
        _record_gap(database, shard, seq, redo.gap)
    if redo.missed:
        _record_missed(database, shard, seq, redo)


def chunk_key(unit: str, prefix: str) -> Key:
    """Return where a chunk of a unit's instances is."""
    return Key("state", str(slot(unit)), f"{unit}#{prefix}")


def health_key(unit: str) -> Key:
    """Return where a unit's health is; beside its chunks, so that one query reads both."""
    return Key("state", str(slot(unit)), f"{unit}!")


def _chunk_item(chunk: ChunkWrite, at: datetime) -> dict[str, Value]:
    if chunk.packed is None:
        return {"expires": _epoch(at + TOMBSTONE_LIFE)}
    return {"instances": chunk.packed}


def _health_item(health: HealthWrite, at: datetime) -> dict[str, Value]:
    if not health.reason:
        return {"expires": _epoch(at + TOMBSTONE_LIFE)}
    return {"reason": health.reason, "detail": health.detail, "since": millis(health.since)}


def _put_newer(database: Database, key: Key, seq: int, item: dict[str, Value]) -> None:
    newer = Either((Absent("seq"), Below("seq", seq)))
    database.write(Put(key, item | {"seq": seq}, newer))


def _record_gap(database: Database, shard: str, seq: int, gap: Gap) -> None:
    item: dict[str, Value] = {
        "start": millis(gap.start),
        "end": millis(gap.end),
        "replayed": gap.replayed,
        "dropped": gap.dropped,
        "expires": _epoch(gap.end + GAP_LIFE),
    }
    database.write(Put(Key("state", shard, f"GAP#{millis(gap.start):015d}#{seq}"), item))


def _record_missed(database: Database, shard: str, seq: int, redo: Redo) -> None:
    """Keep what fired and ended unheard on record, beside the gaps."""
    item: dict[str, Value] = {
        "missed": pack([_missed_document(missed) for missed in redo.missed]),
        "expires": _epoch(redo.at + GAP_LIFE),
    }
    database.write(Put(Key("state", shard, f"MISSED#{millis(redo.at):015d}#{seq}"), item))


def _missed_document(missed: Missed) -> list[Any]:
    episodes = [
        [dict(episode.labels), millis(episode.fired_at), millis(episode.resolved_at)]
        for episode in missed.episodes
    ]
    return [missed.rule, episodes]


def missed_from_document(document: list[Any]) -> Missed:
    """Return what was kept on record."""
    rule, episodes = document
    return Missed(
        rule,
        tuple(
            Episode(label_set(labels), instant(fired), instant(ended)) for labels, fired, ended in episodes
        ),
    )


def _epoch(at: datetime) -> int:
    return millis(at) // 1000


def _to_document(redo: Redo) -> dict[str, Any]:
    return {
        "at": millis(redo.at),
        "chunks": [[c.unit, c.prefix, c.packed.hex() if c.packed is not None else None] for c in redo.chunks],
        "health": [[h.unit, h.reason, h.detail, millis(h.since)] for h in redo.health],
        "handovers": [
            [h.writer, [alerts.to_document(alert) for alert in h.alerts], h.everything]
            for h in redo.handovers
        ],
        "gap": [millis(redo.gap.start), millis(redo.gap.end), redo.gap.replayed, redo.gap.dropped]
        if redo.gap
        else None,
        "missed": [_missed_document(missed) for missed in redo.missed],
    }


def _from_document(document: dict[str, Any]) -> Redo:
    gap = document["gap"]
    return Redo(
        at=instant(document["at"]),
        chunks=tuple(
            ChunkWrite(unit, prefix, bytes.fromhex(packed) if packed is not None else None)
            for unit, prefix, packed in document["chunks"]
        ),
        health=tuple(
            HealthWrite(u, reason, detail, instant(s)) for u, reason, detail, s in document["health"]
        ),
        handovers=tuple(
            HandOver(writer, _alerts(held), everything) for writer, held, everything in document["handovers"]
        ),
        gap=Gap(instant(gap[0]), instant(gap[1]), gap[2], gap[3]) if gap else None,
        missed=tuple(map(missed_from_document, document["missed"])),
    )


def _alerts(documents: Iterable[dict[str, Any]]) -> tuple[Alert, ...]:
    return tuple(alerts.from_document(document) for document in documents)
