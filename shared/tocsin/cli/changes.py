"""What changed, shown as mimirtool shows it: by namespace, group and rule, with a summary at the end."""

from collections.abc import Iterator
from difflib import unified_diff
from typing import Any

import click

from tocsin.cli.output import warn
from tocsin.labels import format_labels
from tocsin.rules.changes import Change, Changes
from tocsin.rules.rule import Rule, to_document
from tocsin.rules.rulefile import format_rule_file

_COLOURS = {"+": "green", "~": "yellow", "-": "red"}
_NAMES = {"+": "created", "~": "updated", "-": "deleted"}
_Marked = tuple[str, Rule, Rule | None]
"""A sign, a rule, and what it was before if it is updated."""


def print_changes(changes: Changes) -> None:
    """Print every change and the summary."""
    if not changes:
        click.echo("no changes detected")
    else:
        _print_all(sorted(_marked(changes), key=lambda marked: marked[1].key))
    click.echo(
        f"Diff Summary: {len(changes.created)} Rules Created, {len(changes.updated)} Rules Updated, "
        f"{len(changes.deleted)} Rules Deleted"
    )


def warn_of_kept(changes: Changes) -> None:
    """Say on stderr what is stored and in none of the files."""
    if changes.kept:
        keys = "".join(f"\n  {stored.rule.key}" for stored in changes.kept)
        warn(f"stored, in none of the files, and kept (--prune deletes them):{keys}")


def title(rule: Rule) -> str:
    """Return what a rule is called within its group: its name, and its own labels if it has any."""
    return rule.alert + (format_labels(rule.labels) if rule.labels else "")


def to_json(changes: Changes) -> dict[str, Any]:
    """Return the changes as JSON."""
    return {
        "created": [rule.key for rule in changes.created],
        "updated": [_change_to_json(change) for change in changes.updated],
        "deleted": [stored.rule.key for stored in changes.deleted],
        "kept": [stored.rule.key for stored in changes.kept],
        "unchanged": changes.unchanged,
    }


def _change_to_json(change: Change) -> dict[str, Any]:
    before, after = change.before.rule, change.after
    return {"key": after.key, "was": before.key, "before": to_document(before), "after": to_document(after)}


def _marked(changes: Changes) -> Iterator[_Marked]:
    yield from (("+", rule, None) for rule in changes.created)
    yield from (("~", change.after, change.before.rule) for change in changes.updated)
    yield from (("-", stored.rule, None) for stored in changes.deleted)


def _print_all(marked: list[_Marked]) -> None:
    click.echo("Changes are indicated with the following symbols:")
    for sign, name in _NAMES.items():
        if any(sign == found for found, _, _ in marked):
            click.echo(f"  {click.style(sign, fg=_COLOURS[sign])} {name}")
    click.echo()
    namespace = group = None
    for sign, rule, before in marked:
        if rule.namespace != namespace:
            click.echo(f"Namespace: {rule.namespace}")
        if (rule.namespace, rule.group) != (namespace, group):
            click.echo(f"  Group: {rule.group}")
        namespace, group = rule.namespace, rule.group
        click.secho(f"    {sign} Rule: {title(rule)}", fg=_COLOURS[sign])
        if before is not None:
            _print_lines(before, rule)
    click.echo()


def _print_lines(before: Rule, after: Rule) -> None:
    old, new = (format_rule_file([rule]).splitlines() for rule in (before, after))
    for line in list(unified_diff(old, new, lineterm="", n=0))[2:]:
        if not line.startswith("@@"):
            click.secho(f"      {line[0]} {line[1:].strip()}", fg=_COLOURS[line[0]])
