"""Our engine and Prometheus' on the same series: the same answers, whatever is asked.

`TOCSIN_PROMQL=20000` asks so many questions instead of a few hundred, `TOCSIN_PROMQL_SEED` others than usual.
"""

import math
import os
import random
from collections.abc import Iterator, Sequence
from datetime import timedelta
from time import monotonic

import pytest
import urllib3

from tests.integration.prometheus_server import Prometheus, needs_prometheus, running_prometheus
from tests.integration.promql_expressions import LENGTH, START, Expressions, series, written
from tocsin.expressions.promql_plan import compile as compiled
from tocsin.instants import millis
from tocsin.labels import LabelSet, label_set
from tocsin.matchers import Matcher, MatchOp
from tocsin.ports import Stored
from tocsin.promql.evaluating import evaluate
from tocsin.promql.series import LOOKBACK_MS, Series
from tocsin.promql.values import PromqlError
from tocsin.sinks.remote_write import RemoteWriteSink
from tocsin.staleness import STALE

pytestmark = [pytest.mark.prometheus, needs_prometheus]

SEED = int(os.environ.get("TOCSIN_PROMQL_SEED", "20260301"))
QUESTIONS = int(os.environ.get("TOCSIN_PROMQL", "400"))
CLOSE = 1e-12

Answer = dict[LabelSet, float] | str
"""Values by labels, or `error`."""


class Theirs:
    """Prometheus with the series."""

    def __init__(self, server: Prometheus) -> None:
        self._url, self._pool = f"{server.url}/api/v1/query", urllib3.PoolManager()

    def ask(self, expr: str, ms: int) -> Answer:
        """Return the answer; a text for an error of execution."""
        reply = self._pool.request(
            "POST", self._url, fields={"query": expr, "time": f"{ms / 1000:.3f}"}
        ).json()
        if reply["status"] == "error":
            assert reply["errorType"] == "execution", f"{expr}: {reply}"
            return "error"
        data = reply["data"]
        if data["resultType"] == "scalar":
            return {(): float(data["result"][1])}
        return {label_set(each["metric"]): float(each["value"][1]) for each in data["result"]}


class Ours:
    """Our engine with the series."""

    def __init__(self, kept: Sequence[Series]) -> None:
        self._kept = kept

    def ask(self, expr: str, ms: int) -> Answer:
        """Return the answer; a text for an error of execution."""
        plan = compiled(expr)
        try:
            [vector] = evaluate(plan["promql"], self.select, lambda _: None, [ms])
        except PromqlError:
            return "error"
        return {label_set(labels): value for labels, value in vector}

    def select(self, matchers: Sequence[Matcher]) -> list[Series]:
        """Return the series that all matchers match."""
        return [one for one in self._kept if all(matcher.matches(one.labels) for matcher in matchers)]


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Theirs, Ours]]:
    made = series(SEED)
    kept = []
    for labels, points in made:
        one = Series(labels)
        for ms, value in points:
            one.add(ms, STALE if value is None else value)
        kept.append(one)
    directory = tmp_path_factory.mktemp("prometheus")
    with running_prometheus(directory, interval="1m", remote_write=True) as server:
        sink = RemoteWriteSink(f"{server.url}/api/v1/write")
        assert sink.write(written(made), 60) == Stored(0)
        yield Theirs(server), Ours(sorted(kept, key=lambda one: label_set(one.labels)))


def close(a: float, b: float) -> bool:
    """Tell whether two values are the same, but for the last digits."""
    return (math.isnan(a) and math.isnan(b)) or math.isclose(a, b, rel_tol=CLOSE, abs_tol=CLOSE)


def agree(theirs: Answer, ours: Answer) -> bool:
    """Tell whether two answers are the same."""
    if isinstance(theirs, str) or isinstance(ours, str):
        return theirs == ours
    return theirs.keys() == ours.keys() and all(close(value, ours[key]) for key, value in theirs.items())


