"""Waiting: groups that sleep because of a silence or of an inhibiting alert, and the waking of them when it ends.

The end is written first, of a silence together with a note; then the waiters are read and armed; then the note is
removed. If the waker dies in between, the sweep finds the note; an alert's end is handed over again, whole.
Waiters go with what they wait for, not with the waking.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

from tocsin.dispatch.controls import BEGIN_NOTE, forget_wake
from tocsin.dispatch.group import Meta, epoch, from_item, held_groups, meta_key, wake_all
from tocsin.dispatch.inhibition import Values
from tocsin.dispatch.muting import Muted, MuteReason
from tocsin.dispatch.silence import SilenceState
from tocsin.dispatch.silencestore import read_silence
from tocsin.labels import format_labels
from tocsin.ports import Database, Key, Message, Parallel, Put, Queue, Value, one_by_one

_LIFE = timedelta(days=30)
_KEYS_AT_ONCE = 100
_MOST_NAMED = 1000
"""Hashes of what a group waits for in one item; of a group that waits for more it is not said."""


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
        if 0 < len(which) <= _MOST_NAMED:
            item["which"] = sorted(which)
        database.write(Put(Key("dispatch", f"WAIT.{what}", group), item))


def wake_waiters(
    database: Database, queue: Queue, silence: str, now: datetime, parallel: Parallel = one_by_one
) -> list[str]:
    """Make every group due that waits for a silence, and forget the note of its end; return the groups."""
    groups = [str(item["sk"]) for item in database.query("dispatch", f"WAIT.{silence}")]
    woken = list(wake_all(database, groups, now, parallel=parallel))
    if woken:
        queue.send([Message({"group": group}) for group in woken])
    forget_wake(database, silence, now)
    return woken


def wake_concerned(
    database: Database, silence_ids: Sequence[str], now: datetime, parallel: Parallel = one_by_one
) -> dict[str, datetime]:
    """Make the groups due that silences which have begun may concern, and return when, each at its next slot.

    There they see what is muted, log it as left out, and wait for the end. Groups whose own labels contradict the
    silences are left asleep. The notes of their beginning are forgotten.
    """
    found = [read_silence(database, silence_id) for silence_id in silence_ids]
    begun = [one for one in found if one is not None and one.state(now) is SilenceState.ACTIVE]
    woken: dict[str, datetime] = {}
    if begun:
        concerned = [
            meta.id for meta in _metas(database) if any(silence.may_concern(meta.labels) for silence in begun)
        ]
        woken = wake_all(database, concerned, now, at_slot=True, parallel=parallel)
    for silence_id in silence_ids:
        forget_wake(database, BEGIN_NOTE + silence_id, now)
    return woken


def _metas(database: Database) -> Iterator[Meta]:
    """Yield the own items of all groups that hold an alert."""
    groups = list(held_groups(database))
    for start in range(0, len(groups), _KEYS_AT_ONCE):
        items = database.get(*map(meta_key, groups[start : start + _KEYS_AT_ONCE]))
        yield from (from_item(item) for item in items if item is not None)


def wake_inhibited(
    database: Database,
    where: str,
    ended: Collection[Values] | None,
    now: datetime,
    parallel: Parallel = one_by_one,
) -> dict[str, datetime]:
    """Make the groups due that wait for ended sources (None: for any), and return when.

    Each at its next slot, never at once: a recovery would storm.
    """
    wanted = None if ended is None else {_digest(shared) for shared in ended}
    waiting: Sequence[Mapping[str, Any]] = database.query("dispatch", f"WAIT.{where}")
    concerned = [
        item["sk"]
        for item in waiting
        if wanted is None or "which" not in item or not wanted.isdisjoint(item["which"])
    ]
    return wake_all(database, concerned, now, at_slot=True, parallel=parallel)


def _digest(shared: Values) -> str:
    return sha256(format_labels(dict(shared)).encode(errors="replace")).hexdigest()[:16]
