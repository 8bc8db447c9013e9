"""The rule book: rules as rows, one a unit, and the versions by which readers know that rows changed."""

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from tocsin.index import Index, bump
from tocsin.ports import Database, Delete, Item, Key, Present, Update, Value, Write
from tocsin.rules.rule import Rule, from_document, to_document
from tocsin.schedule.buckets import SLOTS, slot, unit_id

_ROWS_A_TRANSACTION = 40
"""Each row and the versions of its slots go together; DynamoDB allows 100 writes, moto copies its tables."""


class MissingRuleError(LookupError):
    """A rule that was to be changed is not there any more."""


@dataclass(frozen=True, slots=True)
class StoredRule:
    """A rule with what its row adds: its id, a revision counted up by every write, who wrote it and when."""

    id: str
    rule: Rule
    revision: int
    by: str = ""
    at_ms: int = 0


def row_key(unit: str) -> Key:
    """Return where the row of a unit is."""
    return Key("rules", str(slot(unit)), unit)


class RuleBook:
    """Reads rules slot by slot, again only when a slot's version has changed; writes them with the version."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._slots: dict[int, tuple[int, dict[str, StoredRule]]] = {}

    def slot(self, number: int, version: int) -> Mapping[str, StoredRule]:
        """Return the rules of one slot by unit id, as of `version` or later."""
        known = self._slots.get(number)
        if known is None or known[0] != version:
            items = self._database.query("rules", str(number))
            known = (version, {stored.id: stored for stored in map(_from_item, items)})
            self._slots[number] = known
        return known[1]

    def load(self, index: Index, slots: Iterable[int] = range(SLOTS)) -> dict[str, StoredRule]:
        """Return the rules of some slots by unit id; what has not changed costs no request."""
        return {unit: stored for n in slots for unit, stored in self.slot(n, index.slots[n]).items()}

    def write(self, rules: Collection[Rule], deleted: Collection[str], *, by: str, at_ms: int) -> None:
        """Put the rules and delete the units given by id, each together with its slot's version.

        Many rows are several transactions: each row is written whole or not at all.
        """
        writes: list[Write] = [_row(rule, by, at_ms) for rule in rules]
        writes += [Delete(row_key(unit)) for unit in deleted]
        for start in range(0, len(writes), _ROWS_A_TRANSACTION):
            self._transact(writes[start : start + _ROWS_A_TRANSACTION])

    def pause(self, units: Collection[str], *, paused: bool, by: str, at_ms: int) -> None:
        """Pause or resume units; resuming also gives one in quarantine another chance.

        Raises MissingRuleError if a unit has no row by now: somebody has deleted it, and nothing may come
        back of it.
        """
        written: dict[str, Value] = {"paused": paused, "by": by, "at": at_ms}
        writes: list[Write] = [
            Update(row_key(unit), set=written, add={"revision": 1}, condition=Present("rule"))
            for unit in units
        ]
        for start in range(0, len(writes), _ROWS_A_TRANSACTION):
            self._transact(writes[start : start + _ROWS_A_TRANSACTION])

    def _transact(self, writes: list[Write]) -> None:
        slots = sorted({f"slot{write.key.pk}" for write in writes})
        if not self._database.transact([*writes, bump(*slots)]):
            raise MissingRuleError("a rule was deleted by somebody else meanwhile")


def _row(rule: Rule, by: str, at_ms: int) -> Update:
    """Return the write of a rule; a rule that is edited stays paused if it was."""
    document = json.dumps(to_document(rule), sort_keys=True, ensure_ascii=False)
    unit = unit_id(rule.key)
    written: dict[str, Value] = {"key": rule.key, "rule": document, "by": by, "at": at_ms}
    return Update(row_key(unit), set=written, add={"revision": 1})


def _from_item(item: Item) -> StoredRule:
    stored: Mapping[str, object] = item
    rule = from_document(json.loads(str(stored["rule"])), paused=bool(stored.get("paused", False)))
    return StoredRule(
        id=str(stored["sk"]),
        rule=rule,
        # Its time is part of it, so that a rule deleted and written again does not take up an old one.
        revision=int(str(stored.get("revision", 0))) + int(str(stored.get("at", 0))),
        by=str(stored.get("by", "")),
        at_ms=int(str(stored.get("at", 0))),
    )
