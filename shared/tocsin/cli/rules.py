"""tocsin rules: what promtool and mimirtool do, on the rules of a stack."""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import click
from click.exceptions import Exit

from tocsin.cli import changes as shown
from tocsin.cli import ruleviews
from tocsin.cli.command import Group
from tocsin.cli.files import Checked, check_rule_files, refusals
from tocsin.cli.output import print_json, print_table, warn
from tocsin.cli.session import Session
from tocsin.evaluation.states import State
from tocsin.expressions.cloudwatch import monthly_price
from tocsin.index import read_index
from tocsin.instants import millis
from tocsin.ports import Clock, Database
from tocsin.rules.book import MissingRuleError, RuleBook, StoredRule
from tocsin.rules.changes import Changes, compare
from tocsin.rules.choosing import ChoiceError, choose, choose_many
from tocsin.rules.rule import Rule
from tocsin.rules.rulefile import format_rule_file
from tocsin.views.rules import OK, RuleView, read_rules, read_stored
from tocsin.views.shards import read_shards

F = TypeVar("F", bound=Callable[..., Any])
RuleFile = Checked[list[Rule]]


@click.group(cls=Group)
def rules() -> None:
    """Check, apply and look at alerting rules.

    \b
    Examples:
      tocsin rules check rules/*.yml
      tocsin rules diff --exit-code rules/*.yml
      tocsin rules apply --prune rules/*.yml
      tocsin rules list --state firing
      tocsin rules pause node/disks/DiskFull
    """


def _files(command: F) -> F:
    return click.argument("files", nargs=-1, metavar="[FILE]...")(command)


def _comparing(command: F) -> F:
    namespace = "The namespace of the files, instead of their own."
    prune = "Delete what these namespaces have stored and no file has."
    command = click.option("--prune", is_flag=True, help=prune)(command)
    return _files(click.option("--namespace", metavar="NAME", help=namespace)(command))


def _keys(command: F) -> F:
    return click.argument("keys", nargs=-1, required=True, metavar="KEY...")(command)


# -- files ----------------------------------------------------------------------------------------


@rules.command()
@_files
@click.pass_obj
def check(session: Session, files: Sequence[str]) -> None:
    """Check rule files, or standard input; the price of CloudWatch rules is shown."""
    checked = check_rule_files(files, None)
    if session.json:
        print_json([_checked_to_json(file) for file in checked])
    else:
        for file in checked:
            _print_checked(file)
    _fail_if_refused(checked)


@rules.command()
@_comparing
@click.option("--dry-run", is_flag=True, help="Show what would be done and do nothing.")
@click.option("--yes", is_flag=True, help="Do not ask before rules are deleted.")
@click.pass_obj
def apply(
    session: Session, files: Sequence[str], namespace: str | None, prune: bool, dry_run: bool, yes: bool
) -> None:
    """Store the rules of files, or of standard input.

    A file with a mistake is refused and what it holds stays stored; the files beside it apply. A rule whose
    labels were edited takes the place of the old one. What has not changed is not written.
    """
    checked = _check_some(files, namespace)
    with session.world() as world:
        changes = _compare(world.database, checked, namespace, prune=prune)
        if not session.json:
            _print_changes(changes)
        if changes and not dry_run:
            if changes.deleted and not yes:
                _confirm(session, f"Delete {len(changes.deleted)} rules?")
            _write(world.database, world.clock, changes, session.user())
    if session.json:
        applied = bool(changes) and not dry_run
        print_json(shown.to_json(changes) | {"applied": applied, "refused": refusals(checked)})
    elif changes:
        click.echo("Dry run: nothing is stored." if dry_run else "Stored: in force from the next tick on.")
    _fail_if_refused(checked)


def _confirm(session: Session, question: str) -> None:
    """Go on only if somebody says yes; without a terminal nobody can, but the option --yes."""
    if not session.interactive():
        raise click.ClickException("nothing is done: without a terminal, deleting rules needs --yes")
    click.confirm(question, abort=True, err=True)


@rules.command()
@_comparing
@click.option("--exit-code", is_flag=True, help="Exit with 1 if there are differences.")
@click.pass_obj
def diff(session: Session, files: Sequence[str], namespace: str | None, prune: bool, exit_code: bool) -> None:
    """Show what `apply` with the same options would change."""
    checked = _check_some(files, namespace)
    with session.world() as world:
        changes = _compare(world.database, checked, namespace, prune=prune)
    if session.json:
        print_json(shown.to_json(changes) | {"refused": refusals(checked)})
    else:
        _print_changes(changes)
    _fail_if_refused(checked)
    if exit_code and changes:
        raise Exit(1)


def _check_some(files: Sequence[str], namespace: str | None) -> list[RuleFile]:
    """Return the files, their refusals printed; the command ends here if none is left."""
    checked = check_rule_files(files, namespace)
    for file in checked:
        if file.problems:
            _print_checked(file)
    if all(file.problems for file in checked):
        raise Exit(1)
    return checked


