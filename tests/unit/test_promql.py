"""PromQL, as far as it is read when a rule is stored."""

from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.expressions import ExpressionError, promql
from tocsin.expressions.promql import Facts


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
        "up{a=`\\d+`, b='it\"s'}",
        "up > 1_000_000",
        "holt_winters(x[5m], 0.5, 0.5)",
        "up # holt_winters(`",
        'up{a="}", b="{"}',
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
        ('up{a="b" or c="d"}', "or is not allowed between matchers"),
        ("up offset 9999y", "duration out of range"),
        ("up[99999999999999999999999999s]", "duration out of range"),
        ("rate(up[1_000_000_000_000_000])", "duration out of range"),
        ("up offset 1e400", "duration out of range"),
        ("(" * 100_000, "more than 500 operators and calls"),
        ("-" * 100_000 + "up", "more than 500 operators and calls"),
        ("+".join(["up"] * 502), "more than 500 operators and calls"),
        (" or ".join(["up"] * 502), "more than 500 operators and calls"),
    ],
)
def test_any_other_is_refused_with_the_reason(expr: str, reason: str) -> None:
    with pytest.raises(ExpressionError) as refusal:
        promql.check(expr)
    assert reason in str(refusal.value)


@pytest.mark.parametrize(
    ("expr", "reads"),
    [
        ("up == 0", ("up",)),
        ("1", ()),
        ("vector(time()) > 5", ()),
        ("b / a > on (x) group_left c", ("a", "b", "c")),
        ("sum(rate(x[5m])) + max_over_time(y[5m:1m]) > scalar(z)", ("x", "y", "z")),
        ("up and up", ("up",)),
        ('topk(scalar(n), {__name__="job:up:sum"})', ("job:up:sum", "n")),
        ('{"a.b", job="x"}', ("a.b",)),
        ('{job="x"}', None),
        ('{__name__=~"a|b"}', None),
        ('{__name__!="a", job="x"} or up', None),
        ("info(up)", ("target_info", "up")),
        ('info(up, {__name__="build_info"})', ("build_info", "up")),
        ("absent(ALERTS{alertstate='firing'})", ("ALERTS",)),
    ],
)
def test_an_expression_tells_which_series_it_reads(expr: str, reads: tuple[str, ...] | None) -> None:
    assert promql.facts(expr) == Facts(reads, singly=False)


@pytest.mark.parametrize(
    ("expr", "singly"),
    [
        ("up @ start()", True),
        ("rate(up[5m] @ end()) > 1", True),
        ("max_over_time(up[5m:1m] @ start())", True),
        ("1 + sum(abs(up @ end()))", True),
        ("up > step()", True),
        ("up @ 1609746000", False),
        ("max_over_time(up[5m:])", False),
        ('up{a="@ start()"}', False),
        ("up # @ start()", False),
    ],
)
def test_an_expression_tells_whether_a_range_query_would_answer_otherwise(expr: str, singly: bool) -> None:
    assert promql.facts(expr).singly is singly


@pytest.mark.parametrize(
    ("expr", "formatted"),
    [
        ("sum(rate(x[5m]))by(job)>1", "sum by (job) (rate(x[5m])) > 1"),
        ("up==0", "up == 0"),
        ("up\n  ==\n  0\n", "up == 0"),
        ("SUM ( x ) ", "sum(x)"),
        ("x{b='1',a=`\\d`}", 'x{a="\\\\d",b="1"}'),
        ("sum_over_time(x[1h:])", "sum_over_time(x[1h:])"),
        ('sum by ("a.b")(x)', 'sum by ("a.b") (x)'),
        ("up==0 # why", "up==0 # why"),
        ("up@end()", "up@end()"),
        ("holt_winters(x[5m],.5,.5)", "holt_winters(x[5m],.5,.5)"),
        (
            'sum(rate(http_errors_total{job="api",code=~"5.."}[5m]))/sum(rate(http_requests_total{job="api"}[5m]))>0.01',
            """\
    sum(rate(http_errors_total{code=~"5..",job="api"}[5m]))
  /
    sum(rate(http_requests_total{job="api"}[5m]))
>
  0.01""",
        ),
    ],
)
def test_an_expression_is_formatted_as_prometheus_does_or_left_alone(expr: str, formatted: str) -> None:
    assert promql.pretty(expr) == formatted
    assert promql.pretty(formatted) == formatted


PIECES = [
    "up",
    "x{a='b'}",
    "sum(",
    "(",
    ")",
    "[5m]",
    " + ",
    " and ",
    "1",
    "@ end()",
    "by (a) ",
    ":",
    "{",
    "`",
    "#",
]


@given(st.lists(st.sampled_from(PIECES), max_size=12).map("".join))
def test_any_text_is_read_or_refused(expr: str) -> None:
    try:
        before = promql.facts(expr)
    except ExpressionError:
        return
    assert promql.facts(promql.pretty(expr)) == before


def test_the_longest_expressions_are_read_in_no_time() -> None:
    long = "+".join(f"x{number}" for number in range(500))
    started = process_time()
    promql.check(long)
    assert len(promql.facts(long).reads or ()) == 500
    assert process_time() - started < 2
