"""What a plan would change of inputs and outputs, shown line by line, and as JSON."""

from collections.abc import Sequence
from dataclasses import replace
from difflib import unified_diff
from typing import Any

import click

from tocsin.cli.output import print_json, warn
from tocsin.cli.session import Session
from tocsin.collection.input import Input
from tocsin.collection.inputcodec import to_document
from tocsin.inputsfile.plan import Plan
from tocsin.inputsfile.writing import format_inputs
from tocsin.views.sourcesettings import shown

_COLOURS = {"+": "green", "~": "yellow", "-": "red"}


def print_plan(plan: Plan) -> None:
    """Print every change and a summary; on stderr what is stored and not in the file."""
    if not plan:
        click.echo("no changes detected")
    for each in plan.created:
        _print_line(f"+ Input: {each.id}")
    for before, after in plan.updated:
        _print_line(f"~ Input: {after.id}")
        _print_difference(before, after)
    _print_names("- Input", plan.deleted)
    _print_names("+ Output", plan.outputs_created)
    _print_names("~ Output", plan.outputs_updated)
    _print_names("- Output", plan.outputs_deleted)
    counts = f"{len(plan.created)} created, {len(plan.updated)} updated, {len(plan.deleted)} deleted"
    click.echo(f"Inputs: {counts}, {plan.unchanged} unchanged")
    if plan.kept:
        ids = "".join(f"\n  {each}" for each in plan.kept)
        warn(f"stored, not in the file, and kept (--prune deletes them):{ids}")


def _print_names(what: str, names: Sequence[str]) -> None:
    for name in names:
        _print_line(f"{what}: {name}")


def _print_difference(before: Input, after: Input) -> None:
    old, new = (format_inputs([_shown(each)]).splitlines() for each in (before, after))
    for line in list(unified_diff(old, new, lineterm="", n=0))[2:]:
        if not line.startswith("@@"):
            _print_line(f"    {line[0]} {line[1:].strip()}")


def _shown(given: Input) -> Input:
    """Return the input without what somebody may have written out that is secret: plans end up in logs."""
    return replace(given, settings=shown(given.settings))


def _print_line(line: str) -> None:
    click.secho(line, fg=_COLOURS[line.lstrip()[0]])


def to_json(plan: Plan) -> dict[str, Any]:
    """Return the plan as JSON."""
    return {
        "created": [each.id for each in plan.created],
        "updated": [
            {"id": after.id, "before": to_document(_shown(before)), "after": to_document(_shown(after))}
            for before, after in plan.updated
        ],
        "deleted": list(plan.deleted),
        "kept": list(plan.kept),
        "unchanged": plan.unchanged,
        "outputs": {
            "created": list(plan.outputs_created),
            "updated": list(plan.outputs_updated),
            "deleted": list(plan.outputs_deleted),
        },
    }


def print_done(session: Session, ids: Sequence[str], done: str, more: str = "", **also: Any) -> None:
    """Print what was done with inputs; `more` is added to each line, `also` to the JSON."""
    if session.json:
        print_json({done: list(ids), **also})
        return
    for each in ids:
        click.echo(f"{each} {done}{more}")