def _compare(
    database: Database, checked: Sequence[RuleFile], namespace: str | None, *, prune: bool
) -> Changes:
    wanted = [rule for file in checked for rule in file.content or ()]
    namespaces = {rule.namespace for rule in wanted} | ({namespace} if namespace else set())
    if prune and any(file.problems for file in checked):
        warn("--prune is left out, because a file was refused: what it holds stays stored")
        prune = False
    if prune and not namespaces:
        warn("--prune needs --namespace, for the files hold no rule that tells it")
    return compare(read_stored(database, read_index(database)), wanted, namespaces, prune=prune)


def _write(database: Database, clock: Clock, changes: Changes, by: str) -> None:
    book, at_ms = RuleBook(database), millis(clock.now())
    book.write(changes.written, changes.gone, by=by, at_ms=at_ms)
    if changes.still_paused:
        book.pause(changes.still_paused, paused=True, by=by, at_ms=at_ms)


def _print_changes(changes: Changes) -> None:
    shown.print_changes(changes)
    shown.warn_of_kept(changes)


def _print_checked(file: RuleFile) -> None:
    if file.problems:
        warn(f"Checking {file.title}\n  FAILED:")
        for problem in file.problems:
            warn(str(problem))
        return
    found = file.content or []
    click.echo(f"Checking {file.title}\n  SUCCESS: {len(found)} rules found")
    if prices := _prices(found):
        click.echo(f"  CloudWatch will charge up to ${sum(prices.values()):.2f} a month:")
        for key, price in prices.items():
            click.echo(f"    ${price:.2f}  {key}")


def _prices(found: Sequence[Rule]) -> dict[str, float]:
    return {
        rule.key: monthly_price(rule.plan, rule.interval) for rule in found if rule.source == "cloudwatch"
    }


def _checked_to_json(file: RuleFile) -> dict[str, Any]:
    return {
        "file": file.title,
        "rules": len(file.content or ()),
        "monthlyPriceUsd": round(sum(_prices(file.content or []).values()), 4),
        "problems": refusals([file]),
    }


def _fail_if_refused(checked: Sequence[RuleFile]) -> None:
    if any(file.problems for file in checked):
        raise Exit(1)


# -- what is stored -------------------------------------------------------------------------------


@rules.command("list")
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
        views = [
            view
            for view in _read(world.database)
            if namespace in (None, view.rule.namespace)
            and state in (None, view.state.value)
            and (health in (None, view.health) or (health == "err" and view.health != OK))
        ]
    if session.json:
        print_json([ruleviews.to_json(view) for view in views])
    else:
        print_table(ruleviews.HEADERS, [ruleviews.row(view) for view in views])


@rules.command()
@click.argument("what", metavar="KEY|NAMESPACE[/GROUP]")
@click.pass_obj
def get(session: Session, what: str) -> None:
    """Print rules as the rule file that would store them."""
    with session.world() as world:
        views = {view.stored.id: view for view in _read(world.database)}
    try:
        chosen = choose_many([view.stored for view in views.values()], what)
        if session.json:
            print_json([ruleviews.to_json(views[stored.id]) for stored in chosen])
        else:
            click.echo(format_rule_file([stored.rule for stored in chosen]), nl=False)
    except (ChoiceError, ValueError) as error:
        raise click.ClickException(str(error)) from error


@rules.command()
@_keys
@click.pass_obj
def delete(session: Session, keys: Sequence[str]) -> None:
    """Delete rules; what fires of them resolves.

    KEY is a rule's namespace/group/name, with its labels if several have that name, or a beginning that only
    one rule has.
    """
    with session.world() as world:
        chosen = _choose(world.database, keys)
        units = [stored.id for stored in chosen]
        RuleBook(world.database).write([], units, by=session.user(), at_ms=millis(world.clock.now()))
    _print_done(session, chosen, "deleted")


@rules.command()
@_keys
@click.pass_obj
def pause(session: Session, keys: Sequence[str]) -> None:
    """Stop evaluating rules; what fires of them resolves."""
    _pause(session, keys, paused=True)


@rules.command()
@_keys
@click.pass_obj
def resume(session: Session, keys: Sequence[str]) -> None:
    """Evaluate rules again, also those in quarantine."""
    _pause(session, keys, paused=False)


def _pause(session: Session, keys: Sequence[str], *, paused: bool) -> None:
    with session.world() as world:
        chosen = _choose(world.database, keys)
        units = [stored.id for stored in chosen]
        at_ms = millis(world.clock.now())
        try:
            RuleBook(world.database).pause(units, paused=paused, by=session.user(), at_ms=at_ms)
        except MissingRuleError as error:
            raise click.ClickException(str(error)) from error
    _print_done(session, chosen, "paused" if paused else "resumed")


def _read(database: Database) -> list[RuleView]:
    index = read_index(database)
    return read_rules(database, index, read_shards(database, index.layout))


def _choose(database: Database, keys: Sequence[str]) -> list[StoredRule]:
    """Return the rules that are meant, each once; if one is not clear nothing is done."""
    stored = read_stored(database, read_index(database))
    try:
        chosen = [choose(stored, key) for key in keys]
    except ChoiceError as error:
        raise click.ClickException(str(error)) from error
    return list({found.id: found for found in chosen}.values())


def _print_done(session: Session, chosen: Sequence[StoredRule], done: str) -> None:
    if session.json:
        print_json({done: [stored.rule.key for stored in chosen]})
        return
    for stored in chosen:
        click.echo(f"{stored.rule.key} {done}")
