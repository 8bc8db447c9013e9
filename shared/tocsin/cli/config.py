"""tocsin config: what amtool does with alertmanager.yml, and storing it."""

from collections.abc import Sequence
from typing import Any

import click
from click.exceptions import Exit

from tocsin.cli.command import Group
from tocsin.cli.files import STDIN, Checked, check, refusals
from tocsin.cli.output import maybe_rfc3339, print_json, warn
from tocsin.cli.session import Session
from tocsin.configfile.parse import parse_config
from tocsin.dispatch.config import Config
from tocsin.dispatch.configcodec import to_document
from tocsin.dispatch.controls import config_key, config_text, store_config
from tocsin.index import read_index
from tocsin.instants import maybe_instant
from tocsin.ports import Item
from tocsin.views.secrets import masked

ConfigFile = Checked[tuple[str, Config]]


@click.group(cls=Group)
def config() -> None:
    """Check, apply and look at routes and receivers.

    \b
    Examples:
      tocsin config check alertmanager.yml
      tocsin config apply alertmanager.yml
      tocsin config show --version 3
    """


def _parse(text: str, file: str) -> tuple[str, Config]:
    return text, parse_config(text, file)


@config.command("check")
@click.argument("files", nargs=-1, metavar="[FILE]...")
@click.pass_obj
def check_files(session: Session, files: Sequence[str]) -> None:
    """Check configuration files, or standard input."""
    checked = [check(name, _parse) for name in files or (STDIN,)]
    if session.json:
        print_json([{"file": file.title, "problems": refusals([file])} for file in checked])
    else:
        for file in checked:
            _print_checked(file)
    if failed := sum(bool(file.problems) for file in checked):
        raise click.ClickException(f"failed to validate {failed} file(s)")


def _print_checked(file: ConfigFile) -> None:
    if file.content is None:
        warn(f"Checking '{file.title}'  FAILED:")
        for problem in file.problems:
            warn(str(problem))
        return
    _, found = file.content
    click.echo(f"Checking '{file.title}'  SUCCESS")
    click.echo(f"Found:\n - {len(list(found.route.walk()))} routes\n - {len(found.receivers)} receivers")
    click.echo(f" - {len(found.time_intervals)} time intervals\n")


@config.command("apply")
@click.argument("file")
@click.pass_obj
def apply_file(session: Session, file: str) -> None:
    """Store a configuration file (`-`: standard input) and put it in force."""
    checked = check(file, _parse)
    if checked.content is None:
        _print_checked(checked)
        raise Exit(1)
    text, parsed = checked.content
    with session.world() as world:
        current = read_index(world.database).config
        [item] = world.database.get(config_key(current)) if current else [None]
        version: int | None = current
        if item is None or config_text(item) != text:
            now, by = world.clock.now(), session.user()
            version = store_config(world.database, to_document(parsed), text, by=by, now=now)
    if version is None:
        raise click.ClickException(
            "somebody else has just stored a configuration: look at it, then try again"
        )
    if session.json:
        print_json({"version": version, "changed": version != current})
    elif version == current:
        click.echo(f"Unchanged: version {version} is in force.")
    else:
        click.echo(f"Stored: version {version} is in force.")


@config.command()
@click.option(
    "--version", type=click.IntRange(1), metavar="N", help="That version instead of the one in force."
)
@click.pass_obj
def show(session: Session, version: int | None) -> None:
    """Print the configuration as it was written, its secrets masked."""
    with session.world() as world:
        version = version or read_index(world.database).config
        [item] = world.database.get(config_key(version)) if version else [None]
    if item is None:
        stored = f"no version {version} of the configuration is stored"
        raise click.ClickException(stored if version else "no configuration is stored")
    if session.json:
        print_json(_to_json(version, item))
    else:
        click.echo(masked(config_text(item)), nl=False)


def _to_json(version: int, item: Item) -> dict[str, Any]:
    at = item.get("at")
    return {
        "version": version,
        "writtenBy": item.get("by", ""),
        "writtenAt": maybe_rfc3339(maybe_instant(at if isinstance(at, int) else None)),
        "original": masked(config_text(item)),
    }
