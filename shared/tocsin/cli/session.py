"""What a command runs with: where the stack is, how its answer is to be shown, who asks."""

import getpass
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tocsin.bootstrap import World


class Output(StrEnum):
    """The forms of an answer: for people, for people who want all there is, for machines."""

    TABLE = "table"
    EXTENDED = "extended"
    JSON = "json"


@dataclass(frozen=True, slots=True)
class Target:
    """Where the stack is, in the words of the AWS command line; empty: as boto3 finds it."""

    stack: str = ""
    endpoint_url: str = ""
    region: str = ""
    profile: str = ""


def connect(target: Target) -> "AbstractContextManager[World]":
    """Connect to AWS, or to what stands in for it."""
    from tocsin.cli.connection import connected  # boto3 takes a fifth of a second, and --help needs none

    return connected(target)


def operator() -> str:
    """Return the name of the user of this process; `unknown` where the system has none for it."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # the latter before Python 3.13
        return "unknown"


def at_terminal() -> bool:
    """Tell whether somebody is there to answer a question."""
    return sys.stdin.isatty()


@dataclass(slots=True)
class Session:
    """One run of the command line; tests bring their own world, user and terminal."""

    target: Target = field(default_factory=Target)
    output: Output = Output.TABLE
    connect: "Callable[[Target], AbstractContextManager[World]]" = connect
    user: Callable[[], str] = operator
    interactive: Callable[[], bool] = at_terminal

    def world(self) -> "AbstractContextManager[World]":
        """Return the world to work in; what goes wrong in it inside the `with` ends the command with one line."""
        return self.connect(self.target)

    @property
    def json(self) -> bool:
        """Whether the answer is for a machine."""
        return self.output is Output.JSON
