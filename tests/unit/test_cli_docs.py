"""docs/cli.md has every command and every option of the command line."""

import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from tocsin.cli.main import main

PAGE = (Path(__file__).parents[2] / "docs" / "cli.md").read_text()


def commands(
    name: str, command: click.Command, context: click.Context
) -> Iterator[tuple[str, click.Command]]:
    """Yield a command and all below it, each with its full name."""
    yield name, command
    if isinstance(command, click.Group):
        for child in command.list_commands(context):
            found = command.get_command(context, child)
            assert found is not None
            yield from commands(f"{name} {child}", found, context)


ALL = dict(commands("tocsin", main, click.Context(main)))


@pytest.mark.parametrize("name", [name for name, found in ALL.items() if not isinstance(found, click.Group)])
def test_every_command_is_in_the_page(name: str) -> None:
    assert f"`{name}" in PAGE


@pytest.mark.parametrize("name", ALL)
def test_every_option_is_in_the_page(name: str) -> None:
    shown = [
        option
        for parameter in ALL[name].params
        if isinstance(parameter, click.Option) and not parameter.hidden
        for option in (*parameter.opts, *parameter.secondary_opts)
    ]
    assert [option for option in shown if not re.search(rf"(?<![\w-]){option}(?![\w-])", PAGE)] == []


@pytest.mark.parametrize("name", ALL)
def test_every_command_has_help_of_its_own(name: str) -> None:
    assert ALL[name].get_short_help_str(200).endswith(".")
