"""tocsin rules: what promtool and mimirtool do, on the rules of a stack."""

import click

from tocsin.cli import rulechecking, rulestored, rulesyncing
from tocsin.cli.command import Group
from tocsin.cli.ruleimport import import_alarms
from tocsin.cli.ruletests import run_tests


@click.group(cls=Group)
def rules() -> None:
    """Check, apply and look at alerting and recording rules.

    \b
    Examples:
      tocsin rules check rules/*.yml
      tocsin rules diff --exit-code rules/*.yml
      tocsin rules sync rules/*.yml
      tocsin rules list --state firing
      tocsin rules pause node/disks/DiskFull --for 2h
    """


for command in (
    rulechecking.check,
    rulechecking.lint,
    run_tests,
    rulesyncing.diff,
    rulesyncing.apply,
    rulesyncing.sync,
    rulestored.list_rules,
    rulestored.get,
    rulestored.export,
    rulestored.delete,
    rulestored.pause,
    rulestored.resume,
    import_alarms,
):
    rules.add_command(command)
