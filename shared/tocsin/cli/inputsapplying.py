"""inputs.yml and what a stack has stored: checked, compared, and made the same."""

from collections.abc import Sequence

import click
from click.exceptions import Exit

from tocsin.cli import inputschanges as shown
from tocsin.cli.asking import confirm
from tocsin.cli.command import Command
from tocsin.cli.files import STDIN, Checked, check, refusals, warn_refused
from tocsin.cli.inputscatalogue import change, stored
from tocsin.cli.output import print_json, warn
from tocsin.cli.ruleoptions import files_argument, yes_option
from tocsin.cli.session import Session
from tocsin.collection.catalogue import added
from tocsin.history import What
from tocsin.inputsfile.inputfile import InputFile, parse_inputs
from tocsin.inputsfile.plan import Plan, compare


def read(name: str) -> InputFile:
    """Return what a file holds; if it is refused the command ends, with every problem on stderr."""
    checked = check(name, parse_inputs)
    warn_refused(checked)
    if checked.content is None:
        raise Exit(1)
    return checked.content


@click.command("check", cls=Command)
@files_argument
@click.pass_obj
def check_files(session: Session, files: Sequence[str]) -> None:
    """Check files of inputs and outputs, or standard input."""
    checked = [check(name, parse_inputs) for name in files or (STDIN,)]
    if session.json:
        print_json([{"file": file.title, "problems": refusals([file])} for file in checked])
    else:
        for file in checked:
            _print_checked(file)
    if failed := sum(bool(file.problems) for file in checked):
        raise click.ClickException(f"failed to validate {failed} file(s)")


def _print_checked(file: Checked[InputFile]) -> None:
    if file.content is None:
        warn(f"Checking '{file.title}'  FAILED:")
        for problem in file.problems:
            warn(str(problem))
        return
    outputs = f", {len(file.content.outputs)} outputs" if file.content.outputs is not None else ""
    click.echo(f"Checking '{file.title}'  SUCCESS: {len(file.content.inputs)} inputs{outputs} found")


@click.command(cls=Command)
@click.argument("file")
@click.option("--prune", is_flag=True, help="Delete the inputs that are stored and not in the file.")
@click.option("--dry-run", is_flag=True, help="Show what would be done and do nothing.")
@yes_option
@click.pass_obj
def apply(session: Session, file: str, prune: bool, dry_run: bool, yes: bool) -> None:
    """Store a file of inputs (`-`: standard input); asked is only before something is deleted.

    What has not changed goes on as it was. If the file has `outputs`, they take the place of those that are stored.
    """
    content = read(file)
    with session.world() as world:
        plan = compare(stored(world), content, prune=prune)
        if not session.json:
            shown.print_plan(plan)
        if plan and not dry_run:
            if not yes:
                confirm(session, _question(plan))
            now, user = world.clock.now(), session.user()
            targets = (*plan.ids, *plan.outputs_changed)
            change(session, world, lambda catalogue: plan.applied(catalogue, now, user), _what(plan), targets)
    if session.json:
        print_json(shown.to_json(plan) | {"applied": bool(plan) and not dry_run})
    elif plan:
        click.echo("Dry run: nothing is stored." if dry_run else "Stored: in force from the next tick on.")


def _what(plan: Plan) -> What:
    if plan.created or plan.updated:
        return What.INPUTS
    return What.INPUTS_DELETED if plan.deleted else What.OUTPUTS


def _question(plan: Plan) -> str:
    counts = ((len(plan.deleted), "inputs"), (len(plan.outputs_deleted), "outputs"))
    listed = " and ".join(f"{count} {what}" for count, what in counts if count)
    return f"Delete {listed}?" if listed else ""


@click.command(cls=Command)
@click.argument("file")
@click.pass_obj
def add(session: Session, file: str) -> None:
    """Store the inputs of a file (`-`: standard input) beside those that are stored.

    If one of their ids is there already, nothing is done.
    """
    content = read(file)
    if content.outputs is not None:
        raise click.ClickException(f"{file} has outputs: they are stored by `tocsin inputs apply`")
    ids = [each.id for each in content.inputs]
    with session.world() as world:
        now, user = world.clock.now(), session.user()
        change(
            session, world, lambda catalogue: added(catalogue, content.inputs, now, user), What.INPUTS, ids
        )
    shown.print_done(session, ids, "added")
