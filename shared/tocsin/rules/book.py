"""The rule book: rules as rows, one a unit, and the versions by which readers know that rows changed."""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tocsin.history import Change, Via, What, record
from tocsin.index import Index, bump
from tocsin.instants import instant, rfc3339
from tocsin.ports import Database, Delete, Item, Key, Present, Update, Value, Write
from tocsin.rules.rule import Pause, Rule, from_document, pause_from_value, pause_to_value, to_document
from tocsin.schedule.buckets import SLOTS, slot

_ROWS_A_TRANSACTION = 40
"""They go with the versions of their slots and the history: DynamoDB allows 100 writes, moto copies its tables."""


class MissingRuleError(LookupError):
    """A rule that was to be changed is not there any more."""


@dataclass(frozen=True, slots=True)
class Former:
    """The unit that a rule was before its labels were edited, and the names of the labels it had then."""

    unit: str
    labels: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class StoredRule:
    """A rule with what its row adds: its id, a revision counted up by every write, who wrote it and when."""

    id: str
    rule: Rule
    revision: int
    by: str = ""
    at_ms: int = 0
    pause: Pause | None = None
    former: Former | None = None

    def paused(self, at: datetime) -> bool:
        """Tell whether the rule is paused at `at`."""
        return self.pause is not None and self.pause.holds(at)


UNREADABLE = "a version of Tocsin that this is not"
"""The source of a rule whose row cannot be read: it is refused whole, and its alerts stay as they were."""


def _rule(stored: Mapping[str, Any]) -> Rule:
    """Return the rule of a row; one written by a later version must not stop the rules beside it."""
    try:
        return from_document(json.loads(stored["rule"]))
    except (KeyError, TypeError, ValueError):
        namespace, _, rest = str(stored.get("key", "")).partition("/")
        group, _, name = rest.partition("/")
        return Rule(namespace, group, name, expr="", source=UNREADABLE)


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

    def write(
        self,
        rules: Collection[Rule],
        deleted: Collection[str],
        *,
        by: str,
        at_ms: int,
        was: Mapping[str, StoredRule] | None = None,
        via: Via = Via.UNKNOWN,
    ) -> None:
        """Put the rules and delete the units given by id, each together with its slot's version.

        `was` says for a new unit, by its id, which stored rule it was before: it takes over its pause and its
        alerts. Many rows are several transactions: each row is written whole or not at all.
        """
        writes: list[Write] = [_row(rule, by, at_ms, (was or {}).get(rule.id)) for rule in rules]
        writes += [Delete(row_key(unit)) for unit in deleted]
        for some in _portions(writes):
            written = tuple(str(write.set["key"]) for write in some if isinstance(write, Update))
            gone = self._names([write.key for write in some if isinstance(write, Delete)])
            self._transact(
                some,
                Change(What.RULES, instant(at_ms), by, via, written),
                Change(What.RULES_DELETED, instant(at_ms), by, via, gone),
            )

    def pause(
        self,
        units: Collection[str],
        pause: Pause | None,
        *,
        by: str,
        at_ms: int,
        via: Via = Via.UNKNOWN,
    ) -> None:
        """Pause units, or resume them: that also gives one in quarantine another chance.

        Raises MissingRuleError if a unit has no row by now: somebody has deleted it, and nothing may come
        back of it.
        """
        paused: dict[str, Value] = {"paused": pause_to_value(pause), "paused_by": by} if pause else {}
        writes: list[Write] = [
            Update(
                row_key(unit),
                set=paused,
                add={"revision": 1},
                remove=() if pause else ("paused", "paused_by"),
                condition=Present("rule"),
            )
            for unit in units
        ]
        what = What.RULE_PAUSE if pause else What.RULE_RESUME
        end = {"until": rfc3339(pause.until) if pause.until else None} if pause else {}
        for some in _portions(writes):
            names = self._names([write.key for write in some])
            self._transact(some, Change(what, instant(at_ms), by, via, names, after=end))

    def _names(self, keys: Sequence[Key]) -> tuple[str, ...]:
        """Return what stored rules are called, for the history; of one that is gone by now its id."""
        found = zip(keys, self._database.get(*keys) if keys else (), strict=True)
        return tuple(str(item["key"]) if item else key.sk for key, item in found)

    def _transact(self, writes: Sequence[Write], *changes: Change) -> None:
        slots = sorted({f"slot{write.key.pk}" for write in writes})
        told = [record(change) for change in changes if change.targets]
        if not self._database.transact([*writes, bump(*slots), *told]):
            raise MissingRuleError("a rule was deleted by somebody else meanwhile")


def _portions(writes: Sequence[Write]) -> Iterable[Sequence[Write]]:
    for start in range(0, len(writes), _ROWS_A_TRANSACTION):
        yield writes[start : start + _ROWS_A_TRANSACTION]


def _row(rule: Rule, by: str, at_ms: int, was: StoredRule | None) -> Update:
    """Return the write of a rule; a rule that is edited stays paused if it was."""
    document = json.dumps(to_document(rule), sort_keys=True, ensure_ascii=False)
    written: dict[str, Value] = {"key": rule.key, "rule": document, "by": by, "at": at_ms}
    if was is not None:
        written["was"] = [was.id, *sorted(was.rule.labels)]
        written |= {"paused": pause_to_value(was.pause), "paused_by": was.pause.by} if was.pause else {}
    return Update(row_key(rule.id), set=written, add={"revision": 1})


def _from_item(item: Item) -> StoredRule:
    stored: Mapping[str, Any] = item
    return StoredRule(
        id=stored["sk"],
        rule=_rule(stored),
        # Its time is part of it, so that a rule deleted and written again does not take up an old one.
        revision=stored.get("revision", 0) + stored.get("at", 0),
        by=stored.get("by", ""),
        at_ms=stored.get("at", 0),
        pause=pause_from_value(stored["paused"], stored.get("paused_by", "")) if "paused" in stored else None,
        former=Former(stored["was"][0], tuple(stored["was"][1:])) if "was" in stored else None,
    )
