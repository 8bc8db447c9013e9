"""Comparisons of values with a number, as AWS's languages get them from us: `> 80` keeps what is above 80."""

import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from math import isfinite
from typing import Any

from tocsin.durations import DurationError, parse_duration
from tocsin.expressions import ExpressionError

COMPARISONS: Mapping[str, Callable[[float, float], bool]] = {
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
    "==": operator.eq,
    "!=": operator.ne,
}
TIMESTAMPS = 10
"""How many timestamps a source that needs a call for each is asked about at once."""
_DURATION = r"(?:[0-9]+(?:ms|[smhdwy]))+"
_ENDING = re.compile(rf"\[\s*({_DURATION})\s*\]\s*(?:(>=|<=|==|!=|>|<)\s*(\S+)\s*)?$")
_NUMBER = re.compile(r"[-+]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?")


def keeps(plan: Mapping[str, Any]) -> Callable[[float], bool]:
    """Return what tells whether a value counts, by a plan's `op` and `threshold`; without an `op` every one does.

    Raises KeyError, TypeError or ValueError if a plan's comparison is none.
    """
    if plan.get("op") is None:
        return lambda value: True  # noqa: ARG005
    compare, threshold = COMPARISONS[plan["op"]], float(plan["threshold"])
    return lambda value: compare(value, threshold)


@dataclass(frozen=True, slots=True)
class Windowed:
    """A query in a language that is not ours, with what a rule adds to it: `QUERY [5m] > 100`."""

    query: str
    window: timedelta | None = None
    op: str | None = None
    threshold: float | None = None


def split(expr: str) -> Windowed:
    """Return the query without its ending: a window in brackets, then a comparison with a number if there is one.

    Without a window nothing is split off, since `> 100` may be the query's own. Raises ExpressionError.
    """
    ending = _ENDING.search(expr)
    if ending is None:
        return Windowed(expr.strip())
    window, op, number = ending.groups()
    try:
        length = parse_duration(window)
    except DurationError as error:
        raise ExpressionError(str(error)) from None
    threshold = None if op is None else _number(number, f"[{window}] {op}")
    return Windowed(expr[: ending.start()].strip(), length, op, threshold)


def _number(text: str, after: str) -> float:
    if not _NUMBER.fullmatch(text) or not isfinite(float(text)):
        raise ExpressionError(f"expected a number after {after}, got {text}")
    return float(text)
