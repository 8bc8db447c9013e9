"""tocsin inputs: scheduled checks, added, changed and removed while all others run."""

import click

from tocsin.cli import inputsapplying, inputsstored
from tocsin.cli.command import Group
from tocsin.cli.inputsimport import import_telegraf
from tocsin.cli.inputsoutputs import list_outputs
from tocsin.cli.inputstest import test


@click.group(cls=Group)
def inputs() -> None:
    """Check, apply and look at inputs: scheduled checks and where their samples go.

    \b
    Examples:
      tocsin inputs check inputs.yml
      tocsin inputs apply inputs.yml
      tocsin inputs test inputs.yml web/shop
      tocsin inputs pause web/shop --for 2h
      tocsin inputs import telegraf.toml > inputs.yml
    """


for command in (
    inputsapplying.check_files,
    inputsapplying.apply,
    inputsapplying.add,
    inputsstored.list_inputs,
    list_outputs,
    inputsstored.get,
    inputsstored.delete,
    inputsstored.pause,
    inputsstored.resume,
    test,
    import_telegraf,
):
    inputs.add_command(command)
