"""What changed: stored rules compared with those that somebody wants."""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from tocsin.rules.book import StoredRule
from tocsin.rules.rule import Rule, to_document
from tocsin.schedule.buckets import unit_id


@dataclass(frozen=True, slots=True)
class Change:
    """A stored rule and what it becomes; another key means that its own labels were edited."""

    before: StoredRule
    after: Rule

    @property
    def relabelled(self) -> bool:
        """Whether the rule becomes another unit of work: the old one ends, the new one begins afresh."""
        return self.before.rule.key != self.after.key


@dataclass(frozen=True, slots=True)
class Changes:
    """What has to be written, and what stays: `kept` are stored, no longer wanted, and not to be deleted."""

    created: tuple[Rule, ...] = ()
    updated: tuple[Change, ...] = ()
    deleted: tuple[StoredRule, ...] = ()
    kept: tuple[StoredRule, ...] = ()
    unchanged: int = 0

    def __bool__(self) -> bool:
        return bool(self.created or self.updated or self.deleted)

    @property
    def written(self) -> list[Rule]:
        """The rules to put."""
        return [*self.created, *(change.after for change in self.updated)]

    @property
    def gone(self) -> list[str]:
        """The ids of the units to delete: of rules deleted, and of rules that became others."""
        relabelled = [change.before.id for change in self.updated if change.relabelled]
        return [*(stored.id for stored in self.deleted), *relabelled]

    @property
    def still_paused(self) -> list[str]:
        """The ids of the units to pause once they are put: a rule stays paused though its labels were edited."""
        relabelled = [change for change in self.updated if change.relabelled and change.before.rule.paused]
        return [unit_id(change.after.key) for change in relabelled]


def compare(
    stored: Iterable[StoredRule], wanted: Sequence[Rule], namespaces: Collection[str], *, prune: bool
) -> Changes:
    """Return what makes of the stored rules those that are wanted in some namespaces; others are left alone.

    A wanted rule that is new takes the place of a stored one of the same group and name that nobody wants any
    more: its labels were edited, and both together would page twice.
    """
    known = {found.rule.key: found for found in stored if found.rule.namespace in namespaces}
    keys = {rule.key for rule in wanted}
    same = [Change(known[rule.key], rule) for rule in wanted if rule.key in known]
    edited = [change for change in same if _content(change.before.rule) != _content(change.after)]
    unwanted = {key: found for key, found in known.items() if key not in keys}
    created: list[Rule] = []
    for rule in wanted:
        if rule.key in known:
            continue
        if (old := _namesake(rule, unwanted)) is None:
            created.append(rule)
        else:
            edited.append(Change(unwanted.pop(old), rule))
    left = tuple(unwanted.values())
    return Changes(
        created=tuple(created),
        updated=tuple(edited),
        deleted=left if prune else (),
        kept=() if prune else left,
        unchanged=len(same) - sum(not change.relabelled for change in edited),
    )


def _content(rule: Rule) -> str:
    return json.dumps(to_document(rule), sort_keys=True)


def _namesake(rule: Rule, unwanted: Mapping[str, StoredRule]) -> str | None:
    name = (rule.namespace, rule.group, rule.alert)
    for key, found in unwanted.items():
        if (found.rule.namespace, found.rule.group, found.rule.alert) == name:
            return key
    return None
