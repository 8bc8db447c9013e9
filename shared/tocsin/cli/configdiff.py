"""tocsin config diff: two configurations compared, without their secrets."""

from typing import TYPE_CHECKING

import click
from click.exceptions import Exit

from tocsin.cli.command import Command
from tocsin.cli.configfiles import stored, written
from tocsin.cli.output import print_json, warn
from tocsin.cli.session import Session
from tocsin.configfile.storing import FILE
from tocsin.dispatch.versions import Version
from tocsin.views.configdiff import Side, difference

if TYPE_CHECKING:
    from tocsin.bootstrap import World

_COLOURS = {"+": "green", "-": "red", "@": "cyan"}


@click.command(cls=Command)
@click.argument("sides", nargs=-1, metavar="[VERSION [VERSION]] | FILE")
@click.option("--exit-code", is_flag=True, help="Exit with 1 if there are differences.")
@click.pass_obj
def diff(session: Session, sides: tuple[str, ...], exit_code: bool) -> None:
    """Show what the last change was; what has changed since a VERSION; or what applying FILE would change.

    Secrets are masked; a change of one is mentioned and not shown.
    """
    with session.world() as world:
        before, after = _sides(world, sides)
    print_diff(session, before, after)
    if exit_code and before.texts != after.texts:
        raise Exit(1)


def _sides(world: "World", sides: tuple[str, ...]) -> tuple[Side, Side]:
    match sides:
        case ():
            after = stored(world)
            return _side_before(world, after), Side.of_version(after)
        case (one,):
            there = Side.of_version(stored(world))
            return (_named(world, one), there) if one.isdecimal() else (there, _of_file(one))
        case (one, other):
            return _named(world, one), _named(world, other)
    raise click.UsageError("expected at most two versions, or one file")


def _named(world: "World", name: str) -> Side:
    return Side.of_version(stored(world, int(name))) if name.isdecimal() else _of_file(name)


def _of_file(name: str) -> Side:
    """Return a file; the command ends here if it is refused."""
    found = written(name)
    return Side(name, {FILE: found.text, **found.config.templates})


def _side_before(world: "World", version: Version) -> Side:
    if version.number == 1:
        return Side("nothing", {})
    return Side.of_version(stored(world, version.number - 1))


def print_diff(session: Session, before: Side, after: Side) -> None:
    """Print what differs, or that only secrets do."""
    found = difference(before, after)
    if session.json:
        titles = {"from": found.before, "to": found.after}
        flags = {"changed": found.changed, "secretsChanged": found.secrets_changed}
        print_json({**titles, **flags, "diff": found.lines})
        return
    for line in found.lines:
        click.secho(line, fg=_COLOURS.get(line[:1]), bold=line.startswith(("+++", "---")))
    if found.lines and found.secrets_changed:
        warn("secrets differ, too")
    if not found.lines:
        warn("only secrets differ" if found.changed else "no changes detected")
