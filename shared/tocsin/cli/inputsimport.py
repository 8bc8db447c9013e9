"""telegraf.toml turned into an inputs.yml, with a report of what does not fit."""

from collections.abc import Sequence
from pathlib import Path

import click

from tocsin.cli.command import Command
from tocsin.cli.files import read
from tocsin.cli.output import print_json, table, warn
from tocsin.cli.session import Session
from tocsin.documents import DocumentError
from tocsin.inputsfile.telegraf import Imported
from tocsin.inputsfile.telegraf import import_telegraf as imported


@click.command("import", cls=Command)
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@click.option(
    "--secret",
    default="telegraf",
    show_default=True,
    metavar="NAME",
    help="The secret whose keys environment variables become.",
)
@click.option(
    "--output-file",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Write the inputs there.",
)
@click.pass_obj
def import_telegraf(session: Session, files: Sequence[str], secret: str, output_file: Path | None) -> None:
    """Print the inputs.yml that does what files of Telegraf's do (`-`: standard input); nothing is stored.

    On stderr stands, by line, what is left out or becomes something else.
    """
    try:
        found = imported([(name, read(name)) for name in files], secret)
    except DocumentError as error:
        raise click.ClickException(str(error)) from error
    if output_file is not None:
        _write(output_file, found.text)
    if session.json:
        print_json(_to_json(found))
        return
    if output_file is None:
        click.echo(found.text, nl=False)
    _report(found)


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise click.ClickException(f"{path}: cannot be written: {error.strerror or error}") from error


def _report(found: Imported) -> None:
    if found.notices:
        rows = [(f"{one.file}:{one.line}", one.what, one.became.value, one.reason) for one in found.notices]
        warn(table(("PLACE", "WHAT", "BECAME", "WHY"), rows))
    warn(f"{found.inputs} inputs and {found.outputs} outputs written; {len(found.notices)} things do not fit")


def _to_json(found: Imported) -> dict[str, object]:
    return {
        "inputs": found.text,
        "notices": [
            {
                "file": one.file,
                "line": one.line,
                "what": one.what,
                "became": one.became.value,
                "reason": one.reason,
            }
            for one in found.notices
        ],
    }
