"""PromQL, as far as it is checked when a rule is stored."""

import pytest

from tocsin.expressions import ExpressionError, promql


@pytest.mark.parametrize(
    "expr",
    [
        "up == 0",
        "1",
        "(vector(1))",
        'sum by (job) (rate(http_requests_total{code=~"5.."}[5m])) > 10',
        "max_over_time(up[1h:1m]) < 1",
        '{"a.b", "x y"="z"}',
        "absent(up)",
        "histogram_quantile(0.99, sum by (le) (rate(x_bucket[5m] offset 1m)))",
        "up @ 1609746000",
    ],
)
def test_an_expression_that_yields_series_or_a_number_is_taken(expr: str) -> None:
    promql.check(expr)


@pytest.mark.parametrize(
    ("expr", "reason"),
    [
        ("", "no expression found"),
        ("up ==", "could not parse expression: "),
        ("sum(up", "unclosed left parenthesis"),
        ("rate(up)", "expected type matrix in call to function 'rate', got vector"),
        ('up{a=~"("}', "illegal regex"),
        ("up[5x]", "bad number or duration syntax"),
        ("up[5m]", "yields a range of samples, not series or a number"),
        ("(up[5m:1m])", "yields a range of samples, not series or a number"),
        ('"text"', "yields text, not series or a number"),
    ],
)
def test_any_other_is_refused_with_the_reason(expr: str, reason: str) -> None:
    with pytest.raises(ExpressionError) as refusal:
        promql.check(expr)
    assert reason in str(refusal.value)
