"""tocsin history: what was changed, when, by whom, and how."""

from typing import Any

import click

from tocsin.cli.command import Command
from tocsin.cli.output import moment, print_json, print_table
from tocsin.cli.session import Session
from tocsin.history import Change, read_history
from tocsin.instants import rfc3339

_HEADERS = ("AT", "BY", "VIA", "WHAT", "TARGETS", "SUMMARY")
_NAMES_IN_A_ROW = 3


@click.command(cls=Command)
@click.option(
    "--limit", type=click.IntRange(1), default=50, show_default=True, metavar="N", help="How many changes."
)
@click.pass_obj
def history(session: Session, limit: int) -> None:
    """Show what was changed, when and by whom, the newest first.

    \b
    Examples:
      tocsin history --limit 10
      tocsin history -o json | jq '.[] | select(.what == "rules_deleted")'
    """
    with session.world() as world:
        changes, _ = read_history(world.database, world.clock.now(), limit)
    if session.json:
        print_json([to_json(change) for change in changes])
    else:
        print_table(_HEADERS, map(_row, changes))


def _row(change: Change) -> tuple[str, ...]:
    by, via = change.by or "-", change.via or "-"
    return (moment(change.at), by, via, change.what, _targets(change), change.summary)


def _targets(change: Change) -> str:
    named = change.targets[:_NAMES_IN_A_ROW]
    more = change.count - len(named)
    return ", ".join(named) + (f" and {more} more" if more else "")


def to_json(change: Change) -> dict[str, Any]:
    """Return a change as JSON; `targetCount` counts the targets whose names are not kept too."""
    return {
        "id": change.id,
        "at": rfc3339(change.at),
        "by": change.by,
        "via": change.via,
        "what": change.what,
        "targets": list(change.targets),
        "targetCount": change.count,
        "summary": change.summary,
        "before": dict(change.before),
        "after": dict(change.after),
    }
