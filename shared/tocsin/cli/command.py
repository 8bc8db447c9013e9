"""What all commands share: the global options, also behind a subcommand, and groups loaded when they are used."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from importlib import import_module
from typing import Any

import click

from tocsin.cli.session import Output, Session


def _to_target(context: click.Context, parameter: click.Parameter, value: str | None) -> None:
    if value is not None:
        session = context.ensure_object(Session)
        session.target = replace(session.target, **{str(parameter.name): value})


def _to_output(context: click.Context, _: click.Parameter, value: str | None) -> None:
    if value is not None:
        context.ensure_object(Session).output = Output(value)


def _option(*names: str, **settings: Any) -> click.Option:
    return click.Option(names, expose_value=False, **settings)


def global_options(*, behind: bool) -> list[click.Parameter]:
    """Return the options that may stand before a subcommand or `behind` it, where help leaves most of them out."""
    target = {"callback": _to_target, "hidden": behind}
    return [
        _option(
            "--stack",
            metavar="NAME",
            envvar=None if behind else "TOCSIN_STACK",
            help="The CloudFormation stack (TOCSIN_STACK).",
            **target,
        ),
        _option("--endpoint-url", metavar="URL", help="Instead of AWS's (AWS_ENDPOINT_URL).", **target),
        _option(
            "--region",
            metavar="REGION",
            envvar=None if behind else "AWS_REGION",
            help="The stack's region (AWS_REGION).",
            **target,
        ),
        _option("--profile", metavar="NAME", help="A profile of ~/.aws/config (AWS_PROFILE).", **target),
        _option(
            "-o",
            "--output",
            type=click.Choice([output.value for output in Output]),
            callback=_to_output,
            help="A table for people, where there is more to show an extended one, or JSON.  [default: table]",
        ),
    ]


class Command(click.Command):
    """A command that takes the global options too."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.params += global_options(behind=True)


class Group(click.Group):
    """A group whose commands take the global options too."""

    command_class = Command


@dataclass(frozen=True, slots=True)
class Lazy:
    """A command that is imported when it is used: `module:attribute`, its help, the extra that it needs."""

    path: str
    help: str
    extra: str = "cli"


class LazyGroup(Group):
    """The top of the command line: its help imports none of its commands."""

    def __init__(
        self, *args: Any, lazy: Mapping[str, Lazy], elsewhere: Mapping[str, str] = {}, **kwargs: Any
    ) -> None:
        """`elsewhere` are words that other tools have for commands, and what is to be typed here instead."""
        super().__init__(*args, **kwargs)
        self.params += global_options(behind=False)
        self.lazy = lazy
        self.elsewhere = elsewhere

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """Return the commands in the order of the table."""
        return list(self.lazy)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import a command; ClickException if what it needs is not installed."""
        if cmd_name in self.elsewhere:
            raise click.UsageError(f"No such command '{cmd_name}': type {self.elsewhere[cmd_name]}", ctx)
        if cmd_name not in self.lazy:
            return None
        lazy = self.lazy[cmd_name]
        module, attribute = lazy.path.split(":")
        try:
            command: click.Command = getattr(import_module(module), attribute)
        except ModuleNotFoundError as error:
            if error.name is None or error.name.split(".")[0] == "tocsin":
                raise
            needs = f"tocsin {cmd_name} needs {error.name}, which is not installed"
            raise click.ClickException(f"{needs}: pip install 'tocsin[{lazy.extra}]'") from error
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """Write the table of commands."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, lazy.help) for name, lazy in self.lazy.items()])
