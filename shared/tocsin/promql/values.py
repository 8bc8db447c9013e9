"""What expressions come to: numbers, texts, vectors and ranges of samples, and the moment they are asked about."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from tocsin.labels import Labels

NAME = "__name__"

Vector = list[tuple[Labels, float]]
"""Samples of one moment; Prometheus' instant vector."""
Identity = frozenset[tuple[str, str]]


class PromqlError(ValueError):
    """The expression has no answer for these series; the text is Prometheus'."""


@dataclass(frozen=True, slots=True)
class Moment:
    """When something is evaluated, in ms; `query` is when the whole is, of which this may be a step."""

    at: int
    query: int


@dataclass(slots=True)
class Window:
    """The samples of one series in a range: times in ms, one at least, oldest first."""

    labels: Labels
    times: Sequence[int]
    values: Sequence[float]


@dataclass(frozen=True, slots=True)
class Range:
    """The samples of several series from `start` to `end`, both included; Prometheus' range vector."""

    start: int
    end: int
    windows: Sequence[Window]


Value = float | str | Vector | Range


def identity(labels: Labels) -> Identity:
    """Return labels in a form that can be a key."""
    return frozenset(labels.items())


def unnamed(labels: Labels) -> Labels:
    """Return the labels without the series' name."""
    return {name: value for name, value in labels.items() if name != NAME}


def without(labels: Labels, names: Iterable[str]) -> Labels:
    """Return the labels but for some names."""
    gone = frozenset(names)
    return {name: value for name, value in labels.items() if name not in gone}


def distinct(vector: Vector) -> Vector:
    """Return the vector; raises PromqlError if two of its samples have the same labels."""
    if len(vector) > 1 and len({identity(labels) for labels, _ in vector}) < len(vector):
        raise PromqlError("vector cannot contain metrics with the same labelset")
    return vector
