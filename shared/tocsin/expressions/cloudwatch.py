"""Tocsin's language for CloudWatch metrics: a small part of PromQL, compiled when a rule is stored."""

from collections.abc import Mapping
from datetime import timedelta
from math import isfinite
from typing import Any

import promql_parser
from promql_parser import BinaryExpr, Call, MatchOp, MatrixSelector, NumberLiteral, ParenExpr

from tocsin.expressions import ExpressionError

_STATS = {
    "avg_over_time": "Average",
    "sum_over_time": "Sum",
    "min_over_time": "Minimum",
    "max_over_time": "Maximum",
    "count_over_time": "SampleCount",
}
_QUANTILE = "quantile_over_time"
_COMPARISONS = (">", ">=", "<", "<=", "==", "!=")
_SHORT_PERIODS = (1, 5, 10, 20, 30)
_MAX_DIMENSIONS = 30
_USD_PER_METRIC = 0.01 / 1000
_MONTH = timedelta(hours=730)
_EXAMPLE = 'avg_over_time(CPUUtilization{namespace="AWS/EC2", InstanceId="i-1"}[1m]) > 80'


def compile(expr: str) -> dict[str, Any]:  # noqa: A001 - the field's verb, always used with its module's name
    """Return the plan of an expression like `avg_over_time(CPUUtilization{namespace="AWS/EC2"}[1m]) > 80`.

    That is one statistic of one metric over one period, and at most one comparison with a number. A plan is
    JSON: namespace, metric, dimensions, stat (CloudWatch's name), period_seconds, op and threshold (None if
    there is no comparison). Raises ExpressionError.
    """
    try:
        parsed = _bare(promql_parser.parse(expr))
    except ValueError as error:
        raise ExpressionError(f"could not parse expression: {error} (expected e.g. {_EXAMPLE})") from None
    op, threshold = None, None
    if isinstance(parsed, BinaryExpr):
        op, threshold = _comparison(parsed)
        parsed = _bare(parsed.lhs)
    stat, selector = _statistic(parsed)
    return {
        **_metric(selector),
        "stat": stat,
        "period_seconds": _period(selector),
        "op": op,
        "threshold": threshold,
    }


def _bare(expr: Any) -> Any:
    while isinstance(expr, ParenExpr):
        expr = expr.expr
    return expr


def _comparison(expr: Any) -> tuple[str, float]:
    op, right = str(expr.op), _bare(expr.rhs)
    if op not in _COMPARISONS:
        raise ExpressionError(f"operator {op} is not allowed here (allowed: {' '.join(_COMPARISONS)})")
    if expr.modifier is not None and expr.modifier.return_bool:
        raise ExpressionError("bool is not allowed here: a comparison keeps the values for which it is true")
    if not isinstance(right, NumberLiteral) or not isfinite(right.val):
        raise ExpressionError(f"expected a number right of {op}, e.g. {_EXAMPLE}")
    return op, right.val


def _statistic(expr: Any) -> tuple[str, Any]:
    """Return CloudWatch's name of the statistic, and the selector of what it is taken over."""
    name = expr.func.name if isinstance(expr, Call) else ""
    args = list(expr.args) if isinstance(expr, Call) else []
    if not args or not isinstance(args[-1], MatrixSelector) or name not in (*_STATS, _QUANTILE):
        allowed = ", ".join((*_STATS, _QUANTILE))
        raise ExpressionError(f"expected one of {allowed} over one metric, e.g. {_EXAMPLE}")
    return _STATS.get(name) or _percentile(_bare(args[0])), args[-1]


def _percentile(quantile: Any) -> str:
    if not isinstance(quantile, NumberLiteral) or not 0 < quantile.val < 1:
        raise ExpressionError(f"{_QUANTILE} expects a number between 0 and 1, e.g. 0.99")
    return f"p{round(quantile.val * 100, 10):g}"


def _metric(selector: Any) -> dict[str, Any]:
    vector = selector.vector_selector
    if vector.offset is not None or vector.at is not None:
        raise ExpressionError("offset and @ are not allowed here: write the group's query_offset")
    if vector.matchers.or_matchers:
        raise ExpressionError("or is not allowed between the labels of a CloudWatch metric")
    labels: dict[str, str] = {}
    for matcher in vector.matchers.matchers:
        if matcher.op != MatchOp.Equal:
            raise ExpressionError(f"label {matcher.name}: only = is allowed on a CloudWatch metric")
        if not matcher.value:
            raise ExpressionError(f"label {matcher.name}: CloudWatch has no empty values")
        if matcher.name in labels:
            raise ExpressionError(f"label {matcher.name} is there twice")
        labels[matcher.name] = matcher.value
    metric, namespace = labels.pop("__name__", vector.name), labels.pop("namespace", None)
    if not metric or not namespace:
        raise ExpressionError(f"a CloudWatch metric needs a name and a label namespace, e.g. {_EXAMPLE}")
    if len(labels) > _MAX_DIMENSIONS:
        raise ExpressionError(f"a CloudWatch metric has at most {_MAX_DIMENSIONS} dimensions")
    return {"namespace": namespace, "metric": metric, "dimensions": labels}


def _period(selector: Any) -> int:
    seconds: float = selector.range.total_seconds()
    if seconds not in _SHORT_PERIODS and seconds % 60:
        short = ", ".join(f"{period}s" for period in _SHORT_PERIODS)
        raise ExpressionError(f"period {seconds:g}s is not CloudWatch's (allowed: {short}, or whole minutes)")
    return int(seconds)


def monthly_price(plan: Mapping[str, Any] | None, interval: timedelta) -> float:
    """Return what asking for a plan's one metric every `interval` costs in a month of 730 hours, in USD.

    GetMetricData is billed per metric requested; a rule without a plan asks CloudWatch nothing.
    """
    return 0.0 if plan is None else _MONTH / interval * _USD_PER_METRIC
