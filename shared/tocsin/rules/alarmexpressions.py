"""The expression of an alarm's metric, in Tocsin's language for CloudWatch."""

import re
from collections.abc import Iterable, Mapping
from datetime import timedelta

from tocsin.documents import words
from tocsin.durations import format_duration
from tocsin.expressions import cloudwatch_insights
from tocsin.expressions.cloudwatch_metric import QUANTILE, STATS
from tocsin.labels import quote
from tocsin.rules.alarmblocks import Metric, MetricAlarm, MetricDataQuery, MetricStat

_FUNCTIONS = {stat: function for function, stat in STATS.items()}
_PERCENTILE = re.compile(r"p([0-9]{1,2}(?:\.[0-9]+)?)")
_IDENTIFIER = re.compile("[A-Za-z_][A-Za-z0-9_]*")
_WORDS = words(
    """
    and or unless atan2 by without on ignoring group_left group_right bool offset inf nan start end
    sum avg count min max group stddev stdvar topk bottomk count_values quantile limitk limit_ratio
    """
)
"""PromQL's, in any case: a metric of such a name is quoted."""
_NAMES = re.compile(r"""(?P<text>"[^"]*"|'[^']*')|(?P<name>\b[a-z][A-Za-z0-9_]*\b)""")
_RESERVED = ("namespace", "account_id", "__name__")


class NoRuleError(ValueError):
    """No rule can say what the alarm says; the message says why."""


def question(alarm: MetricAlarm) -> tuple[str, int]:
    """Return the expression of an alarm without its comparison, and its period in seconds; raises NoRuleError."""
    if not alarm.metrics:
        stat = alarm.statistic or alarm.extended_statistic or ""
        metric = Metric.model_construct(
            namespace=alarm.namespace, metric_name=alarm.metric_name, dimensions=alarm.dimensions
        )
        found = MetricStat.model_construct(
            metric=metric, period=alarm.period or 0, stat=stat, unit=alarm.unit
        )
        return _statistic(found, None), found.period
    queries = {query.id: query for query in alarm.metrics}
    [*returned] = [query for query in alarm.metrics if query.return_data]
    if len(returned) != 1:
        raise NoRuleError(f"{len(returned)} of its queries return data, and a rule has one")
    period = _period(returned[0], alarm.metrics)
    if cloudwatch_insights.is_query(returned[0].expression or ""):
        return f"{(returned[0].expression or '').strip()} [{_duration(period)}]", period
    return _formula(returned[0], queries, ()), period


def _period(returned: MetricDataQuery, queries: Iterable[MetricDataQuery]) -> int:
    stats = [query.metric_stat.period for query in queries if query.metric_stat]
    return max(stats, default=returned.period or 60)


def _formula(query: MetricDataQuery, queries: Mapping[str, MetricDataQuery], within: tuple[str, ...]) -> str:
    """Return a query with every id in it replaced by what the id stands for."""
    if query.id in within:
        raise NoRuleError(f"its query {query.id} refers to itself")
    if query.metric_stat is not None:
        return _statistic(query.metric_stat, query.account_id)

    def spelled(match: re.Match[str]) -> str:
        other = queries.get(match["name"] or "")
        return _formula(other, queries, (*within, query.id)) if other else match.group()

    formula = _NAMES.sub(spelled, query.expression or "")
    return f"({formula})" if within else formula


def _statistic(found: MetricStat, account: str | None) -> str:
    labels = {"namespace": found.metric.namespace}
    for dimension in found.metric.dimensions:
        if dimension.name in _RESERVED:
            raise NoRuleError(f"a dimension is named {dimension.name}, which means something else in a rule")
        labels[dimension.name] = dimension.value
    if account:
        labels["account_id"] = account
    pairs = [f"{_label(name)}={quote(value)}" for name, value in labels.items()]
    name = found.metric.metric_name
    plain = _IDENTIFIER.fullmatch(name) and name.lower() not in _WORDS
    bare, inside = (name, pairs) if plain else ("", [quote(name), *pairs])
    return _call(found.stat, f"{bare}{{{', '.join(inside)}}}[{_duration(found.period)}]")


def _call(stat: str, selector: str) -> str:
    if stat in _FUNCTIONS:
        return f"{_FUNCTIONS[stat]}({selector})"
    percentile = _PERCENTILE.fullmatch(stat)
    if percentile is None:
        known = ", ".join(_FUNCTIONS)
        raise NoRuleError(f"its statistic is {stat or 'missing'} (a rule can have {known} and percentiles)")
    return f"{QUANTILE}({float(percentile[1]) / 100:.10g}, {selector})"


def _label(name: str) -> str:
    return name if _IDENTIFIER.fullmatch(name) else quote(name)


def _duration(seconds: int) -> str:
    return format_duration(timedelta(seconds=seconds))
