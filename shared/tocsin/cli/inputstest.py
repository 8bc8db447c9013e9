"""Inputs run once, here and now: what they gather, why they fail, how long they take."""

from collections.abc import Sequence
from datetime import timedelta
from math import isfinite
from pathlib import Path
from typing import Any

import click
from click.exceptions import Exit

from tocsin.cli.command import Command
from tocsin.cli.files import STDIN
from tocsin.cli.inputsapplying import read
from tocsin.cli.inputscatalogue import stored
from tocsin.cli.output import maybe_rfc3339, print_json, warn
from tocsin.cli.session import Session
from tocsin.clock import SystemClock
from tocsin.collection.catalogue import MissingError, Scheduled
from tocsin.collection.crew import Crew
from tocsin.collection.health import Outcome
from tocsin.collection.input import Input
from tocsin.collection.running import DueRun, Finished, Runner
from tocsin.lineprotocol import format_lines
from tocsin.metric import FieldValue
from tocsin.parallel import Threads

_AT_ONCE = 32
_SPARE = timedelta(seconds=5)
"""For reading secrets and beginning."""


@click.command(cls=Command)
@click.argument("what", metavar="FILE|ID")
@click.argument("id_", required=False, metavar="[ID]")
@click.pass_obj
def test(session: Session, what: str, id_: str | None) -> None:
    """Run inputs once, from this machine and with your credentials, and print their samples as line protocol.

    Those of a FILE (`-`: standard input), one of them, or one that is stored. Nothing is stored. The exit code is 1
    if a run fails.
    """
    finished = _run(session, _inputs(session, what, id_))
    if session.json:
        print_json([_to_json(one) for one in finished])
    else:
        for one in finished:
            _print(one)
    if any(one.ran.outcome is not Outcome.SUCCESS for one in finished):
        raise Exit(1)


def _inputs(session: Session, what: str, wanted: str | None) -> Sequence[Input]:
    if wanted is None and what != STDIN and not Path(what).exists():
        return [_stored(session, what)]
    found = read(what).inputs
    chosen = [each for each in found if wanted in (None, each.id)]
    if not chosen:
        raise click.ClickException(f"{what}: {MissingError([wanted]) if wanted else 'there are no inputs'}")
    return chosen


def _stored(session: Session, wanted: str) -> Input:
    with session.world() as world:
        held = stored(world).inputs.get(wanted)
    if held is None:
        raise click.ClickException(f"{MissingError([wanted])}, and no such file")
    return held.input


def _run(session: Session, inputs: Sequence[Input]) -> list[Finished]:
    from tocsin.cli.connection import probes  # boto3 takes a fifth of a second, and --help needs none

    clock = SystemClock()
    crew = Crew(Threads(_AT_ONCE), _AT_ONCE, clock.now)
    now = clock.now()
    runs = [DueRun(Scheduled(each, now), now) for each in inputs]
    longest = max(each.deadline for each in inputs) + _SPARE
    return Runner(probes(session.target), crew, clock, {}).run(runs, longest.total_seconds())


def _print(finished: Finished) -> None:
    click.echo(format_lines(finished.metrics).decode(), nl=False)
    ran = finished.ran
    why = f": {ran.detail}" if ran.detail else ""
    warn(f"{finished.input}  {ran.outcome.value} in {ran.took_seconds:.3f} s, {ran.metrics} metrics{why}")


def _to_json(finished: Finished) -> dict[str, Any]:
    ran = finished.ran
    return {
        "id": finished.input,
        "outcome": ran.outcome.value,
        "detail": ran.detail,
        "tookSeconds": ran.took_seconds,
        "dropped": finished.dropped,
        "metrics": [
            {
                "name": metric.name,
                "tags": dict(metric.tags),
                "fields": {name: _finite(value) for name, value in metric.fields.items()},
                "at": maybe_rfc3339(metric.at),
            }
            for metric in finished.metrics
        ],
    }


def _finite(value: FieldValue) -> FieldValue:
    """Return a value that JSON has: NaN and the infinities are text."""
    return str(value) if isinstance(value, float) and not isfinite(value) else value
