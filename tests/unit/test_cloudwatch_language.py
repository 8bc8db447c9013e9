"""The language for CloudWatch metrics: what compiles to which plan, and what is refused."""

import json
from datetime import timedelta
from typing import Any

import pytest

from tocsin.expressions import ExpressionError, cloudwatch, cloudwatch_insights, cloudwatch_metric

CPU = 'CPUUtilization{namespace="AWS/EC2", InstanceId="i-1"}'


def plan(**changes: Any) -> dict[str, Any]:
    return {
        "namespace": "AWS/EC2",
        "metric": "CPUUtilization",
        "dimensions": {"InstanceId": "i-1"},
        "stat": "Average",
        "period_seconds": 60,
        "op": ">",
        "threshold": 80.0,
    } | changes


@pytest.mark.parametrize(
    ("expr", "expected"),
    [
        (f"avg_over_time({CPU}[1m]) > 80", plan()),
        (f"((avg_over_time({CPU}[1m])) > (80))", plan()),
        (f"sum_over_time({CPU}[5m]) <= -1.5", plan(stat="Sum", period_seconds=300, op="<=", threshold=-1.5)),
        (f"min_over_time({CPU}[10s]) != 1", plan(stat="Minimum", period_seconds=10, op="!=", threshold=1.0)),
        (f"max_over_time({CPU}[1h]) == 0", plan(stat="Maximum", period_seconds=3600, op="==", threshold=0.0)),
        (
            f"count_over_time({CPU}[1s]) < 5",
            plan(stat="SampleCount", period_seconds=1, op="<", threshold=5.0),
        ),
        (f"quantile_over_time(0.99, {CPU}[1m]) >= 1", plan(stat="p99", op=">=", threshold=1.0)),
        (f"quantile_over_time(0.999, {CPU}[1m]) > 80", plan(stat="p99.9")),
        (f"quantile_over_time(0.07, {CPU}[1m]) > 80", plan(stat="p7")),
        (f"avg_over_time({CPU}[1m])", plan(op=None, threshold=None)),
        (f"avg_over_time({CPU}[1m]) # all of it (really\n > 80", plan()),
        (
            f'avg_over_time({CPU[:-1]}, account_id="123456789012"}}[1m]) > 80',
            plan(account_id="123456789012"),
        ),
        (
            'avg_over_time({"4xxErrorRate", namespace="AWS/CloudFront"}[1m]) > 80',
            plan(metric="4xxErrorRate", namespace="AWS/CloudFront", dimensions={}),
        ),
        (
            'avg_over_time({__name__="a b", namespace="My/App", "Load Balancer"="x"}[1m]) > 80',
            plan(metric="a b", namespace="My/App", dimensions={"Load Balancer": "x"}),
        ),
    ],
)
def test_an_expression_compiles_to_a_plan_of_json(expr: str, expected: dict[str, Any]) -> None:
    compiled = cloudwatch.compile(expr)
    assert compiled == expected
    assert json.loads(json.dumps(compiled)) == compiled


