"""Files as they are named on the command line: read, checked, and why they are refused."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

import click

from tocsin.documents import DocumentError, Problem
from tocsin.rules.rule import Rule
from tocsin.rules.rulefile import parse_rule_file

T = TypeVar("T")

STDIN = "-"
_STDIN_NAME = "stdin"


@dataclass(frozen=True, slots=True)
class Checked(Generic[T]):
    """A file: what it holds, or the problems for which it is refused."""

    name: str
    content: T | None = None
    problems: tuple[Problem, ...] = ()

    @property
    def title(self) -> str:
        """What people call the file."""
        return "standard input" if self.name == _STDIN_NAME else self.name


def read(name: str) -> str:
    """Return the text of a file, `-` being standard input; raises DocumentError if there is none."""
    try:
        with click.open_file(name, encoding="utf-8") as stream:
            return str(stream.read())
    except OSError as error:
        reason = f"cannot be read: {error.strerror or error}"
    except UnicodeDecodeError:
        reason = "cannot be read: not UTF-8"
    raise DocumentError((_whole(name, reason),))


def check(name: str, parse: Callable[[str, str], T]) -> Checked[T]:
    """Return a file as `parse` takes it."""
    called = _STDIN_NAME if name == STDIN else name
    try:
        return Checked(called, parse(read(name), called))
    except DocumentError as error:
        return Checked(called, problems=error.problems)


def check_rule_files(names: Sequence[str], namespace: str | None) -> list[Checked[list[Rule]]]:
    """Return rule files, standard input if none is named; a rule that an earlier file has refuses a file."""
    taken: dict[str, str] = {}
    files = []
    for name in names or (STDIN,):
        found = check(name, lambda text, file: parse_rule_file(text, file, namespace))
        again = [rule.key for rule in found.content or () if rule.key in taken]
        if again:
            reasons = (f"rule {key} is in {taken[key]} already" for key in again)
            found = Checked(found.name, problems=tuple(_whole(found.name, reason) for reason in reasons))
        taken |= {rule.key: found.title for rule in found.content or ()}
        files.append(found)
    return files


def refusals(files: Sequence[Checked[T]]) -> list[dict[str, object]]:
    """Return the problems of all files as JSON."""
    return [
        {
            "file": problem.file,
            "line": problem.line,
            "column": problem.column,
            "field": problem.field,
            "reason": problem.reason,
        }
        for file in files
        for problem in file.problems
    ]


def _whole(name: str, reason: str) -> Problem:
    return Problem(_STDIN_NAME if name == STDIN else name, 1, 1, "", reason)
