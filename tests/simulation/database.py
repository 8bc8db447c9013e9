"""The database as a worker of a simulation sees it: it stops before each call, and each call has a name.

A write may get lost on its way, may take effect with its answer lost, twice, or when its sender has gone.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from tests.simulation.baton import Baton, InterruptedCallError, Order
from tocsin.instants import instant
from tocsin.ports import (
    Absent,
    Answer,
    Clock,
    Database,
    Delete,
    Either,
    Item,
    Key,
    Outcome,
    Put,
    Refused,
    Stored,
    Unanswered,
    Update,
    Write,
)
from tocsin.rules.rule import Rule, from_document


def deed(write: Write) -> str:
    """Return what the protocol calls a write: commit, clear, claim, arm, …"""
    key = write.key
    if isinstance(write, Delete):
        return "delete"
    if key.sk == "HEAD" and isinstance(write, Update):
        return _of_head(write)
    if key.sk == "META" and isinstance(write, Update):
        return "claim" if "claim" in write.set else "arm" if write.add else "finish"
    if key.sk.startswith("LOG#") and isinstance(write, Update):
        return "intend" if "intent" in write.set else "log" if "number" in write.set else "postpone"
    if key.sk.startswith("W#") and isinstance(write, Put):
        return "put" if isinstance(write.condition, Either) else "prune"
    return type(write).__name__.lower()


def _of_head(write: Update) -> str:
    if write.set.get("sealed"):
        return "seal"
    if not write.set:
        return "clear"
    if "seq" not in write.set:
        return "mark"
    return "create" if isinstance(write.condition, Absent) else "commit"


@dataclass(frozen=True, slots=True)
class Row:
    """A rule as a container read it: until when it is paused (0: for ever), and which unit it was before."""

    rule: Rule
    paused: int | None = None
    former: str = ""

    def evaluated(self, at: datetime) -> bool:
        """Tell whether the rule is evaluated in a pass that begins at `at`."""
        return self.paused is None or (self.paused > 0 and instant(self.paused) <= at)


@dataclass
class Seen:
    """What a container has read and been answered: what its decisions can be made from."""

    rules: dict[str, dict[str, Row]] = field(default_factory=dict)
    """By slot, by unit: what the last query of the slot's rows returned."""
    answers: dict[tuple[str, datetime], Answer] = field(default_factory=dict)
    """By expression and timestamp: the last answer."""
    stored: dict[tuple[str, datetime], Stored | Refused | Unanswered] = field(default_factory=dict)
    """By the name of a series and the timestamp of a sample: what came of the last write."""
    began: datetime | None = None
    """When it last read a HEAD, by its own clock: then its pass begins."""

    def units(self) -> dict[str, Row]:
        """Return the rules that it evaluates."""
        rows = {unit: row for rows in self.rules.values() for unit, row in rows.items()}
        return {unit: row for unit, row in rows.items() if self.began and row.evaluated(self.began)}


Written = Callable[[Seen, Write, Outcome, Item | None], None]
"""Told of each write: what its writer had seen, what came of it, and, of a HEAD, what was there before."""


@dataclass(frozen=True, slots=True)
class Underway:
    """A write whose sender has given up, on its way."""

    label: str
    arrive: Callable[[], Outcome]


class StoppingDatabase:
    """One container's view of the database."""

    def __init__(
        self,
        inner: Database,
        baton: Baton,
        seen: Seen,
        underway: list[Underway],
        written: Written,
        clock: Clock,
        *,
        people: bool = False,
    ) -> None:
        self._inner, self._baton, self._seen = inner, baton, seen
        self._underway, self._written = underway, written
        self._clock, self._people = clock, people

    def get(self, *keys: Key) -> list[Item | None]:
        """Read one item after the other, the last first: a batch is no snapshot."""
        found: list[Item | None] = []
        for key in reversed(keys):
            self._read(f"get {key.table}/{key.pk}/{key.sk}")
            found = self._inner.get(key) + found
            if key.sk == "HEAD":
                self._seen.began = self._clock.now()
        return found

    def query(
        self, table: str, pk: str, *, prefix: str = "", between: tuple[str, str] | None = None
    ) -> list[Item]:
        self._read(f"query {table}/{pk}/{prefix}")
        found = self._inner.query(table, pk, prefix=prefix, between=between)
        if table == "rules":
            self._seen.rules[pk] = {str(item["sk"]): _row(item) for item in found}
        return found

    def scan(self, table: str, segment: int = 0, segments: int = 1) -> list[Item]:
        self._read(f"scan {table}")
        return self._inner.scan(table, segment, segments)

    def due(self, slot: int, until_ms: int, limit: int) -> list[Item]:
        self._read("due")
        return self._inner.due(slot, until_ms, limit)

    def _read(self, label: str) -> None:
        if self._baton.pause(label) is not Order.GO:
            raise InterruptedCallError(label)

    def write(self, write: Write) -> Outcome:
        label = f"{deed(write)} {write.key.table}/{write.key.pk}/{write.key.sk}"
        order = self._baton.pause(label)
        if order is Order.DELAY:
            seen = deepcopy(self._seen)
            self._underway.append(Underway(label, lambda: self._write(write, seen)))
            raise InterruptedCallError(label)
        outcome = self._write(write, self._seen)
        if order is Order.LOSE:
            raise InterruptedCallError(label)
        if order is Order.AGAIN:
            self._baton.pause(f"again {label}")
            return self._write(write, self._seen)
        return outcome

    def _write(self, write: Write, seen: Seen) -> Outcome:
        [before] = self._inner.get(write.key) if write.key.sk == "HEAD" else [None]
        outcome = self._inner.write(write)
        self._written(seen, write, outcome, before)
        return outcome

    def transact(self, writes: Sequence[Write]) -> bool:
        assert self._people, "transactions are for the control plane, not for workers"
        self._read("transact")
        return self._inner.transact(writes)


def _row(item: Item) -> Row:
    stored: Mapping[str, Any] = item
    return Row(
        from_document(json.loads(stored["rule"])),
        stored.get("paused"),
        stored["was"][0] if "was" in stored else "",
    )
