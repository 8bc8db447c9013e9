"""The notification log: what each receiver was last told of a group, and what is being told right now.

A claim's send is written down before it happens, as an intent: a number, a reason and the exact content. Its
number makes the idempotency key, which therefore stands for one content only. Who takes over from a dead
worker first repeats exactly the intent, then decides afresh. What was told of an alert contains its activation, so
that a refire is news; its end is owed whatever activation was told.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import lru_cache
from hashlib import blake2b
from typing import Any

from xxhash import xxh64_digest

from tocsin import alert as alerts
from tocsin.alert import Alert
from tocsin.dispatch.timeline import Timeline, printable, unpacked
from tocsin.instants import instant, maybe_instant, millis
from tocsin.labels import LabelSet, hashed_bytes
from tocsin.notification import Memory, Reason
from tocsin.packing import pack, unpack
from tocsin.ports import (
    Absent,
    Below,
    Database,
    Delete,
    Either,
    Equals,
    Every,
    Item,
    Key,
    Lost,
    Put,
    Update,
    Value,
    Won,
)

RETENTION = timedelta(hours=120)
PREFIX = "LOG#"
"""What the sort keys of entries begin with."""
_HASH_BYTES = 8
_TIME_BYTES = 6
_ENTRY_BYTES = _HASH_BYTES + _TIME_BYTES
_MOST_BYTES = 100 * 1024
"""Of an intent in one item: beside it the entry has 14 bytes for each alert, and an item takes 400 KB."""
_OF_INTENT: tuple[str, ...] = ("intent", "intended", "token", "tries", "retry_at", "parts")
_OWED = timedelta(days=1)
"""How long after an end it is tried to tell a receiver that refuses it."""
_ORPHAN_LIFE = timedelta(days=365)
"""Of parts whose entry was never written; longer than any mute holds an intent."""
_LEFT_OUT = 0
"""The activation of no alert: of one that is muted since it was told, or was left out of what was told last."""

Activations = Mapping[bytes, int]
"""Of each alert, by a hash of its labels, its activation in milliseconds."""


def label_hash(alert: Alert) -> bytes:
    """Return the 8 bytes that stand for an alert's labels in the log (Alertmanager's `hashAlert`: XXH64)."""
    return _label_hash(tuple(alert.labels.items()))


@lru_cache(maxsize=16_384)
def _label_hash(labels: LabelSet) -> bytes:
    return xxh64_digest(hashed_bytes(labels))


def activations(found: Iterable[Alert]) -> dict[bytes, int]:
    """Return the activation of each alert by the hash of its labels."""
    return {label_hash(alert): millis(alert.starts_at) for alert in found}


@dataclass(frozen=True, slots=True)
class Intent:
    """One notification about to be sent: its number, why, and its content as of `at`."""

    number: int
    reason: Reason
    at: datetime
    alerts: tuple[Alert, ...]
    token: str
    tries: int = 0
    retry_at: datetime | None = None
    held: frozenset[bytes] = frozenset()
    """The hashes of what was muted when it was decided: its alerts say nothing of these."""
    parts: int = 0
    """In how many items beside the entry its content goes on."""

    @property
    def firing(self) -> Activations:
        """The alerts that it says fire."""
        return activations(alert for alert in self.alerts if not alert.resolved(self.at))

    @property
    def resolved(self) -> Activations:
        """The alerts that it says have resolved."""
        return activations(alert for alert in self.alerts if alert.resolved(self.at))


@dataclass(frozen=True, slots=True)
class Entry:
    """What one integration of one receiver was last told of a group; number 0 if nothing ever."""

    group: str
    receiver: str
    integration: str
    number: int = 0
    firing: Activations = field(default_factory=dict)
    resolved: Activations = field(default_factory=dict)
    at: datetime | None = None
    intent: Intent | None = None
    memory: Memory = field(default_factory=dict)
    timeline: Timeline = field(default_factory=Timeline)
    """What was told lately: written whenever an intent is closed or tried again."""

    def memory_for(self, reason: Reason) -> Memory:
        """Return what the receiver is given of what it remembered: nothing when the incident is a new one."""
        return {} if reason is Reason.FIRST else self.memory

    def without(self, intent: Intent, now: datetime, *, unheard: bool = False) -> "Entry":
        """Return the entry as it is if its intent is given up: what that says is news, but for what has long ended.

        Unless it is sure that it was `unheard`, somebody may have sent it: then its ends are owed.
        """
        given_up = {
            label_hash(alert)
            for alert in intent.alerts
            if alert.resolved(intent.at) and alert.ends_at is not None and alert.ends_at < now - _OWED
        }
        firing = {told: at for told, at in self.firing.items() if told not in given_up}
        left_out = {} if unheard else dict.fromkeys(intent.firing, _LEFT_OUT)
        return replace(self, number=intent.number, firing=firing | left_out, intent=None)

    def within(self, present: Collection[bytes]) -> "Entry":
        """Return the entry without what is no longer in the group: what ended while nobody kept it for this one."""
        return replace(self, firing={told: at for told, at in self.firing.items() if told in present})

    def heard(self, told: bytes) -> bool:
        """Tell whether an alert is believed to fire, and was not muted since that was said."""
        return self.firing.get(told, _LEFT_OUT) != _LEFT_OUT

    @property
    def key(self) -> Key:
        """Where the entry is: beside its group's alerts, so that one query reads all."""
        return Key("dispatch", self.group, f"{PREFIX}{self.receiver}#{self.integration}")

    def notification_id(self, number: int) -> str:
        """Return the idempotency key of a notification: the same for its every attempt, and for no other."""
        text = f"{self.group}/{self.receiver}/{self.integration}/{number}"
        return blake2b(text.encode(), digest_size=16).hexdigest()


