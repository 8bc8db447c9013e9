"""The rule files of a suite, as groups in the order in which they are evaluated."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from glob import glob
from pathlib import Path
from typing import TYPE_CHECKING

from tocsin.documents import DocumentError, Problem
from tocsin.evaluation.unit import Unit, unit_of
from tocsin.expressions import promql
from tocsin.expressions.languages import Language, UnknownSourceError, built_in
from tocsin.rules.rulefile import read_rule_file
from tocsin.ruletests.testfile import Suite

if TYPE_CHECKING:
    from tocsin.rules.rule import Rule


@dataclass(frozen=True, slots=True)
class Group:
    """Rules that are evaluated one after the other, and how often they are in Tocsin."""

    name: str
    interval: timedelta
    units: tuple[Unit, ...]


def rule_files(suite: Suite, directory: Path) -> tuple[list[Path], list[str]]:
    """Return the files that a suite's patterns match, each once, and the patterns that match none."""
    found: dict[Path, None] = {}
    idle = []
    for pattern in suite.rule_files:
        names = sorted(glob(pattern, root_dir=directory, include_hidden=True))
        found |= dict.fromkeys(directory / name for name in names)
        if not names:
            idle.append(pattern)
    return list(found), idle


def load(files: Sequence[Path], order: Sequence[str], *, ignore_unknown: bool = False) -> list[Group]:
    """Return the groups of rule files: those that `order` names in its order, the others with its first.

    Raises DocumentError.
    """
    place = {name: number for number, name in enumerate(order)}
    groups = [
        group for number, file in enumerate(files) for group in _groups(file, str(number), ignore_unknown)
    ]
    return sorted(groups, key=lambda group: place.get(group.name, 0))


def _groups(file: Path, namespace: str, ignore_unknown: bool) -> Iterator[Group]:
    """Yield the groups of a file; two files may have groups of one name, so each has a namespace of its own."""
    read = read_rule_file(read_text(file), str(file), namespace, _promql_only, ignore_unknown=ignore_unknown)
    members: dict[str, list[Rule]] = {}
    for rule in read.rules:
        members.setdefault(rule.group, []).append(rule)
    for name, rules in members.items():
        yield Group(name, rules[0].interval, tuple(unit_of(rule.id, rule) for rule in rules))


def _promql_only(source: str) -> Language:
    language = built_in(source)
    if language.language != promql.LANGUAGE:
        raise UnknownSourceError(f"rules on source {source} cannot be tested: Prometheus answers PromQL only")
    return language


def read_text(file: Path) -> str:
    """Return the text of a file; raises DocumentError if there is none."""
    try:
        return file.read_text(encoding="utf-8")
    except OSError as error:
        reason = f"cannot be read: {error.strerror or error}"
    except UnicodeDecodeError:
        reason = "cannot be read: not UTF-8"
    raise DocumentError((Problem(str(file), 1, 1, "", reason),))
