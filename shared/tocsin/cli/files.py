"""Files as they are named on the command line: read, checked, and why they are refused."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

import click
from click.exceptions import Exit

from tocsin.cli.output import warn
from tocsin.documents import DocumentError, Problem
from tocsin.expressions.languages import Languages
from tocsin.rules.rulefile import RuleFile, read_rule_file

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


def check_rule_files(
    names: Sequence[str], namespace: str | None, languages: Languages, *, ignore_unknown: bool = False
) -> list[Checked[RuleFile]]:
    """Return rule files, standard input if none is named; a group that an earlier file has refuses a file."""

    def parse(text: str, file: str) -> RuleFile:
        return read_rule_file(text, file, namespace, languages, ignore_unknown=ignore_unknown)

    taken: dict[str, str] = {}
    files = []
    for name in names or (STDIN,):
        found = check(name, parse)
        groups = {rule.group_key for rule in found.content.rules} if found.content else set[str]()
        if again := sorted(groups & taken.keys()):
            reasons = (f"group {group} is in {taken[group]} already" for group in again)
            found = Checked(found.name, problems=tuple(_whole(found.name, reason) for reason in reasons))
        else:
            taken |= dict.fromkeys(groups, found.title)
        files.append(found)
    return files


def refusals(files: Sequence[Checked[T]]) -> list[dict[str, object]]:
    """Return the problems of all files as JSON."""
    return [to_json(problem) for file in files for problem in file.problems]


def to_json(problem: Problem) -> dict[str, object]:
    """Return a problem as JSON."""
    return {
        "file": problem.file,
        "line": problem.line,
        "column": problem.column,
        "field": problem.field,
        "reason": problem.reason,
    }


def warn_refused(file: Checked[T]) -> None:
    """Say on stderr why a file is refused, if it is (promtool's words)."""
    if file.problems:
        warn(f"Checking {file.title}\n  FAILED:")
        for problem in file.problems:
            warn(str(problem))


def fail_if_refused(files: Sequence[Checked[T]]) -> None:
    """End the command if a file is refused."""
    if any(file.problems for file in files):
        raise Exit(1)


def _whole(name: str, reason: str) -> Problem:
    return Problem(_STDIN_NAME if name == STDIN else name, 1, 1, "", reason)
