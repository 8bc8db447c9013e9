"""Series as unit tests write them, `up{job="api"}`, and their values, `1+2x3 _ _x2 stale NaN`.

The notation is that of Prometheus' own tests (`promql/parser`, series descriptions).
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import Enum

from tocsin.gostrings import unquote
from tocsin.labels import LabelSet, label_set
from tocsin.ruletests.numbers import number

_QUOTED = r""" "(?:[^"\\\n]|\\.)*" | '(?:[^'\\\n]|\\.)*' | `[^`]*` """
_SERIES = re.compile(r"(?P<name>[a-zA-Z_:][a-zA-Z0-9_:]*)?(?:\{(?P<labels>.*)\})?", re.DOTALL)
_PAIR = re.compile(
    rf"""\s* (?:
      (?P<label> [a-zA-Z_][a-zA-Z0-9_]* | {_QUOTED} ) \s* = \s* (?P<value> {_QUOTED} )
    | (?P<name> {_QUOTED} )
    ) \s* (?: , \s* | \Z )""",
    re.VERBOSE,
)
_ESCAPED = re.compile(r"\\.|\"", re.DOTALL)
_NUMBER = r"(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?"
_RUN = re.compile(
    rf"""
      (?P<mark> _ | stale )
    | (?P<start> [-+]? (?: {_NUMBER} | (?i: inf | nan ) (?!x) ) )
    """,
    re.VERBOSE,
)
_STEP = re.compile(rf"(?P<step>[-+]{_NUMBER})?x(?P<times>[0-9]{{1,18}})")


class Mark(Enum):
    """What stands in place of a value."""

    MISSING = "_"
    STALE = "stale"


@dataclass(frozen=True, slots=True)
class Run:
    """Values one after the other: `count` of them, each the one before it and `step`."""

    start: float | Mark
    count: int = 1
    step: float = 0.0


Values = tuple[Run, ...]


def parse_series(text: str) -> LabelSet:
    """Return the labels of a series, `__name__` among them; raises ValueError."""
    match = _SERIES.fullmatch(text)
    if match is None:
        raise ValueError(f'expected a series as in up{{job="api"}}, not "{text}"')
    pairs = list(_pairs(match["labels"] or ""))
    if match["name"]:
        pairs.append(("__name__", match["name"]))
    names = [name for name, _ in pairs]
    for name in names:
        if names.count(name) > 1:
            raise ValueError(f"label {name} is there twice")
    return label_set(dict(pairs))


def _pairs(text: str) -> Iterator[tuple[str, str]]:
    at = 0
    while at < len(text):
        match = _PAIR.match(text, at)
        if match is None:
            raise ValueError(f'expected label="value", not "{text[at:]}"')
        if match["name"]:
            yield "__name__", _unquoted(match["name"])
        else:
            label = match["label"]
            yield _unquoted(label) if label[0] in "\"'`" else label, _unquoted(match["value"])
        at = match.end()


def _unquoted(literal: str) -> str:
    if literal.startswith("`"):
        return literal[1:-1]
    if literal.startswith("'"):
        literal = f'"{_ESCAPED.sub(_in_double_quotes, literal[1:-1])}"'
    return unquote(literal)


def _in_double_quotes(match: re.Match[str]) -> str:
    return {"\\'": "'", '"': '\\"'}.get(match.group(), match.group())


def parse_values(text: str) -> Values:
    """Return the values that a text stands for; raises ValueError."""
    if "{{" in text:
        raise ValueError("native histograms are not supported: rules here know numbers only")
    return tuple(map(_run, text.split()))


def _run(word: str) -> Run:
    head = _RUN.match(word)
    tail = _STEP.fullmatch(word, head.end()) if head else None
    if head is None or (tail is None and head.end() < len(word)):
        raise ValueError(f'expected values as in 1 2+3x4 _ _x5 stale NaN Inf, not "{word}"')
    if head["mark"]:
        return _marked(Mark(head["mark"]), tail, word)
    start = _number(head["start"])
    if tail is None:
        return Run(start)
    return Run(start, int(tail["times"]) + 1, _number(tail["step"]) if tail["step"] else 0.0)


def _marked(mark: Mark, tail: re.Match[str] | None, word: str) -> Run:
    if tail is None:
        return Run(mark)
    if mark is Mark.STALE or tail["step"]:
        raise ValueError(f'only numbers can be repeated so, not "{word}"')
    return Run(mark, int(tail["times"]))


def _number(text: str) -> float:
    sign = -1.0 if text.startswith("-") else 1.0
    digits = text.lstrip("+-")
    if digits.lower() in ("inf", "nan"):
        return sign * float(digits)
    return sign * number(digits)


def expand(values: Iterable[Run]) -> Iterator[float | Mark]:
    """Yield the values one by one; a step is added again and again, with the errors that this makes (promtool)."""
    for run in values:
        value = run.start
        for _ in range(run.count):
            yield value
            if not isinstance(value, Mark):
                value += run.step
