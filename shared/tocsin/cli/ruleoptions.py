"""Arguments and options that several commands on rules have."""

from collections.abc import Callable
from typing import Any, TypeVar

import click

F = TypeVar("F", bound=Callable[..., Any])


def files_argument(command: F) -> F:
    """Let a command take files; none is standard input."""
    return click.argument("files", nargs=-1, metavar="[FILE]...")(command)


def keys_argument(command: F) -> F:
    """Let a command take keys of rules."""
    return click.argument("keys", nargs=-1, required=True, metavar="KEY...")(command)


def sources_option(command: F) -> F:
    """Let a command know sources that are not stored."""
    text = "The sources that rules may name, instead of those that the stack has stored."
    return click.option("--sources", metavar="FILE", help=text)(command)


def yes_option(command: F) -> F:
    """Let a command be run by nobody."""
    return click.option("--yes", is_flag=True, help="Do not ask.")(command)


def namespaces(_context: click.Context, _option: click.Parameter, value: str) -> frozenset[str]:
    """Return the namespaces of a list with commas between them, as mimirtool takes it."""
    return frozenset(name for name in value.split(",") if name)


def comparing(command: F) -> F:
    """Let a command compare files with what is stored."""
    for option in (
        click.option("--namespace", metavar="NAME", help="The namespace of the files, instead of their own."),
        click.option(
            "--namespaces",
            metavar="A,B",
            default="",
            callback=namespaces,
            help="Only these namespaces, also such as no file has.",
        ),
        click.option(
            "--ignored-namespaces",
            metavar="A,B",
            default="",
            callback=namespaces,
            help="Leave these namespaces alone.",
        ),
        sources_option,
        files_argument,
    ):
        command = option(command)
    return command
