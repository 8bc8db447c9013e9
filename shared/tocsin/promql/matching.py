"""Binary operators: numbers, vectors with numbers, and vectors whose samples are matched by their labels.

Source: Prometheus `engine.go` (VectorBinop, VectorAnd, VectorOr, VectorUnless, VectorscalarBinop).
"""

import math
import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from tocsin.labels import Labels, format_labels
from tocsin.promql.arithmetic import divide, modulo, power
from tocsin.promql.values import NAME, Identity, PromqlError, Vector, distinct, identity, unnamed, without

ARITHMETIC: Mapping[str, Callable[[float, float], float]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": divide,
    "%": modulo,
    "^": power,
    "atan2": math.atan2,
}
COMPARISONS: Mapping[str, Callable[[float, float], bool]] = {
    "==": operator.eq,
    "!=": operator.ne,
    ">": operator.gt,
    "<": operator.lt,
    ">=": operator.ge,
    "<=": operator.le,
}


@dataclass(frozen=True, slots=True)
class Matching:
    """How the samples of two vectors find each other: `on` some labels, or by all but them and the name.

    `many` is the side (`left`, `right`) of which several may match one of the other; `include` are labels that the
    result takes from that other side.
    """

    on: bool = False
    names: tuple[str, ...] = ()
    many: str = ""
    include: tuple[str, ...] = ()

    def signature(self, labels: Labels) -> Identity:
        """Return what has to be equal."""
        if self.on:
            return frozenset((name, labels[name]) for name in self.names if name in labels)
        return identity(without(labels, (*self.names, NAME)))


@dataclass(frozen=True, slots=True)
class Operator:
    """An arithmetic operator or a comparison; a comparison keeps or drops, or tells 1 or 0 if it is `bool`."""

    symbol: str
    is_bool: bool = False

    @property
    def keeps_name(self) -> bool:
        """Tell whether the result is still the series that it was; that of `atan2` is in Prometheus 2.42."""
        return self.symbol in (*COMPARISONS, "atan2") and not self.is_bool

    def apply(self, left: float, right: float) -> float | None:
        """Return the result; None for a sample that is dropped. A comparison keeps what is on the left."""
        if self.symbol in ARITHMETIC:
            return ARITHMETIC[self.symbol](left, right)
        holds = COMPARISONS[self.symbol](left, right)
        if self.is_bool:
            return float(holds)
        return left if holds else None


def scalars(operation: Operator, left: float, right: float) -> float:
    """Return the result for two numbers; comparisons of those are always `bool`."""
    result = operation.apply(left, right)
    return math.nan if result is None else result


def vector_with_scalar(operation: Operator, vector: Vector, scalar: float, *, swapped: bool) -> Vector:
    """Return the result for each sample, the scalar on the left if `swapped`; what is kept is the sample's value."""
    found: Vector = []
    for labels, value in vector:
        result = operation.apply(scalar, value) if swapped else operation.apply(value, scalar)
        if result is not None:
            kept = value if operation.symbol in COMPARISONS and not operation.is_bool else result
            found.append((labels if operation.keeps_name else unnamed(labels), kept))
    return distinct(found)


# -- two vectors --------------------------------------------------------------------------------------


def vectors(operation: Operator, matching: Matching, left: Vector, right: Vector) -> Vector:
    """Return the result for samples that match; raises PromqlError where too many do."""
    if not left or not right:
        return []
    swapped = matching.many == "right"
    many, one = (right, left) if swapped else (left, right)
    ones = _by_signature(matching, one, "left" if swapped else "right")
    found: Vector = []
    seen: set[Identity] = set()
    for labels, value in many:
        signature = matching.signature(labels)
        if signature not in ones:
            continue
        other, number = ones[signature]
        result = operation.apply(number, value) if swapped else operation.apply(value, number)
        if result is not None:
            made = _result_labels(operation, matching, labels, other)
            _once(matching, seen, identity(made) if matching.many else signature)
            found.append((made, result))
    return distinct(found)


def _by_signature(matching: Matching, vector: Vector, side: str) -> Mapping[Identity, tuple[Labels, float]]:
    found: dict[Identity, tuple[Labels, float]] = {}
    for sample in vector:
        signature = matching.signature(sample[0])
        if signature in found:
            group, a, b = map(format_labels, (dict(signature), sample[0], found[signature][0]))
            raise PromqlError(
                f"found duplicate series for the match group {group} on the {side} hand-side of the operation: "
                f"[{a}, {b}];many-to-many matching not allowed: matching labels must be unique on one side"
            )
        found[signature] = sample
    return found


def _once(matching: Matching, seen: set[Identity], what: Identity) -> None:
    if what in seen:
        many = "grouping labels must ensure unique matches"
        single = "many-to-one matching must be explicit (group_left/group_right)"
        raise PromqlError(f"multiple matches for labels: {many if matching.many else single}")
    seen.add(what)


def _result_labels(operation: Operator, matching: Matching, many: Labels, one: Labels) -> Labels:
    labels = dict(many if operation.keeps_name else unnamed(many))
    if not matching.many:
        labels = {name: value for name, value in labels.items() if (name in matching.names) is matching.on}
    for name in matching.include:
        labels.pop(name, None)
        if name in one:
            labels[name] = one[name]
    return unnamed(labels) if operation.is_bool else labels


# -- sets ---------------------------------------------------------------------------------------------


def _and(matching: Matching, left: Vector, right: Vector) -> Vector:
    present = {matching.signature(labels) for labels, _ in right}
    return [sample for sample in left if matching.signature(sample[0]) in present]


def _unless(matching: Matching, left: Vector, right: Vector) -> Vector:
    present = {matching.signature(labels) for labels, _ in right}
    return [sample for sample in left if matching.signature(sample[0]) not in present]


def _or(matching: Matching, left: Vector, right: Vector) -> Vector:
    return left + _unless(matching, right, left)


SETS: Mapping[str, Callable[[Matching, Vector, Vector], Vector]] = {"and": _and, "or": _or, "unless": _unless}
