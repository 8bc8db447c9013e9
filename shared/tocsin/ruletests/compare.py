"""Comparing: what was expected against what came, and what to say where they differ."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import inf, isnan, nextafter
from typing import Any, TypeVar

from tocsin.labels import Labels, format_labels, quote
from tocsin.ruletests.numbers import written

T = TypeVar("T")

_NONE = "nothing"


@dataclass(frozen=True, slots=True)
class Seen:
    """An alert: what identifies it, and what it says."""

    labels: Labels
    annotations: Mapping[str, str]

    def __str__(self) -> str:
        texts = f" annotations {format_labels(self.annotations)}" if self.annotations else ""
        return format_labels(self.labels) + texts

    def lines(self) -> list[str]:
        """Return the alert as lines, one for each annotation."""
        texts = [f"  {name}: {quote(text)}" for name, text in sorted(self.annotations.items())]
        return [format_labels(self.labels), *texts]

    def to_json(self) -> dict[str, Any]:
        """Return the alert as JSON."""
        return {"labels": dict(self.labels), "annotations": dict(self.annotations)}


@dataclass(frozen=True, slots=True)
class Number:
    """A sample: its labels, and its value."""

    labels: Labels
    value: float

    def __str__(self) -> str:
        return f"{format_labels(self.labels)} {written(self.value)}"

    def lines(self) -> list[str]:
        """Return the sample as a line."""
        return [str(self)]

    def to_json(self) -> dict[str, Any]:
        """Return the sample as JSON, its value as text as in Prometheus' API (JSON knows no infinity)."""
        return {"labels": dict(self.labels), "value": written(self.value)}


def alerts(expected: Sequence[Seen], got: Sequence[Seen], what: str = "fires") -> list[str]:
    """Return how the alerts differ, a line for each difference; none if they do not."""
    missing, surplus = _leftovers(expected, got, lambda one, other: one == other)
    lines = []
    for one in list(missing):
        nearest = max(surplus, key=lambda other: _likeness(one, other), default=None)
        if nearest is not None and _likeness(one, nearest) > 1:
            missing.remove(one)
            surplus.remove(nearest)
            lines += [f"{format_labels(one.labels)}: {line}" for line in _unlike(one, nearest)]
    lines += [f"expected, but nothing {what}: {one}" for one in missing]
    return lines + [f"{what}, but not expected: {other}" for other in surplus]


def samples(expected: Sequence[Number], got: Sequence[Number], *, fuzzy: bool = False) -> list[str]:
    """Return how the samples differ; `fuzzy` takes the floating-point numbers next to a value for the same."""

    def equal(one: Number, other: Number) -> bool:
        return one.labels == other.labels and (
            one.value == other.value or (fuzzy and _neighbours(one.value, other.value))
        )

    missing, surplus = _leftovers(expected, got, equal)
    lines = []
    for one in list(missing):
        other = next((each for each in surplus if each.labels == one.labels), None)
        if other is not None:
            missing.remove(one)
            surplus.remove(other)
            lines.append(f"{format_labels(one.labels)}: expected {written(one.value)}, got {_value(other)}")
    lines += [f"expected, but missing: {one}" for one in missing]
    return lines + [f"not expected: {other}" for other in surplus]


def _value(got: Number) -> str:
    """Return the value that came; NaN, which equals nothing, not even itself (as in promtool), with a hint."""
    return written(got.value) + (" (NaN never equals NaN)" if isnan(got.value) else "")


def _neighbours(one: float, other: float) -> bool:
    return other in (nextafter(one, inf), nextafter(one, -inf))


def _leftovers(
    expected: Sequence[T], got: Sequence[T], equal: Callable[[T, T], bool]
) -> tuple[list[T], list[T]]:
    """Return what of each side has no equal on the other, each taken once."""
    missing, surplus = [], list(got)
    for one in expected:
        match = next((number for number, other in enumerate(surplus) if equal(one, other)), None)
        if match is None:
            missing.append(one)
        else:
            del surplus[match]
    return missing, surplus


def _likeness(one: Seen, other: Seen) -> int:
    """Return how many labels two alerts share; their name is always one of them."""
    return len(one.labels.items() & other.labels.items())


def _unlike(one: Seen, other: Seen) -> Iterator[str]:
    for kind, wanted, found in (
        ("label", one.labels, other.labels),
        ("annotation", one.annotations, other.annotations),
    ):
        for name in sorted({*wanted, *found}):
            if wanted.get(name) != found.get(name):
                yield f"{kind} {name}: expected {_text(wanted, name)}, got {_text(found, name)}"


def _text(texts: Mapping[str, str], name: str) -> str:
    return quote(texts[name]) if name in texts else _NONE
