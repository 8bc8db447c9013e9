"""Pushed alerts: what others post is stored, then handed over like the alerts of a rule.

They are divided by their names among a few writers, each with one item that is changed by compare-and-set. The item
says what has yet to be handed over: if we die in between, whoever posts next hands it over.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import Enum
from functools import partial
from hashlib import blake2b
from typing import Any

from tocsin.alert import from_document, to_document
from tocsin.dispatch import tally
from tocsin.dispatch.config import Config
from tocsin.dispatch.intake import Intake
from tocsin.dispatch.posted import (
    Known,
    Posted,
    PostedError,
    complete,
    extended,
    is_extension,
    merge,
    text_bytes,
)
from tocsin.dispatch.tally import Tally
from tocsin.index import INDEX, Index
from tocsin.instants import instant, maybe_instant, millis
from tocsin.packing import pack, unpack
from tocsin.ports import Absent, Clock, Database, Equals, Item, Key, Parallel, Put, Update, Won, one_by_one

WRITERS = 64
FIRING, RESOLVED = "firing", "resolved"
"""The status of a posted alert, by which they are counted."""
KEPT = timedelta(minutes=30)
"""How long an alert that has ended is known: what is posted late of it is merged with it."""
_MOST_BYTES, _MOST_TEXT_BYTES = 350 * 1024, 16 << 20
"""Of a writer's alerts as they are stored, and unpacked: some texts become a thousand times smaller."""
_TRIES = 12
_TRYING = timedelta(seconds=10)
_SECONDS = 20.0
_FIRST_PAUSE_SECONDS, _LONGEST_PAUSE_SECONDS = 0.05, 2.0
"""Of twelve tries the pauses are seven seconds in all, on average: Prometheus waits ten for an answer.

Where each try takes long itself we give up after as much: who asked has gone, and comes again.
"""
_UNDER_WAY = timedelta(seconds=3)
"""How long whoever committed is left to hand over alone: who commits only to help makes everybody's try fail."""
_DEFAULT_TIMEOUT = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Shelf:
    """What one writer knows: its alerts by fingerprint, which of them are to be handed over, and its last commit.

    `config` is the configuration by which all of them have been handed over.
    `committed_at` is when the last commit was; None for one that an earlier release wrote.
    `leaving` have been over for long: their end is handed over a last time, for nobody may have done it when they
    were given up, and they are stored no more.
    `extended` are those of the pending ones that had been handed over, and of which only the end has moved away.
    """

    seq: int = 0
    config: int = 0
    known: Mapping[str, Known] = field(default_factory=dict)
    pending: frozenset[str] = frozenset()
    leaving: tuple[Known, ...] = ()
    extended: frozenset[str] = frozenset()
    received: Tally = field(default_factory=Tally)
    """How many posted alerts said something new today, by their status; what merely repeats is not written down."""
    committed_at: datetime | None = None


class CrowdedError(RuntimeError):
    """So many others change the same alerts that ours were not stored: to be posted again."""


def writer_of(name: str) -> str:
    """Return the writer of the alerts of that name."""
    return f"api.{int.from_bytes(blake2b(name.encode(), digest_size=2).digest(), 'big') % WRITERS:02}"


def shelf_key(writer: str) -> Key:
    """Return where a writer's alerts are."""
    return Key("dispatch", writer, "PUSHED")


