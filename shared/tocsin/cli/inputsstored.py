"""Inputs as they are stored: listed with how they run, printed, deleted, paused and resumed."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import click

from tocsin.cli import inputsviews
from tocsin.cli.arguments import to_duration, to_time
from tocsin.cli.command import Command
from tocsin.cli.inputscatalogue import change, stored
from tocsin.cli.inputschanges import print_done
from tocsin.cli.output import maybe_rfc3339, moment, print_json, print_table
from tocsin.cli.session import Session
from tocsin.collection.catalogue import MissingError, paused, removed
from tocsin.history import What
from tocsin.index import read_index
from tocsin.inputsfile.writing import format_inputs
from tocsin.rules.rule import Pause
from tocsin.shipping.outputcodec import to_document as output_to_document
from tocsin.views.inputs import read_inputs

_ids_argument = click.argument("ids", nargs=-1, required=True, metavar="ID...")


@click.command("list", cls=Command)
@click.pass_obj
def list_inputs(session: Session) -> None:
    """List the inputs with how their last runs went."""
    with session.world() as world:
        now, layout = world.clock.now(), read_index(world.database).layout
        views = read_inputs(world.database, layout, stored(world))
    if session.json:
        print_json([inputsviews.to_json(view, now) for view in views])
    else:
        print_table(inputsviews.HEADERS, [inputsviews.row(view, now) for view in views])


@click.command(cls=Command)
@click.argument("ids", nargs=-1, metavar="[ID]...")
@click.pass_obj
def get(session: Session, ids: Sequence[str]) -> None:
    """Print inputs as the inputs.yml that would store them; without an ID all of them, and the outputs."""
    with session.world() as world:
        catalogue = stored(world)
    if missing := [each for each in ids if each not in catalogue.inputs]:
        raise click.ClickException(str(MissingError(missing)))
    chosen = [catalogue.inputs[each] for each in ids or sorted(catalogue.inputs)]
    outputs = () if ids else tuple(catalogue.outputs.values())
    if not session.json:
        click.echo(format_inputs([each.input for each in chosen], outputs), nl=False)
        return
    document: dict[str, Any] = {"inputs": [inputsviews.held_to_json(each) for each in chosen]}
    print_json(document if ids else document | {"outputs": [output_to_document(each) for each in outputs]})


@click.command(cls=Command)
@_ids_argument
@click.pass_obj
def delete(session: Session, ids: Sequence[str]) -> None:
    """Delete inputs; if one of them is not there, nothing is done."""
    with session.world() as world:
        change(session, world, lambda catalogue: removed(catalogue, ids), What.INPUTS_DELETED, ids)
    print_done(session, ids, "deleted")


@click.command(cls=Command)
@_ids_argument
@click.option("--for", "span", metavar="DURATION", help="Resume after this long.")
@click.option("--until", metavar="TIME", help="Resume at this time (RFC 3339).")
@click.pass_obj
def pause(session: Session, ids: Sequence[str], span: str | None, until: str | None) -> None:
    """Stop running inputs; if one of them is not there, nothing is done."""
    if span is not None and until is not None:
        raise click.UsageError("give --for or --until, not both")
    with session.world() as world:
        now = world.clock.now()
        end = _end(now, span, until)
        how = Pause(end, session.user())
        change(session, world, lambda catalogue: paused(catalogue, ids, how, now), What.INPUT_PAUSE, ids)
    more = f" until {moment(end)}" if end else ""
    print_done(session, ids, "paused", more, until=maybe_rfc3339(end))


def _end(now: datetime, span: str | None, until: str | None) -> datetime | None:
    end = now + to_duration(span) if span else to_time(until) if until else None
    if end is not None and end <= now:
        raise click.UsageError(f"a pause ends in the future, and it is {moment(now)}")
    return end


@click.command(cls=Command)
@_ids_argument
@click.pass_obj
def resume(session: Session, ids: Sequence[str]) -> None:
    """Run inputs again; what they would have done meanwhile is not made up for."""
    with session.world() as world:
        now = world.clock.now()
        change(session, world, lambda catalogue: paused(catalogue, ids, None, now), What.INPUT_RESUME, ids)
    print_done(session, ids, "resumed")
