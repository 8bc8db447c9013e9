"""Rule files and what a stack has stored: compared, and made the same."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import click
from click.exceptions import Exit

from tocsin.cli import changes as shown
from tocsin.cli import languages
from tocsin.cli.asking import confirm
from tocsin.cli.command import Command
from tocsin.cli.files import Checked, check_rule_files, fail_if_refused, refusals, warn_refused
from tocsin.cli.output import print_json, warn
from tocsin.cli.ruleoptions import comparing, yes_option
from tocsin.cli.session import Session
from tocsin.history import Via
from tocsin.index import read_index
from tocsin.rules.applying import apply_changes
from tocsin.rules.changes import Changes, compare
from tocsin.rules.rulefile import RuleFile
from tocsin.sources.languages import of_stack
from tocsin.views.rules import read_stored

if TYPE_CHECKING:
    from tocsin.bootstrap import World


@dataclass(frozen=True, slots=True)
class _Files:
    """What is to be compared with what is stored, as the options of a command say."""

    files: Sequence[str]
    namespace: str | None
    namespaces: Collection[str]
    ignored_namespaces: Collection[str]
    sources: str | None
    prune: bool = False
    checked: Sequence[Checked[RuleFile]] = ()

    @property
    def refused(self) -> bool:
        """Whether some of the files are refused: then nothing is deleted, for it may be in one of them."""
        return any(file.problems for file in self.checked)

    @property
    def compared(self) -> set[str]:
        """The namespaces to compare: those that are named, else those of the files; without those ignored."""
        own = {file.content.namespace for file in self.checked if file.content}
        return (set(self.namespaces) or own) - set(self.ignored_namespaces)

    def read(self, world: "World") -> "_Files":
        """Read the files, their refusals printed; the command ends here if none is left."""
        known = languages.of_file(self.sources) if self.sources else of_stack(world.database)
        checked = check_rule_files(self.files, self.namespace, known)
        for file in checked:
            warn_refused(file)
        if all(file.problems for file in checked):
            raise Exit(1)
        return replace(self, checked=checked)

    def changes(self, world: "World") -> Changes:
        """Return what the files would change."""
        if self.prune and self.refused:
            warn("nothing is deleted, because a file was refused: what it holds stays stored")
        wanted = [rule for file in self.checked if file.content for rule in file.content.rules]
        return compare(
            read_stored(world.database, read_index(world.database)),
            [rule for rule in wanted if rule.namespace in self.compared],
            self.compared,
            prune=self.prune and not self.refused,
        )


_prune_option = click.option(
    "--prune", is_flag=True, help="Delete what these namespaces have stored and no file has."
)
_dry_run_option = click.option("--dry-run", is_flag=True, help="Show what would be done and do nothing.")


@click.command(cls=Command)
@comparing
@_prune_option
@click.option("--exit-code", is_flag=True, help="Exit with 1 if there are differences.")
@click.pass_obj
def diff(session: Session, /, exit_code: bool, **options: Any) -> None:
    """Show what `apply` with the same options would change; with --prune, what `sync` would."""
    with session.world() as world:
        files = _Files(**options).read(world)
        changes = files.changes(world)
    if session.json:
        print_json(shown.to_json(changes) | {"refused": refusals(files.checked)})
    else:
        shown.print_changes(changes)
    fail_if_refused(files.checked)
    if exit_code and changes:
        raise Exit(1)


@click.command(cls=Command)
@comparing
@_prune_option
@_dry_run_option
@yes_option
@click.pass_obj
def apply(session: Session, /, dry_run: bool, yes: bool, **options: Any) -> None:
    """Store the rules of files, or of standard input; asked is only before rules are deleted.

    A file with a mistake is refused and what it holds stays stored; the files beside it apply. A rule whose
    labels were edited takes the place of the old one. What has not changed is not written.
    """
    _store(session, _Files(**options), _question_of_apply, dry_run=dry_run, yes=yes)


@click.command(cls=Command)
@comparing
@_dry_run_option
@yes_option
@click.pass_obj
def sync(session: Session, /, dry_run: bool, yes: bool, **options: Any) -> None:
    """Make the namespaces of files what the files say: show the plan, ask, then store and delete.

    Namespaces that no file has are left alone, unless --namespaces names them: then they are emptied.
    """
    _store(session, _Files(**options, prune=True), _question_of_sync, dry_run=dry_run, yes=yes)


def _question_of_apply(changes: Changes) -> str:
    return f"Delete {len(changes.deleted)} rules?" if changes.deleted else ""


def _question_of_sync(changes: Changes) -> str:
    return "Do this?" if changes else ""


def _store(
    session: Session, files: _Files, question: Callable[[Changes], str], *, dry_run: bool, yes: bool
) -> None:
    with session.world() as world:
        files = files.read(world)
        changes = files.changes(world)
        if not session.json:
            shown.print_changes(changes)
        if not dry_run:
            if not yes:
                confirm(session, question(changes))
            by, now = session.user(), world.clock.now()
            apply_changes(world.database, changes, by=by, via=Via.CLI, now=now)
    if session.json:
        applied = bool(changes) and not dry_run
        print_json(shown.to_json(changes) | {"applied": applied, "refused": refusals(files.checked)})
    elif changes:
        click.echo("Dry run: nothing is stored." if dry_run else "Stored: in force from the next tick on.")
    fail_if_refused(files.checked)
