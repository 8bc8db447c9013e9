"""A group: the alerts that one route tells of together, and when it is due.

A group that holds an alert always has a due time. Claiming moves the due to the claim's end; arming counts up
a wake number; finishing requires claim and wake as they were, else the group is due again at its next slot.
Slots are a fixed grid from the first flush on, one every group_interval (Alertmanager's dispatcher).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from hashlib import sha256
from math import ceil
from typing import Any

from tocsin.dispatch import tally
from tocsin.dispatch.config import Config, Route
from tocsin.dispatch.tally import Tally
from tocsin.instants import instant, maybe_instant, millis
from tocsin.labels import Labels, format_labels
from tocsin.ports import (
    Above,
    Absent,
    AtMost,
    Condition,
    Database,
    Either,
    Equals,
    Every,
    Item,
    Key,
    Parallel,
    Present,
    Update,
    Value,
    Won,
    one_by_one,
)

_EMPTY_LIFE = timedelta(days=7)
"""How long a group that holds nothing is remembered: longer than any worker that still knows it."""
_END_OF_TIME = datetime(9999, 12, 31, tzinfo=UTC)
_MOST_GROUPS = 10_000
"""A slot's groups that are read: what one answer of DynamoDB holds, with room to spare."""
DUE_SLOTS = 4
"""Partitions of the index of due groups: what a sweep asks each minute."""


_KEYS_AT_ONCE = 100
_WAKE_SECONDS = 15.0


class UnfinishedError(RuntimeError):
    """The time did not suffice for all groups; what is done is done, and done again at no harm."""


@dataclass(frozen=True, slots=True)
class Placement:
    """Where an alert belongs: a route, and the group of its labels there."""

    route: Route
    labels: Labels

    @property
    def id(self) -> str:
        """The group's id and partition: a hash of its route's id and receiver, and of its labels.

        Each route has groups of its own; one with another receiver has others, and the old receiver is told
        the end of what it was told.
        """
        text = f"{self.route.id}\n{self.route.receiver}\n{format_labels(self.labels)}"
        return "group." + sha256(text.encode()).hexdigest()[:24]

    @property
    def key(self) -> str:
        """Alertmanager's group key, which templates, receivers and people see."""
        return f"{self.route.key}:{format_labels(self.labels)}"


def match(route: Route, labels: Labels) -> list[Route]:
    """Return the routes of an alert in tree order: depth first, the first match unless it continues.

    A route none of whose children match is the match itself (Alertmanager, `dispatch.Route.Match`).
    """
    if not all(matcher.matches(labels) for matcher in route.matchers):
        return []
    found: list[Route] = []
    for child in route.routes:
        matched = match(child, labels)
        found += matched
        if matched and not child.continues:
            break
    return found or [route]


def placements(config: Config, labels: Labels) -> Iterator[Placement]:
    """Yield every place of an alert with these labels."""
    for route in match(config.route, labels):
        by = labels if route.group_by is None else {n: v for n, v in labels.items() if n in route.group_by}
        yield Placement(route, dict(by))


@dataclass(frozen=True, slots=True)
class Meta:
    """A group's own item: what it is, when it is due, who is flushing it."""

    id: str
    route_id: str
    key: str
    labels: Labels
    receiver: str
    wake: int = 0
    due: datetime | None = None
    grid: datetime | None = None
    interval: timedelta = timedelta(minutes=5)
    claim: str = ""
    claimed_until: datetime | None = None
    muted: Tally = field(default_factory=Tally)
    """How many alerts were muted in its flushes today, by reason."""

    def next_slot(self, now: datetime) -> datetime:
        """Return the first time of the group's grid after `now`."""
        if self.grid is None or now < self.grid:
            return self.grid or now
        passed = (now - self.grid) // self.interval
        return self.grid + (passed + 1) * self.interval

    def slot_from(self, at: datetime) -> datetime:
        """Return the first time of the group's grid that is not before `at`."""
        return self.next_slot(at - timedelta(microseconds=1))


def route_of(config: Config, meta: Meta) -> Route:
    """Return a group's route; for one that is gone, its receiver as it was: its alerts are being moved."""
    for route in config.route.walk():
        if (route.id, route.receiver) == (meta.route_id, meta.receiver):
            return route
    return replace(
        config.route,
        id=meta.route_id,
        receiver=meta.receiver,
        group_interval=meta.interval,
        mute_time_intervals=(),
        active_time_intervals=(),
    )