def test_made_up_expressions_have_prometheus_answers(both: tuple[Theirs, Ours]) -> None:
    theirs, ours = both
    print(f"seed {SEED}, {QUESTIONS} questions")
    expressions = Expressions(random.Random(SEED))
    found, wrong, started = 0, [], monotonic()
    for number in range(QUESTIONS):
        expr = expressions.make()
        ms = millis(START) + random.Random(number).randrange(600_000, LENGTH // timedelta(milliseconds=1))
        expected, actual = theirs.ask(expr, ms), ours.ask(expr, ms)
        found += bool(expected) and expected != "error"
        if not agree(expected, actual):
            wrong.append(f"{expr}\n  at {ms}\n  Prometheus: {expected}\n  ours:       {actual}")
    print(f"{found} had an answer; {monotonic() - started:.1f} s")
    assert not wrong, f"{len(wrong)} of {QUESTIONS}, seed {SEED}:\n" + "\n".join(wrong[:20])
    assert found > QUESTIONS / 3


NAMED = {
    "a sample counts for five minutes, and for that moment too": "rare",
    "the end of a series is no sample": "load",
    "a range holds both its ends": "count_over_time(load[1m])",
    "a rate of a range without samples": "rate(nothing[5m])",
    "arguments that are out of bounds": "holt_winters(load[5m], 1, 0.5)",
    "a label that is none": 'label_replace(load, "a-b", "$1", "host", "(.*)")',
    "a pattern that is none": 'label_replace(load, "to", "$1", "host", "(.*")',
    "a pattern that does not match": 'label_replace(load, "to", "$1", "host", "x(.*)")',
    "a group that is none": 'label_replace(load, "to", "[$2]", "host", "(.*)")',
    "series that are one once a label is gone": 'label_replace(load, "host", "", "", "")',
    "labels joined of none": 'label_join(load, "host", "-")',
    "names that are gone make two series one": 'abs({__name__=~"load|rare"})',
    "names that stay keep two series apart": 'last_over_time({__name__=~"load|rare"}[10m])',
    "many to many": "load + on (zone) load",
    "many to one, not said": "load + on (zone) team",
    "one to many, two of which become one": "team + on (zone) group_right () sum without (code) (load)",
    "a label of the other side": "load * on (zone) group_left (team) team",
    "a label of the other side that is not there": "load * on (zone) group_left (nothing, host) team",
    "the name of the other side": "load * on (zone) group_left (__name__) team",
    "a comparison keeps names": "load > on (host) limit",
    "a comparison of one to many keeps the left value": "limit < on (host) group_right () requests_total",
    "a comparison with a number on the left keeps the series": "3 < load",
    "a comparison that is bool drops names": "load > bool on (host) limit",
    "too large a number of samples": "topk(1e30, load)",
    "no number of samples": "topk(NaN, load)",
    "a part of a sample": "topk(1.9, load)",
    "the number depends on the moment": "topk(scalar(count(load)) - 2, load)",
    "a label that cannot be one": 'count_values("a-b", load)',
    "numbers as labels": 'count_values("value", odd)',
    "a quantile that is none": "quantile(1.5, load)",
    "a histogram's quantile": "histogram_quantile(0.9, took_bucket)",
    "a histogram whose buckets have no end": 'histogram_quantile(0.9, took_bucket{le!="+Inf"})',
    "a histogram of one bucket": 'histogram_quantile(0.9, took_bucket{le="+Inf"})',
    "half of the observations": "histogram_quantile(0.5, sum by (le) (rate(took_bucket[10m])))",
    "what is absent has the labels that are sure": 'absent(nothing{a="1",b=~"2",c="3",c="4"})',
    "what is absent in a range": 'absent_over_time(nothing{a="1"}[5m])',
    "a subquery has a step of one minute": "count_over_time(load[10m:])",
    "a subquery of a subquery": "max_over_time(sum_over_time(rate(requests_total[1m])[3m:20s])[5m:1m])",
    "a subquery at a fixed time": "sum_over_time(load[5m:30s] @ 1772365200 offset 1m)",
    "the start of all, in a step": "sum_over_time((load @ start())[5m:1m])",
    "minus and power": "-load ^ 2",
    "power from the right": "2 ^ 3 ^ 2",
    "division by zero": "odd / 0",
    "the remainder of all": "odd % odd",
    "the power of all": "odd ^ 0.5",
    "numbers are rounded up from the middle": "round(odd, 0.5)",
    "rounded to nothing": "round(odd, 0)",
    "clamped the wrong way round": "clamp(odd, 2, 1)",
    "clamped to nothing": "clamp(odd, NaN, 1)",
    "the date of now": "hour() * 60 + minute()",
    "dates before 1970": "day_of_week(when) + days_in_month(when) + day_of_year(when)",
    "the time of a sample": "timestamp(load)",
    "the time of what is calculated": "timestamp(load + 0)",
    "a scalar of several": "scalar(load)",
    "a scalar of one": 'scalar(load{host="a1"})',
    "sets by all labels": 'load and load{zone="eu"} or rare unless limit',
    "sets by no label": "load and on () vector(1)",
    "sums of what is infinite": "sum by (zone) (odd)",
    "means of what is infinite": "avg_over_time(odd[10m]) or avg(odd)",
    "deviations of what is infinite": "stddev(odd) or stdvar_over_time(odd[10m])",
    "the smallest and the largest of what is no number": "max_over_time(odd[10m]) - min_over_time(odd[5m])",
}


@pytest.mark.parametrize("expr", NAMED.values(), ids=NAMED)
def test_named_expressions_have_prometheus_answers(both: tuple[Theirs, Ours], expr: str) -> None:
    theirs, ours = both
    for ms in _moments(ours):
        expected, actual = theirs.ask(expr, ms), ours.ask(expr, ms)
        assert agree(expected, actual), f"at {ms}\nPrometheus: {expected}\nours:       {actual}"


def _moments(ours: Ours) -> list[int]:
    """Return moments at samples, at the ends of their time, and just beside them."""
    [some] = ours.select([Matcher("__name__", MatchOp.EQUAL, "rare"), Matcher("host", MatchOp.EQUAL, "b2")])
    times = some.times[2:12:3]
    return [
        ms + beside for at in times for ms in (at, at + 60_000, at + LOOKBACK_MS) for beside in (-1, 0, 1)
    ]
