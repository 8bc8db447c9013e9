"""Waiting: groups that sleep because of a silence, and the waking of them when it ends.

The end is written first, together with a note; then the waiters are read and armed; then the note is removed.
If the waker dies in between, the sweep finds the note. Waiters go with their silence, not with the waking.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from tocsin.dispatch.controls import forget_wake
from tocsin.dispatch.group import epoch, wake
from tocsin.ports import Database, Key, Message, Put, Queue

_LIFE = timedelta(days=30)


def wait_for(database: Database, group: str, silences: Sequence[str], now: datetime) -> None:
    """Register a group as waiting for silences to end."""
    for silence in silences:
        database.write(Put(_key(silence, group), {"expires": epoch(now + _LIFE)}))


def wake_waiters(database: Database, queue: Queue, silence: str, now: datetime) -> list[str]:
    """Make every group due that waits for a silence, and forget the note of its end; return the groups."""
    groups = [str(item["sk"]) for item in database.query("dispatch", f"WAIT.{silence}")]
    woken = [group for group in groups if wake(database, group, now) is not None]
    if woken:
        queue.send([Message({"group": group}) for group in woken])
    forget_wake(database, silence)
    return woken


def _key(silence: str, group: str) -> Key:
    return Key("dispatch", f"WAIT.{silence}", group)
