"""The engine by itself: what it answers, at several moments as at each alone, and what its plans say.

That the answers are Prometheus' is shown against the real one (tests/integration/test_promql_engine.py).
"""

import json
import math
from collections.abc import Sequence

import pytest

from tocsin.expressions import ExpressionError
from tocsin.expressions.promql_plan import compile as compiled
from tocsin.matchers import Matcher
from tocsin.promql.evaluating import evaluate
from tocsin.promql.series import LOOKBACK_MS, Series
from tocsin.promql.values import PromqlError, Vector
from tocsin.staleness import STALE

MINUTE = 60_000
NOW = 1_000 * MINUTE


def series(name: str, values: Sequence[float], every: int = MINUTE, **labels: str) -> Series:
    """Return a series with these values, the last one now."""
    found = Series({"__name__": name, **labels})
    for number, value in enumerate(reversed(values)):
        found.add(NOW - number * every, value)
    return found


STORE = [
    series("code", [0, 0, 1], id="shop", location="eu"),
    series("code", [0, 1, 1], id="shop", location="us"),
    series("code", [0, 0, 0], id="shop", location="ap"),
    series("code", [0, 1, 0], id="blog", location="eu"),
    series("gone", [1, 2, STALE]),
    series("errors_total", [0, 5, 10, 2, 4], job="a"),
    series("old", [7.0], every=1),
]


def select(matchers: Sequence[Matcher]) -> list[Series]:
    return [one for one in STORE if all(matcher.matches(one.labels) for matcher in matchers)]


def free(samples: int) -> None:
    """Charge nothing."""


def ask(expr: str, *moments: int) -> list[Vector]:
    """Return what an expression comes to at some moments, from now on, in the form that is stored."""
    plan = json.loads(json.dumps(compiled(expr)))
    return evaluate(plan["promql"], select, free, [NOW + moment for moment in moments or (0,)])


ANSWERS: dict[str, tuple[str, Vector]] = {
    "down from two locations of three": ("count by (id) (code > 0) >= 2", [({"id": "shop"}, 2.0)]),
    "names are gone": ('abs(code{id="blog"})', [({"id": "blog", "location": "eu"}, 0.0)]),
    "names stay": (
        'code{id="blog"} == 0',
        [({"__name__": "code", "id": "blog", "location": "eu"}, 0.0)],
    ),
    "a number is a sample without labels": ("1 + 2 * 3", [({}, 7.0)]),
    "a series that has ended": ("gone", []),
    "the range of one": ("sum_over_time(gone[2m])", [({}, 3.0)]),
    "a counter that began anew": ("resets(errors_total[4m])", [({"job": "a"}, 1.0)]),
    "an increase": ("increase(errors_total[4m])", [({"job": "a"}, 14.0)]),
    "a rate": ("irate(errors_total[4m]) * 60", [({"job": "a"}, 2.0)]),
    "what is absent": ('absent(nothing{job="a"})', [({"job": "a"}, 1.0)]),
    "a median": ("mad_over_time(errors_total[4m])", [({"job": "a"}, 2.0)]),
    "an offset": ("errors_total offset 2m", [({"__name__": "errors_total", "job": "a"}, 10.0)]),
    "a time": ("errors_total @ 59820", [({"__name__": "errors_total", "job": "a"}, 5.0)]),
    "a subquery": ("max_over_time(sum(code)[2m:1m])", [({}, 2.0)]),
    "sums without labels": ("sum without (id, location) (code)", [({}, 2.0)]),
    "the largest": ("topk(1, errors_total)", [({"__name__": "errors_total", "job": "a"}, 4.0)]),
    "the age of a sample": ("time() - timestamp(old)", [({}, 0.0)]),
    "a name that 2.x had": ("holt_winters(errors_total[4m], 0.5, 0.5) > bool 0", [({"job": "a"}, 1.0)]),
}


@pytest.mark.parametrize(("expr", "expected"), ANSWERS.values(), ids=ANSWERS)
def test_answers(expr: str, expected: Vector) -> None:
    [answer] = ask(expr)
    assert [labels for labels, _ in answer] == [labels for labels, _ in expected]
    assert [value for _, value in answer] == pytest.approx([value for _, value in expected])