class Pushed:
    """Takes alerts from outside; the same ones may come again, late and from several senders."""

    def __init__(
        self,
        database: Database,
        intake: Intake,
        clock: Clock,
        configuration: Callable[[Index], Config | None],
        token: Callable[[], str],
        parallel: Parallel = one_by_one,
        slack: float = 1.0,
    ) -> None:
        """`slack` is which part of its remaining time an alert that is repeated is given in addition.

        With as much again it is stored once more when half of what was stored is over.
        """
        self._database, self._intake, self._clock = database, intake, clock
        self._configuration, self._token, self._parallel = configuration, token, parallel
        self._slack = slack

    def receive(self, posted: Sequence[Posted]) -> list[PostedError]:
        """Take what can be taken and return what is wrong with the others; taken means: it will be told.

        Raises CrowdedError and UnfinishedError: then the same is to be posted again.
        """
        writers = sorted({writer_of(one.labels.get("alertname", "")) for one in posted})
        versions, *items = self._database.get(INDEX, *map(shelf_key, writers))
        now, index = self._clock.now(), Index.from_item(versions)
        config = self._configuration(index)
        timeout = config.resolve_timeout if config else _DEFAULT_TIMEOUT
        wrong: list[PostedError] = []
        news: dict[str, list[Known]] = {writer: [] for writer in writers}
        for one in posted:
            try:
                known = complete(one, now, timeout)
            except PostedError as error:
                wrong.append(error)
            else:
                news[writer_of(known.alert.name)].append(known)
        jobs = [
            partial(self._take, writer, news[writer], index, item)
            for writer, item in zip(writers, items, strict=True)
        ]
        refused = self._parallel(jobs, _SECONDS) if jobs else ()
        if any(found is None for found in refused):
            raise CrowdedError(f"not all alerts were stored in {_SECONDS:g} s")
        return wrong + [error for found in refused for error in found or ()]

    def reroute(self) -> int:
        """Hand over again what was placed by an earlier configuration or not at all; return how many writers had such.

        Raises as `receive` does.
        """
        writers = [f"api.{number:02}" for number in range(WRITERS)]
        versions, *items = self._database.get(INDEX, *map(shelf_key, writers))
        index = Index.from_item(versions)
        stale = [
            (writer, item)
            for writer, item in zip(writers, items, strict=True)
            if item is not None and (item.get("config") != index.config or "pending" in item)
        ]
        for writer, item in stale:
            self._take(writer, (), index, item)
        return len(stale)

    def _take(self, writer: str, news: Sequence[Known], index: Index, item: Item | None) -> list[PostedError]:
        """Store what is new of a writer's alerts and hand it over, with all that was left to be."""
        began = self._clock.now()
        for number in range(_TRIES):
            # Of an empty shelf nothing was ever placed by another configuration.
            shelf = _from_item(item) if item is not None else Shelf(config=index.config)
            now = self._clock.now()
            after = taken(shelf, news, now, self._slack)
            step = next_step(shelf, after, news, index.config, now)
            if step is Step.DONE:
                return []
            if step is Step.COMMIT:
                refused = self._commit(writer, shelf, after, news, index, now)
                if refused is not None:
                    return refused
            if now - began >= _TRYING:
                break
            self._clock.sleep(_pause_seconds(number, self._token()))
            versions, item = self._database.get(INDEX, shelf_key(writer))
            index = Index.from_item(versions)
        raise CrowdedError(f"{writer}: others changed it again and again")

    def _commit(
        self, writer: str, shelf: Shelf, after: Shelf, news: Sequence[Known], index: Index, now: datetime
    ) -> list[PostedError] | None:
        """Store a writer's alerts and hand them over; return what found no room, None if somebody was faster."""
        stored = _to_item(after, self._token(), now)
        refused: list[Known] = []
        if not _has_room(after, stored):
            fitting, refused = _fitting(shelf, news)
            after = taken(shelf, fitting, now, self._slack)
            stored = _to_item(after, self._token(), now)
        unchanged = Equals("seq", shelf.seq) if shelf.seq else Absent("seq")
        outcome = self._database.write(Put(shelf_key(writer), stored, unchanged))
        if not isinstance(outcome, Won) and (outcome.item or {}).get("token") != stored["token"]:
            return None
        self._hand_over(writer, after, index.config, now)
        return [PostedError(f"too many alerts like {new.alert.name}: no room for it") for new in refused]

    def _hand_over(self, writer: str, shelf: Shelf, config: int, now: datetime) -> None:
        """Hand over what is to be, everything by a configuration that is new, and note that it is done."""
        everything = config != shelf.config
        chosen = [
            known.alert
            for fingerprint, known in shelf.known.items()
            if fingerprint in shelf.pending or (everything and known.ends_at > now)
        ]
        chosen += [known.alert for known in shelf.leaving]
        self._intake.hand_over(writer, shelf.seq, chosen, everything=everything, extended=shelf.extended)
        done = Update(
            shelf_key(writer),
            set={"config": config},
            remove=("pending",),
            condition=Equals("seq", shelf.seq),
        )
        self._database.write(done)