def decide(
    entry: Entry,
    firing: Activations,
    resolved: Activations,
    *,
    send_resolved: bool,
    repeat_interval: timedelta,
    now: datetime,
) -> Reason:
    """Return why a receiver is to be notified now, or that it is not (Alertmanager, `DedupStage.needsUpdate`)."""
    if not firing.items() <= entry.firing.items():
        return Reason.NEW_ALERTS if entry.firing and entry.at else Reason.FIRST
    if not firing:
        return Reason.ALL_RESOLVED if entry.firing.keys() & resolved.keys() else Reason.NONE
    if send_resolved and not resolved.keys() <= entry.resolved.keys():
        return Reason.SOME_RESOLVED
    return Reason.REPEAT if entry.at and entry.at < now - repeat_interval else Reason.NONE


def from_item(item: Item, rest: Mapping[str, Item] | None = None) -> Entry:
    """Return the entry as stored; `rest` are the items of the group by sort key, where a long intent goes on."""
    stored: Mapping[str, Any] = item
    receiver, integration = stored["sk"].removeprefix(PREFIX).rsplit("#", 1)
    return Entry(
        group=stored["pk"],
        receiver=receiver,
        integration=integration,
        number=stored.get("number", 0),
        firing=_split(stored.get("firing", b"")),
        resolved=_split(stored.get("resolved", b"")),
        at=maybe_instant(stored.get("at")),
        intent=_intent(stored, rest or {}) if "intent" in stored else None,
        memory=unpack(stored["memory"]) if "memory" in stored else {},
        timeline=unpacked(stored.get("timeline")),
    )


def _intent(stored: Mapping[str, Any], rest: Mapping[str, Item]) -> Intent:
    parts: int = stored.get("parts", 0)
    names = [_part_name(stored["token"], number) for number in range(parts)]
    more: list[Any] = [rest[name]["part"] for name in names]
    content = unpack(b"".join([stored["intent"], *more]))
    return Intent(
        number=content["number"],
        reason=Reason(content["reason"]),
        at=instant(content["at"]),
        alerts=tuple(alerts.from_document(found) for found in content["alerts"]),
        token=stored["token"],
        tries=stored.get("tries", 0),
        retry_at=maybe_instant(stored.get("retry_at")),
        held=frozenset(map(bytes.fromhex, content["held"])),
        parts=parts,
    )


def intend(database: Database, entry: Entry, intent: Intent) -> Intent | None:
    """Write an intent down if the log is as it was read; return it as stored if it is ours to send.

    What is too long for the entry's item is put beside it first; without the entry it means nothing.
    """
    content = {
        "number": intent.number,
        "reason": intent.reason.value,
        "at": millis(intent.at),
        "alerts": [alerts.to_document(alert) for alert in intent.alerts],
        "held": sorted(told.hex() for told in intent.held),
    }
    packed = pack(content)
    more = [packed[start : start + _MOST_BYTES] for start in range(_MOST_BYTES, len(packed), _MOST_BYTES)]
    for number, part in enumerate(more):
        expires = millis(intent.at + _ORPHAN_LIFE) // 1000
        database.write(Put(_part_key(entry, intent.token, number), {"part": part, "expires": expires}))
    attributes: dict[str, Value] = {
        "intent": packed[:_MOST_BYTES],
        "intended": intent.number,
        "token": intent.token,
        "tries": 0,
        "parts": len(more),
    }
    unchanged = Equals("number", entry.number) if entry.number else Absent("number")
    condition = Every((unchanged, Absent("intent")))
    outcome = database.write(
        Update(entry.key, set=attributes, remove=("retry_at", "expires"), condition=condition)
    )
    stored = replace(intent, parts=len(more))
    if isinstance(outcome, Won) or (outcome.item and outcome.item.get("token") == intent.token):
        return stored
    _forget_parts(database, entry, stored)
    return None


def _part_name(token: str, number: int) -> str:
    return f"INTENT#{token}#{number}"


def _part_key(entry: Entry, token: str, number: int) -> Key:
    return Key("dispatch", entry.group, _part_name(token, number))


