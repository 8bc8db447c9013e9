"""tocsin rules test: promtool's unit tests of rules, played by our own engine."""

import os
import shutil
from collections.abc import Sequence
from contextlib import AbstractContextManager
from datetime import timedelta
from pathlib import Path

import click
from click.exceptions import Exit

from tocsin.cli.command import Command
from tocsin.cli.output import print_json, warn
from tocsin.cli.session import Session
from tocsin.regexes import Regex, RegexError, compile_re2
from tocsin.ruletests import report
from tocsin.ruletests.run import Options, run
from tocsin.ruletests.server import NoServerError, Server, Servers, running, starting

FAILED, NOT_RUN = 1, 4
_MOST_AT_ONCE = 4
_NONE = "no prometheus on the path to answer PromQL (install one, or name it with --prometheus)"


@click.command("test", cls=Command)
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@click.option(
    "--prometheus",
    metavar="PATH|URL",
    help="Who answers PromQL: a binary to start, or a running Prometheus that is empty.  [default: the path's]",
)
@click.option("--run", "patterns", multiple=True, metavar="REGEX", help="Only tests with such a name.")
@click.option("--diff", is_flag=True, help="Show both sides of a failure line by line.")
@click.option("--debug", is_flag=True, help="Print every series of every test to stderr.")
@click.option("--junit", metavar="FILE", help="Also write the results as JUnit XML.")
@click.option("--intervals", is_flag=True, help="Evaluate groups at their own intervals, unlike promtool.")
@click.option("--ignore-unknown-fields", is_flag=True, help="Leave out keys that are not known.")
@click.option("--enable-feature", "features", multiple=True, metavar="NAME", help="For the Prometheus.")
@click.pass_obj
def run_tests(
    session: Session,
    files: Sequence[str],
    prometheus: str | None,
    patterns: Sequence[str],
    diff: bool,
    debug: bool,
    junit: str | None,
    intervals: bool,
    ignore_unknown_fields: bool,
    features: Sequence[str],
) -> None:
    """Run unit tests of rules, in promtool's format.

    Groups are evaluated by Tocsin's own engine; PromQL is answered by a real Prometheus that is started on the
    input series. Exits with 1 if a test failed, with 4 if none did but some could not be run for want of a
    Prometheus.
    """
    servers, at_once = _servers(prometheus or shutil.which("prometheus"), features)
    options = Options(_chosen(patterns), intervals, ignore_unknown_fields, debug, at_once)
    tested = run(files, servers, options)
    if junit:
        _write(Path(junit), report.junit(tested))
    if session.json:
        print_json([report.to_json(each) for each in tested])
    else:
        for each in tested:
            click.echo("\n".join(report.lines(each, diff=diff)))
    for line in (line for each in tested for verdict in each.verdicts for line in verdict.dump):
        warn(line)
    if any(each.failed for each in tested):
        raise Exit(FAILED)
    if any(each.not_run for each in tested):
        raise Exit(NOT_RUN)


def _servers(prometheus: str | None, features: Sequence[str]) -> tuple[Servers, int]:
    """Return how to get at a Prometheus, and how many there may be at once."""
    if prometheus is None:
        return _nowhere, 1
    if prometheus.startswith(("http://", "https://")):
        return running(prometheus), 1
    return starting(prometheus, features), min(os.cpu_count() or 1, _MOST_AT_ONCE)


def _nowhere(interval: timedelta) -> AbstractContextManager[Server]:  # noqa: ARG001 - as one that exists
    raise NoServerError(_NONE)


def _chosen(patterns: Sequence[str]) -> Regex | None:
    try:
        return compile_re2("|".join(patterns)) if patterns else None
    except RegexError as error:
        raise click.BadParameter(str(error), param_hint="--run") from error


def _write(file: Path, text: str) -> None:
    try:
        file.write_text(text, encoding="utf-8")
    except OSError as error:
        raise click.ClickException(f"{file} cannot be written: {error.strerror or error}") from error