def meta_key(group: str) -> Key:
    """Return where a group's own item is."""
    return Key("dispatch", group, "META")


def from_item(item: Item) -> Meta:
    """Return the group's own item as stored."""
    stored: Mapping[str, Any] = item
    return Meta(
        id=stored["pk"],
        route_id=stored.get("route", ""),
        key=stored.get("key", ""),
        labels=stored.get("labels", {}),
        receiver=stored.get("receiver", ""),
        wake=stored.get("wake", 0),
        due=maybe_instant(stored.get("due")),
        grid=maybe_instant(stored.get("grid")),
        interval=timedelta(milliseconds=stored.get("interval", 300_000)),
        claim=stored.get("claim", ""),
        claimed_until=maybe_instant(stored.get("claimed_until")),
        muted=tally.from_document(stored.get("muted")),
    )


def due_slot(group: str) -> int:
    """Return the group's partition in the index of due groups."""
    return int(group.rsplit(".", 1)[-1][:4], 16) % DUE_SLOTS


def held_groups(database: Database) -> dict[str, datetime]:
    """Return when each group is due: every group that holds an alert is."""
    return {
        str(item["pk"]): instant(item["due"])
        for slot in range(DUE_SLOTS)
        for item in database.due(slot, millis(_END_OF_TIME), _MOST_GROUPS)
        if isinstance(item["due"], int)
    }


def first_due(now: datetime, starts_at: datetime, group_wait: timedelta) -> datetime:
    """Return when a new group is due: after group_wait, at once if its alert has waited that long already."""
    return now if starts_at + group_wait < now else now + group_wait


def arm(database: Database, placement: Placement, now: datetime, starts_at: datetime) -> datetime:
    """Make an alert's group due, the first time after group_wait, later at its next slot; return its due."""
    due = first_due(now, starts_at, placement.route.group_wait)
    fresh: dict[str, Value] = {"due": millis(due), "slot": due_slot(placement.id), "grid": millis(due)}
    empty = Every((Absent("due"), Absent("grid")))
    known = _identity(placement)
    first = Update(
        meta_key(placement.id), set=fresh | known, add={"wake": 1}, remove=("expires",), condition=empty
    )
    write = first
    while not isinstance(outcome := database.write(write), Won):
        if outcome.item is None or "grid" not in outcome.item:
            write = first
        else:
            meta = from_item(outcome.item)
            write = _arming(meta, meta.next_slot(now), known)
    return from_item(outcome.item).due or due


def wake(database: Database, group: str, now: datetime, *, at_slot: bool = False) -> datetime | None:
    """Make a group due at once, or at its next slot, and count up its wake; None if it holds nothing."""
    [item] = database.get(meta_key(group))
    while item is not None and "grid" in item:
        meta = from_item(item)
        outcome = database.write(_arming(meta, meta.next_slot(now) if at_slot else now, {}))
        if isinstance(outcome, Won):
            return from_item(outcome.item).due
        item = outcome.item
    return None


def wake_all(
    database: Database,
    groups: Sequence[str],
    now: datetime,
    *,
    at_slot: bool = False,
    parallel: Parallel = one_by_one,
) -> dict[str, datetime]:
    """Wake many groups, several at once, and return when they are due; those that hold nothing are left out.

    One that nobody has claimed and that is due as early anyway is left as it is: so who does not get through them
    in time gets further with every try. Raises UnfinishedError then.
    """
    dues: dict[str, datetime] = {}
    to_wake: list[str] = []
    for start in range(0, len(groups), _KEYS_AT_ONCE):
        for item in database.get(*map(meta_key, groups[start : start + _KEYS_AT_ONCE])):
            meta = from_item(item) if item is not None and "grid" in item else None
            if meta is None:
                continue
            if meta.due and not meta.claim and meta.due <= (meta.next_slot(now) if at_slot else now):
                dues[meta.id] = meta.due
            else:
                to_wake.append(meta.id)
    jobs = [partial(_woken, database, group, now, at_slot) for group in to_wake]
    done = [woken for woken in parallel(jobs, _WAKE_SECONDS) if woken is not None] if jobs else []
    if len(done) < len(jobs):
        raise UnfinishedError(f"{len(jobs) - len(done)} of {len(jobs)} groups in {_WAKE_SECONDS:g} s")
    return dues | {group: due for group, due in done if due is not None}


