"""Where inhibiting alerts are kept: for each rule those that fire, one writer's beside another's.

They are stored as the alerts of a group are (chunks), without annotations, and go when they end: nobody is told of
them here. A source that fires is written before the groups of its hand-over and one that has ended after them, so
that what ends with it is not told in between; the second write goes under the higher of the commit's two sequences.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from tocsin.alert import Alert
from tocsin.dispatch import chunks
from tocsin.dispatch.config import Config, InhibitRule
from tocsin.dispatch.inhibition import (
    PREFIX,
    RuleSources,
    Sources,
    Values,
    is_source,
    is_target,
    place,
    values,
)
from tocsin.ports import Database, Item


def by_place(config: Config, alerts: Iterable[Alert]) -> dict[str, list[Alert]]:
    """Return the alerts that inhibit others, as they are kept, by the places of the rules."""
    found: dict[str, list[Alert]] = {}
    places = rules_by_place(config)
    for alert in alerts:
        for where, rules in places.items():
            if is_source(rules[0], alert.labels):
                found.setdefault(where, []).append(replace(alert, annotations={}, generator_url=""))
    return found


def is_place(group: str) -> bool:
    """Tell whether what a manifest names is no group but the place of a rule's sources."""
    return group.startswith(PREFIX)


def rules_by_place(config: Config) -> dict[str, list[InhibitRule]]:
    """Return the rules by the places of their sources: those of a place have the same sources."""
    found: dict[str, list[InhibitRule]] = {}
    for rule in config.inhibit_rules:
        found.setdefault(place(rule), []).append(rule)
    return found


class KeptSources:
    """Reads the sources of rules, a request for each place; what is as it was before is not unpacked again.

    An item's content goes with its revision, so equal revisions are equal sources, and their index is kept too.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._known: dict[InhibitRule, tuple[_Revisions, RuleSources]] = {}

    def read(self, config: Config, alerts: Sequence[Alert]) -> Sources:
        """Return the sources of every rule of which any of the alerts may be a target."""
        rules = [
            rule for rule in config.inhibit_rules if any(is_target(rule, alert.labels) for alert in alerts)
        ]
        places = dict.fromkeys(place(rule) for rule in rules)
        items = {where: self._database.query("dispatch", where) for where in places}
        self._known = {rule: known for rule, known in self._known.items() if rule in config.inhibit_rules}
        return Sources([self._of(rule, items[place(rule)]) for rule in rules])

    def _of(self, rule: InhibitRule, items: Sequence[Item]) -> RuleSources:
        revisions = tuple((str(item["sk"]), str(item.get("rev"))) for item in items)
        known = self._known.get(rule)
        if known is None or known[0] != revisions:
            alerts = chunks.merged(chunks.from_item(item) for item in items)
            known = self._known[rule] = (revisions, RuleSources(rule, alerts))
        return known[1]


_Revisions = tuple[tuple[str, str], ...]


def read_sources(database: Database, config: Config, alerts: Sequence[Alert]) -> Sources:
    """Return the sources of every rule of which any of the alerts may be a target."""
    return KeptSources(database).read(config, alerts)


def write_begun(
    database: Database, where: str, writer: str, changed: Sequence[Alert], seq: int, now: datetime
) -> None:
    """Write those of a writer's changed sources that fire."""
    firing = [alert for alert in changed if not alert.resolved(now)]
    if firing:
        found = chunks.read(database, where, writer)
        chunks.write(database, where, writer, chunks.merge(found, firing, now), 2 * seq, now)


def write_ended(
    database: Database, where: str, writer: str, changed: Sequence[Alert], seq: int, now: datetime
) -> None:
    """Remove those of a writer's changed sources that have ended."""
    found = chunks.read(database, where, writer)
    merge = chunks.merge(found, changed, now, forget=True)
    chunks.write(database, where, writer, merge, 2 * seq + 1, now)


def ended_values(
    config: Config, where: str, changed: Iterable[Alert], now: datetime
) -> Collection[Values] | None:
    """Return the shared values of the sources that have ended; None for all, if no rule is there any more."""
    rules = rules_by_place(config).get(where)
    if rules is None:
        return None
    return {values(rule, alert.labels) for rule in rules for alert in changed if alert.resolved(now)}
