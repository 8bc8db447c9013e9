"""tocsin sources: check sources.yml, store it, look at it, and ask a source once."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

import click
import yaml
from click.exceptions import Exit

from tocsin.bootstrap import World
from tocsin.cli.command import Group
from tocsin.cli.files import STDIN, Checked, check, refusals
from tocsin.cli.output import print_json, print_table, warn
from tocsin.cli.session import Session
from tocsin.expressions import ExpressionError
from tocsin.history import Via
from tocsin.index import read_index
from tocsin.labels import Labels, format_labels
from tocsin.ports import Answer, Query, Refused, Unanswered
from tocsin.sources import registry
from tocsin.sources.book import Sources
from tocsin.sources.definition import Definition, to_document
from tocsin.sources.registry import KindError
from tocsin.sources.sourcefile import parse_sources
from tocsin.sources.stored import sources_key, sources_text, store_definitions

SourceFile = Checked[tuple[str, Sequence[Definition]]]
_PROBES = {"inputs": "vector(1)", "prometheus": "vector(1)", "loki": "vector(1)"}
"""What a source is asked if nothing is said: something that it answers without any data."""
_STEP = timedelta(minutes=1)


@click.group(cls=Group)
def sources() -> None:
    """Check, apply and look at the sources that rules ask; ask one.

    \b
    Examples:
      tocsin sources check sources.yml
      tocsin sources apply sources.yml
      tocsin sources test mimir 'up == 0'
    """


def _parse(text: str, file: str) -> tuple[str, Sequence[Definition]]:
    return text, parse_sources(text, file)


@sources.command("check")
@click.argument("files", nargs=-1, metavar="[FILE]...")
@click.pass_obj
def check_files(session: Session, files: Sequence[str]) -> None:
    """Check files of sources, or standard input."""
    checked = [check(name, _parse) for name in files or (STDIN,)]
    if session.json:
        print_json([{"file": file.title, "problems": refusals([file])} for file in checked])
    else:
        for file in checked:
            _print_checked(file)
    if failed := sum(bool(file.problems) for file in checked):
        raise click.ClickException(f"failed to validate {failed} file(s)")


def _print_checked(file: SourceFile) -> None:
    if file.content is None:
        warn(f"Checking '{file.title}'  FAILED:")
        for problem in file.problems:
            warn(str(problem))
        return
    _, found = file.content
    click.echo(f"Checking '{file.title}'  SUCCESS: {len(found)} sources found")


@sources.command("apply")
@click.argument("file")
@click.pass_obj
def apply_file(session: Session, file: str) -> None:
    """Store a file of sources (`-`: standard input) in place of what is stored, and put it in force."""
    checked = check(file, _parse)
    if checked.content is None:
        _print_checked(checked)
        raise Exit(1)
    text, found = checked.content
    with session.world() as world:
        current = read_index(world.database).sources
        version: int | None = current
        if _text(world, current) != text:
            now, by = world.clock.now(), session.user()
            version = store_definitions(world.database, found, text, by=by, now=now, via=Via.CLI)
    if version is None:
        raise click.ClickException("somebody else has just stored sources: look at them, then try again")
    if session.json:
        print_json({"version": version, "changed": version != current})
    elif version == current:
        click.echo(f"Unchanged: version {version} is in force.")
    else:
        click.echo(f"Stored: version {version} is in force.")


def _text(world: World, version: int) -> str:
    [item] = world.database.get(sources_key(version)) if version else [None]
    return sources_text(item) if item else ""


@sources.command("list")
@click.pass_obj
def list_sources(session: Session) -> None:
    """List the sources that are defined, those that the stack itself defines included."""
    with session.world() as world:
        found = _definitions(world)
    if session.json:
        print_json([to_document(definition) for definition in found.values()])
    else:
        rows = [_row(definition) for _, definition in sorted(found.items())]
        print_table(["NAME", "KIND", "LANGUAGE", "ON ERROR", "WRITES TO"], rows)


def _row(definition: Definition) -> Sequence[str]:
    try:
        language = registry.kind(definition.kind).language
    except KindError:
        language = "?"
    write = definition.settings.get("write") or {}
    own = write.get("url") or write.get("namespace") or "-"
    return definition.name, definition.kind, language, definition.on_error.value, definition.write_to or own


@sources.command()
@click.argument("name", required=False)
@click.option(
    "--version", type=click.IntRange(1), metavar="N", help="That version instead of the one in force."
)
@click.pass_obj
def get(session: Session, name: str | None, version: int | None) -> None:
    """Print the sources as they were written, or one of them."""
    with session.world() as world:
        version = version or read_index(world.database).sources
        text = _text(world, version)
        known = _definitions(world) if name else {}
    if name is None:
        if not text:
            raise click.ClickException(
                f"no version {version} is stored" if version else "no sources are stored"
            )
        click.echo(text, nl=False)
        return
    written = {source["name"]: source for source in (yaml.safe_load(text) or {}).get("sources") or ()}
    if name not in written and name not in known:
        raise click.ClickException(f"no source is named {name} (there are: {', '.join(sorted(known))})")
    document = written.get(name) or to_document(known[name])
    if session.json:
        print_json(document)
    else:
        click.echo(yaml.safe_dump({"sources": [document]}, sort_keys=False, allow_unicode=True), nl=False)


@sources.command("test")
@click.argument("name")
@click.argument("expr", required=False)
@click.pass_obj
def ask_once(session: Session, name: str, expr: str | None) -> None:
    """Ask a source once, from this machine and with your credentials, and print its answer."""
    with session.world() as world:
        definition = _definitions(world).get(name)
        if definition is None:
            raise click.ClickException(f"no source is named {name}")
        answer = _ask(world, definition, expr)
    if isinstance(answer, Refused | Unanswered):
        if session.json:
            print_json({"reason": answer.reason, "detail": answer.detail})
        raise click.ClickException(f"{answer.reason}: {answer.detail}")
    samples = answer.at[0]
    if session.json:
        print_json([{"labels": dict(sample.labels), "value": str(sample.value)} for sample in samples])
    else:
        print_table(["SERIES", "VALUE"], [(_series(one.labels), f"{one.value:g}") for one in samples])


def _series(labels: Labels) -> str:
    """Return a series as PromQL writes it."""
    others = {name: value for name, value in labels.items() if name != "__name__"}
    return labels.get("__name__", "") + (format_labels(others) if others or "__name__" not in labels else "")


def _ask(world: World, definition: Definition, expr: str | None) -> Answer:
    expr = expr or _PROBES.get(definition.kind)
    if expr is None:
        raise click.ClickException(
            f"give an expression: there is none that every source of kind {definition.kind} has"
        )
    try:
        plan = registry.kind(definition.kind).compile(expr)
    except (KindError, ExpressionError) as error:
        raise click.ClickException(str(error)) from None
    backend = _book(world)(definition.name, read_index(world.database).sources)
    query = Query(expr, (world.clock.now(),), _STEP.total_seconds(), plan)
    timeout = definition.timeout or timedelta(seconds=10)
    [answer] = backend.source.ask([query], timeout.total_seconds()) if backend else [Unanswered("it is gone")]
    return answer


def _definitions(world: World) -> Mapping[str, Definition]:
    return _book(world).definitions(read_index(world.database).sources)


def _book(world: World) -> Sources:
    book: Any = world.backends
    if not isinstance(book, Sources):
        raise click.ClickException("this stack has no book of sources")
    return book
