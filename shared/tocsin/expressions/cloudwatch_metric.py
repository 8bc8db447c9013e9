"""One statistic of one CloudWatch metric, as Tocsin writes it: a small part of PromQL."""

import re
from typing import Any

from promql_parser import Call, MatchOp, MatrixSelector, NumberLiteral, ParenExpr

from tocsin.expressions import ExpressionError, promql

STATS = {
    "avg_over_time": "Average",
    "sum_over_time": "Sum",
    "min_over_time": "Minimum",
    "max_over_time": "Maximum",
    "count_over_time": "SampleCount",
}
QUANTILE = "quantile_over_time"
EXAMPLE = 'avg_over_time(CPUUtilization{namespace="AWS/EC2", InstanceId="i-1"}[1m]) > 80'
_SHORT_PERIODS = (1, 5, 10, 20, 30)
_MAX_DIMENSIONS = 30
_ACCOUNT = re.compile("[0-9]{12}")


def compile(text: str) -> dict[str, Any]:  # noqa: A001 - the field's verb, always used with its module's name
    """Return what one statistic, like `avg_over_time(CPUUtilization{namespace="AWS/EC2"}[1m])`, asks for.

    That is JSON: namespace, metric, dimensions, stat (CloudWatch's name), period_seconds, and account_id if the
    metric is another account's (CloudWatch cross-account observability). Raises ExpressionError.
    """
    try:
        parsed = promql.parse(text)
    except ExpressionError as error:
        raise ExpressionError(f"{error} (expected e.g. {EXAMPLE})") from None
    stat, selector = _statistic(_bare(parsed))
    return {**_metric(selector), "stat": stat, "period_seconds": _period(selector)}


def _bare(expr: Any) -> Any:
    while isinstance(expr, ParenExpr):
        expr = expr.expr
    return expr


def _statistic(expr: Any) -> tuple[str, Any]:
    """Return CloudWatch's name of the statistic, and the selector of what it is taken over."""
    name = expr.func.name if isinstance(expr, Call) else ""
    args = list(expr.args) if isinstance(expr, Call) else []
    if not args or not isinstance(args[-1], MatrixSelector) or name not in (*STATS, QUANTILE):
        allowed = ", ".join((*STATS, QUANTILE))
        raise ExpressionError(f"expected one of {allowed} over one metric, e.g. {EXAMPLE}")
    return STATS.get(name) or _percentile(_bare(args[0])), args[-1]


def _percentile(quantile: Any) -> str:
    if not isinstance(quantile, NumberLiteral) or not 0 < quantile.val < 1:
        raise ExpressionError(f"{QUANTILE} expects a number between 0 and 1, e.g. 0.99")
    return f"p{round(quantile.val * 100, 10):g}"


def _metric(selector: Any) -> dict[str, Any]:
    vector = selector.vector_selector
    if vector.offset is not None or vector.at is not None:
        raise ExpressionError("offset and @ are not allowed here: write the group's query_offset")
    labels = _labels(vector.matchers)
    metric, namespace = labels.pop("__name__", vector.name), labels.pop("namespace", None)
    if not metric or not namespace:
        raise ExpressionError(f"a CloudWatch metric needs a name and a label namespace, e.g. {EXAMPLE}")
    account = _account(labels.pop("account_id", None))
    if len(labels) > _MAX_DIMENSIONS:
        raise ExpressionError(f"a CloudWatch metric has at most {_MAX_DIMENSIONS} dimensions")
    return {"namespace": namespace, "metric": metric, "dimensions": labels, **account}


def _labels(matchers: Any) -> dict[str, str]:
    if matchers.or_matchers:
        raise ExpressionError("or is not allowed between the labels of a CloudWatch metric")
    labels: dict[str, str] = {}
    for matcher in matchers.matchers:
        if matcher.op != MatchOp.Equal:
            raise ExpressionError(f"label {matcher.name}: only = is allowed on a CloudWatch metric")
        if not matcher.value:
            raise ExpressionError(f"label {matcher.name}: CloudWatch has no empty values")
        if matcher.name in labels:
            raise ExpressionError(f"label {matcher.name} is there twice")
        labels[matcher.name] = matcher.value
    return labels


def _account(text: str | None) -> dict[str, str]:
    if text is None:
        return {}
    if not _ACCOUNT.fullmatch(text):
        raise ExpressionError(f"label account_id: expected the 12 digits of an account, got {text}")
    return {"account_id": text}


def _period(selector: Any) -> int:
    seconds: float = selector.range.total_seconds()
    if seconds not in _SHORT_PERIODS and seconds % 60:
        short = ", ".join(f"{period}s" for period in _SHORT_PERIODS)
        raise ExpressionError(f"period {seconds:g}s is not CloudWatch's (allowed: {short}, or whole minutes)")
    return int(seconds)
