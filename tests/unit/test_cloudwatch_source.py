"""CloudWatch as a source: which datapoint counts, how few calls ask for it, and what failures cost."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from threading import Event
from time import monotonic
from typing import Any

import boto3
import pytest
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectionClosedError,
    ConnectTimeoutError,
    NoCredentialsError,
    ParamValidationError,
    ReadTimeoutError,
)
from moto import mock_aws

from tocsin.ports import Answer, Query, Refused, Sample, Samples, Unanswered
from tocsin.sources.cloudwatch import CloudWatchSource, client_config

T0 = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def plan(**changes: Any) -> dict[str, Any]:
    return {
        "namespace": "App",
        "metric": "Errors",
        "dimensions": {"Service": "api"},
        "stat": "Sum",
        "period_seconds": 60,
        "op": ">",
        "threshold": 5,
        **changes,
    }


def query(*at: datetime, **changes: Any) -> Query:
    return Query("", at or (T0,), 60.0, plan(**changes))


LABELS = {"__name__": "Errors", "Service": "api"}


Hook = Callable[[Any], None]


class Fake:
    """`get_metric_data` over values by (metric, minute after T0), with a hook before every call."""

    def __init__(
        self, values: dict[tuple[str, int], float], hook: Callable[[Any], None] = lambda call: None
    ) -> None:
        self.values, self.hook, self.calls = values, hook, list[Any]()

    def get_metric_data(self, **call: Any) -> dict[str, Any]:
        self.calls.append(call)
        self.hook(call)
        return {"MetricDataResults": [self._result(asked, call) for asked in call["MetricDataQueries"]]}

    def _result(self, asked: Any, call: Any) -> dict[str, Any]:
        name = asked["MetricStat"]["Metric"]["MetricName"]
        points = {T0 + MINUTE * n: value for (metric, n), value in self.values.items() if metric == name}
        found = {
            at: value for at, value in sorted(points.items()) if call["StartTime"] <= at < call["EndTime"]
        }
        return {
            "Id": asked["Id"],
            "Timestamps": [*found],
            "Values": [*found.values()],
            "StatusCode": "Complete",
        }


def ask(client: Any, *queries: Query, timeout_seconds: float = 5) -> list[Answer]:
    return list(CloudWatchSource(client).ask(queries, timeout_seconds))


def value_at(at: datetime, **changes: Any) -> float | None:
    """Return what a query finds at a timestamp when every minute has the number of the minute as value."""
    fake = Fake({("Errors", n): float(n) for n in range(-30, 30)})
    [answer] = ask(fake, query(at, op=None, **changes))
    assert isinstance(answer, Samples)
    [samples] = answer.at
    return samples[0].value if samples else None


@pytest.mark.parametrize(
    ("after_seconds", "minute"), [(0, -1.0), (1, -1.0), (59.999, -1.0), (60, 0.0), (150, 1.0)]
)
def test_the_value_is_that_of_the_last_complete_period(after_seconds: float, minute: float) -> None:
    assert value_at(T0 + timedelta(seconds=after_seconds)) == minute


@pytest.mark.parametrize(("after_minutes", "minute"), [(0, -5.0), (4, -5.0), (5, 0.0), (9, 0.0), (10, 5.0)])
def test_periods_are_aligned_to_the_epoch(after_minutes: int, minute: float) -> None:
    assert value_at(T0 + MINUTE * after_minutes, period_seconds=300) == minute


@pytest.mark.parametrize(
    ("op", "present"),
    [(">", [6]), (">=", [5, 6]), ("<", [4]), ("<=", [4, 5]), ("==", [5]), ("!=", [4, 6]), (None, [4, 5, 6])],
)
def test_a_sample_is_present_if_it_compares(op: str | None, present: list[int]) -> None:
    fake = Fake({("Errors", n): float(n) for n in range(10)})
    [answer] = ask(fake, query(*(T0 + MINUTE * (n + 1) for n in (4, 5, 6)), op=op))
    expected = [(Sample(LABELS, float(n)),) if n in present else () for n in (4, 5, 6)]
    assert answer == Samples(tuple(expected))


def test_a_datapoint_that_is_missing_is_absent() -> None:
    assert ask(Fake({}), query(T0, T0 + MINUTE)) == [Samples(((), ()))]


def test_no_timestamps_are_no_call() -> None:
    fake = Fake({})
    assert ask(fake, Query("", (), 60.0, plan())) == [Samples(())]
    assert fake.calls == []


def test_queries_that_want_the_same_metric_ask_for_it_once() -> None:
    fake = Fake({("Errors", -1): 7.0})
    answers = ask(fake, query(), query(threshold=8), query(op="<", threshold=9), query(T0 + MINUTE))
    assert answers == [
        Samples(((Sample(LABELS, 7.0),),)),
        Samples(((),)),
        Samples(((Sample(LABELS, 7.0),),)),
        Samples(((),)),
    ]
    [call] = fake.calls
    [asked] = call["MetricDataQueries"]
    assert asked["MetricStat"] == {
        "Metric": {
            "Namespace": "App",
            "MetricName": "Errors",
            "Dimensions": [{"Name": "Service", "Value": "api"}],
        },
        "Period": 60,
        "Stat": "Sum",
    }
    assert (call["StartTime"], call["EndTime"], call["ScanBy"]) == (
        T0 - MINUTE,
        T0 + MINUTE,
        "TimestampAscending",
    )


@pytest.mark.parametrize(
    "change",
    [{"namespace": "x"}, {"metric": "x"}, {"dimensions": {}}, {"stat": "p99"}, {"period_seconds": 10}],
)
def test_metrics_that_differ_in_anything_are_asked_for_separately(change: dict[str, Any]) -> None:
    fake = Fake({})
    ask(fake, query(), query(**change))
    assert sum(len(call["MetricDataQueries"]) for call in fake.calls) == 2


def test_up_to_500_metrics_are_one_call() -> None:
    fake = Fake({(f"M{n}", -1): float(n) for n in range(1001)})
    answers = ask(fake, *(query(metric=f"M{n}", op=None) for n in range(1001)))
    assert sorted(len(call["MetricDataQueries"]) for call in fake.calls) == [1, 500, 500]
    assert [a.at[0][0].value for a in answers if isinstance(a, Samples)] == [float(n) for n in range(1001)]


def test_a_metric_that_catches_up_does_not_make_the_others_return_their_past() -> None:
    fake = Fake({})
    hour = [T0 - MINUTE * n for n in range(60, -1, -1)]
    ask(fake, query(metric="A"), query(*hour, metric="B"), query(metric="C"), query(T0 - MINUTE, metric="D"))
    spans = sorted(
        ((call["EndTime"] - call["StartTime"]) // MINUTE, len(call["MetricDataQueries"]))
        for call in fake.calls
    )
    assert spans == [(2, 3), (61, 1)]


def test_every_call_starts_at_a_period_of_all_its_metrics() -> None:
    fake = Fake({})
    ask(fake, *(query(T0 + MINUTE * 3, metric=f"M{p}", period_seconds=p) for p in (60, 300, 3600)))
    assert len(fake.calls) == 3
    for call in fake.calls:
        [asked] = call["MetricDataQueries"]
        assert call["StartTime"].timestamp() % asked["MetricStat"]["Period"] == 0


class Paged(Fake):
    """Gives every datapoint on a page of its own."""

    def get_metric_data(self, **call: Any) -> dict[str, Any]:
        whole = super().get_metric_data(**call)["MetricDataResults"][0]
        page = int(call.get("NextToken") or 0)
        last = page == len(whole["Values"]) - 1
        result = {
            **whole,
            "Timestamps": whole["Timestamps"][page : page + 1],
            "Values": whole["Values"][page : page + 1],
            "StatusCode": "Complete" if last else "PartialData",
        }
        return {"MetricDataResults": [result]} | ({} if last else {"NextToken": str(page + 1)})


def test_all_pages_are_read() -> None:
    fake = Paged({("Errors", n): float(n) for n in range(4)})
    [answer] = ask(fake, query(*(T0 + MINUTE * (n + 1) for n in range(4)), op=None))
    assert isinstance(answer, Samples)
    assert [sample.value for (sample,) in answer.at] == [0.0, 1.0, 2.0, 3.0]
    assert [call.get("NextToken") for call in fake.calls] == [None, "1", "2", "3"]


@pytest.mark.parametrize(
    ("status", "answer"),
    [
        ("PartialData", Unanswered("CloudWatch: PartialData")),
        ("InternalError", Unanswered("CloudWatch: InternalError")),
        ("Forbidden", Refused("auth", "CloudWatch: this metric may not be read")),
    ],
)
def test_a_metric_that_fails_within_a_call_costs_only_those_who_want_it(status: str, answer: Answer) -> None:
    class Failing(Fake):
        def _result(self, asked: Any, call: Any) -> dict[str, Any]:
            result = super()._result(asked, call)
            return result | (
                {"StatusCode": status} if asked["MetricStat"]["Metric"]["MetricName"] == "Bad" else {}
            )

    assert ask(Failing({("Errors", -1): 9.0}), query(metric="Bad"), query()) == [
        answer,
        Samples(((Sample(LABELS, 9.0),),)),
    ]


def client_error(code: str, status: int) -> ClientError:
    response: Any = {
        "Error": {"Code": code, "Message": "why"},
        "ResponseMetadata": {"HTTPStatusCode": status},
    }
    return ClientError(response, "GetMetricData")


@pytest.mark.parametrize(
    ("error", "answer"),
    [
        (client_error("Throttling", 400), Unanswered("CloudWatch: Throttling: why", "throttled")),
        (
            client_error("ThrottlingException", 400),
            Unanswered("CloudWatch: ThrottlingException: why", "throttled"),
        ),
        (client_error("AccessDenied", 403), Unanswered("CloudWatch: AccessDenied: why", "auth")),
        (client_error("ExpiredToken", 400), Unanswered("CloudWatch: ExpiredToken: why", "auth")),
        (client_error("ValidationError", 400), Refused("bad_data", "CloudWatch: ValidationError: why")),
        (client_error("InternalFailure", 500), Unanswered("CloudWatch: InternalFailure: why", "http_5xx")),
        (NoCredentialsError(), Unanswered("CloudWatch: NoCredentialsError", "auth")),
        (
            ConnectionClosedError(endpoint_url="x"),
            Unanswered("CloudWatch: ConnectionClosedError", "unreachable"),
        ),
        (ConnectTimeoutError(endpoint_url="x"), Unanswered("CloudWatch: ConnectTimeoutError")),
        (ReadTimeoutError(endpoint_url="x"), Unanswered("CloudWatch: ReadTimeoutError")),
    ],
    ids=lambda value: repr(value)[:60],
)
def test_a_call_that_fails_has_a_reason(error: ClientError | BotoCoreError, answer: Answer) -> None:
    def fail(call: Any) -> None:
        raise error

    assert ask(Fake({}, fail), query(), query(metric="Other")) == [answer, answer]


@pytest.mark.parametrize(
    "error",
    [client_error("ValidationError", 400), ParamValidationError(report="Stat")],
    ids=["server", "client"],
)
def test_a_metric_that_is_refused_spoils_no_other(error: ClientError | BotoCoreError) -> None:
    def fail(call: Any) -> None:
        if any(asked["MetricStat"]["Stat"] == "nonsense" for asked in call["MetricDataQueries"]):
            raise error

    fake = Fake({(f"M{n}", -1): 9.0 for n in range(500)}, fail)
    answers = ask(fake, *(query(metric=f"M{n}", stat="nonsense" if n == 77 else "Sum") for n in range(500)))
    [refused] = [n for n, answer in enumerate(answers) if not isinstance(answer, Samples)]
    assert refused == 77
    assert len(fake.calls) <= 1 + 2 * 9


@pytest.mark.parametrize(
    "broken",
    [
        None,
        {},
        {"namespace": "x"},
        plan(period_seconds=0),
        plan(period_seconds="a"),
        plan(dimensions=None),
        plan(op="~"),
        plan(threshold="many"),
        {"math": "(m0 + m1)", "metrics": [plan()], "period_seconds": 60, "op": None, "threshold": None},
    ],
)
def test_a_rule_without_a_plan_is_refused_alone(broken: dict[str, Any] | None) -> None:
    answers = ask(Fake({("Errors", -1): 9.0}), Query("x", (T0,), 60.0, broken), query())
    assert isinstance(answers[0], Refused)
    assert answers[0].reason == "bad_data"
    assert isinstance(answers[1], Samples)


@pytest.fixture
def release() -> Iterator[Event]:
    event = Event()
    yield event
    event.set()


def test_a_call_that_hangs_is_left_behind(release: Event) -> None:
    def hang(call: Any) -> None:
        if call["MetricDataQueries"][0]["MetricStat"]["Period"] == 300:
            release.wait()

    started = monotonic()
    answers = ask(Fake({("Errors", -1): 9.0}, hang), query(period_seconds=300), query(), timeout_seconds=1)
    assert monotonic() - started < 10
    assert [type(answer) for answer in answers] == [Unanswered, Samples]


def test_pages_without_end_end_in_time() -> None:
    class Endless(Fake):
        def get_metric_data(self, **call: Any) -> dict[str, Any]:
            return super().get_metric_data(**call) | {"NextToken": "more"}

    [answer] = ask(Endless({}), query(), timeout_seconds=0.1)
    assert isinstance(answer, Unanswered)


def test_moto_answers_like_cloudwatch() -> None:
    with mock_aws():
        session = boto3.Session("test", "test", region_name="eu-west-1")
        client = session.client("cloudwatch", config=client_config())
        dimensions: Any = [{"Name": "Service", "Value": "api"}]
        for minute, value in enumerate([3.0, 6.0, 7.0]):
            data: Any = {"MetricName": "Errors", "Dimensions": dimensions, "Value": value}
            client.put_metric_data(Namespace="App", MetricData=[data | {"Timestamp": T0 + MINUTE * minute}])
        answers = ask(
            client, query(*(T0 + MINUTE * n for n in range(5))), query(T0 + MINUTE * 3, period_seconds=180)
        )
    assert answers == [
        Samples(((), (), (Sample(LABELS, 6.0),), (Sample(LABELS, 7.0),), ())),
        Samples(((Sample(LABELS, 16.0),),)),
    ]
