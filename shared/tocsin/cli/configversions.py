"""tocsin config history and rollback: the versions of the configuration, listed and put in force again."""

from typing import TYPE_CHECKING

import click

from tocsin.cli.asking import confirm
from tocsin.cli.command import Command
from tocsin.cli.configdiff import Side, print_diff
from tocsin.cli.configfiles import FILE, Written, read, stored
from tocsin.cli.output import maybe_rfc3339, moment, print_json, print_table
from tocsin.cli.ruleoptions import yes_option
from tocsin.cli.session import Session
from tocsin.dispatch.configcodec import to_document
from tocsin.dispatch.controls import store_config
from tocsin.dispatch.versions import Version, read_version, read_versions
from tocsin.documents import DocumentError
from tocsin.index import read_index

if TYPE_CHECKING:
    from tocsin.bootstrap import World

_HEADERS = ("Version", "Written At", "Written By", "Note")
_OVERTAKEN = "somebody else has just stored a configuration: look at it, then try again"

note_option = click.option("--note", default="", metavar="TEXT", help="Why, for the history.")


def store(
    session: Session, world: "World", found: Written, note: str, *, seen: int | None = None
) -> tuple[int, bool]:
    """Put a configuration in force if another one is; return the version in force and whether it is new.

    Raises click's one-line error if somebody was faster, also if what is in force is not what was `seen` to be.
    """
    current = read_index(world.database).config
    if seen not in (None, current):
        raise click.ClickException(_OVERTAKEN)
    in_force = read_version(world.database, current)
    if in_force is not None and in_force.says(found.text, found.config):
        return current, False
    now, by = world.clock.now(), session.user()
    number = store_config(world.database, to_document(found.config), found.text, by=by, now=now, note=note)
    if number is None:
        raise click.ClickException(_OVERTAKEN)
    return number, True


@click.command(cls=Command)
@click.pass_obj
def history(session: Session) -> None:
    """List the versions that are kept, the newest first."""
    with session.world() as world:
        versions = read_versions(world.database)
    if session.json:
        print_json([_to_json(version) for version in versions])
    else:
        print_table(_HEADERS, ((str(v.number), moment(v.at), v.by, v.note) for v in versions))


def _to_json(version: Version) -> dict[str, object]:
    return {
        "version": version.number,
        "writtenAt": maybe_rfc3339(version.at),
        "writtenBy": version.by,
        "note": version.note,
    }


@click.command(cls=Command)
@click.argument("version", type=click.IntRange(1), required=False, metavar="[VERSION]")
@yes_option
@note_option
@click.option("--dry-run", is_flag=True, help="Show what would change and do nothing.")
@click.pass_obj
def rollback(session: Session, version: int | None, yes: bool, note: str, dry_run: bool) -> None:
    """Put an earlier version in force again, the one before the last change if none is named.

    It is stored as a new version, with the template files that it had. What fires is regrouped.
    """
    with session.world() as world:
        current = stored(world)
        earlier = stored(world, version or _number_before(current))
        found = _parsed_again(earlier)
        if not session.json:
            print_diff(session, Side.of_version(current), Side.of_version(earlier))
        number, changed = current.number, False
        if not dry_run:
            if not yes:
                confirm(session, f"Put version {earlier.number} in force again?")
            note = note or f"rollback to version {earlier.number}"
            number, changed = store(session, world, found, note, seen=number)
    if session.json:
        print_json({"version": number, "changed": changed, "rollbackTo": earlier.number})
    elif dry_run:
        click.echo("Dry run: nothing is stored.")
    elif changed:
        click.echo(f"Stored: version {number} is in force, as version {earlier.number} was.")
    else:
        click.echo(f"Unchanged: version {number} is in force.")


def _number_before(version: Version) -> int:
    if version.number == 1:
        raise click.ClickException("there is no version before version 1")
    return version.number - 1


def _parsed_again(version: Version) -> Written:
    """Read a stored version as it would be read today, with the template files that it had.

    Raises click's one-line error if it is refused.
    """
    try:
        return read(version.text, FILE, lambda _: version.templates)
    except DocumentError as error:
        raise click.ClickException(f"version {version.number} is no longer accepted:\n{error}") from error
