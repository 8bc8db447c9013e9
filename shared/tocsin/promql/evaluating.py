"""The engine: a plan is bound to series once, and then evaluated at any number of moments."""

from collections.abc import Callable, Iterable, Mapping

from tocsin.promql.aggregating import Grouping, aggregate
from tocsin.promql.functions import FUNCTIONS
from tocsin.promql.matching import SETS, Matching, Operator, scalars, vector_with_scalar, vectors
from tocsin.promql.selecting import Charge, Evaluate, Node, Selection, ranges, samples, subquery, times
from tocsin.promql.series import Select
from tocsin.promql.values import Moment, Vector, distinct, unnamed


def evaluate(plan: Node, select: Select, charge: Charge, times_ms: Iterable[int]) -> list[Vector]:
    """Return what a plan comes to at each time; a number is one sample without labels.

    Each time is a query of its own, for which `@ start()` and `@ end()` are that time. `charge` is told of all
    samples that are looked at, and may raise. Raises PromqlError.
    """
    bound = bind(plan, Selection(select, charge))
    return [_as_vector(bound(Moment(ms, ms))) for ms in times_ms]


def bind(node: Node, selection: Selection) -> Evaluate:
    """Return what evaluates a part of a plan; its series are selected now."""
    return _BINDERS[node["kind"]](node, selection)


def _as_vector(value: float | Vector) -> Vector:
    return value if isinstance(value, list) else [({}, value)]


def _number(node: Node, _: Selection) -> Evaluate:
    number = float(node["value"])
    return lambda _: number


def _constant(node: Node, _: Selection) -> Evaluate:
    constant = node["value"]
    return lambda _: constant


def _subquery(node: Node, selection: Selection) -> Evaluate:
    return subquery(node, selection, bind(node["of"], selection))


def _call(node: Node, selection: Selection) -> Evaluate:
    function = FUNCTIONS[node["name"]]
    arguments = [bind(argument, selection) for argument in node["arguments"]]
    return lambda moment: function(moment, *(argument(moment) for argument in arguments))


def _aggregate(node: Node, selection: Selection) -> Evaluate:
    operator, of = node["operator"], bind(node["of"], selection)
    grouping = Grouping(tuple(node["names"]), node["without"])
    parameter = bind(node["parameter"], selection) if node["parameter"] else lambda _: None
    return lambda moment: aggregate(operator, of(moment), grouping, parameter(moment))


def _negate(node: Node, selection: Selection) -> Evaluate:
    of = bind(node["of"], selection)

    def negative(moment: Moment) -> float | Vector:
        value = of(moment)
        if isinstance(value, float):
            return -value
        return distinct([(unnamed(labels), -number) for labels, number in value])

    return negative


def _binary(node: Node, selection: Selection) -> Evaluate:
    left, right = bind(node["left"], selection), bind(node["right"], selection)
    apply = _set(node) if node["operator"] in SETS else _operation(node)
    return lambda moment: apply(left(moment), right(moment))


def _set(node: Node) -> Callable[[Vector, Vector], Vector]:
    matching, operation = _matching(node), SETS[node["operator"]]
    return lambda left, right: distinct(operation(matching, left, right))


def _operation(node: Node) -> Callable[[float | Vector, float | Vector], float | Vector]:
    operator, matching = Operator(node["operator"], node["bool"]), _matching(node)

    def apply(left: float | Vector, right: float | Vector) -> float | Vector:
        if isinstance(left, float):
            if isinstance(right, float):
                return scalars(operator, left, right)
            return vector_with_scalar(operator, right, left, swapped=True)
        if isinstance(right, float):
            return vector_with_scalar(operator, left, right, swapped=False)
        return vectors(operator, matching, left, right)

    return apply


def _matching(node: Node) -> Matching:
    return Matching(node["on"], tuple(node["names"]), node["many"], tuple(node["include"]))


_BINDERS: Mapping[str, Callable[[Node, Selection], Evaluate]] = {
    "aggregate": _aggregate,
    "binary": _binary,
    "call": _call,
    "labels": _constant,
    "negate": _negate,
    "number": _number,
    "range": ranges,
    "samples": samples,
    "subquery": _subquery,
    "text": _constant,
    "times": times,
}
