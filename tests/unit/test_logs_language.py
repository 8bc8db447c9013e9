"""Logs Insights: what compiles to which plan, and what is refused, saying what was expected."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.expressions import ExpressionError, logs_insights
from tocsin.expressions.comparison import keeps, split


@pytest.mark.parametrize(
    ("query", "value"),
    [
        ("stats count(*) as n", "n"),
        ("stats count(*) as n by host", "n"),
        ("filter @message like /a|b stats/ | stats count(*) as n by host, bucket", "n"),
        ('filter m = "x | y" | stats count(*) as n', "n"),
        ("filter m = 'x | y' | stats count(*) as n", "n"),
        ("fields `a|b` | STATS count(*) AS errors by `a|b`", "errors"),
        ("filter m not like /a\\/|b/ | stats count(*) as n", "n"),
        ("filter m =~ /a|b/ | stats count(*) as n", "n"),
        ("parse @message /(?<a>x|y)/ | stats count(*) as n by a", "n"),
        ("# a | b\nfilter a = 1 # c | d\n| stats sum(a) / count(b) as ratio", "ratio"),
        ("stats max(concat(a, b)) as top by floor(x) as y", "top"),
        ("stats count(*) as a by b | stats max(a) as most", "most"),
        ("stats count(*) as n by host | sort n desc | limit 5", "n"),
        ("stats count(*) as n by host | filter n > 3", "n"),
        ("stats pct(@duration, 99) as p.99", "p.99"),
    ],
)
def test_a_query_compiles_to_a_plan(query: str, value: str) -> None:
    plan = logs_insights.compile(f" {query} [5m] > 100\n")
    assert plan == {
        "query": query,
        "value": value,
        "names_groups": False,
        "chunk": 10,
        "window_seconds": 300,
        "op": ">",
        "threshold": 100.0,
    }
    assert json.loads(json.dumps(plan)) == plan


@pytest.mark.parametrize("start", ["SOURCE logGroups(namePrefix: ['a'])", "# mine\n source 'x'"])
def test_a_query_may_say_itself_which_log_groups_it_reads(start: str) -> None:
    assert logs_insights.compile(f"{start} | stats count(*) as n [5m]")["names_groups"] is True


@pytest.mark.parametrize(
    ("expr", "reason"),
    [
        ("stats count(*) as n", "expected a window after the query, e.g. filter "),
        ("stats count(*) as n > 100", "expected a window after the query"),
        ("stats count(*) as n [500ms]", "window 0.5s: expected whole seconds"),
        ("stats count(*) as n [0s]", "window 0s: expected whole seconds, at least one"),
        ("stats count(*) as n [5m] > x", "expected a number after [5m] >, got x"),
        ("stats count(*) as n [5m] > nan", "expected a number after [5m] >, got nan"),
        ("fields @message [5m]", "expected a stats command, e.g. filter "),
        ("[5m]", "expected a stats command"),
        ("stats count(*) by host [5m]", "expected a name for the number"),
        ("stats count(*), sum(x) as n [5m]", "expected one number after stats, got 2"),
        (
            "stats count(*) as n by bin(1m) [5m]",
            "bin() is not allowed here: the window in brackets is the time",
        ),
        (
            "stats count(*) as n | fields n, n * 2 [5m]",
            "after stats only filter, sort, limit may follow, got fields",
        ),
        ("x" * 10_001 + " [5m]", "the query is too long: 10001 characters of at most 10000"),
    ],
)
def test_anything_else_is_refused_saying_what_was_expected(expr: str, reason: str) -> None:
    with pytest.raises(ExpressionError) as refusal:
        logs_insights.compile(expr)
    assert reason in str(refusal.value)


def test_the_example_that_refusals_show_compiles() -> None:
    assert logs_insights.compile(logs_insights.EXAMPLE)["window_seconds"] == 300


PIECES = [
    "stats",
    "count(*)",
    "as n",
    "by",
    "|",
    "/a|b/",
    "like",
    '"',
    "'",
    "(",
    ")",
    "[5m]",
    "> 1",
    "#",
    "\n",
    "bin(",
]


@given(st.lists(st.sampled_from(PIECES) | st.text(max_size=3), max_size=12))
def test_whatever_is_written_compiles_or_is_refused(pieces: list[str]) -> None:
    try:
        plan = logs_insights.compile(" ".join(pieces))
    except ExpressionError:
        return
    assert plan["window_seconds"] > 0
    assert plan["value"]


# -- the ending that all languages share --------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "kept", "dropped"),
    [
        ("q [5m] > 1", [2.0], [1.0, 0.0]),
        ("q [5m] >=1", [1.0, 2.0], [0.0]),
        ("q [5m]<1", [0.0], [1.0]),
        ("q [5m] <= -1.5e1", [-15.0, -20.0], [0.0]),
        ("q [5m] == .5", [0.5], [0.0]),
        ("q [5m] != 1", [0.0], [1.0]),
        ("q [ 5m ]", [0.0, float("nan")], []),
    ],
)
def test_a_comparison_keeps_the_values_for_which_it_is_true(
    text: str, kept: list[float], dropped: list[float]
) -> None:
    ending = split(text)
    test = keeps({"op": ending.op, "threshold": ending.threshold})
    assert [test(value) for value in kept + dropped] == [True] * len(kept) + [False] * len(dropped)


@pytest.mark.parametrize("text", ["q > 1", "q [5]", "q [5m] > 1 or more", "q['5m']"])
def test_without_a_window_at_the_end_nothing_is_split_off(text: str) -> None:
    assert split(text).query == text


@pytest.mark.parametrize("plan", [{"op": "~", "threshold": 1}, {"op": ">"}, {"op": ">", "threshold": "x"}])
def test_a_comparison_that_is_none_is_an_error(plan: dict[str, object]) -> None:
    with pytest.raises((KeyError, ValueError)):
        keeps(plan)
