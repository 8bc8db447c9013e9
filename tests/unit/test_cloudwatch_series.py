"""CloudWatch as a source: formulas, queries and other accounts, and how they share calls."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError
from hypothesis import given
from hypothesis import strategies as st

from tocsin.expressions import cloudwatch as language
from tocsin.ports import Answer, Query, Refused, Sample, Samples, Unanswered
from tocsin.sources.cloudwatch import CloudWatchSource
from tocsin.sources.cloudwatch_batches import MAX_DATAPOINTS, MAX_QUERIES, Batch, batches
from tocsin.sources.cloudwatch_series import Formula, Insights, Metric, Wanted, datapoint_ms, period_ms

T0 = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
A = 'sum_over_time(A{namespace="N", Service="api", Zone="a"}[1m])'
B = 'sum_over_time(B{namespace="N", Service="api", Zone="b"}[1m])'
INSIGHTS = "SELECT AVG(CPU) FROM N GROUP BY Host [1m] > 80"

Series = Mapping[str, Mapping[int, float]]
"""By the label, values by the minute after T0."""


class Fake:
    """`get_metric_data` over series by metric name or expression, with a change of each page."""

    def __init__(
        self,
        series: Mapping[str, Series],
        change: Callable[[dict[str, Any]], dict[str, Any]] = lambda page: page,
    ) -> None:
        self.series, self.change, self.calls = series, change, list[Any]()

    def get_metric_data(self, **call: Any) -> dict[str, Any]:
        self.calls.append(call)
        asked = (query for query in call["MetricDataQueries"] if query["ReturnData"])
        return self.change({"MetricDataResults": [r for query in asked for r in self._results(query, call)]})

    def _results(self, query: Any, call: Any) -> list[dict[str, Any]]:
        name = query.get("Expression") or query["MetricStat"]["Metric"]["MetricName"]
        results = []
        for label, values in self.series.get(name, {"": {}}).items():
            times = [T0 + MINUTE * n for n in values]
            found = [at for at in times if call["StartTime"] <= at < call["EndTime"]]
            results.append(
                {
                    "Id": query["Id"],
                    "Label": label,
                    "Timestamps": found,
                    "Values": [values[(at - T0) // MINUTE] for at in found],
                    "StatusCode": "Complete",
                }
            )
        return results


def query(expr: str, *minutes: int) -> Query:
    at = tuple(T0 + MINUTE * n for n in minutes or (0,))
    return Query(expr, at, 60.0, language.compile(expr))


def ask(client: Any, *queries: Query) -> list[Answer]:
    return list(CloudWatchSource(client).ask(queries, 5))


def expressions(fake: Fake) -> list[list[str]]:
    return [[q["Expression"] for q in call["MetricDataQueries"] if "Expression" in q] for call in fake.calls]


# -- metric math --------------------------------------------------------------------------------------


def test_a_formula_is_computed_by_cloudwatch_from_metrics_that_are_not_returned() -> None:
    fake = Fake({"((m0 / m1) * 100)": {"e0": {-1: 7.0, 0: 3.0}}})
    assert ask(fake, query(f"{A} / {B} * 100 > 5", 0, 1, 2)) == [
        Samples(((Sample({"Service": "api"}, 7.0),), (), ()))
    ]
    [call] = fake.calls
    assert [(q["Id"], q["ReturnData"]) for q in call["MetricDataQueries"]] == [
        ("m0", False),
        ("m1", False),
        ("e0", True),
    ]
    assert call["MetricDataQueries"][2]["Period"] == 60


def test_formulas_and_rules_that_read_a_metric_ask_for_it_once() -> None:
    fake = Fake({"A": {"": {-1: 1.0}}, "(m0 / m1)": {"": {-1: 2.0}}, "(m1 - m0)": {"": {-1: 3.0}}})
    answers = ask(fake, query(f"{B} / {A}"), query(f"{A} > 0"), query(f"{A} - {B}"))
    [call] = fake.calls
    assert len(call["MetricDataQueries"]) == 4
    assert [answer.at[0][0].value for answer in answers if isinstance(answer, Samples)] == [2.0, 1.0, 3.0]


def test_the_labels_of_a_formula_are_those_in_which_its_metrics_agree() -> None:
    fake = Fake({"(m0 + 1)": {"": {-1: 1.0}}})
    assert ask(fake, query(f"{A} + 1")) == [Samples(((Sample({"Service": "api", "Zone": "a"}, 1.0),),))]


def test_a_formula_that_is_refused_spoils_no_other() -> None:
    def refuse(page: dict[str, Any]) -> dict[str, Any]:
        if any("LOG" in q.get("Expression", "") for q in fake.calls[-1]["MetricDataQueries"]):
            raise ClientError({"Error": {"Code": "ValidationError", "Message": "why"}}, "GetMetricData")
        return page

    fake = Fake({"(m0 + 1)": {"": {-1: 1.0}}}, refuse)
    bad, good = ask(fake, query(f"LOG({A})"), query(f"{A} + 1"))
    assert bad == Refused("bad_data", "CloudWatch: ValidationError: why")
    assert isinstance(good, Samples)


# -- other accounts -----------------------------------------------------------------------------------


def test_a_metric_of_another_account_names_it_in_the_call_and_in_its_labels() -> None:
    fake = Fake({"A": {"": {-1: 1.0}}})
    expr = 'sum_over_time(A{namespace="N", account_id="123456789012"}[1m])'
    assert ask(fake, query(expr)) == [
        Samples(((Sample({"__name__": "A", "account_id": "123456789012"}, 1.0),),))
    ]
    [asked] = fake.calls[0]["MetricDataQueries"]
    assert asked["AccountId"] == "123456789012"


def test_metrics_of_two_accounts_are_two() -> None:
    fake = Fake({})
    ask(
        fake,
        *(query(f'sum_over_time(A{{namespace="N", account_id="{n}"}}[1m])') for n in (10**11, 10**11 + 1)),
    )
    assert len(fake.calls[0]["MetricDataQueries"]) == 2


# -- Metrics Insights ---------------------------------------------------------------------------------

TEXT = "SELECT AVG(CPU) FROM N GROUP BY Host"


def test_every_group_of_a_query_is_a_series() -> None:
    fake = Fake({TEXT: {"web-1": {-1: 90.0, 0: 70.0}, "web-2": {0: 85.0}}})
    one, two = {"Host": "web-1"}, {"Host": "web-2"}
    assert ask(fake, query(INSIGHTS, 0, 1, 2)) == [
        Samples(((Sample(one, 90.0),), (Sample(two, 85.0),), ())),
    ]
    assert expressions(fake) == [[TEXT]]


@pytest.mark.parametrize(
    ("by", "name", "labels"),
    [
        ((), "AVG CPU", {}),
        (("a",), "x y z", {"a": "x y z"}),
        (("a", "b"), "x y", {"a": "x", "b": "y"}),
        (("a", "b"), "Other y", {"a": "Other", "b": "y"}),
        (("a", "b"), "x y z", {"series": "x y z"}),
    ],
)
def test_the_name_of_a_group_is_divided_only_if_that_is_no_guess(
    by: tuple[str, ...], name: str, labels: dict[str, str]
) -> None:
    assert Insights("", by, False, 60).labels(name) == labels


def test_a_query_shares_its_call_with_nothing() -> None:
    fake = Fake({})
    other = INSIGHTS.replace("Host", "Zone")
    ask(fake, query(INSIGHTS), query(f"{A} > 1"), query(other), query(INSIGHTS), query(f"{B} > 1"))
    assert sorted(len(call["MetricDataQueries"]) for call in fake.calls) == [1, 1, 2]


def test_a_long_past_is_asked_for_in_calls_that_can_hold_every_group() -> None:
    fake = Fake({TEXT: {"web-1": dict.fromkeys(range(-1, 500), 90.0)}})
    [answer] = ask(fake, query(INSIGHTS, *range(500)))
    assert isinstance(answer, Samples)
    assert all(len(samples) == 1 for samples in answer.at)
    lengths = sorted((call["EndTime"] - call["StartTime"]) // MINUTE for call in fake.calls)
    assert lengths == [98, 201, 201]


def test_a_query_with_a_limit_is_asked_for_each_timestamp_because_it_ranks_what_the_call_covers() -> None:
    fake = Fake({})
    ask(fake, query("SELECT AVG(CPU) FROM N GROUP BY Host ORDER BY MAX() DESC LIMIT 3 [1m]", 0, 1, 2))
    assert [(call["EndTime"] - call["StartTime"]) // MINUTE for call in fake.calls] == [1, 1, 1]


def test_a_part_of_the_past_that_fails_is_that_of_the_whole_query() -> None:
    def fail(page: dict[str, Any]) -> dict[str, Any]:
        late = fake.calls[-1]["StartTime"] > T0
        return {
            "MetricDataResults": [r | ({"StatusCode": "PartialData"} if late else {}) for r in results(page)]
        }

    def results(page: dict[str, Any]) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = page["MetricDataResults"]
        return found

    fake = Fake({TEXT: {"web-1": dict.fromkeys(range(-1, 300), 90.0)}}, fail)
    assert ask(fake, query(INSIGHTS, *range(300))) == [Unanswered("CloudWatch: PartialData")]


def test_as_many_groups_as_fit_are_too_many_unless_a_limit_says_which() -> None:
    groups: Series = {f"h{n}": {-1: 90.0} for n in range(500)}
    limited = "SELECT AVG(CPU) FROM N GROUP BY Host LIMIT 500"
    fake = Fake({TEXT: groups, limited: groups})
    refused, allowed = ask(fake, query(INSIGHTS), query(f"{limited} [1m]"))
    assert isinstance(refused, Refused)
    assert refused.reason == "too_large"
    assert isinstance(allowed, Samples)
    assert len(allowed.at[0]) == 500


def test_a_query_over_more_metrics_than_cloudwatch_reads_is_refused_with_its_message() -> None:
    message = {"Code": "MaxMetricsExceeded", "Value": "Maximum number of allowed metrics exceeded"}
    fake = Fake({TEXT: {"web-1": {-1: 90.0}}}, lambda page: page | {"Messages": [message]})
    [answer] = ask(fake, query(INSIGHTS))
    assert isinstance(answer, Refused)
    assert answer.reason == "too_large"
    assert "Maximum number of allowed metrics exceeded" in answer.detail


def test_groups_that_are_called_the_same_are_not_taken_for_one() -> None:
    def twice(page: dict[str, Any]) -> dict[str, Any]:
        return {"MetricDataResults": page["MetricDataResults"] * 2}

    [answer] = ask(Fake({TEXT: {"web-1": {-1: 90.0}}}, twice), query(INSIGHTS))
    assert answer == Refused("bad_data", "CloudWatch: two groups have the same name: group by one key")


def test_a_group_that_goes_on_on_the_next_page_is_one_series() -> None:
    def page(of: dict[str, Any]) -> dict[str, Any]:
        [result] = of["MetricDataResults"]
        half = slice(0, 1) if len(fake.calls) == 1 else slice(1, None)
        part = {key: result[key][half] for key in ("Timestamps", "Values")}
        status = "PartialData" if len(fake.calls) == 1 else "Complete"
        more = {"NextToken": "more"} if len(fake.calls) == 1 else {}
        return {"MetricDataResults": [result | part | {"StatusCode": status}], **more}

    fake = Fake({TEXT: {"web-1": {-1: 90.0, 0: 91.0}}}, page)
    [answer] = ask(fake, query(INSIGHTS, 0, 1))
    assert answer == Samples(tuple((Sample({"Host": "web-1"}, value),) for value in (90.0, 91.0)))


def test_no_group_is_no_sample() -> None:
    assert ask(Fake({TEXT: {}}), query(INSIGHTS)) == [Samples(((),))]


# -- batches ------------------------------------------------------------------------------------------

metrics = st.builds(
    Metric,
    st.just("N"),
    st.sampled_from([f"M{n}" for n in range(20)]),
    st.just(()),
    st.just("Sum"),
    st.sampled_from([60, 300]),
    st.sampled_from(["", "123456789012"]),
)
formulas = st.tuples(st.sampled_from([60, 300]), st.lists(metrics, min_size=1, max_size=4)).map(
    lambda drawn: Formula(
        "m0",
        tuple(Metric(m.namespace, m.name, m.dimensions, m.stat, drawn[0], m.account_id) for m in drawn[1]),
        drawn[0],
    )
)
insights = st.builds(
    Insights, st.sampled_from("xyz"), st.just(("a",)), st.booleans(), st.sampled_from([60, 300])
)
wishes = st.dictionaries(
    metrics | formulas | insights, st.sets(st.integers(0, 3000), min_size=1, max_size=30), max_size=40
)


@given(wishes)
def test_calls_cover_every_wanted_datapoint_and_keep_the_limits(minutes: dict[Wanted, set[int]]) -> None:
    wanted = {one: set(datapoint_ms(one, [T0 + MINUTE * n for n in its])) for one, its in minutes.items()}
    calls = list(batches(wanted))
    for one, times in wanted.items():
        assert all(any(_covers(call, one, ms) for call in calls) for ms in times)
    for call in calls:
        assert {period_ms(one) for one in call.wanted} == {period_ms(call.wanted[0])}
        assert call.start_ms % period_ms(call.wanted[0]) == 0
        assert len(call.ids) <= MAX_QUERIES
        assert len(set(call.ids.values())) == len(call.ids)
        assert len(call.wanted) == 1 or not any(isinstance(one, Insights) for one in call.wanted)
        points = (call.end_ms - call.start_ms) // period_ms(call.wanted[0])
        assert len(call.wanted) == 1 or points * len(call.ids) <= MAX_DATAPOINTS


def _covers(call: Batch, one: Wanted, ms: int) -> bool:
    return one in call.wanted and call.start_ms <= ms < call.end_ms
