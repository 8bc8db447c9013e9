"""What a sink does, on the twin in memory, on moto's CloudWatch and on real Prometheus."""

import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Protocol
from uuid import uuid4

import boto3
import pytest
from moto import mock_aws

from tests.integration.prometheus_server import Prometheus, needs_prometheus, running_prometheus
from tocsin.clock import SystemClock
from tocsin.labels import label_set
from tocsin.ports import Sink, Stored, Written
from tocsin.sinks.cloudwatch import CloudWatchSink
from tocsin.sinks.memory import MemorySink
from tocsin.sinks.remote_write import RemoteWriteSink

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch.client import CloudWatchClient

Found = list[tuple[datetime, float]]
MINUTE = timedelta(minutes=1)
LOOK_BACK = timedelta(minutes=5)


class Stage(Protocol):
    """A sink, and a way to see what it holds."""

    @property
    def sink(self) -> Sink:
        """The sink."""
        ...

    def values(self, name: str, labels: Mapping[str, str]) -> Found:
        """Return the values of a series, earliest first."""
        ...


class Storage(Stage, Protocol):
    """A sink that is a time series database."""

    def present(self, name: str, at: datetime) -> bool:
        """Tell whether an instant query finds a series of that name."""
        ...


@dataclass
class Memory:
    """The twin."""

    sink: MemorySink

    def values(self, name: str, labels: Mapping[str, str]) -> Found:
        kept = self.sink.series.get(label_set({"__name__": name, **labels}), [])
        return [(at, value) for at, value in kept if value is not None]

    def present(self, name: str, at: datetime) -> bool:
        for labels, kept in self.sink.series.items():
            until = [entry for entry in kept if at - LOOK_BACK <= entry[0] <= at]
            if dict(labels)["__name__"] == name and until and until[-1][1] is not None:
                return True
        return False


@dataclass
class Real:
    """Prometheus."""

    sink: RemoteWriteSink
    server: Prometheus

    def values(self, name: str, labels: Mapping[str, str]) -> Found:
        pairs = ",".join(f"{label}={value!r}" for label, value in labels.items())
        found = self.server.query(f"{name}{{{pairs}}}[1h]")
        same = [each["values"] for each in found if each["metric"] == {"__name__": name, **labels}]
        return [(_instant(seconds), float(value)) for values in same for seconds, value in values]

    def present(self, name: str, at: datetime) -> bool:
        return bool(self.server.query(name, time=str(at.timestamp())))


@dataclass
class Cloud:
    """CloudWatch."""

    sink: CloudWatchSink
    client: "CloudWatchClient"

    def values(self, name: str, labels: Mapping[str, str]) -> Found:
        now = datetime.now(UTC)
        answer = self.client.get_metric_statistics(
            Namespace="App",
            MetricName=name,
            Dimensions=[{"Name": label, "Value": value} for label, value in labels.items()],
            StartTime=now - 60 * MINUTE,
            EndTime=now + MINUTE,
            Period=60,
            Statistics=["Average"],
        )
        found = [(point["Timestamp"].astimezone(UTC), point["Average"]) for point in answer["Datapoints"]]
        return sorted(found)


def _instant(seconds: float) -> datetime:
    return datetime.fromtimestamp(0, UTC) + timedelta(milliseconds=round(seconds * 1000))


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prometheus]:
    with running_prometheus(tmp_path_factory.mktemp("prometheus"), remote_write=True) as server:
        yield server


@contextmanager
def _cloud() -> Iterator[Cloud]:
    with mock_aws():
        client = boto3.client("cloudwatch", "us-east-1")
        yield Cloud(CloudWatchSink(client, "App", SystemClock()), client)


PROMETHEUS = pytest.param("prometheus", marks=[pytest.mark.prometheus, needs_prometheus])


@pytest.fixture(params=["memory", "moto", PROMETHEUS])
def stage(request: pytest.FixtureRequest) -> Iterator[Stage]:
    """Yield every sink in turn."""
    if request.param == "moto":
        with _cloud() as cloud:
            yield cloud
    elif request.param == "memory":
        yield Memory(MemorySink())
    else:
        yield _real(request)


@pytest.fixture(params=["memory", PROMETHEUS])
def storage(request: pytest.FixtureRequest) -> Storage:
    """Return every sink that is a time series database in turn."""
    return Memory(MemorySink()) if request.param == "memory" else _real(request)


def _real(request: pytest.FixtureRequest) -> Real:
    server: Prometheus = request.getfixturevalue("server")
    return Real(RemoteWriteSink(f"{server.url}/api/v1/write"), server)


@pytest.fixture
def name() -> str:
    """Return the name of a metric of this test's own."""
    return f"m_{uuid4().hex[:12]}"


@pytest.fixture
def t0() -> datetime:
    """Return the beginning of the minute ten minutes ago: young enough for Prometheus, whole for CloudWatch."""
    return datetime.now(UTC).replace(second=0, microsecond=0) - 10 * MINUTE


