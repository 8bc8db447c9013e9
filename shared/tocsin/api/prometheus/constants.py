"""What PromQL yields where there are no series: numbers.

Grafana asks `1+1` before it takes something for a Prometheus.
"""

from collections.abc import Callable
from operator import add, mul, sub
from typing import Any

NO_SERIES = "Tocsin keeps no series: ask the source that the rules ask"


def _divided(one: float, other: float) -> float:
    if other:
        return one / other
    return one * float("inf") if one else float("nan")


_OPERATIONS: dict[str, Callable[[float, float], float]] = {"+": add, "-": sub, "*": mul, "/": _divided}


def constant(expr: str) -> tuple[float, bool]:
    """Return the number that an expression yields, and whether as a vector (`vector(1)`).

    Raises ExpressionError for what is no PromQL, LookupError for what needs series or is no plain sum.
    """
    # Here, not above: a cold start pays for no parser.
    from tocsin.expressions.promql import parse

    parsed = parse(expr)
    if type(parsed).__name__ == "Call" and parsed.func.name == "vector" and len(parsed.args) == 1:
        return _value(parsed.args[0]), True
    return _value(parsed), False


def _value(node: Any) -> float:
    match type(node).__name__:
        case "NumberLiteral":
            return float(node.val)
        case "ParenExpr":
            return _value(node.expr)
        case "BinaryExpr" if (operation := _OPERATIONS.get(str(node.op))) is not None:
            return operation(_value(node.lhs), _value(node.rhs))
    raise LookupError(NO_SERIES)
