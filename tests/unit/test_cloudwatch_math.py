"""Metric math: what is compiled to which formula, and what is refused, saying why."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.expressions import ExpressionError, cloudwatch

A = 'sum_over_time(Errors{namespace="AWS/Lambda"}[5m])'
B = 'sum_over_time(Invocations{namespace="AWS/Lambda"}[5m])'
C = "max_over_time(Usage{namespace='(AWS)', Text=`a\"(`}[5m])"


def errors(**changes: Any) -> dict[str, Any]:
    return {
        "namespace": "AWS/Lambda",
        "metric": "Errors",
        "dimensions": {},
        "stat": "Sum",
        "period_seconds": 300,
    } | changes


@pytest.mark.parametrize(
    ("expr", "formula", "op", "threshold"),
    [
        (f"{A} / {B} * 100 > 5", "((m0 / m1) * 100)", ">", 5.0),
        (f"100 * ({A} / {B}) <= -5", "(100 * (m0 / m1))", "<=", -5.0),
        (f"{A} - {B} - {A}", "((m0 - m1) - m0)", None, None),
        (f"{A} + {B} * {C}", "(m0 + (m1 * m2))", None, None),
        (f"-{A} ^ 2 ^ 3", "(-(m0 ^ (2 ^ 3)))", None, None),
        (f"{A} * -1 < 0", "(m0 * -1.0)", "<", 0.0),
        (f"--{A}", "(-(-m0))", None, None),
        (f"+{A} - +1e3", "(m0 - 1e3)", None, None),
        (f"(({A} + 1) > (2))", "(m0 + 1)", ">", 2.0),
        (f"FILL({A}, 0) != 0", "FILL(m0,0)", "!=", 0.0),
        (f"FILL({A}, -1) + ABS({B})", "(FILL(m0,-1.0) + ABS(m1))", None, None),
        (f"MAX([{A}, {B}]) - MIN([{A}, {B}])", "(MAX([m0,m1]) - MIN([m0,m1]))", None, None),
        (f"{A} / PERIOD({A}) > 1", "(m0 / PERIOD(m0))", ">", 1.0),
        (f"{C} / SERVICE_QUOTA({C}) * 100 >= 80", "((m0 / SERVICE_QUOTA(m0)) * 100)", ">=", 80.0),
        (f"IF({A} > 10 && HOUR({A}) < 6, {B}, 0) > 1", "IF(((m0 > 10) && (HOUR(m0) < 6)),m1,0)", ">", 1.0),
        (f"({A} > 1 AND {B} > 2 OR {C} > 3) == 1", "(((m0 > 1) AND (m1 > 2)) OR (m2 > 3))", "==", 1.0),
    ],
)
def test_an_expression_compiles_to_a_formula(
    expr: str, formula: str, op: str | None, threshold: float | None
) -> None:
    plan = cloudwatch.compile(expr)
    assert (plan["math"], plan["op"], plan["threshold"]) == (formula, op, threshold)
    assert json.loads(json.dumps(plan)) == plan


def test_a_metric_is_asked_for_once_however_often_the_formula_names_it() -> None:
    plan = cloudwatch.compile(f"{A} / ({A} + {B}) > 0.05")
    assert plan == {
        "math": "(m0 / (m0 + m1))",
        "metrics": [errors(), errors(metric="Invocations")],
        "period_seconds": 300,
        "op": ">",
        "threshold": 0.05,
    }


def test_a_statistic_in_parentheses_is_no_formula() -> None:
    assert cloudwatch.compile(f"(({A})) > 5") == errors(op=">", threshold=5.0)


@pytest.mark.parametrize(
    ("expr", "reason"),
    [
        (f"RATE({A})", "RATE is not allowed here: its value depends on how much one call asks for"),
        (f"FILL({A}, REPEAT)", "REPEAT is not allowed here: its value depends"),
        ("SEARCH('x', 'Sum')", "SEARCH is not allowed here: it yields no single series"),
        ("METRICS()", "METRICS is not allowed here: it yields no single series"),
        (f"SUM({A})", "SUM expects an array, e.g. SUM([…, …])"),
        (f"[{A}, {B}] * 2", "an array is only allowed in AVG, MAX, "),
        (f"[{A}, {B}]", "an array is only allowed in AVG, MAX, "),
        (f"{A} > 1e999", "expected a number of at most 1.8e308, got 1e999"),
        (f"ABS([{A}])", "an array is only allowed in AVG, MAX, "),
        (f"ABS({A}, 1)", "ABS expects 1 arguments, got 2"),
        (f"IF({A}, 1)", "IF expects 3 arguments, got 2"),
        (f"FILL({A}, {B})", "FILL expects a number as what to fill with"),
        (f"PERIOD({A} + 1)", "PERIOD expects one metric"),
        (f"abs({A})", "unexpected abs: expected one of avg_over_time, "),
        (f"{A} > {B}", "expected a number right of >"),
        (f"{A} > 5 AND {B} > 3", "AND and OR yield 0 or 1"),
        (f"{A} / max_over_time(X{{namespace='N'}}[1m])", "need one period, got 60s, 300s"),
        ("1 + 1 > 0", "expected at least one metric"),
        (f"{A} {B}", "expected an operator, got sum_over_time"),
        (f"({A}", "expected ), got the end"),
        (f"MAX([{A}", "expected ], got the end"),
        (f"{A} +", "unexpected the end: expected one of avg_over_time, "),
        (f"{A} % 2", "unexpected '%'"),
        ("", "unexpected the end"),
        (f"{'(' * 40}{A}{')' * 40}", "nested more than 30 deep"),
        ("-" * 40 + A, "nested more than 30 deep"),
        (f"{A}{' + 1' * 300}", "the expression is too long"),
        (" + ".join(f"sum_over_time(m{n}{{namespace='N'}}[5m])" for n in range(101)), "at most 100"),
        ("sum_over_time(Errors{namespace='N'}[5m]", "could not parse expression: "),
    ],
)
def test_anything_else_is_refused_saying_why(expr: str, reason: str) -> None:
    with pytest.raises(ExpressionError) as refusal:
        cloudwatch.compile(expr)
    assert reason in str(refusal.value)


PIECES = [
    A,
    B,
    "SELECT",
    "FILL",
    "(",
    ")",
    "[",
    "]",
    ",",
    "+",
    "-",
    "^",
    ">",
    "&&",
    "OR",
    "1",
    "'",
    '"',
    "[5m]",
    "`",
]


@given(st.lists(st.sampled_from(PIECES) | st.text(max_size=3), max_size=12))
def test_whatever_is_written_compiles_or_is_refused(pieces: list[str]) -> None:
    try:
        plan = cloudwatch.compile(" ".join(pieces))
    except ExpressionError:
        return
    assert plan["period_seconds"] > 0