def taken(shelf: Shelf, news: Iterable[Known], now: datetime, slack: float) -> Shelf:
    """Return a writer's shelf after new alerts came in, under the next sequence."""
    known = dict(shelf.known)
    pending = set(shelf.pending)
    received = shelf.received
    for new in news:
        fingerprint = new.alert.fingerprint
        old = known.get(fingerprint)
        if old is not None:
            new = extended(old, merge(old, new, now), now, slack)
        if old is None or (new.alert, new.timeout) != (old.alert, old.timeout):
            known[fingerprint] = new
            pending.add(fingerprint)
            received = received.plus({RESOLVED if new.alert.resolved(now) else FIRING: 1}, now)
    moved = {one for one in pending - shelf.pending if is_extension(shelf.known.get(one), known[one])}
    over = {
        fingerprint
        for fingerprint, one in known.items()
        if fingerprint not in pending and one.ends_at <= now - KEPT
    }
    leaving = tuple(known.pop(fingerprint) for fingerprint in sorted(over))
    return Shelf(shelf.seq + 1, shelf.config, known, frozenset(pending), leaving, frozenset(moved), received)


class Step(Enum):
    """What is to be done next about what was posted."""

    DONE = "all of it has been handed over"
    WAIT = "somebody else is handing it over"
    COMMIT = "some of it is new, or was left to be handed over"


def next_step(shelf: Shelf, after: Shelf, news: Iterable[Known], config: int, now: datetime) -> Step:
    """Return what to do about news by which a shelf would become `after`, under a configuration.

    What is stored already, by somebody who posted the same or by our own earlier try, is left to whoever is handing
    it over: one more commit, which only helps, would make everybody's next one fail.
    """
    if after.leaving or after.known != shelf.known:
        return Step.COMMIT
    if not shelf.pending:
        return Step.DONE if shelf.config == config else Step.COMMIT
    # By either sign: one that lies far ahead is of a wrong clock.
    if shelf.committed_at is None or abs(now - shelf.committed_at) >= _UNDER_WAY:
        return Step.COMMIT
    ours = {new.alert.fingerprint for new in news}
    return Step.DONE if shelf.config == config and ours and not ours & shelf.pending else Step.WAIT


def _fitting(shelf: Shelf, news: Iterable[Known]) -> tuple[list[Known], list[Known]]:
    """Return what of new alerts fits where there is no room, and those that are not taken as they are.

    What is known goes on being extended and ended, or it would be told as resolved while it fires: in its old words.
    """
    fitting: list[Known] = []
    refused: list[Known] = []
    for new in news:
        old = shelf.known.get(new.alert.fingerprint)
        if old is not None:
            said, link = old.alert.annotations, old.alert.generator_url
            fitting.append(replace(new, alert=replace(new.alert, annotations=said, generator_url=link)))
        if old is None or fitting[-1] != new:
            refused.append(new)
    return fitting, refused


def _pause_seconds(number: int, token: str) -> float:
    """Return how long to wait before the next try: ever longer, and by chance, or who collided would do so again."""
    chance = int.from_bytes(blake2b(token.encode(), digest_size=2).digest(), "big") / 0xFFFF
    return float(chance * min(_FIRST_PAUSE_SECONDS * 2**number, _LONGEST_PAUSE_SECONDS))


def _has_room(shelf: Shelf, item: Item) -> bool:
    stored = sum(len(value) for value in item.values() if isinstance(value, bytes))
    return (
        stored <= _MOST_BYTES
        and sum(text_bytes(one.alert) for one in shelf.known.values()) <= _MOST_TEXT_BYTES
    )


def _from_item(item: Item) -> Shelf:
    stored: Mapping[str, Any] = item
    known: dict[str, Known] = {}
    for document, updated, timeout in unpack(stored["alerts"]) if "alerts" in stored else ():
        alert = from_document(document)
        known[alert.fingerprint] = Known(alert, instant(updated), bool(timeout))
    pending = unpack(stored["pending"]) if "pending" in stored else ()
    received = tally.from_document(stored.get("received"))
    return Shelf(
        stored.get("seq", 0),
        stored.get("config", 0),
        known,
        frozenset(pending),
        received=received,
        committed_at=maybe_instant(stored.get("at")),
    )


def _to_item(shelf: Shelf, token: str, now: datetime) -> Item:
    known = [
        [to_document(one.alert), millis(one.updated_at), int(one.timeout)] for one in shelf.known.values()
    ]
    item: Item = {"seq": shelf.seq, "config": shelf.config, "token": token, "alerts": pack(known)}
    item |= {"at": millis(now), "received": shelf.received.to_document()}
    return item | ({"pending": pack(sorted(shelf.pending))} if shelf.pending else {})
