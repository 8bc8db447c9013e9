"""Inheriting: up to when the shards of earlier layouts had run what a new shard takes over.

Before their cursors count they are sealed, by an entry without metrics at the end of their logs: a worker of theirs
that is still at it finds its place taken, and what it ran the new shard runs.
"""

from datetime import datetime

from tocsin.samples.log import BusyError, Entry, SampleLog
from tocsin.samples.writers import writer_of
from tocsin.schedule.layout import Buckets, Layout, Shard

_SEAL = "sealed"
_TRIES = 100


def inherited(log: SampleLog, layout: Layout, shard: Shard, now: datetime) -> datetime | None:
    """Return up to when all inputs of a new shard have run; None if there was nobody before it.

    Shards in between that never had a cursor are looked behind, sealed too. Raises BusyError.
    """
    return _earliest(log, layout, shard.buckets, layout.version - 1, now)


def _earliest(
    log: SampleLog, layout: Layout, buckets: Buckets, version: int, now: datetime
) -> datetime | None:
    found: list[datetime | None] = []
    for other, shared in layout.overlapping(buckets, version) if version > 0 else ():
        cursor = _sealed(log, writer_of(other), now)
        found.append(cursor or _earliest(log, layout, shared, version - 1, now))
    return min((cursor for cursor in found if cursor is not None), default=None)


def _sealed(log: SampleLog, writer: str, now: datetime) -> datetime | None:
    """Seal a log and return its last cursor, None if there never was one."""
    [head] = log.heads([writer])
    cursor = head.cursor
    for seq in range(head.seq + 1, head.seq + 1 + _TRIES):
        stands = log.append(Entry(writer, seq, now, _SEAL, cursor=cursor))
        if stands.token == _SEAL:
            log.note(writer, seq, now, cursor)
            return cursor
        cursor = stands.cursor or cursor
    raise BusyError(f"log {writer} is never as it was read")