def _forget_parts(database: Database, entry: Entry, intent: Intent) -> None:
    for number in range(intent.parts):
        database.write(Delete(_part_key(entry, intent.token, number)))


def record(
    database: Database, entry: Entry, intent: Intent, *, now: datetime, memory: Memory | None = None
) -> Entry:
    """Log an intent as told and return the entry; refused if something newer is there.

    What was muted when the intent was decided stays on the books, or its end would be lost; but as left out: the
    receiver may take this notification for all there is, so what fires on is news once it is heard again.
    """
    left_out = dict.fromkeys(entry.firing.keys() & intent.held, _LEFT_OUT)
    firing = {**left_out, **intent.firing}
    attributes: dict[str, Value] = {
        "number": intent.number,
        "firing": _joined(firing),
        "resolved": _joined(intent.resolved),
        "at": millis(intent.at),
        "timeline": entry.timeline.packed(),
    }
    gone = _OF_INTENT
    remembered = entry.memory_for(intent.reason) if memory is None else _clean(memory)
    if remembered:
        attributes["memory"] = pack(dict(remembered))
    else:
        gone += ("memory",)
    if firing:
        gone += ("expires",)  # An end is owed: however long that takes, the entry stays.
    else:
        attributes["expires"] = millis(now + RETENTION) // 1000
    newer = Either((Absent("number"), Below("number", intent.number)))
    database.write(Update(entry.key, set=attributes, remove=gone, condition=newer))
    _forget_parts(database, entry, intent)
    return Entry(
        entry.group,
        entry.receiver,
        entry.integration,
        intent.number,
        firing,
        intent.resolved,
        intent.at,
        memory=remembered,
        timeline=entry.timeline,
    )


def _clean(memory: Memory) -> Memory:
    return {
        printable(name): printable(value) if isinstance(value, str) else value
        for name, value in memory.items()
    }


def set_aside(
    database: Database, entry: Entry, intent: Intent, *, now: datetime, unheard: bool = False
) -> Entry | None:
    """Close an intent that is not told (`unheard`), or of which nobody knows; what it says is news again.

    Returns the entry, None if it is not as it was.
    """
    aside = entry.without(intent, now, unheard=unheard)
    attributes: dict[str, Value] = {
        "number": aside.number,
        "firing": _joined(aside.firing),
        "timeline": aside.timeline.packed(),
    }
    if not aside.firing:
        attributes["expires"] = millis(now + RETENTION) // 1000
    same = Every((Equals("intended", intent.number), Equals("token", intent.token)))
    written = database.write(Update(entry.key, set=attributes, remove=_OF_INTENT, condition=same))
    if isinstance(written, Lost) and not (written.item and written.item.get("number") == intent.number):
        return None
    _forget_parts(database, entry, intent)
    return aside


def forget(database: Database, entries: Iterable[Entry], now: datetime) -> None:
    """Let the entries of integrations that are gone expire: their group is over."""
    for entry in entries:
        expires: dict[str, Value] = {"expires": millis(now + RETENTION) // 1000}
        database.write(Update(entry.key, set=expires, condition=Equals("number", entry.number)))


def leave_out(database: Database, entry: Entry, muted: Collection[bytes]) -> Entry | None:
    """Log that alerts which fire are muted by now, so that they are news when they are heard again.

    None if something newer is there.
    """
    firing = dict(entry.firing) | dict.fromkeys(muted, _LEFT_OUT)
    condition = Every((Equals("number", entry.number), Absent("intent")))
    outcome = database.write(Update(entry.key, set={"firing": _joined(firing)}, condition=condition))
    return replace(entry, firing=firing) if isinstance(outcome, Won) else None


def postpone(database: Database, entry: Entry, intent: Intent, retry_at: datetime) -> None:
    """Store when an intent is to be tried again, and that it was tried once more."""
    database.write(
        Update(
            entry.key,
            set={"retry_at": millis(retry_at), "timeline": entry.timeline.packed()},
            add={"tries": 1},
            condition=Equals("intended", intent.number),
        )
    )


def _joined(told: Activations) -> bytes:
    return b"".join(name + at.to_bytes(_TIME_BYTES, "big") for name, at in sorted(told.items()))


def _split(packed: bytes) -> dict[bytes, int]:
    entries = (packed[start : start + _ENTRY_BYTES] for start in range(0, len(packed), _ENTRY_BYTES))
    return {entry[:_HASH_BYTES]: int.from_bytes(entry[_HASH_BYTES:], "big") for entry in entries}


def owed(entries: Iterable[Entry]) -> frozenset[bytes]:
    """Return the hashes of the alerts whose ends have yet to be told to somebody who was told that they fire.

    Somebody about to be told that they fire counts too.
    """
    found: set[bytes] = set()
    for entry in entries:
        found.update(entry.firing)
        if entry.intent is not None:
            found.update(entry.intent.firing)
    return frozenset(found)
