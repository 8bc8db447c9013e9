"""Rules as they are stored: listed with what they do, exported, deleted, paused and resumed."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tocsin.cli import ruleviews
from tocsin.cli.arguments import to_duration, to_time
from tocsin.cli.asking import confirm
from tocsin.cli.command import Command
from tocsin.cli.output import maybe_rfc3339, moment, print_json, print_table, warn
from tocsin.cli.ruleoptions import keys_argument, yes_option
from tocsin.cli.session import Session
from tocsin.evaluation.states import State
from tocsin.history import Via
from tocsin.index import read_index
from tocsin.instants import millis
from tocsin.ports import Database
from tocsin.rules.book import MissingRuleError, RuleBook, StoredRule
from tocsin.rules.choosing import ChoiceError, choose_all, choose_many
from tocsin.rules.rule import Pause
from tocsin.rules.rulewriting import format_rule_file
from tocsin.views.rules import OK, RuleView, read_rules, read_stored
from tocsin.views.shards import read_shards

if TYPE_CHECKING:
    from tocsin.bootstrap import World

_Choose = Callable[[Sequence[StoredRule], str], list[StoredRule]]


@click.command("list", cls=Command)
@click.option("--namespace", metavar="NAME", help="Only the rules of this namespace.")
@click.option(
    "--state", type=click.Choice([state.value for state in State]), help="Only rules in this state."
)
@click.option(
    "--health", metavar="WORD", help="Only rules whose health is this: ok, err (any but ok), or a reason."
)
@click.pass_obj
def list_rules(session: Session, namespace: str | None, state: str | None, health: str | None) -> None:
    """List the rules with what they are doing now."""
    with session.world() as world:
        now = world.clock.now()
        views = [
            view
            for view in _read(world.database)
            if namespace in (None, view.rule.namespace)
            and state in (None, view.state.value)
            and (health in (None, view.health) or (health == "err" and view.health != OK))
        ]
    if session.json:
        print_json([ruleviews.to_json(view, now) for view in views])
    else:
        print_table(ruleviews.HEADERS, [ruleviews.row(view, now) for view in views])


@click.command(cls=Command)
@click.argument("what", metavar="KEY|NAMESPACE[/GROUP]")
@click.pass_obj
def get(session: Session, what: str) -> None:
    """Print rules as the rule file that would store them."""
    with session.world() as world:
        now = world.clock.now()
        views = {view.stored.id: view for view in _read(world.database)}
    try:
        chosen = choose_many([view.stored for view in views.values()], what)
        if session.json:
            print_json([ruleviews.to_json(views[stored.id], now) for stored in chosen])
        else:
            click.echo(format_rule_file([stored.rule for stored in chosen]), nl=False)
    except (ChoiceError, ValueError) as error:
        raise click.ClickException(str(error)) from error


@click.command(cls=Command)
@click.argument("namespaces", nargs=-1, metavar="[NAMESPACE]...")
@click.option(
    "--output-dir",
    metavar="DIRECTORY",
    type=click.Path(file_okay=False, path_type=Path),
    help="Write NAMESPACE.yml files there instead of standard output.",
)
@click.pass_obj
def export(session: Session, namespaces: Sequence[str], output_dir: Path | None) -> None:
    """Write what is stored as rule files, one for each namespace: `apply` of them changes nothing."""
    with session.world() as world:
        stored = read_stored(world.database, read_index(world.database))
    known = sorted({found.rule.namespace for found in stored})
    if missing := sorted(set(namespaces) - set(known)):
        raise click.ClickException(f"no rules are stored in {', '.join(missing)}")
    files = {name: _file(stored, name) for name in namespaces or known}
    if output_dir is None and len(files) > 1 and not session.json:
        listed = ", ".join(files)
        raise click.ClickException(
            f"a rule file has one namespace: name one of {listed}, or give --output-dir"
        )
    if output_dir is not None:
        written = {name: _write(output_dir, name, text) for name, text in files.items()}
        _print_written(session, written)
    elif session.json:
        print_json(files)
    else:
        click.echo("".join(files.values()), nl=False)


def _file(stored: Sequence[StoredRule], namespace: str) -> str:
    try:
        return format_rule_file([found.rule for found in stored if found.rule.namespace == namespace])
    except ValueError as error:  # Two people have edited one group at once.
        raise click.ClickException(f"{namespace}: {error}") from error


def _write(directory: Path, namespace: str, text: str) -> Path:
    path = directory / f"{namespace}.yml"
    try:
        directory.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    except (OSError, ValueError) as error:
        raise click.ClickException(f"{path}: cannot be written: {error}") from error
    return path


def _print_written(session: Session, written: dict[str, Path]) -> None:
    if session.json:
        print_json({name: str(path) for name, path in written.items()})
        return
    for path in written.values():
        click.echo(str(path))


@click.command(cls=Command)
@keys_argument
@yes_option
@click.pass_obj
def delete(session: Session, keys: Sequence[str], yes: bool) -> None:
    """Delete rules; what fires of them resolves.

    KEY is a rule's namespace/group/name, with its labels if several have that name; a beginning, a group or a
    namespace means all its rules, and is asked about.
    """
    with session.world() as world:
        meant = _meant(world, keys, choose_all)
        chosen = _each_once(meant)
        if any(len(of_key) > 1 for of_key in meant) and not yes:
            warn("\n  ".join([f"{len(chosen)} rules are meant:", *(found.rule.key for found in chosen)]))
            confirm(session, f"Delete {len(chosen)} rules?")
        units = [stored.id for stored in chosen]
        at_ms = millis(world.clock.now())
        RuleBook(world.database).write([], units, by=session.user(), at_ms=at_ms, via=Via.CLI)
    _print_done(session, chosen, "deleted")


def _duration(_context: click.Context, _option: click.Parameter, value: str | None) -> timedelta | None:
    return to_duration(value) if value else None


def _time(_context: click.Context, _option: click.Parameter, value: str | None) -> datetime | None:
    return to_time(value) if value else None


@click.command(cls=Command)
@keys_argument
@click.option("--for", "span", metavar="DURATION", callback=_duration, help="Resume after this long.")
@click.option("--until", metavar="TIME", callback=_time, help="Resume at this time (RFC 3339).")
@click.pass_obj
def pause(session: Session, keys: Sequence[str], span: timedelta | None, until: datetime | None) -> None:
    """Stop evaluating rules, or all of a group or a namespace; what fires of them resolves."""
    if span is not None and until is not None:
        raise click.UsageError("give --for or --until, not both")
    with session.world() as world:
        now = world.clock.now()
        end = now + span if span is not None else until
        if end is not None and end <= now:
            raise click.UsageError(f"a pause ends in the future, and it is {moment(now)}")
        chosen = _pause(session, world, keys, Pause(end))
    _print_done(session, chosen, "paused", end)


@click.command(cls=Command)
@keys_argument
@click.pass_obj
def resume(session: Session, keys: Sequence[str]) -> None:
    """Evaluate rules again, or all of a group or a namespace; also those in quarantine."""
    with session.world() as world:
        chosen = _pause(session, world, keys, None)
    _print_done(session, chosen, "resumed")


def _pause(session: Session, world: "World", keys: Sequence[str], pause: Pause | None) -> list[StoredRule]:
    chosen = _each_once(_meant(world, keys, choose_many))
    units, at_ms = [stored.id for stored in chosen], millis(world.clock.now())
    try:
        RuleBook(world.database).pause(units, pause, by=session.user(), at_ms=at_ms, via=Via.CLI)
    except MissingRuleError as error:
        raise click.ClickException(str(error)) from error
    return chosen


def _read(database: Database) -> list[RuleView]:
    index = read_index(database)
    return read_rules(database, index, read_shards(database, index.layout))


def _meant(world: "World", keys: Sequence[str], choose: _Choose) -> list[list[StoredRule]]:
    """Return the rules that each key means; if one is not clear nothing is done."""
    stored = read_stored(world.database, read_index(world.database))
    try:
        return [choose(stored, key) for key in keys]
    except ChoiceError as error:
        raise click.ClickException(str(error)) from error


def _each_once(meant: Iterable[Iterable[StoredRule]]) -> list[StoredRule]:
    return list({found.id: found for of_key in meant for found in of_key}.values())


def _print_done(
    session: Session, chosen: Sequence[StoredRule], done: str, until: datetime | None = None
) -> None:
    if session.json:
        end = {"until": maybe_rfc3339(until)} if done == "paused" else {}
        print_json({done: [stored.rule.key for stored in chosen], **end})
        return
    for stored in chosen:
        click.echo(f"{stored.rule.key} {done}" + (f" until {moment(until)}" if until else ""))
