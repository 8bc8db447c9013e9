"""How metrics are stored: as small JSON that packs well, names and tags that repeat written once."""

import math
from collections.abc import Iterable
from typing import Any

from tocsin.instants import instant, millis
from tocsin.metric import Metric
from tocsin.staleness import STALE, is_stale


def to_document(metrics: Iterable[Metric]) -> list[Any]:
    """Return metrics as JSON: `[name, tags, field names, [[ms, values…], …]]` for each series of metrics."""
    found: dict[tuple[Any, ...], list[list[Any]]] = {}
    for metric in metrics:
        names = tuple(metric.fields)
        key = (metric.name, tuple(sorted(metric.tags.items())), names)
        values = [_stored(value) for value in metric.fields.values()]
        found.setdefault(key, []).append([millis(metric.at), *values])
    return [[name, dict(tags), list(names), rows] for (name, tags, names), rows in found.items()]


def from_document(document: Iterable[Any]) -> list[Metric]:
    """Return the metrics that `to_document` was given, those of one series together."""
    return [
        Metric(name, dict(zip(names, map(_loaded, row[1:]), strict=True)), tags, at=instant(row[0]))
        for name, tags, names, rows in document
        for row in rows
    ]


_BEYOND = 10**308
"""No float: whoever wrote that may be another release, and whoever reads it makes floats of numbers."""
_WORDS = {"Stale": STALE, "NaN": float("nan"), "+Inf": float("inf"), "-Inf": float("-inf")}


def _stored(value: bool | float | str) -> Any:
    """Return a value as JSON has it: texts in a list of one, for numbers that JSON lacks are words."""
    if isinstance(value, str):
        return [value]
    if is_stale(value):
        return "Stale"
    if isinstance(value, float) and value - value != 0:
        return "NaN" if value != value else "+Inf" if value > 0 else "-Inf"
    return value


def _loaded(value: Any) -> bool | int | float | str:
    if isinstance(value, list):
        text: str = value[0]
        return text
    if isinstance(value, str):
        return _WORDS[value]
    number: bool | int | float = value
    if isinstance(number, int) and abs(number) >= _BEYOND:
        return math.inf if number > 0 else -math.inf
    return number