@pytest.mark.parametrize(
    ("expr", "reason"),
    [
        ("avg_over_time(", "could not parse expression: "),
        ("CPUUtilization > 80", "expected one of avg_over_time, "),
        (f"stddev_over_time({CPU}[1m]) > 80", "expected one of avg_over_time, "),
        (f"avg_over_time({CPU}[5m:1m]) > 80", "expected one of avg_over_time, "),
        (f"sum(avg_over_time({CPU}[1m])) > 80", "expected one of avg_over_time, "),
        (f"avg_over_time({CPU}[1m]) and vector(1)", "expected an operator, got and"),
        (f"avg_over_time({CPU}[1m]) > bool 80", "unexpected bool: expected one of avg_over_time, "),
        (f"avg_over_time({CPU}[1m]) > avg_over_time({CPU}[5m])", "expected a number right of >"),
        (f"avg_over_time({CPU}[1m]) > Inf", "unexpected Inf: expected one of avg_over_time, "),
        (f"80 < avg_over_time({CPU}[1m])", "expected a number right of <"),
        (f"avg_over_time({CPU}[1m]) > 80 < 90", "expected one comparison, got > and then <"),
        (f"quantile_over_time(1, {CPU}[1m])", "quantile_over_time expects a number between 0 and 1"),
        (f"quantile_over_time(scalar(up), {CPU}[1m])", "quantile_over_time expects a number between 0 and 1"),
        (f"avg_over_time({CPU}[1m] offset 5m)", "offset and @ are not allowed here"),
        (f"avg_over_time({CPU}[1m] @ 5)", "offset and @ are not allowed here"),
        (
            f"avg_over_time({CPU}[45s])",
            "period 45s is not CloudWatch's (allowed: 1s, 5s, 10s, 20s, 30s, or whole",
        ),
        (f"avg_over_time({CPU}[90s])", "period 90s is not CloudWatch's"),
        (f"avg_over_time({CPU}[500ms])", "period 0.5s is not CloudWatch's"),
        (
            'avg_over_time(CPU{InstanceId="i-1"}[1m])',
            "a CloudWatch metric needs a name and a label namespace",
        ),
        (
            'avg_over_time({namespace="AWS/EC2"}[1m])',
            "a CloudWatch metric needs a name and a label namespace",
        ),
        ('avg_over_time(CPU{namespace=~"AWS/.*"}[1m])', "label namespace: only = is allowed"),
        ('avg_over_time(CPU{namespace="A", x!="y"}[1m])', "label x: only = is allowed"),
        ('avg_over_time(CPU{namespace="A", x=""}[1m])', "label x: CloudWatch has no empty values"),
        ('avg_over_time(CPU{namespace="A", x="1", x="2"}[1m])', "label x is there twice"),
        ('avg_over_time(CPU{namespace="A" or x="2"}[1m])', "or is not allowed between the labels"),
        (
            'avg_over_time(CPU{namespace="A", account_id="prod"}[1m])',
            "label account_id: expected the 12 digits of an account, got prod",
        ),
        (
            "avg_over_time(CPU{namespace='A'," + ",".join(f"d{n}='1'" for n in range(31)) + "}[1m])",
            "at most 30 dimensions",
        ),
    ],
)
def test_anything_else_is_refused_saying_what_is_allowed(expr: str, reason: str) -> None:
    with pytest.raises(ExpressionError) as refusal:
        cloudwatch.compile(expr)
    assert reason in str(refusal.value)


def test_a_metric_asked_for_every_minute_costs_44_cents_a_month() -> None:
    assert cloudwatch.monthly_price(plan(), timedelta(minutes=1)) == pytest.approx(0.438)
    assert cloudwatch.monthly_price(plan(), timedelta(minutes=5)) == pytest.approx(0.0876)


@pytest.mark.parametrize("example", [cloudwatch_metric.EXAMPLE, cloudwatch_insights.EXAMPLE])
def test_the_examples_that_refusals_show_compile(example: str) -> None:
    assert cloudwatch.compile(example)["threshold"] == 80


def test_metric_math_costs_what_its_metrics_cost() -> None:
    both = cloudwatch.compile(f"avg_over_time({CPU}[1m]) / max_over_time({CPU}[1m])")
    assert cloudwatch.monthly_price(both, timedelta(minutes=1)) == pytest.approx(2 * 0.438)


def test_a_query_costs_at_least_what_one_metric_costs() -> None:
    query = cloudwatch.compile('SELECT AVG(CPUUtilization) FROM "AWS/EC2" [1m]')
    assert cloudwatch.monthly_price(query, timedelta(minutes=1)) == pytest.approx(0.438)


def test_a_rule_that_asks_cloudwatch_nothing_costs_nothing_there() -> None:
    assert cloudwatch.monthly_price(None, timedelta(seconds=10)) == 0
