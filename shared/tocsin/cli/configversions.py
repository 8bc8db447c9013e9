"""tocsin config history and rollback: the versions of the configuration, listed and put in force again."""

from typing import TYPE_CHECKING

import click

from tocsin.cli.asking import confirm
from tocsin.cli.command import Command
from tocsin.cli.configdiff import print_diff
from tocsin.cli.configfiles import Written, stored, warn_of_oddities
from tocsin.cli.output import maybe_rfc3339, moment, print_json, print_table
from tocsin.cli.ruleoptions import yes_option
from tocsin.cli.session import Session
from tocsin.configfile import storing
from tocsin.configfile.storing import InForce, OvertakenError, note_of_return, read_again
from tocsin.dispatch.versions import Version, read_versions
from tocsin.documents import DocumentError
from tocsin.history import Via
from tocsin.views.configdiff import Side

if TYPE_CHECKING:
    from tocsin.bootstrap import World

_HEADERS = ("Version", "Written At", "Written By", "Note")

note_option = click.option("--note", default="", metavar="TEXT", help="Why, for the history.")


def store(session: Session, world: "World", found: Written, note: str, *, seen: int | None = None) -> InForce:
    """Put a configuration in force if another one is; raises click's one-line error if somebody was faster."""
    now, by = world.clock.now(), session.user()
    try:
        return storing.store(
            world.database, found.text, found.config, by=by, via=Via.CLI, now=now, note=note, seen=seen
        )
    except OvertakenError as error:
        raise click.ClickException(str(error)) from error


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
        in_force = InForce(current.number, changed=False)
        if not dry_run:
            if not yes:
                confirm(session, f"Put version {earlier.number} in force again?")
            note = note or note_of_return(earlier)
            in_force = store(session, world, found, note, seen=current.number)
    number = in_force.number
    if session.json:
        print_json({"version": number, "changed": in_force.changed, "rollbackTo": earlier.number})
    elif dry_run:
        click.echo("Dry run: nothing is stored.")
    elif in_force.changed:
        click.echo(f"Stored: version {number} is in force, as version {earlier.number} was.")
    else:
        click.echo(f"Unchanged: version {number} is in force.")


def _number_before(version: Version) -> int:
    if version.number == 1:
        raise click.ClickException("there is no version before version 1")
    return version.number - 1


def _parsed_again(version: Version) -> Written:
    """Read a stored version as it would be read today; raises click's one-line error if it is refused."""
    try:
        parsed = read_again(version)
        warn_of_oddities(parsed)
        return Written(version.text, parsed.config)
    except DocumentError as error:
        raise click.ClickException(f"version {version.number} is no longer accepted:\n{error}") from error
