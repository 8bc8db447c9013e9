"""CloudWatch as a sink: what is put, what cannot be, and what it costs."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError, ReadTimeoutError
from hypothesis import given
from hypothesis import strategies as st
from moto import mock_aws

from tocsin.ports import Refused, Stored, Unanswered, Written, one_by_one
from tocsin.sinks.cloudwatch import MAX_DATA, CloudWatchSink, monthly_price
from tocsin.sinks.points import Outcome

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)


class Noon:
    """A clock that stands still."""

    def now(self) -> datetime:
        return NOW

    def sleep(self, seconds: float) -> None:
        raise AssertionError("nobody waits")


class Fake:
    """`put_metric_data` that keeps its calls, and raises what it is given."""

    def __init__(self, *errors: Exception | None) -> None:
        self.errors, self.calls = [*errors], list[Any]()

    def put_metric_data(self, **call: Any) -> None:
        self.calls.append(call)
        error = self.errors.pop(0) if self.errors else None
        if error is not None:
            raise error

    def values(self) -> list[float]:
        return [datum["Value"] for call in self.calls for datum in call["MetricData"]]


def write(client: Any, samples: Sequence[Written], timeout_seconds: float = 5.0, **options: Any) -> Outcome:
    sink = CloudWatchSink(client, "App", Noon(), parallel=one_by_one, **options)
    return sink.write(samples, timeout_seconds)


def sample(value: float | None = 1.0, at: datetime = NOW, **labels: str) -> Written:
    return Written({"__name__": "job:errors:rate5m", **labels}, value, at)


@pytest.mark.parametrize(("options", "resolution"), [({}, 60), ({"high_resolution": True}, 1)])
def test_a_sample_is_a_value_of_a_metric(options: dict[str, bool], resolution: int) -> None:
    client = Fake()
    assert write(client, [sample(1.5, team="a", job="b", empty="")], **options) == Stored()
    assert client.calls == [
        {
            "Namespace": "App",
            "MetricData": [
                {
                    "MetricName": "job:errors:rate5m",
                    "Dimensions": [{"Name": "job", "Value": "b"}, {"Name": "team", "Value": "a"}],
                    "Timestamp": NOW,
                    "Value": 1.5,
                    "StorageResolution": resolution,
                }
            ],
        }
    ]


@pytest.mark.parametrize(
    ("samples", "put", "dropped"),
    [
        pytest.param([sample(float("nan"), n="1"), sample(2.0)], [2.0], 1, id="NaN"),
        pytest.param([sample(float("inf")), sample(float("-inf"), n="1")], [], 2, id="infinity"),
        pytest.param([sample(2.0**360), sample(-(2.0**361), n="1")], [2.0**360], 1, id="too large"),
        pytest.param([sample(5e-324)], [5e-324], 0, id="very small"),
        pytest.param([sample(None)], [], 0, id="an end"),
        pytest.param([sample(1.0, NOW - timedelta(days=14)), sample(2.0)], [1.0, 2.0], 0, id="two weeks old"),
        pytest.param(
            [sample(1.0, NOW - timedelta(days=14, seconds=1)), sample(2.0)], [2.0], 1, id="older"
        ),
        pytest.param([sample(1.0), sample(2.0)], [1.0], 1, id="twice at one time"),
        pytest.param([], [], 0, id="nothing"),
    ],
)  # fmt: skip
def test_what_cloudwatch_cannot_hold_is_dropped(
    samples: list[Written], put: list[float], dropped: int
) -> None:
    client = Fake()
    assert write(client, samples) == Stored(dropped)
    assert client.values() == put


@pytest.mark.parametrize(
    ("labels", "word"),
    [
        pytest.param({f"l{n}": "x" for n in range(31)}, "31 labels", id="31 labels"),
        pytest.param({"city": "Zürich"}, 'city="Zürich"', id="not ASCII"),
        pytest.param({"größe": "x"}, "größe", id="a name that is not ASCII"),
        pytest.param({"text": "two\nlines"}, "two\\nlines", id="a control character"),
        pytest.param({"blank": "  "}, 'blank="  "', id="blank"),
        pytest.param({":colon": "x"}, ":colon", id="a colon first"),
        pytest.param({"long": "x" * 1025}, "1024", id="too long"),
        pytest.param({"__name__": "x" * 256}, "255", id="a long name"),
        pytest.param({"__name__": ""}, "without a name", id="no name"),
    ],
)
def test_a_series_that_fits_no_metric_is_refused_and_spoils_no_other(
    labels: dict[str, str], word: str
) -> None:
    client = Fake()
    outcome = write(client, [sample(1.0, NOW, **labels), sample(2.0)])
    assert isinstance(outcome, Refused)
    assert outcome.reason == "bad_data"
    assert word in outcome.detail
    assert len(outcome.detail) < 200
    assert client.values() == [2.0]


@pytest.mark.parametrize(
    "labels", [{f"l{n}": "x" for n in range(30)}, {"long": "x" * 1024}, {"spaces": " a b "}, {"a:b": "x"}]
)
def test_what_just_fits_is_put(labels: dict[str, str]) -> None:
    assert write(Fake(), [sample(1.0, NOW, **labels)]) == Stored()


@given(st.integers(0, 3 * MAX_DATA), st.sampled_from([1, 10, 30]))
def test_requests_are_within_the_limits(count: int, labels: int) -> None:
    client = Fake()
    samples = [
        sample(float(n), NOW - SECOND * n, **{f"l{i}": "x" * 20 for i in range(labels)}) for n in range(count)
    ]
    assert write(client, samples) == Stored()
    assert sorted(client.values()) == [float(n) for n in range(count)]
    assert all(0 < len(call["MetricData"]) <= MAX_DATA for call in client.calls)


def test_the_largest_request_is_below_a_megabyte() -> None:
    sizes = list[int]()
    with mock_aws():
        config = Config(disable_request_compression=True)
        client = boto3.client("cloudwatch", "us-east-1", config=config)
        client.meta.events.register("before-send", lambda request, **_: sizes.append(len(request.body)))
        labels = {f"l{n}": "x" * 100 for n in range(25)}
        samples = [sample(1.0, NOW - SECOND * n, **labels) for n in range(400)]
        assert CloudWatchSink(client, "App", Noon()).write(samples, 60) == Stored()
    assert sum(sizes) > 1_000_000
    assert max(sizes) < 1_000_000


def client_error(code: str, status: int) -> ClientError:
    response: Any = {"Error": {"Code": code, "Message": "m"}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(response, "PutMetricData")


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (client_error("Throttling", 400), Unanswered("CloudWatch: Throttling: m", "throttled")),
        (client_error("AccessDenied", 403), Unanswered("CloudWatch: AccessDenied: m", "auth")),
        (client_error("InternalServiceFault", 500), Unanswered("CloudWatch: InternalServiceFault: m", "http_5xx")),
        (
            client_error("InvalidParameterValue", 400),
            Refused("bad_data", "CloudWatch: InvalidParameterValue: m"),
        ),
        (NoCredentialsError(), Unanswered("CloudWatch: NoCredentialsError", "auth")),
        (ReadTimeoutError(endpoint_url="http://s3cret"), Unanswered("CloudWatch: ReadTimeoutError")),
    ],
    ids=lambda value: getattr(value, "reason", ""),
)  # fmt: skip
def test_what_a_failed_call_means(error: ClientError | BotoCoreError, outcome: Outcome) -> None:
    client = Fake(error)
    assert write(client, [sample(float(n), NOW - SECOND * n) for n in range(MAX_DATA + 1)]) == outcome
    assert len(client.calls) == 2  # the other request is sent all the same


def test_no_call_is_begun_too_late() -> None:
    client = Fake()
    assert write(client, [sample()], 0.0) == Unanswered("no time left to write")
    assert client.calls == []


@pytest.mark.parametrize(
    ("series", "interval_seconds", "usd"),
    [(0, 60, 0.0), (1, 60, 0.30 + 0.438), (1000, 60, 300.438), (1001, 60, 300.30 + 0.876), (1, 10, 0.30 + 2.628)],
)  # fmt: skip
def test_what_it_costs_a_month(series: int, interval_seconds: int, usd: float) -> None:
    assert monthly_price(series, timedelta(seconds=interval_seconds)) == pytest.approx(usd)
