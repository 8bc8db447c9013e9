"""Opening a shard: HEAD first, a REDO it names applied before anything else, a new shard's inheritance.

A new shard applies the REDO of, and seals, every old HEAD it overlaps, and starts with the cursors it
inherits and a sequence above all of theirs. Before it looks behind an old HEAD that is absent it seals
the absent one too. So the number of shards changes while workers of both layouts run.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from tocsin.evaluation import redo
from tocsin.evaluation.head import Head, Lagging, Stretch, clear, create, from_item, head_key, seal
from tocsin.index import INDEX, Index
from tocsin.ports import Database, Intake
from tocsin.schedule.buckets import bucket
from tocsin.schedule.layout import Buckets, Layout, Shard
from tocsin.schedule.ticks import TICK, floor_tick

_TRIES = 100


class UnsettledError(RuntimeError):
    """Others change a shard faster than it can be opened, or its HEAD names a REDO that nobody wrote."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A range of buckets as an earlier shard left it."""

    buckets: Buckets
    head: Head


class Opener:
    """Brings a shard to where its next tick can begin."""

    def __init__(self, database: Database, intake: Intake, token: Callable[[], str]) -> None:
        self._database, self._intake, self._token = database, intake, token

    def open(self, layout_version: int, shard_index: int, now: datetime) -> tuple[Shard, Head, Index] | None:
        """Return the shard's HEAD with no REDO outstanding, and the index; None if its layout has passed."""
        shard_id = f"{layout_version}.{shard_index}"
        for _ in range(_TRIES):
            item, index_item = self._database.get(head_key(shard_id), INDEX)
            index = Index.from_item(index_item)
            if index.layout.version != layout_version or shard_index >= index.layout.shards:
                return None
            shard = index.layout.shard(shard_index)
            if item is None:
                self._create(shard, index.layout, now)
                continue
            head = from_item(shard_id, item)
            if head.sealed:
                return None
            if head.redo is None:
                return shard, head, index
            self.finish(head)
        raise UnsettledError(f"shard {shard_id} is never as it was read")

    def finish(self, head: Head) -> None:
        """Apply the REDO that HEAD names, clear it, delete it; if it is gone somebody else has."""
        if head.redo is None:
            return
        found = redo.read(self._database, head.shard, head.redo)
        if found is None:
            return
        redo.apply(self._database, self._intake, head.shard, head.redo.seq, found)
        self.forget(head)

    def forget(self, head: Head) -> None:
        """Clear the REDO that has been applied from HEAD, then delete it: in this order, or HEAD names nothing."""
        if head.redo is not None:
            clear(self._database, head)
            redo.discard(self._database, head.shard, head.redo)

    def _create(self, shard: Shard, layout: Layout, now: datetime) -> None:
        pieces = self._inherit(layout, shard.buckets, layout.version - 1)
        cursor = max((piece.head.cursor for piece in pieces), default=floor_tick(now) - TICK)
        head = Head(
            shard=shard.id,
            seq=max((piece.head.seq for piece in pieces), default=0) + 1,
            cursor=cursor,
            token=self._token(),
            config=min((piece.head.config for piece in pieces), default=0),
            lagging=_lagging(pieces),
            stretches=tuple(stretch for piece in pieces for stretch in _behind(piece, cursor)),
        )
        create(self._database, head)

    def _inherit(self, layout: Layout, buckets: Buckets, version: int) -> list[Piece]:
        """Return what earlier layouts left of a range, every shard it came from sealed."""
        if version < 1:
            return []
        pieces: list[Piece] = []
        for shard, shared in layout.overlapping(buckets, version):
            head = self._seal(shard.id)
            if head is None:
                pieces += self._inherit(layout, shared, version - 1)
            else:
                pieces.append(Piece(shared, head))
        return pieces

    def _seal(self, shard_id: str) -> Head | None:
        """Return an old HEAD once it is sealed with its REDO applied; None for one that never was."""
        for _ in range(_TRIES):
            [item] = self._database.get(head_key(shard_id))
            head = from_item(shard_id, item) if item else None
            if item is not None and head is not None:
                if head.sealed:
                    return None if item.get("empty") else head
                if head.redo is not None:
                    self.finish(head)
                    continue
            seal(self._database, shard_id, head, self._token())
        raise UnsettledError(f"shard {shard_id} cannot be sealed")


def _lagging(pieces: list[Piece]) -> dict[str, Lagging]:
    return {
        unit: held
        for piece in pieces
        for unit, held in piece.head.lagging.items()
        if bucket(unit) in piece.buckets
    }


def _behind(piece: Piece, cursor: datetime) -> list[Stretch]:
    """Return the parts of a piece that are not at the new shard's cursor: as they were, set aside or not."""
    free, found = [piece.buckets], list[Stretch]()
    for stretch in piece.head.stretches:
        if shared := stretch.buckets.overlap(piece.buckets):
            found.append(replace(stretch, buckets=shared))
            free = [left for part in free for left in part.without(shared)]
    return found + [Stretch(part, piece.head.cursor) for part in free if piece.head.cursor != cursor]
