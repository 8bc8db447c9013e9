"""Rule files looked at by themselves: checked as promtool does, formatted as mimirtool does."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click
from click.exceptions import Exit

from tocsin.cli import languages
from tocsin.cli.command import Command
from tocsin.cli.files import (
    STDIN,
    Checked,
    check_rule_files,
    fail_if_refused,
    refusals,
    to_json,
    warn_refused,
)
from tocsin.cli.output import print_json, warn
from tocsin.cli.ruleoptions import files_argument, sources_option
from tocsin.cli.ruleprices import prices, print_prices
from tocsin.cli.session import Session
from tocsin.documents import Problem
from tocsin.expressions.languages import Languages
from tocsin.rules.formatting import format_expressions
from tocsin.rules.lint import Lint, findings
from tocsin.rules.rulefile import RuleFile

_LINT_FATAL = 3
"""promtool's exit code."""
_File = Checked[RuleFile]


@click.command(cls=Command)
@files_argument
@click.option(
    "--lint",
    type=click.Choice([lint.value for lint in Lint]),
    default=Lint.DUPLICATE_RULES.value,
    show_default=True,
    help="What to look for besides mistakes.",
)
@click.option("--lint-fatal", is_flag=True, help="Exit with 3 if that finds anything.")
@click.option("--ignore-unknown-fields", is_flag=True, help="Pass over keys that are not known.")
@sources_option
@click.pass_obj
def check(
    session: Session,
    files: Sequence[str],
    lint: str,
    lint_fatal: bool,
    ignore_unknown_fields: bool,
    sources: str | None,
) -> None:
    """Check rule files, or standard input; the price of rules that ask CloudWatch is shown."""
    known = languages.wanted(session, sources)
    checked = check_rule_files(files, None, known, ignore_unknown=ignore_unknown_fields)
    found = [_findings(file, Lint(lint)) for file in checked]
    if session.json:
        print_json([_to_json(*each, known) for each in zip(checked, found, strict=True)])
    else:
        for file, problems in zip(checked, found, strict=True):
            _print(file, problems, known)
    fail_if_refused(checked)
    if lint_fatal and any(found):
        raise Exit(_LINT_FATAL)


def _findings(file: _File, lint: Lint) -> list[Problem]:
    """Return what lint finds in a file that is not refused, each with its place."""
    return [
        Problem(file.name, *placed.position, "", f"{text} ({check})")
        for check, placed, text in (findings(file.content, lint) if file.content else ())
    ]


def _print(file: _File, found: Sequence[Problem], known: Languages) -> None:
    if file.content is None:
        warn_refused(file)
        return
    click.echo(f"Checking {file.title}\n  SUCCESS: {len(file.content.placed)} rules found")
    print_prices(prices(file.content.rules, known))
    for problem in found:
        warn(str(problem))


def _to_json(file: _File, found: Sequence[Problem], known: Languages) -> dict[str, Any]:
    rules = file.content.rules if file.content else []
    return {
        "file": file.title,
        "rules": len(rules),
        "monthlyPriceUsd": round(prices(rules, known).total, 4),
        "problems": refusals([file]),
        "findings": [to_json(problem) for problem in found],
    }


@click.command(cls=Command)
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@click.option("-n", "--dry-run", is_flag=True, help="Write nothing; say which files would change.")
@click.option("--exit-code", is_flag=True, help="Exit with 1 if a file changes, or would.")
@sources_option
@click.pass_obj
def lint(session: Session, files: Sequence[str], dry_run: bool, exit_code: bool, sources: str | None) -> None:
    """Format the PromQL of rule files in place, and say what `check --lint=all` finds.

    Comments and all else stay as they are; an expression with comments in it, or with an @, is left alone.
    """
    if STDIN in files:
        raise click.UsageError("lint writes files: name one")
    known = languages.wanted(session, sources)
    checked = check_rule_files(files, None, known)
    changed = [file.name for file in checked if _format(file, known, write=not dry_run)]
    if session.json:
        found = [to_json(problem) for file in checked for problem in _findings(file, Lint.ALL)]
        document = {"formatted": changed, "findings": found, "refused": refusals(checked)}
        print_json(document | {"written": not dry_run})
    else:
        _print_formatted(checked, changed, "would be formatted" if dry_run else "formatted")
    fail_if_refused(checked)
    if exit_code and changed:
        raise Exit(1)


def _print_formatted(checked: Sequence[_File], changed: Sequence[str], done: str) -> None:
    for file in checked:
        warn_refused(file)
        for problem in _findings(file, Lint.ALL):
            warn(str(problem))
    for name in changed:
        click.echo(f"{name}: {done}")


def _format(file: _File, known: Languages, *, write: bool) -> bool:
    """Format a file; tell whether that changes it."""
    if file.content is None:
        return False
    path = Path(file.name)
    text = path.read_bytes().decode()
    formatted = format_expressions(text, file.content, known)
    if write and formatted != text:
        path.write_bytes(formatted.encode())
    return formatted != text