def _woken(database: Database, group: str, now: datetime, at_slot: bool) -> tuple[str, datetime | None]:
    return group, wake(database, group, now, at_slot=at_slot)


def _arming(meta: Meta, wanted: datetime, known: dict[str, Value]) -> Update:
    """Return the one update that counts up the wake and lowers the due.

    The form that only counts carries the condition that the due is early enough.
    """
    ms, key = millis(wanted), meta_key(meta.id)
    if meta.due is not None and meta.due <= wanted:
        return Update(key, set=known, add={"wake": 1}, condition=AtMost("due", ms))
    later = Every((Present("grid"), Either((Absent("due"), Above("due", ms)))))
    lowered: dict[str, Value] = {"due": ms, "slot": due_slot(meta.id)}
    return Update(key, set=lowered | known, add={"wake": 1}, condition=later)


def _identity(placement: Placement) -> dict[str, Value]:
    route = placement.route
    return {
        "route": route.id,
        "key": placement.key,
        "labels": dict(placement.labels),
        "receiver": route.receiver,
        "interval": route.group_interval // timedelta(milliseconds=1),
    }


def claim(database: Database, group: str, token: str, now: datetime, until: datetime) -> Meta | None:
    """Claim a group that is due until `until`; None if it is not due, or somebody else has it.

    The due moves to the claim's end: if we die, the group is due again then.
    """
    ms = millis(now)
    free = Either((Absent("claim"), AtMost("claimed_until", ms)))
    attributes: dict[str, Value] = {"claim": token, "claimed_until": millis(until), "due": millis(until)}
    outcome = database.write(
        Update(meta_key(group), set=attributes, condition=Every((AtMost("due", ms), free)))
    )
    if isinstance(outcome, Won):
        return from_item(outcome.item)
    ours = outcome.item is not None and outcome.item.get("claim") == token
    return from_item(outcome.item) if ours and outcome.item is not None else None


def finish(database: Database, meta: Meta, due: datetime | None, now: datetime) -> datetime | None:
    """Release a claim with the group's next due; None for a group that holds nothing any more.

    Returns the due that was stored. If the group was armed meanwhile it is due at its next slot, or earlier
    if it is armed so; if the claim is not ours any more nothing is done and None returned.
    """
    mine = Equals("claim", meta.claim)
    undisturbed = Every((mine, Equals("wake", meta.wake)))
    outcome = database.write(_release(meta, due, undisturbed))
    while not isinstance(outcome, Won):
        if outcome.item is None or outcome.item.get("claim") != meta.claim:
            return None
        found = from_item(outcome.item)
        slot = meta.next_slot(now)
        earlier = min(slot, found.due or slot)
        unmoved: Condition = Equals("due", millis(found.due)) if found.due else Absent("due")
        due = earlier
        outcome = database.write(_release(meta, earlier, Every((mine, unmoved))))
    return due


def _release(meta: Meta, due: datetime | None, condition: Condition) -> Update:
    attributes: dict[str, Value] = {"muted": meta.muted.to_document()} if meta.muted.counts else {}
    if due is None:
        gone = ("claim", "claimed_until", "due", "slot", "grid")
        expires = epoch((meta.claimed_until or instant(0)) + _EMPTY_LIFE)
        attributes["expires"] = expires
        return Update(meta_key(meta.id), set=attributes, remove=gone, condition=condition)
    attributes |= {"due": millis(due), "slot": due_slot(meta.id)}
    return Update(meta_key(meta.id), set=attributes, remove=("claim", "claimed_until"), condition=condition)


def delay_seconds(due: datetime, now: datetime) -> int:
    """Return the delay of a message that is not to arrive before `due`: whole seconds, rounded up."""
    return max(0, ceil((due - now).total_seconds()))


def epoch(at: datetime) -> int:
    """Return the value of a TTL attribute: whole seconds since 1970."""
    return millis(at) // 1000
