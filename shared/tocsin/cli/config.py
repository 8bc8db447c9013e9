"""tocsin config: what amtool does with alertmanager.yml, and storing it."""

from collections.abc import Sequence
from typing import Any

import click

from tocsin.cli.command import Group
from tocsin.cli.configdiff import diff
from tocsin.cli.configfiles import ConfigFile, check_config, stored, warn_refused, written
from tocsin.cli.configversions import history, note_option, rollback, store
from tocsin.cli.files import STDIN, refusals
from tocsin.cli.output import maybe_rfc3339, print_json
from tocsin.cli.routes import routes
from tocsin.cli.session import Session
from tocsin.dispatch.versions import Version
from tocsin.documents import Document
from tocsin.views.secrets import masked


@click.group(cls=Group)
def config() -> None:
    """Check, apply and look at routes and receivers; go back.

    \b
    Examples:
      tocsin config check alertmanager.yml
      tocsin config apply alertmanager.yml --note "oncall for the shop"
      tocsin config routes test severity=page team=shop
      tocsin config rollback
    """


for command in (diff, history, rollback, routes):
    config.add_command(command)


@config.command("check")
@click.argument("files", nargs=-1, metavar="[FILE]...")
@click.pass_obj
def check_files(session: Session, files: Sequence[str]) -> None:
    """Check configuration files and their template files; standard input if none is named."""
    checked = [check_config(name) for name in files or (STDIN,)]
    if session.json:
        print_json([{"file": file.title, "problems": refusals([file])} for file in checked])
    else:
        for file in checked:
            _print_checked(file)
    if failed := sum(bool(file.problems) for file in checked):
        raise click.ClickException(f"failed to validate {failed} file(s)")


def _print_checked(file: ConfigFile) -> None:
    if file.content is None:
        warn_refused(file)
        return
    found, patterns = file.content.config, _template_patterns(file.content.text)
    click.echo(f"Checking '{file.title}'  SUCCESS\nFound:\n - global config\n - route")
    click.echo(f" - {len(found.inhibit_rules)} inhibit rules\n - {len(found.receivers)} receivers")
    click.echo(f" - {patterns} templates" + ("\n  SUCCESS\n" if patterns else "\n"))


def _template_patterns(text: str) -> int:
    """Count as amtool does: what stands under `templates`, however many files that means."""
    return len(Document(text, "").items(("templates",)))


@config.command("apply")
@click.argument("file")
@note_option
@click.pass_obj
def apply_file(session: Session, file: str, note: str) -> None:
    """Store a configuration file (`-`: standard input) with its template files and put it in force."""
    found = written(file)
    with session.world() as world:
        in_force = store(session, world, found, note)
    if session.json:
        print_json({"version": in_force.number, "changed": in_force.changed})
    elif in_force.changed:
        click.echo(f"Stored: version {in_force.number} is in force.")
    else:
        click.echo(f"Unchanged: version {in_force.number} is in force.")


@config.command()
@click.option(
    "--version", type=click.IntRange(1), metavar="N", help="That version instead of the one in force."
)
@click.pass_obj
def show(session: Session, version: int | None) -> None:
    """Print the configuration as it was written, its secrets masked."""
    with session.world() as world:
        found = stored(world, version)
    if session.json:
        print_json(_to_json(found))
    else:
        click.echo(masked(found.text), nl=False)


def _to_json(version: Version) -> dict[str, Any]:
    return {
        "version": version.number,
        "writtenBy": version.by,
        "writtenAt": maybe_rfc3339(version.at),
        "note": version.note,
        "original": masked(version.text),
        "templates": version.templates,
    }
