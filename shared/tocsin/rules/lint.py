"""Lint: what is allowed in a rule file and most likely a mistake."""

from collections.abc import Callable, Iterator, Mapping
from enum import StrEnum

from tocsin.labels import format_labels
from tocsin.rules.rulefile import Placed, RuleFile

Finding = tuple[Placed, str]
"""A rule, and what is to be said of it."""


class Lint(StrEnum):
    """Which checks to make, in promtool's words."""

    ALL = "all"
    DUPLICATE_RULES = "duplicate-rules"
    NONE = "none"


def findings(file: RuleFile, lint: Lint) -> list[tuple[str, Placed, str]]:
    """Return what the checks find: a check's name, the rule, what is to be said of it."""
    checks = _CHECKS if lint is Lint.ALL else {name: _CHECKS[name] for name in _CHECKS if name == lint}
    return [(name, *finding) for name, check in checks.items() for finding in check(file)]


def _duplicates(file: RuleFile) -> Iterator[Finding]:
    """Find rules of one name and labels (promtool's check): what they record mixes, what they fire merges."""
    first: dict[str, Placed] = {}
    for placed in file.placed:
        rule = placed.rule
        name = rule.name + (format_labels(rule.labels) if rule.labels else "")
        if name in first:
            yield placed, f"{name} is there already, in line {first[name].position[0]}"
        first.setdefault(name, placed)


def _record_names(file: RuleFile) -> Iterator[Finding]:
    """Find recorded series whose name says no level and operation (mimirtool's check)."""
    for placed in file.placed:
        if placed.rule.records and ":" not in placed.rule.name:
            yield placed, f"{placed.rule.name} does not match level:metric:operation, with at least one colon"


_CHECKS: Mapping[str, Callable[[RuleFile], Iterator[Finding]]] = {
    Lint.DUPLICATE_RULES: _duplicates,
    "record-names": _record_names,
}