def written(name: str, value: float | None, at: datetime, **labels: str) -> Written:
    return Written({"__name__": name, **labels}, value, at)


# -- every sink -------------------------------------------------------------------------------------


def test_what_is_written_is_there(stage: Stage, name: str, t0: datetime) -> None:
    samples = [written(name, n + 0.5, t0 + MINUTE * n, site=site) for site in ("a", "b") for n in range(3)]
    assert stage.sink.write(samples, 10) == Stored()
    for site in ("a", "b"):
        expected = [(t0 + MINUTE * n, n + 0.5) for n in range(3)]
        assert stage.values(name, {"site": site}) == expected


def test_writing_again_changes_no_value(stage: Stage, name: str, t0: datetime) -> None:
    samples = [written(name, n + 0.5, t0 + MINUTE * n) for n in range(3)]
    stage.sink.write(samples, 10)
    assert isinstance(stage.sink.write(samples, 10), Stored)
    assert stage.values(name, {}) == [(t0 + MINUTE * n, n + 0.5) for n in range(3)]


def test_the_order_of_labels_and_empty_labels_make_no_other_series(
    stage: Stage, name: str, t0: datetime
) -> None:
    stage.sink.write([written(name, 1.0, t0, b="2", a="1")], 10)
    stage.sink.write([written(name, 2.0, t0 + MINUTE, a="1", b="2", c="")], 10)
    assert stage.values(name, {"a": "1", "b": "2"}) == [(t0, 1.0), (t0 + MINUTE, 2.0)]


def test_of_two_samples_in_one_call_the_first_counts(stage: Stage, name: str, t0: datetime) -> None:
    assert stage.sink.write([written(name, 1.0, t0), written(name, 2.0, t0)], 10) == Stored(1)
    assert stage.values(name, {}) == [(t0, 1.0)]


def test_nothing_to_write_is_stored(stage: Stage) -> None:
    assert stage.sink.write([], 10) == Stored()


# -- time series databases --------------------------------------------------------------------------


def test_times_are_exact_to_the_millisecond(storage: Storage, name: str, t0: datetime) -> None:
    times = [t0 + timedelta(milliseconds=ms) for ms in (0, 1, 2, 997)]
    assert storage.sink.write([written(name, 1.0, at) for at in times], 10) == Stored()
    assert [at for at, _ in storage.values(name, {})] == times


def test_values_are_exact(storage: Storage, name: str, t0: datetime) -> None:
    values = [0.1 + 0.2, -0.0, 5e-324, 1.7976931348623157e308, math.inf, -math.inf, math.nan]
    samples = [written(name, value, t0 + timedelta(seconds=n)) for n, value in enumerate(values)]
    assert storage.sink.write(samples, 10) == Stored()
    assert [repr(value) for _, value in storage.values(name, {})] == [repr(value) for value in values]


def test_labels_are_any_text(storage: Storage, name: str, t0: datetime) -> None:
    assert storage.sink.write([written(name, 1.0, t0, city="Zürich 🌧", dots="...")], 10) == Stored()
    assert storage.values(name, {"city": "Zürich 🌧", "dots": "..."}) == [(t0, 1.0)]


def test_the_first_value_at_a_time_stays(storage: Storage, name: str, t0: datetime) -> None:
    storage.sink.write([written(name, 1.0, t0)], 10)
    assert storage.sink.write([written(name, 2.0, t0)], 10) == Stored(1)
    assert storage.values(name, {}) == [(t0, 1.0)]


def test_what_is_older_is_dropped_and_the_rest_of_the_batch_stored(
    storage: Storage, name: str, t0: datetime
) -> None:
    storage.sink.write([written(name, 1.0, t0 + MINUTE, site="a")], 10)
    batch = [written(name, 2.0, t0, site=site) for site in "abc"] + [
        written(name, 3.0, t0 + 2 * MINUTE, site="a")
    ]
    assert storage.sink.write(batch, 10) == Stored(1)
    assert storage.values(name, {"site": "a"}) == [(t0 + MINUTE, 1.0), (t0 + 2 * MINUTE, 3.0)]
    assert storage.values(name, {"site": "b"}) == storage.values(name, {"site": "c"}) == [(t0, 2.0)]


def test_a_series_ends_at_once_and_may_come_back(storage: Storage, name: str, t0: datetime) -> None:
    second = timedelta(seconds=1)
    samples = [written(name, value, t0 + second * n) for n, value in enumerate([1.0, None, 2.0])]
    assert storage.sink.write(samples, 10) == Stored()
    assert [storage.present(name, t0 + second * n) for n in range(-1, 3)] == [False, True, False, True]
    assert storage.values(name, {}) == [(t0, 1.0), (t0 + 2 * second, 2.0)]
