"""What a worker remembers between ticks: rules and records, each under the version it is valid for."""

from collections.abc import Mapping

from tocsin.evaluation.head import Head
from tocsin.evaluation.records import Record, load
from tocsin.evaluation.unit import Unit, unit_of
from tocsin.index import Index
from tocsin.ports import Database, Delete, Key
from tocsin.rules.book import RuleBook, StoredRule
from tocsin.schedule.layout import Shard


class Memory:
    """Caches, filled from the database when a version says that they are stale."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._book = RuleBook(database)
        self._units: dict[str, tuple[StoredRule, Unit]] = {}
        self._records: dict[str, tuple[int, Mapping[str, Record]]] = {}

    def units(self, shard: Shard, index: Index) -> dict[str, Unit]:
        """Return the units of a shard that are to be evaluated: those with a rule that is not paused."""
        rules = self._book.load(index, shard.buckets.slots())
        units = (self._unit(stored) for stored in rules.values() if not stored.rule.paused)
        return {unit.id: unit for unit in units if unit.bucket in shard.buckets}

    def _unit(self, stored: StoredRule) -> Unit:
        known = self._units.get(stored.id)
        if known is None or known[0] is not stored:
            known = (stored, unit_of(stored.id, stored.rule, stored.revision))
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
