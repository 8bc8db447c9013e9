"""What changed: stored rules compared with those that somebody wants."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from tocsin.rules.book import StoredRule
from tocsin.rules.fingerprint import cosmetic, semantic
from tocsin.rules.rule import Rule


class Effect(StrEnum):
    """What a change is to a rule, or to a group of them."""

    CREATED = "created"
    UPDATED = "updated"
    DELETED = "deleted"


@dataclass(frozen=True, slots=True)
class Change:
    """A stored rule and what it becomes; another id means that its own labels were edited."""

    before: StoredRule
    after: Rule

    @property
    def relabelled(self) -> bool:
        """Whether the rule becomes another unit of work: the new one takes over its pause and its alerts."""
        return self.before.id != self.after.id

    @property
    def edited(self) -> bool:
        """Whether somebody changed anything."""
        return self.relabelled or self.semantic or self.cosmetic

    @property
    def moved(self) -> bool:
        """Whether it has another place in its group, and nothing else has changed."""
        return self.before.rule.position != self.after.position and not self.edited

    @property
    def semantic(self) -> bool:
        """Whether the rule means something else now."""
        return semantic(self.before.rule) != semantic(self.after)

    @property
    def cosmetic(self) -> bool:
        """Whether it is worded otherwise: texts, settings of its group."""
        return cosmetic(self.before.rule) != cosmetic(self.after)


@dataclass(frozen=True, slots=True)
class Changes:
    """What has to be written, and what stays: `kept` are stored, no longer wanted, and not to be deleted.

    `moved` have another place in their group, because of their neighbours: that is written and no news.
    """

    created: tuple[Rule, ...] = ()
    updated: tuple[Change, ...] = ()
    moved: tuple[Change, ...] = ()
    deleted: tuple[StoredRule, ...] = ()
    kept: tuple[StoredRule, ...] = ()
    unchanged: int = 0
    groups: Mapping[str, Effect] = field(default_factory=dict)
    """By the key of each group in which something is created, updated or deleted, what that is to the group."""

    def __bool__(self) -> bool:
        return bool(self.created or self.updated or self.deleted)

    @property
    def written(self) -> list[Rule]:
        """The rules to put."""
        return [*self.created, *(change.after for change in (*self.updated, *self.moved))]

    @property
    def gone(self) -> list[str]:
        """The ids of the units to delete: of rules deleted, and of rules that became others."""
        relabelled = [change.before.id for change in self.updated if change.relabelled]
        return [*(stored.id for stored in self.deleted), *relabelled]

    @property
    def was(self) -> dict[str, StoredRule]:
        """By the id of a unit that is new because labels were edited, the rule that it was."""
        return {change.after.id: change.before for change in self.updated if change.relabelled}


def compare(
    stored: Iterable[StoredRule], wanted: Sequence[Rule], namespaces: Collection[str], *, prune: bool
) -> Changes:
    """Return what makes of the stored rules those that are wanted in some namespaces; others are left alone.

    A wanted rule that is new takes the place of a stored one of the same group and name that nobody wants any
    more: its labels were edited, and both together would page twice.
    """
    known = {found.id: found for found in stored if found.rule.namespace in namespaces}
    ids = {rule.id for rule in wanted}
    pairs = [Change(known[rule.id], rule) for rule in wanted if rule.id in known]
    pairs += _relabelled(
        [rule for rule in wanted if rule.id not in known],
        [found for unit, found in known.items() if unit not in ids],
    )
    old, new = {change.before.id for change in pairs}, {change.after.id for change in pairs}
    created = tuple(rule for rule in wanted if rule.id not in new)
    updated = tuple(change for change in pairs if change.edited)
    left = tuple(found for unit, found in known.items() if unit not in old)
    deleted, kept = (left, ()) if prune else ((), left)
    touched = (*created, *(change.after for change in updated), *(found.rule for found in deleted))
    return Changes(
        created=created,
        updated=updated,
        moved=tuple(change for change in pairs if change.moved),
        deleted=deleted,
        kept=kept,
        unchanged=len(pairs) - len(updated),
        groups=_effects(
            touched,
            had={found.rule.group_key for found in known.values()},
            has={rule.group_key for rule in (*wanted, *(found.rule for found in kept))},
        ),
    )


def _relabelled(new: Sequence[Rule], unwanted: Sequence[StoredRule]) -> list[Change]:
    """Return which rule becomes which, of one group and name: first those that still ask the same."""
    pairs: list[Change] = []
    for likeness in (_question, _name):
        old, done = {change.before.id for change in pairs}, {change.after.id for change in pairs}
        free: dict[object, list[StoredRule]] = {}
        for found in reversed(unwanted):
            if found.id not in old:
                free.setdefault(likeness(found.rule), []).append(found)
        pairs += [
            Change(candidates.pop(), rule)
            for rule in new
            if rule.id not in done and (candidates := free.get(likeness(rule)))
        ]
    return pairs


def _name(rule: Rule) -> tuple[str, ...]:
    return (rule.group_key, rule.kind, rule.name)


def _question(rule: Rule) -> tuple[str, ...]:
    return (*_name(rule), rule.expr)


def _effects(touched: Iterable[Rule], had: Collection[str], has: Collection[str]) -> dict[str, Effect]:
    """Return what the changes of these rules are to their groups."""
    groups = sorted({rule.group_key for rule in touched})
    gone = {group: Effect.DELETED for group in groups if group not in has}
    return {group: Effect.UPDATED if group in had else Effect.CREATED for group in groups} | gone
