"""PromQL compiled when a rule is stored: the plan that `tocsin.promql` evaluates, for it has no parser.

A plan is JSON: `promql`, a tree of parts each of a `kind` (tocsin.promql.evaluating), and how far back it reads:
`reach_ms` before the moment that is asked about, and `since_ms` where `@` names a time.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import promql_parser as ast
from promql_parser import AggModifierType, AtModifierType, LabelModifierType, MatchOp, VectorMatchCardinality

from tocsin.expressions import ExpressionError, promql
from tocsin.instants import millis
from tocsin.matchers import Matcher, MatcherError
from tocsin.matchers import MatchOp as Op
from tocsin.promql.aggregating import AGGREGATIONS, COUNT_VALUES
from tocsin.promql.functions import FUNCTIONS, OF_NOW
from tocsin.promql.matching import ARITHMETIC, COMPARISONS, SETS
from tocsin.promql.series import LOOKBACK_MS

Node = dict[str, Any]

_NAME = "__name__"
_MILLISECOND = timedelta(milliseconds=1)
_COMPARED = (
    (MatchOp.Equal, Op.EQUAL),
    (MatchOp.NotEqual, Op.NOT_EQUAL),
    (MatchOp.Re, Op.REGEX),
    (MatchOp.NotRe, Op.NOT_REGEX),
)
_MANY = ((VectorMatchCardinality.ManyToOne, "left"), (VectorMatchCardinality.OneToMany, "right"))
_AGGREGATIONS = {*AGGREGATIONS, COUNT_VALUES}
_OPERATORS = {*ARITHMETIC, *COMPARISONS, *SETS}
_BEFORE_1970 = re.compile(r"@\s*-")
"""The library panics where it is asked for such a time, which no handler catches."""
_NOW = {"kind": "call", "name": "vector", "arguments": [{"kind": "call", "name": "time", "arguments": []}]}
_ONE = {"kind": "number", "value": "1"}


def compile(expr: str) -> Mapping[str, Any]:  # noqa: A001 - the field's verb, always used with its module's name
    """Return the plan of an expression.

    Raises ExpressionError; what PromQL has and the engine has not is named with its place, `line:column`.
    """
    promql.check(expr)
    tree = _Compiler(expr).node(promql.parse(expr))
    edges = list(_edges(tree, _Edge(0)))
    return {
        "promql": tree,
        "reach_ms": max([-edge.ms for edge in edges if not edge.is_fixed], default=0),
        "since_ms": min([edge.ms for edge in edges if edge.is_fixed], default=None),
    }


class _Compiler:
    """Makes parts of a plan of parts of the library's tree."""

    def __init__(self, expr: str) -> None:
        self._expr = expr
        self._anchored = promql.facts(expr).singly
        self._of: Mapping[type, Callable[[Any], Node]] = {
            ast.AggregateExpr: self._aggregate,
            ast.BinaryExpr: self._binary,
            ast.Call: self._call,
            ast.MatrixSelector: self._range,
            ast.NumberLiteral: lambda parsed: {"kind": "number", "value": str(float(parsed.val))},
            ast.StringLiteral: lambda parsed: {"kind": "text", "value": parsed.val},
            ast.SubqueryExpr: self._subquery,
            ast.UnaryExpr: lambda parsed: {"kind": "negate", "of": self.node(parsed.expr)},
            ast.VectorSelector: self._samples,
        }

    def node(self, parsed: Any) -> Node:
        """Return the plan of a part; raises ExpressionError."""
        return self._of[type(_bare(parsed))](_bare(parsed))

    def _refusal(self, what: str, word: str) -> ExpressionError:
        place = promql.place(self._expr, word)
        return ExpressionError(f"could not use expression: {place}: {what} is not supported by this source")

    def _samples(self, parsed: Any) -> Node:
        return {"kind": "samples", "matchers": _matchers(parsed), **self._when(parsed)}

    def _range(self, parsed: Any) -> Node:
        selected = self._samples(parsed.vector_selector)
        return {**selected, "kind": "range", "range_ms": parsed.range // _MILLISECOND}

    def _subquery(self, parsed: Any) -> Node:
        return {
            "kind": "subquery",
            "of": self.node(parsed.expr),
            "range_ms": parsed.range // _MILLISECOND,
            "step_ms": (parsed.step or timedelta()) // _MILLISECOND,
            "anchored": self._anchored,
            **self._when(parsed),
        }

    def _when(self, parsed: Any) -> Node:
        at: str | int | None = None
        if parsed.at is not None:
            if _BEFORE_1970.search(self._expr):
                raise self._refusal("a time before 1970", "@")
            at = "query" if parsed.at.type != AtModifierType.At else millis(parsed.at.at)
        return {"offset_ms": (parsed.offset or timedelta()) // _MILLISECOND, "at": at}

    def _call(self, parsed: Any) -> Node:
        name = parsed.func.name
        if name not in FUNCTIONS:
            raise self._refusal(f"the function {name}", name)
        arguments = [self.node(argument) for argument in parsed.args]
        if name in OF_NOW and not arguments:
            arguments = [_NOW]
        elif name == "round" and len(arguments) == 1:
            arguments.append(_ONE)
        elif name == "timestamp" and arguments[0]["kind"] == "samples":
            return {**arguments[0], "kind": "times"}
        elif name in ("absent", "absent_over_time"):
            arguments.append({"kind": "labels", "value": _sure_labels(arguments[0].get("matchers", ()))})
        return {"kind": "call", "name": name, "arguments": arguments}

    def _aggregate(self, parsed: Any) -> Node:
        operator, modifier = str(parsed.op), parsed.modifier
        if operator not in _AGGREGATIONS:
            raise self._refusal(f"the aggregation {operator}", operator)
        return {
            "kind": "aggregate",
            "operator": operator,
            "of": self.node(parsed.expr),
            "parameter": None if parsed.param is None else self.node(parsed.param),
            "names": list(modifier.labels) if modifier else [],
            "without": bool(modifier and modifier.type == AggModifierType.Without),
        }

    def _binary(self, parsed: Any) -> Node:
        operator, modifier = str(parsed.op), parsed.modifier
        if operator not in _OPERATORS:
            raise self._refusal(f"the operator {operator}", operator)
        if modifier and (modifier.fill_values.lhs, modifier.fill_values.rhs) != (None, None):
            raise self._refusal("fill", "fill")
        return {
            "kind": "binary",
            "operator": operator,
            "bool": bool(modifier and modifier.return_bool),
            "left": self.node(parsed.lhs),
            "right": self.node(parsed.rhs),
            **_matching(modifier),
        }


def _bare(parsed: Any) -> Any:
    while isinstance(parsed, ast.ParenExpr):
        parsed = parsed.expr
    return parsed


def _matching(modifier: Any) -> Node:
    labels = modifier.matching if modifier else None
    return {
        "on": bool(labels and labels.type == LabelModifierType.Include),
        "names": list(labels.labels) if labels else [],
        "many": next((side for card, side in _MANY if modifier and modifier.card == card), ""),
        "include": list(modifier.group_labels or ()) if modifier else [],
    }


def _matchers(selector: Any) -> list[list[str]]:
    """Return name, operator and value of each matcher, that of the series' name first."""
    found = [[_NAME, Op.EQUAL.value, selector.name]] if selector.name else []
    for matcher in selector.matchers.matchers:
        op = next(ours for theirs, ours in _COMPARED if matcher.op == theirs)
        try:
            Matcher(matcher.name, op, matcher.value)
        except MatcherError as error:
            raise ExpressionError(f"could not use expression: {error}") from None
        found.append([matcher.name, op.value, matcher.value])
    return found


def _sure_labels(matchers: list[list[str]]) -> dict[str, str]:
    """Return the labels that series would have: those that one matcher, and it alone, says (`absent`)."""
    names = [name for name, _, _ in matchers]
    return {
        name: value
        for name, op, value in matchers
        if name != _NAME and op == Op.EQUAL and value and names.count(name) == 1
    }


# -- how far back a plan reads ------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Edge:
    """The oldest moment that something is read at: in ms from the moment asked about, or `is_fixed` since 1970."""

    ms: int
    is_fixed: bool = False

    def of(self, node: Node) -> "_Edge":
        """Return the edge of what a selector or subquery reads when it is evaluated at this one."""
        at = node["at"]
        base = self if at is None else _Edge(at, True) if isinstance(at, int) else _Edge(0)
        return _Edge(base.ms - node["offset_ms"] - node.get("range_ms", LOOKBACK_MS), base.is_fixed)


def _edges(node: Node, edge: _Edge) -> Iterator[_Edge]:
    if "offset_ms" in node:
        edge = edge.of(node)
        if node["kind"] != "subquery":
            yield edge
    for part in (node.get("of"), node.get("left"), node.get("right"), node.get("parameter")):
        if part:
            yield from _edges(part, edge)
    for argument in node.get("arguments", ()):
        yield from _edges(argument, edge)
