"""The outputs that samples go to, and how far each of them is."""

from typing import Any

import click

from tocsin.cli.command import Command
from tocsin.cli.inputscatalogue import stored
from tocsin.cli.output import maybe_rfc3339, print_json, print_table
from tocsin.cli.session import Session
from tocsin.index import read_index
from tocsin.views.outputs import OutputView, read_outputs

_HEADERS = ("NAME", "KIND", "STATE", "WAITING", "WRITTEN", "REFUSED", "DROPPED", "GONE", "WHY")


@click.command("outputs", cls=Command)
@click.pass_obj
def list_outputs(session: Session) -> None:
    """List the outputs with how far each is, and what it could not write."""
    with session.world() as world:
        layout = read_index(world.database).layout
        views = read_outputs(world.database, layout, stored(world))
    if session.json:
        print_json([_to_json(view) for view in views])
    else:
        print_table(_HEADERS, [_row(view) for view in views])


def _row(view: OutputView) -> tuple[str, ...]:
    counts, trouble = view.cursor.counts, view.cursor.trouble
    numbers = (view.waiting, counts.written, counts.refused, counts.dropped, counts.gone)
    why = f"{trouble.reason}: {trouble.detail}" if trouble else "-"
    return (view.output.name, view.output.kind, view.state.value, *map(str, numbers), why)


def _to_json(view: OutputView) -> dict[str, Any]:
    counts, trouble = view.cursor.counts, view.cursor.trouble
    return {
        "name": view.output.name,
        "kind": view.output.kind,
        "state": view.state.value,
        "waiting": view.waiting,
        "written": counts.written,
        "unwritable": counts.unwritable,
        "refused": counts.refused,
        "dropped": counts.dropped,
        "gone": counts.gone,
        "trouble": None
        if trouble is None
        else {
            "since": maybe_rfc3339(trouble.since),
            "tries": trouble.tries,
            "retryAt": maybe_rfc3339(trouble.retry_at),
            "reason": trouble.reason,
            "detail": trouble.detail,
        },
    }
