"""Waiting: groups that sleep because of a silence or of an inhibiting alert, and the waking of them when it ends.

The end is written first, of a silence together with a note; then the waiters are read and armed; then the note is
removed. If the waker dies in between, the sweep finds the note; an alert's end is handed over again, whole.
Waiters go with what they wait for, not with the waking.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

from tocsin.dispatch.controls import forget_wake
from tocsin.dispatch.group import epoch, wake
from tocsin.dispatch.inhibition import Values
from tocsin.dispatch.muting import Muted, MuteReason
from tocsin.labels import quote
from tocsin.ports import Database, Key, Message, Put, Queue, Value

_LIFE = timedelta(days=30)


Waits = Mapping[str, frozenset[str]]
"""What has to end before a group hears of all: silences, and places of rules' sources with hashes of which of them."""


def waits_of(muted: Iterable[Muted]) -> Waits:
    """Return what alerts that are muted wait for; nothing for time intervals, whose end is known."""
    waits: dict[str, frozenset[str]] = {}
    for found in muted:
        if found.reason is MuteReason.SILENCE:
            waits |= dict.fromkeys(found.by, frozenset[str]())
        elif found.waits is not None:
            where, shared = found.waits
            waits[where] = waits.get(where, frozenset()) | {_digest(shared)}
    return waits


def wait_for(database: Database, group: str, waits: Waits, now: datetime) -> None:
    """Register a group as waiting, in place of what it waited for before."""
    for what, which in waits.items():
        item: dict[str, Value] = {"expires": epoch(now + _LIFE)}
        if which:
            item["which"] = sorted(which)
        database.write(Put(Key("dispatch", f"WAIT.{what}", group), item))


def wake_waiters(database: Database, queue: Queue, silence: str, now: datetime) -> list[str]:
    """Make every group due that waits for a silence, and forget the note of its end; return the groups."""
    groups = [str(item["sk"]) for item in database.query("dispatch", f"WAIT.{silence}")]
    woken = [group for group in groups if wake(database, group, now) is not None]
    if woken:
        queue.send([Message({"group": group}) for group in woken])
    forget_wake(database, silence)
    return woken


def wake_inhibited(
    database: Database, where: str, ended: Collection[Values] | None, now: datetime
) -> dict[str, datetime]:
    """Make the groups due that wait for ended sources (None: for any), and return when.

    Each at its next slot, never at once: a recovery would storm.
    """
    wanted = None if ended is None else {_digest(shared) for shared in ended}
    waiting: Sequence[Mapping[str, Any]] = database.query("dispatch", f"WAIT.{where}")
    concerned = [item["sk"] for item in waiting if wanted is None or not wanted.isdisjoint(item["which"])]
    dues = {group: wake(database, group, now, at_slot=True) for group in concerned}
    return {group: due for group, due in dues.items() if due is not None}


def _digest(shared: Values) -> str:
    return sha256("\n".join(map(quote, shared)).encode()).hexdigest()[:16]
