"""What a worker remembers between ticks: rules and records, each under the version it is valid for."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from tocsin.evaluation.head import Head
from tocsin.evaluation.order import Needs, needs
from tocsin.evaluation.records import Record, load
from tocsin.evaluation.unit import Unit, unit_of
from tocsin.index import Index
from tocsin.ports import Database, Delete, Key
from tocsin.rules.book import RuleBook, StoredRule
from tocsin.rules.fingerprint import cosmetic, semantic
from tocsin.schedule.layout import Shard


@dataclass(frozen=True, slots=True)
class RuleDiff:
    """How the rules of a shard differ from those of the tick before: edited in what they mean, or in words."""

    added: int = 0
    removed: int = 0
    changed: int = 0
    reworded: int = 0

    def __bool__(self) -> bool:
        return bool(self.added or self.removed or self.changed or self.reworded)


@dataclass(frozen=True, slots=True)
class Board:
    """The units of a shard that are to be evaluated, and which of them need which."""

    units: Mapping[str, Unit] = field(default_factory=dict)
    needs: Needs = field(default_factory=dict)
    sources: frozenset[str] = frozenset()
    gone: Mapping[str, Unit] = field(default_factory=dict)
    """Units that are not evaluated any more, as far as this worker knows them: what they wrote has an end."""
    until: datetime | None = None
    """When the next pause ends, and with it this board."""


class Memory:
    """Caches, filled from the database when a version says that they are stale."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._book = RuleBook(database)
        self._units: dict[str, tuple[StoredRule, Unit]] = {}
        self._boards: dict[str, tuple[tuple[int, ...], Board]] = {}
        self._records: dict[str, tuple[int, Mapping[str, Record]]] = {}

    def board(self, shard: Shard, index: Index, now: datetime) -> tuple[Board, RuleDiff]:
        """Return the units of a shard with a rule that is not paused, and how that differs from the tick before."""
        known = self._boards.get(shard.id)
        if known is not None and known[0] == index.slots and not _ended(known[1], now):
            return known[1], RuleDiff()
        board = self._board(shard, index, now, known[1] if known is not None else Board())
        self._boards[shard.id] = (index.slots, board)
        return board, _difference(known[1], board) if known is not None else RuleDiff()

    def _board(self, shard: Shard, index: Index, now: datetime, before: Board) -> Board:
        stored = self._book.load(index, shard.buckets.slots()).values()
        units = [self._unit(found) for found in stored if not found.paused(now)]
        own = {unit.id: unit for unit in units if unit.bucket in shard.buckets}
        own = {unit.id: _alone(unit, own) for unit in own.values()}
        paused = {found.id: self._unit(found) for found in stored if found.paused(now)}
        heirs = {unit.former.unit: unit for unit in own.values() if unit.former}
        gone = {**before.gone, **before.units, **heirs, **paused}
        ends = (found.pause.until for found in stored if found.pause and found.pause.until)
        return Board(
            own,
            needs(own.values()),
            frozenset(unit.rule.source for unit in own.values()),
            {unit: known for unit, known in gone.items() if unit not in own},
            min((end for end in ends if end > now), default=None),
        )

    def _unit(self, stored: StoredRule) -> Unit:
        known = self._units.get(stored.id)
        if known is None or known[0] is not stored:
            known = (stored, unit_of(stored.id, stored.rule, stored.revision, stored.former))
            self._units[stored.id] = known
        return known[1]

    def records(self, shard: Shard, head: Head) -> Mapping[str, Record]:
        """Return the records of a shard, read after its HEAD and valid under that HEAD's version only."""
        known = self._records.get(shard.id)
        if known is None:
            self._sweep(shard, head)
        if known is None or known[0] != head.version:
            known = (head.version, load(self._database, shard.buckets))
            self._records[shard.id] = known
        return known[1]

    def learn(self, shard: Shard, head: Head, records: Mapping[str, Record]) -> None:
        """Remember what was committed."""
        self._records[shard.id] = (head.version, records)

    def _sweep(self, shard: Shard, head: Head) -> None:
        """Delete what workers left that died before their commit: HEAD has passed it, it can never be named."""
        passed = ("REDO#", f"REDO#{head.seq:012d}~")
        for item in self._database.query("state", shard.id, between=passed):
            self._database.write(Delete(Key("state", shard.id, str(item["sk"]))))


def _alone(unit: Unit, others: Mapping[str, Unit]) -> Unit:
    """Return the unit without the one it was, if that one is there again: then it has nothing to take over."""
    there = unit.former is not None and unit.former.unit in others
    return replace(unit, former=None) if there else unit


def _ended(board: Board, now: datetime) -> bool:
    return board.until is not None and board.until <= now


def _difference(before: Board, after: Board) -> RuleDiff:
    both = before.units.keys() & after.units.keys()
    rules = [(before.units[unit].rule, after.units[unit].rule) for unit in both]
    edited = [(was, rule) for was, rule in rules if was is not rule and was != rule]
    changed = sum(semantic(was) != semantic(rule) for was, rule in edited)
    return RuleDiff(
        added=len(after.units.keys() - both),
        removed=len(before.units.keys() - both),
        changed=changed,
        reworded=sum(
            semantic(was) == semantic(rule) and cosmetic(was) != cosmetic(rule) for was, rule in edited
        ),
    )
