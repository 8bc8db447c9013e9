"""Tocsin's language for CloudWatch metrics, compiled when a rule is stored.

An expression is one statistic of a metric (`cloudwatch_metric`), metric math over several (`cloudwatch_math`)
or a query of Metrics Insights (`cloudwatch_insights`), and at most one comparison with a number at its end.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from tocsin.expressions import ExpressionError, cloudwatch_insights, cloudwatch_math, cloudwatch_metric

_USD_PER_METRIC = 0.01 / 1000
_MONTH = timedelta(hours=730)
_MAX_METRICS = 100


def compile(expr: str) -> dict[str, Any]:  # noqa: A001 - the field's verb, always used with its module's name
    """Return the plan of an expression like `avg_over_time(CPUUtilization{namespace="AWS/EC2"}[1m]) > 80`.

    A plan is JSON, with op and threshold (None if there is no comparison) and period_seconds; that of one
    statistic is what `cloudwatch_metric.compile` returns, that of metric math has the formula as math and the
    statistics it names m0, m1, … as metrics, that of Metrics Insights is what its module returns. Raises
    ExpressionError.
    """
    if cloudwatch_insights.is_query(expr):
        return cloudwatch_insights.compile(expr)
    formula = cloudwatch_math.parse(expr)
    metrics = [cloudwatch_metric.compile(text) for text in formula.statistics]
    comparison = {"op": formula.op, "threshold": formula.threshold}
    if formula.text == "m0":
        return {**metrics[0], **comparison}
    return {"math": formula.text, "metrics": metrics, "period_seconds": _period(metrics), **comparison}


def _period(metrics: list[dict[str, Any]]) -> int:
    periods = sorted({metric["period_seconds"] for metric in metrics})
    if len(periods) > 1:
        listed = ", ".join(f"{period}s" for period in periods)
        raise ExpressionError(f"all metrics of an expression need one period, got {listed}")
    if len(metrics) > _MAX_METRICS:
        raise ExpressionError(f"{len(metrics)} metrics are in the expression (at most {_MAX_METRICS})")
    return int(periods[0])


def monthly_price(plan: Mapping[str, Any] | None, interval: timedelta) -> float:
    """Return what asking for a plan's metrics every `interval` costs in a month of 730 hours, in USD.

    GetMetricData is billed per metric requested, those that metric math reads included; a rule without a plan
    asks CloudWatch nothing. Metrics Insights is billed per metric that it analyses, which nobody knows before:
    its price is the least, that of one.
    """
    if plan is None:
        return 0.0
    return _MONTH / interval * _USD_PER_METRIC * len(plan.get("metrics", (plan,)))
