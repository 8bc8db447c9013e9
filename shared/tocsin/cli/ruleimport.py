"""CloudWatch alarms turned into a rule file, with a report of what does not carry over."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from tocsin.cli.command import Command
from tocsin.cli.files import read
from tocsin.cli.output import print_json, table, warn
from tocsin.cli.session import Session
from tocsin.documents import DocumentError
from tocsin.rules.alarmblocks import Alarms, AlarmsError, parse_alarms
from tocsin.rules.alarms import Imported, Outcome
from tocsin.rules.alarms import import_alarms as imported
from tocsin.rules.rulewriting import format_rule_file

_EMPTY = "groups: []\n"


@click.command("import-alarms", cls=Command)
@click.argument("file", required=False)
@click.option("--prefix", default="", metavar="TEXT", help="Only alarms whose names begin so.")
@click.option("--namespace", default="cloudwatch", show_default=True, help="The rules' namespace.")
@click.option("--source", default="cloudwatch", show_default=True, help="The source that they ask.")
@click.option("--exact", is_flag=True, help="Leave out rules that would do anything otherwise.")
@click.option(
    "--output-file",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Write the rules there.",
)
@click.pass_obj
def import_alarms(
    session: Session,
    file: str | None,
    prefix: str,
    namespace: str,
    source: str,
    exact: bool,
    output_file: Path | None,
) -> None:
    """Print the rule file that does what the alarms of CloudWatch do; nothing is stored.

    The alarms are those of the account, or of FILE, which `aws cloudwatch describe-alarms` wrote (`-`: standard
    input). On stderr stands what became of each, and what its rule does otherwise.
    """
    found = imported(_alarms(session, file, prefix), namespace, source)
    kept = [one for one in found if one.rule and not (exact and one.differs)]
    text = format_rule_file([one.rule for one in kept if one.rule]) if kept else _EMPTY
    if output_file is not None:
        _write(output_file, text)
    if session.json:
        print_json({"rules": text, "alarms": [_to_json(one) for one in found]})
        return
    if output_file is None:
        click.echo(text, nl=False)
    _report(found, len(kept))


def _alarms(session: Session, file: str | None, prefix: str) -> Alarms:
    try:
        if file is not None:
            return _joined([parse_alarms(read(file))], prefix)
        return _joined([parse_alarms(page) for page in _described(session, prefix)], prefix)
    except (AlarmsError, DocumentError) as error:
        raise click.ClickException(f"{file or 'DescribeAlarms'}: no alarms: {error}") from error


def _described(session: Session, prefix: str) -> Sequence[Mapping[str, Any]]:
    from tocsin.cli.connection import (
        describe_alarms,
    )  # boto3 takes a fifth of a second, and --help needs none

    name = {"AlarmNamePrefix": prefix} if prefix else {}
    return describe_alarms(session.target, AlarmTypes=["MetricAlarm", "CompositeAlarm"], **name)


def _joined(parts: Sequence[Alarms], prefix: str) -> Alarms:
    return Alarms.model_construct(
        metric_alarms=tuple(
            alarm for part in parts for alarm in part.metric_alarms if alarm.alarm_name.startswith(prefix)
        ),
        composite_alarms=tuple(
            alarm for part in parts for alarm in part.composite_alarms if alarm.alarm_name.startswith(prefix)
        ),
    )


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise click.ClickException(f"{path}: cannot be written: {error.strerror or error}") from error


def _report(found: Sequence[Imported], written: int) -> None:
    rows = [
        (one.alarm if first else "", one.outcome.value if first else "", text)
        for one in found
        for first, text in _lines(one)
    ]
    warn(table(("ALARM", "RULE", "WHY"), rows))
    counts = [sum(one.outcome is outcome for one in found) for outcome in Outcome]
    warn(
        f"{len(found)} alarms: {counts[0]} do the same as rules, {counts[1]} differ, {counts[2]} are left out; "
        f"{written} rules written"
    )


def _lines(one: Imported) -> list[tuple[bool, str]]:
    return [
        (number == 0, text)
        for number, text in enumerate((*one.differs, *one.missing, ""))
        if text or not number
    ]


def _to_json(one: Imported) -> dict[str, Any]:
    return {
        "alarm": one.alarm,
        "outcome": one.outcome.value,
        "key": one.rule.key if one.rule else None,
        "differs": list(one.differs),
        "missing": list(one.missing),
    }