@pytest.mark.parametrize(("expr", "expected"), ANSWERS.values(), ids=ANSWERS)
def test_several_moments_are_answered_as_each_alone(expr: str, expected: Vector) -> None:
    moments = [-3 * MINUTE, -90_000, 0, 30_000]
    assert repr(ask(expr, *moments)) == repr([ask(expr, moment)[0] for moment in moments])


def test_a_sample_counts_for_five_minutes() -> None:
    assert [len(found) for found in ask("old", -1, 0, LOOKBACK_MS, LOOKBACK_MS + 1)] == [0, 1, 1, 0]


ERRORS = {
    "many to many": "code + on (id) code",
    "two become one": "abs(code) and sum without (location) (code) and label_replace(code, 'location', '', '', '')",
    "a label that is none": "label_replace(code, '0', '', '', '')",
    "a number beyond all": "topk(1e20, code)",
}


@pytest.mark.parametrize("expr", ERRORS.values(), ids=ERRORS)
def test_what_has_no_answer_is_an_error(expr: str) -> None:
    with pytest.raises(PromqlError):
        ask(expr)


def test_all_samples_that_are_looked_at_are_counted() -> None:
    charged: list[int] = []
    plan = compiled("sum(count_over_time(code[1m])) + count(code)")
    evaluate(plan["promql"], select, charged.append, [NOW])
    assert sum(charged) == (1 + 4 + 4 * 2) + (1 + 4)


def test_a_subquery_evaluates_each_step_once_for_all_moments() -> None:
    charged: list[int] = []
    plan = compiled("max_over_time(sum_over_time(errors_total[1m])[10m:1m])")
    evaluate(plan["promql"], select, charged.append, range(NOW - 10 * MINUTE, NOW + 1, MINUTE))
    inner = 21  # steps, of which each looks at 1 + 1 series + up to 2 samples
    assert sum(charged) <= inner * 4 + 11 * 11 * 2


REFUSED = {
    "a function": ("1 +\n  info(code)", "2:3: the function info is not supported by this source"),
    "an aggregation": ("limitk(1, code)", "1:1: the aggregation limitk is not supported by this source"),
    "fill": ("code + fill(0) code", "1:8: fill is not supported by this source"),
    "native histograms": (
        'histogram_count({a="histogram_count"})',
        "1:1: the function histogram_count is not supported by this source",
    ),
    "a time before 1970": ("code @ -5", "1:6: a time before 1970 is not supported by this source"),
    "a range": ("code[5m]", "it yields a range of samples"),
    "what is no PromQL": ("code +", "could not parse expression"),
}


@pytest.mark.parametrize(("expr", "reason"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_evaluated_is_refused_when_it_is_compiled(expr: str, reason: str) -> None:
    with pytest.raises(ExpressionError) as refused:
        compiled(expr)
    assert reason in str(refused.value)


REACHES: dict[str, tuple[str, int, int | None]] = {
    "nothing": ("vector(1)", 0, None),
    "a sample": ("code", 5, None),
    "a range": ("rate(code[10m])", 10, None),
    "an offset": ("rate(code[10m] offset 1h)", 70, None),
    "what is to come": ("code offset -3m", 2, None),
    "the longest counts": ("code > on () group_left avg_over_time(code[1h])", 60, None),
    "a subquery": ("max_over_time(code[1h:1m] offset 10m)", 75, None),
    "one in another": ("max_over_time(max_over_time(rate(code[5m])[10m:])[1h:])", 75, None),
    "a time": ("code @ 6000", 0, 95),
    "a subquery at a time": ("max_over_time(code[1h:] @ 6000 offset 5m)", 0, 30),
    "the start, in a subquery of what is to come": (
        "max_over_time((code @ start())[1m:] offset -1h)",
        5,
        None,
    ),
    "arguments": ("clamp(vector(1), scalar(code), scalar(code offset 5m))", 10, None),
    "a parameter": ("topk(scalar(code offset 15m), code)", 20, None),
}


@pytest.mark.parametrize(("expr", "back", "since"), REACHES.values(), ids=REACHES)
def test_a_plan_says_how_far_back_it_reads(expr: str, back: int, since: int | None) -> None:
    plan = compiled(expr)
    assert plan["reach_ms"] == back * MINUTE
    assert plan["since_ms"] == (None if since is None else since * MINUTE)


def test_numbers_that_json_lacks_are_stored() -> None:
    [[(_, value)]] = ask("NaN")
    assert math.isnan(value)
    assert ask("-Inf + 0") == [[({}, -math.inf)]]
