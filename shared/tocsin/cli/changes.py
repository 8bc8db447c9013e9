"""What changed, shown as mimirtool shows it: by namespace, group and rule, with a summary at the end."""

from collections.abc import Iterator
from difflib import unified_diff
from typing import Any

import click

from tocsin.cli.output import warn
from tocsin.labels import format_labels
from tocsin.rules.changes import Change, Changes, Effect
from tocsin.rules.rule import Rule, to_document
from tocsin.rules.rulewriting import format_rule_file

_SIGNS = {Effect.CREATED: "+", Effect.UPDATED: "~", Effect.DELETED: "-"}
_COLOURS = {"+": "green", "~": "yellow", "-": "red"}
_Marked = tuple[Effect, Rule, Change | None]
"""What happens, the rule, and what it was before if it is updated."""


def print_changes(changes: Changes) -> None:
    """Print every change and the summary; on stderr what is stored and in none of the files."""
    if not changes:
        click.echo("no changes detected")
    else:
        _print_all(changes)
    groups = list(changes.groups.values())
    rules = {
        Effect.CREATED: len(changes.created),
        Effect.UPDATED: len(changes.updated),
        Effect.DELETED: len(changes.deleted),
    }
    click.echo(f"Diff Summary: {_summary('Groups', {effect: groups.count(effect) for effect in Effect})}")
    click.echo(f"              {_summary('Rules', rules)}")
    if changes.kept:
        keys = "".join(f"\n  {stored.rule.key}" for stored in changes.kept)
        warn(f"stored, in none of the files, and kept (--prune deletes them):{keys}")


def _summary(what: str, counts: dict[Effect, int]) -> str:
    return ", ".join(f"{count} {what} {effect.value.capitalize()}" for effect, count in counts.items())


def title(rule: Rule) -> str:
    """Return what a rule is called within its group: its name, and its own labels if it has any."""
    number = f"#{rule.ordinal}" if rule.ordinal > 1 else ""
    return rule.name + (format_labels(rule.labels) if rule.labels else "") + number


def to_json(changes: Changes) -> dict[str, Any]:
    """Return the changes as JSON."""
    return {
        "groups": {
            effect.value: [group for group, found in changes.groups.items() if found is effect]
            for effect in Effect
        },
        "created": [rule.key for rule in changes.created],
        "updated": [_change_to_json(change) for change in changes.updated],
        "moved": [change.after.key for change in changes.moved],
        "deleted": [stored.rule.key for stored in changes.deleted],
        "kept": [stored.rule.key for stored in changes.kept],
        "unchanged": changes.unchanged,
    }


def _change_to_json(change: Change) -> dict[str, Any]:
    before, after = change.before.rule, change.after
    return {
        "key": after.key,
        "was": before.key,
        "semantic": change.semantic,
        "before": to_document(before),
        "after": to_document(after),
    }


def _marked(changes: Changes) -> Iterator[_Marked]:
    yield from ((Effect.CREATED, rule, None) for rule in changes.created)
    yield from ((Effect.UPDATED, change.after, change) for change in changes.updated)
    yield from ((Effect.DELETED, stored.rule, None) for stored in changes.deleted)


def _print_all(changes: Changes) -> None:
    marked = sorted(_marked(changes), key=lambda each: (each[1].namespace, each[1].group, each[1].key))
    click.echo("Changes are indicated with the following symbols:")
    for effect, sign in _SIGNS.items():
        if any(effect is found for found, _, _ in marked):
            click.echo(f"  {click.style(sign, fg=_COLOURS[sign])} {effect.value}")
    click.echo()
    namespace = group = None
    for effect, rule, change in marked:
        if rule.namespace != namespace:
            click.echo(f"Namespace: {rule.namespace}")
        if (rule.namespace, rule.group) != (namespace, group):
            _print_line(f"  {_SIGNS[changes.groups[rule.group_key]]} Group: {rule.group}")
        namespace, group = rule.namespace, rule.group
        reworded = " (reworded)" if change and not change.semantic else ""
        _print_line(f"    {_SIGNS[effect]} Rule: {title(rule)}{reworded}")
        if change is not None:
            _print_lines(change.before.rule, rule)
    click.echo()


def _print_lines(before: Rule, after: Rule) -> None:
    old, new = (format_rule_file([rule]).splitlines() for rule in (before, after))
    for line in list(unified_diff(old, new, lineterm="", n=0))[2:]:
        if not line.startswith("@@"):
            _print_line(f"      {line[0]} {line[1:].strip()}")


def _print_line(line: str) -> None:
    click.secho(line, fg=_COLOURS[line.lstrip()[0]])
