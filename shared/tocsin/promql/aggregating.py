"""Aggregations: many samples of one moment become few (Prometheus `engine.go`, `aggregation`)."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import partial, reduce
from math import isfinite, isnan, sqrt
from operator import add
from typing import Any

from tocsin.labels import Labels
from tocsin.promql.arithmetic import mean_step, quantile
from tocsin.promql.labelling import LABEL
from tocsin.promql.over_time import maximum, minimum
from tocsin.promql.values import NAME, PromqlError, Vector, identity, without

COUNT_VALUES = "count_values"
_MOST_INTEGERS = 2.0**63


@dataclass(slots=True)
class Group:
    """Samples that are aggregated together, and the labels of what comes of them."""

    labels: Labels
    samples: Vector = field(default_factory=list)


Aggregation = Callable[[Group, Any], Vector]
"""Called with a group and the parameter: a number for `quantile`, `topk` and `bottomk`."""


def aggregate(operator: str, vector: Vector, grouping: "Grouping", parameter: float | str | None) -> Vector:
    """Return the aggregate of each group."""
    if operator == COUNT_VALUES:
        return _count_values(vector, grouping, str(parameter))
    aggregation = AGGREGATIONS[operator]
    return [sample for group in grouping.divide(vector) for sample in aggregation(group, parameter)]


@dataclass(frozen=True, slots=True)
class Grouping:
    """`by` some labels, or `without` them."""

    names: tuple[str, ...] = ()
    is_without: bool = False

    def divide(self, vector: Vector) -> Iterable[Group]:
        """Return the groups of a vector, in the order of their first samples."""
        groups: dict[object, Group] = {}
        for sample in vector:
            labels = self._of(sample[0])
            groups.setdefault(identity(labels), Group(labels)).samples.append(sample)
        return groups.values()

    def _of(self, labels: Labels) -> Labels:
        if self.is_without:
            return without(labels, (*self.names, NAME))
        return {name: labels[name] for name in self.names if name in labels}


def _count_values(vector: Vector, grouping: Grouping, label: str) -> Vector:
    if not LABEL.fullmatch(label):
        raise PromqlError(f'invalid label name "{label}"')
    named: Vector = [({**labels, label: _written(value)}, value) for labels, value in vector]
    if not grouping.is_without:
        grouping = Grouping((*grouping.names, label))
    return [(group.labels, float(len(group.samples))) for group in grouping.divide(named)]


def _written(value: float) -> str:
    """Return a number without an exponent (Go `strconv.FormatFloat(value, 'f', -1, 64)`)."""
    if not isfinite(value):
        return "NaN" if isnan(value) else f"{value:+}".title()
    return f"{Decimal(repr(value)):f}".removesuffix(".0")


# -- one number of each group -------------------------------------------------------------------------


def _of_values(function: Callable[[Sequence[float]], float]) -> Aggregation:
    return lambda group, _: [(group.labels, function([value for _, value in group.samples]))]


def _average(values: Sequence[float]) -> float:
    mean = values[0]
    for count, value in enumerate(values[1:], 2):
        mean += mean_step(mean, value, count) or 0.0
    return mean


def _variance(values: Sequence[float]) -> float:
    """Return the population's variance, by Welford; that of one sample is 0, whatever its value."""
    mean, squares = values[0], 0.0
    for count, value in enumerate(values[1:], 2):
        delta = value - mean
        mean += delta / count
        squares += delta * (value - mean)
    return squares / len(values)


def _quantile(group: Group, q: float) -> Vector:
    return [(group.labels, quantile(q, [value for _, value in group.samples]))]


# -- samples of each group ----------------------------------------------------------------------------


def _first(sign: int) -> Aggregation:
    def first(group: Group, number: float) -> Vector:
        if not -_MOST_INTEGERS <= number < _MOST_INTEGERS:
            raise PromqlError(f"Scalar value {number} overflows int64")
        ordered = sorted(group.samples, key=lambda sample: (isnan(sample[1]), sign * sample[1]))
        return ordered[: max(int(number), 0)]

    return first


AGGREGATIONS: Mapping[str, Aggregation] = {
    "avg": _of_values(_average),
    "bottomk": _first(1),
    "count": _of_values(lambda values: float(len(values))),
    "group": _of_values(lambda _: 1.0),
    "max": _of_values(maximum),
    "min": _of_values(minimum),
    "quantile": _quantile,
    "stddev": _of_values(lambda values: sqrt(_variance(values))),
    "stdvar": _of_values(_variance),
    "sum": _of_values(partial(reduce, add)),
    "topk": _first(-1),
}
