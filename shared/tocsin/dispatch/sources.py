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
from tocsin.ports import Database


def by_place(config: Config, alerts: Iterable[Alert]) -> dict[str, list[Alert]]:
    """Return the alerts that inhibit others, as they are kept, by the places of the rules."""
    found: dict[str, list[Alert]] = {}
    places = rules_by_place(config)
    for alert in alerts:
        for where, rule in places.items():
            if is_source(rule, alert.labels):
                found.setdefault(where, []).append(replace(alert, annotations={}, generator_url=""))
    return found


def is_place(group: str) -> bool:
    """Tell whether what a manifest names is no group but the place of a rule's sources."""
    return group.startswith(PREFIX)


def rules_by_place(config: Config) -> dict[str, InhibitRule]:
    """Return the rules by the places of their sources."""
    return {place(rule): rule for rule in config.inhibit_rules}


def read_sources(database: Database, config: Config, alerts: Sequence[Alert]) -> Sources:
    """Read the sources of every rule of which any of the alerts may be a target: a request for each such rule."""
    rules = [rule for rule in config.inhibit_rules if any(is_target(rule, alert.labels) for alert in alerts)]
    kept = {where: _read(database, where) for where in dict.fromkeys(place(rule) for rule in rules)}
    return Sources([RuleSources(rule, kept[place(rule)]) for rule in rules])


def _read(database: Database, where: str) -> tuple[Alert, ...]:
    items = database.query("dispatch", where)
    return chunks.merged(chunks.from_item(item) for item in items)


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
    """Return the shared values of the sources that have ended; None for all, if the rule is no longer there."""
    rule = rules_by_place(config).get(where)
    if rule is None:
        return None
    return {values(rule, alert.labels) for alert in changed if alert.resolved(now)}
