"""Bounds: what a metric may be, so that one that is odd or huge spoils nothing but itself."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import TypeVar

from tocsin.metric import FieldValue, Metric

MOST_TAGS, MOST_NAME_CHARS, MOST_TEXT_CHARS = 64, 1_024, 2_048
"""Of a metric; the lengths are those of Mimir for names and values of labels."""
MOST_FIELDS, MOST_BYTES = 1_000, 100_000
_FIRST, _LAST = datetime(1970, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)
_MOST_INTEGER = 1 << 63
_A_NUMBER = 8
T = TypeVar("T")


def bounded(metric: Metric) -> Metric | None:
    """Return a metric within the bounds; None if it has no name, no field, no time from 1970 to 2199, or is too large.

    Texts that are too long are cut, fields and tags with too long a name, or that are too many, left out. What is no
    Unicode (a lone surrogate) is replaced. An integer beyond 64 bits is the nearest float, or left out.
    """
    if not _FIRST <= metric.at < _LAST or not 0 < len(metric.name) <= MOST_NAME_CHARS:
        return None
    fields = {_sound(name): _value(value) for name, value in _named(metric.fields).items()}
    kept = {name: value for name, value in fields.items() if value is not None}
    if not kept:
        return None
    tags = {_sound(name): _sound(text) for name, text in _named(metric.tags).items()}
    found = replace(
        metric, name=_sound(metric.name), fields=_first(kept, MOST_FIELDS), tags=_first(tags, MOST_TAGS)
    )
    return found if size(found) <= MOST_BYTES else None


def size(metric: Metric) -> int:
    """Return about how many bytes a metric takes."""
    texts = (value for value in metric.fields.values() if isinstance(value, str))
    names = (metric.name, *metric.fields, *metric.tags, *metric.tags.values(), *texts)
    return sum(map(len, names)) + _A_NUMBER * (1 + len(metric.fields))


def _named(given: Mapping[str, T]) -> dict[str, T]:
    return {name: value for name, value in given.items() if 0 < len(name) <= MOST_NAME_CHARS}


def _first(given: dict[str, T], most: int) -> dict[str, T]:
    return given if len(given) <= most else dict(list(given.items())[:most])


def _value(value: FieldValue) -> FieldValue | None:
    if isinstance(value, str):
        return _sound(value)
    if isinstance(value, bool | float) or -_MOST_INTEGER <= value < _MOST_INTEGER:
        return value
    try:
        return float(value)
    except OverflowError:
        return None


def _sound(text: str) -> str:
    cut = text[:MOST_TEXT_CHARS]
    return cut if cut.isascii() else cut.encode(errors="replace").decode()
