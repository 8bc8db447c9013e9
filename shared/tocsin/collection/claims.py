"""Claims: who runs an input that may take longer than a tick, and what waits for that run to end.

A claim is one item for each such input, changed by compare-and-set; it keeps the input's health as well.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from tocsin.collection import health
from tocsin.collection.health import Health, Ran, run_key
from tocsin.collection.input import Input
from tocsin.collection.overrun import Action, Decision, Reason, Running, decide
from tocsin.instants import instant, maybe_instant, millis
from tocsin.packing import pack, unpack
from tocsin.ports import Absent, Database, Equals, Item, Update, Value, Won

GRACE = timedelta(seconds=15)
"""A claim is over so long after the deadline of its run: its Lambda has ended by then, both clocks' skew included."""
KEPT = timedelta(days=7)
_TRIES = 50


class ContendedError(RuntimeError):
    """Others change a claim faster than we can."""


@dataclass(frozen=True, slots=True)
class Claim:
    """What was decided about a due time; it runs if `runs`."""

    input: Input
    due: datetime
    token: str
    decision: Decision

    @property
    def runs(self) -> bool:
        """Whether there is something to run."""
        return self.decision.action in (Action.RUN, Action.BESIDE)


@dataclass(frozen=True, slots=True)
class _Kept:
    """The item: `running` is set while somebody runs the input, `at` is the newest time that has been taken."""

    seq: int = 0
    at: datetime | None = None
    running: Running | None = None
    queued: datetime | None = None
    health: Health = field(default_factory=Health)


class Claims:
    """Claims runs and releases them; safe to do twice, late and beside others."""

    def __init__(self, database: Database, token: Callable[[], str]) -> None:
        self._database, self._token = database, token

    def claim(self, given: Input, due: datetime, now: datetime) -> Claim:
        """Decide about a due time and put that down; raises ContendedError."""
        token = self._token()
        for _ in range(_TRIES):
            kept = self._read(given.id)
            if kept.running is not None and kept.running.token == token:
                # Our own first attempt stood, its answer was lost, and somebody has changed the item since.
                return Claim(given, due, token, Decision(Action.RUN, Reason.FREE))
            claim = Claim(given, due, token, _decision(given, due, kept, now))
            after = _claimed(claim, kept, now)
            if after is kept or self._write(given.id, kept, after, now):
                return claim
        raise ContendedError(f"the claim of {given.id} is never as it was read")

    def waits(self, name: str, due: datetime) -> bool:
        """Tell whether a due time waits for the end of the run before it."""
        return self._read(name).queued == due

    def miss(self, given: Input, number: int, now: datetime) -> None:
        """Put down that times of an input went by unused; raises ContendedError."""
        for _ in range(_TRIES):
            kept = self._read(given.id)
            missed = replace(kept.health, missed=kept.health.missed + number)
            if self._write(given.id, kept, replace(kept, health=missed), now):
                return
        raise ContendedError(f"the claim of {given.id} is never as it was read")

    def release(self, claim: Claim, ran: Ran, missed: int, now: datetime) -> datetime | None:
        """Put down how a run went; return the time that waited for its end. Raises ContendedError."""
        for _ in range(_TRIES):
            kept = self._read(claim.input.id)
            mine = kept.running is not None and kept.running.token == claim.token
            after = replace(
                kept,
                running=None if mine else kept.running,
                health=health.after(replace(kept.health, missed=kept.health.missed + missed), ran),
            )
            if self._write(claim.input.id, kept, after, now):
                return kept.queued if mine else None
        raise ContendedError(f"the claim of {claim.input.id} is never as it was read")

    def _read(self, name: str) -> _Kept:
        [item] = self._database.get(run_key(name))
        return _from_item(name, item) if item else _Kept()

    def _write(self, of: str, read: _Kept, after: _Kept, now: datetime) -> bool:
        """Replace what was read; tell whether that stands."""
        attributes = _attributes(of, replace(after, seq=read.seq + 1))
        attributes |= {"expires": millis(now + KEPT) // 1000, "writer": self._token()}
        gone = tuple(name for name in _OPTIONAL if name not in attributes)
        unchanged = Equals("seq", read.seq) if read.seq else Absent("seq")
        outcome = self._database.write(Update(run_key(of), set=attributes, remove=gone, condition=unchanged))
        if isinstance(outcome, Won):
            return True
        # Refused, perhaps because of our own first attempt; others may write all the rest alike.
        return (outcome.item or {}).get("writer") == attributes["writer"]


def _decision(given: Input, due: datetime, kept: _Kept, now: datetime) -> Decision:
    if kept.running is None and kept.at is not None and due <= kept.at:
        return Decision(Action.SKIP, Reason.TAKEN)
    return decide(given.overrun, due, kept.running, now)


def _claimed(claim: Claim, kept: _Kept, now: datetime) -> _Kept:
    """Return the item after a decision; the same if there is nothing to put down."""
    if claim.decision.overran:
        kept = replace(kept, health=health.overrun(kept.health))
    match claim.decision.action:
        case Action.RUN:
            until = now + claim.input.deadline + GRACE
            lost = kept.queued is not None and kept.queued < claim.due
            return replace(
                kept,
                at=claim.due,
                running=Running(claim.due, until, claim.token),
                queued=None,
                health=replace(kept.health, missed=kept.health.missed + lost),
            )
        case Action.QUEUE:
            return replace(kept, queued=claim.due)
        case Action.BESIDE:
            running = kept.running and replace(kept.running, at=claim.due)
            return replace(kept, at=claim.due, running=running)
    return kept


_OPTIONAL = ("at", "token", "until", "queued", "health")


def _from_item(name: str, item: Item) -> _Kept:
    stored: Mapping[str, Any] = item
    queued = maybe_instant(stored.get("queued"))
    running = None
    if "token" in stored:
        running = Running(instant(stored["at"]), instant(stored["until"]), stored["token"], queued)
    kept = health.from_document(unpack(stored["health"])) if "health" in stored else {}
    return _Kept(stored["seq"], maybe_instant(stored.get("at")), running, queued, kept.get(name, Health()))


def _attributes(name: str, kept: _Kept) -> dict[str, Value]:
    attributes: dict[str, Value] = {
        "seq": kept.seq,
        "health": pack(health.to_document({name: kept.health})),
    }
    if kept.at is not None:
        attributes["at"] = millis(kept.at)
    if kept.running is not None:
        attributes |= {"token": kept.running.token, "until": millis(kept.running.until)}
    if kept.queued is not None:
        attributes["queued"] = millis(kept.queued)
    return attributes
