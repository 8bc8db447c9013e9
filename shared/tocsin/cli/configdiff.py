"""tocsin config diff: two configurations compared, without their secrets."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import unified_diff
from typing import TYPE_CHECKING

import click
from click.exceptions import Exit

from tocsin.cli.command import Command
from tocsin.cli.configfiles import FILE, stored, written
from tocsin.cli.output import print_json, warn
from tocsin.cli.session import Session
from tocsin.dispatch.versions import Version
from tocsin.views.secrets import masked, same_secrets

if TYPE_CHECKING:
    from tocsin.bootstrap import World

_COLOURS = {"+": "green", "-": "red", "@": "cyan"}


@dataclass(frozen=True, slots=True)
class Side:
    """One side of a comparison: texts by the names of their files, secrets and all."""

    title: str
    texts: Mapping[str, str]

    @classmethod
    def of_version(cls, version: Version) -> "Side":
        """Return a stored version."""
        return cls(f"version {version.number}", {FILE: version.text, **version.templates})

    @classmethod
    def of_file(cls, name: str) -> "Side":
        """Return a file; the command ends here if it is refused."""
        found = written(name)
        return cls(name, {FILE: found.text, **found.config.templates})

    def name(self, file: str) -> str:
        """Return what a file is called in a diff."""
        return self.title if file == FILE else f"{self.title}: {file}"

    def lines(self, file: str) -> list[str]:
        """Return a file as it may be shown; no lines if there is none."""
        text = self.texts.get(file, "")
        return (masked(text) if file == FILE else text).splitlines()


def _compared(before: Side, after: Side) -> Iterator[str]:
    """Yield the unified diff of all files, without their secrets."""
    for file in dict.fromkeys([*before.texts, *after.texts]):
        yield from unified_diff(
            before.lines(file), after.lines(file), before.name(file), after.name(file), lineterm=""
        )


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
            return (_named(world, one), there) if one.isdecimal() else (there, Side.of_file(one))
        case (one, other):
            return _named(world, one), _named(world, other)
    raise click.UsageError("expected at most two versions, or one file")


def _named(world: "World", name: str) -> Side:
    return Side.of_version(stored(world, int(name))) if name.isdecimal() else Side.of_file(name)


def _side_before(world: "World", version: Version) -> Side:
    if version.number == 1:
        return Side("nothing", {})
    return Side.of_version(stored(world, version.number - 1))


def print_diff(session: Session, before: Side, after: Side) -> None:
    """Print what differs, or that only secrets do."""
    lines = list(_compared(before, after))
    changed = before.texts != after.texts
    secrets = not same_secrets(before.texts.get(FILE, ""), after.texts.get(FILE, ""))
    if session.json:
        titles = {"from": before.title, "to": after.title}
        print_json({**titles, "changed": changed, "secretsChanged": secrets, "diff": lines})
        return
    for line in lines:
        click.secho(line, fg=_COLOURS.get(line[:1]), bold=line.startswith(("+++", "---")))
    if lines and secrets:
        warn("secrets differ, too")
    if not lines:
        warn("only secrets differ" if changed else "no changes detected")
