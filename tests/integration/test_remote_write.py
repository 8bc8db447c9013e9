"""RemoteWriteSink against the real thing."""

import math
import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import monotonic

import pytest

from tests.integration.prometheus_server import Prometheus, needs_prometheus, running_prometheus
from tocsin.http import RECEIVER_BODY_BYTES, HttpClient, Reply, Request
from tocsin.instants import instant, millis
from tocsin.labels import LabelSet, label_set
from tocsin.ports import Stored, Unanswered, Written
from tocsin.sinks.memory import MemorySink
from tocsin.sinks.remote_write import RemoteWriteSink

pytestmark = [pytest.mark.prometheus, needs_prometheus]

SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)


class Counting:
    """A transport that counts."""

    def __init__(self) -> None:
        self.requests, self.bytes, self._send = 0, 0, HttpClient(RECEIVER_BODY_BYTES, 4)

    def __call__(self, request: Request, timeout_seconds: float) -> Reply:
        self.requests += 1
        self.bytes += len(request.body)
        return self._send(request, timeout_seconds)


@pytest.fixture(scope="module")
def prometheus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prometheus]:
    with running_prometheus(tmp_path_factory.mktemp("prometheus"), remote_write=True) as server:
        yield server


@pytest.fixture
def transport() -> Counting:
    return Counting()


@pytest.fixture
def sink(prometheus: Prometheus, transport: Counting) -> RemoteWriteSink:
    return RemoteWriteSink(f"{prometheus.url}/api/v1/write", transport=transport)


def now() -> datetime:
    """Return the time in whole milliseconds."""
    return instant(millis(datetime.now(UTC)))


def written(name: str, value: float | None, at: datetime, **labels: str) -> Written:
    return Written({"__name__": name, **labels}, value, at)


def read(
    server: Prometheus, selector: str, window: str = "1h"
) -> dict[LabelSet, list[tuple[datetime, float]]]:
    """Return the samples of each series as they are stored."""
    return {
        label_set(each["metric"]): [(instant(round(t * 1000)), float(v)) for t, v in each["values"]]
        for each in server.query(f"{selector}[{window}]")
    }


def test_ten_thousand_series_are_written_in_a_few_requests(
    prometheus: Prometheus, sink: RemoteWriteSink, transport: Counting
) -> None:
    at = now()
    samples = [
        written(
            "many", n / 7, at, instance=f"10.0.{n % 256}.{n // 256}:9100", job="node", cluster=f"eu-{n % 3}"
        )
        for n in range(10_000)
    ]
    started = monotonic()
    assert sink.write(samples, 30) == Stored()
    seconds = monotonic() - started
    print(f"10,000 series: {seconds:.2f} s, {transport.requests} requests, {transport.bytes / 1000:.0f} kB")
    assert transport.requests == 12
    assert read(prometheus, "many") == {label_set(each.labels): [(at, each.value)] for each in samples}


def test_the_same_batch_again_changes_nothing(prometheus: Prometheus, sink: RemoteWriteSink) -> None:
    at = now()
    samples = [written("again", n, at + SECOND * t, n=str(n)) for n in range(50) for t in range(-4, 1)]
    assert sink.write(samples, 10) == Stored()
    before = read(prometheus, "again")
    assert sink.write(samples, 10) == Stored(50 * 4)
    assert read(prometheus, "again") == before
    assert len(before) == 50


def test_an_end_makes_a_series_vanish_at_once(prometheus: Prometheus, sink: RemoteWriteSink) -> None:
    at = now()
    assert sink.write([written("ends", 1, at - SECOND, n=n) for n in "ab"], 10) == Stored()
    assert len(prometheus.query("ends", time=str(at.timestamp()))) == 2
    assert sink.write([written("ends", None, at, n="a"), written("ends", 2, at, n="b")], 10) == Stored()
    [left] = prometheus.query("ends", time=str(at.timestamp()))
    assert left["metric"]["n"] == "b"
    assert len(prometheus.query("ends", time=f"{at.timestamp() - 0.001:.3f}")) == 2


def test_nan_is_a_value_and_no_end(prometheus: Prometheus, sink: RemoteWriteSink) -> None:
    at = now()
    assert sink.write([written("no_number", math.nan, at)], 10) == Stored()
    [found] = prometheus.query("no_number", time=str(at.timestamp()))
    assert found["value"][1] == "NaN"


def test_samples_that_are_too_old_are_dropped_and_counted_and_the_rest_is_stored(
    prometheus: Prometheus, sink: RemoteWriteSink, transport: Counting
) -> None:
    at = now()
    assert sink.write([written("old", 1, at, n=str(n)) for n in range(0, 900, 90)], 10) == Stored()
    batch = [written("old", 2, at - SECOND, n=str(n)) for n in range(900)]
    assert sink.write(batch, 20) == Stored(10)
    print(f"10 old samples among 900: {transport.requests - 1} requests")
    found = read(prometheus, "old")
    for n in range(900):
        [sample] = found[label_set({"__name__": "old", "n": str(n)})]
        assert sample == ((at, 1.0) if n % 90 == 0 else (at - SECOND, 2.0))


def test_after_an_outage_what_is_before_prometheus_head_is_dropped(
    prometheus: Prometheus, sink: RemoteWriteSink, transport: Counting
) -> None:
    at = now()
    times = [at - MINUTE * n for n in reversed(range(180))]
    samples = [written("outage", 1, t, n=str(n)) for n in range(100) for t in times]
    started = monotonic()
    outcome = sink.write(samples, 60)
    print(
        f"{len(samples)} samples of three hours: {monotonic() - started:.2f} s, {transport.requests} requests"
    )
    assert isinstance(outcome, Stored)
    kept = read(prometheus, "outage", "4h")
    assert len(kept) == 100
    assert outcome.dropped + sum(map(len, kept.values())) == len(samples)
    assert all(len(values) >= 60 and values[-1][0] == at for values in kept.values())


def test_ten_thousand_samples_that_were_written_before_end_in_time(
    prometheus: Prometheus, sink: RemoteWriteSink, transport: Counting
) -> None:
    at = now()
    samples = [
        written("replay", 1, at - MINUTE * t, n=str(n)) for n in range(200) for t in reversed(range(50))
    ]
    assert sink.write(samples, 30) == Stored()
    before, requests, started = read(prometheus, "replay"), transport.requests, monotonic()
    new = [written("replay", 2, at + SECOND, n=str(n)) for n in range(200)]
    outcome = sink.write([*samples, *new], 10)
    seconds = monotonic() - started
    print(f"10,000 samples again and 200 new ones: {seconds:.2f} s, {transport.requests - requests} requests")
    assert outcome in (Stored(9_800), Stored(10_000))  # the newest of the old is dropped if the time was up
    assert seconds < 10
    after = read(prometheus, "replay")
    assert after == {labels: [*values, (at + SECOND, 2.0)] for labels, values in before.items()}


def test_a_prometheus_that_takes_samples_out_of_order_takes_all(tmp_path: Path) -> None:
    at = now()
    with running_prometheus(tmp_path, remote_write=True, out_of_order="30m") as server:
        sink = RemoteWriteSink(f"{server.url}/api/v1/write")
        assert sink.write([written("late", 1, at)], 10) == Stored()
        early = [written("late", 2, at - MINUTE * n) for n in (40, 20, 10)]
        assert sink.write(early, 10) == Stored(1)  # 2.42 says so with status 500
        assert sink.write(early, 10) == Stored(1)
        [values] = read(server, "late").values()
    assert values == [(at - MINUTE * 20, 2.0), (at - MINUTE * 10, 2.0), (at, 1.0)]


def test_whatever_is_written_prometheus_holds_what_the_sink_in_memory_holds(
    prometheus: Prometheus, sink: RemoteWriteSink
) -> None:
    rng, memory, at = random.Random(3), MemorySink(), now() - MINUTE
    for _ in range(100):
        batch = [
            written(
                "any", rng.choice([1.0, 2.0, None]), at + SECOND * rng.randrange(30), n=str(rng.randrange(40))
            )
            for _ in range(rng.randrange(12))
        ]
        assert isinstance(sink.write(batch, 10), Stored)
        memory.write(batch, 10)
    found = read(prometheus, "any")
    expected = {
        labels: [(t, value) for t, value in kept if value is not None]
        for labels, kept in memory.series.items()
    }
    assert found == {labels: values for labels, values in expected.items() if values}
    for second in range(30):
        t = at + SECOND * second
        present = {label_set(each["metric"]) for each in prometheus.query("any", time=str(t.timestamp()))}
        last = {
            labels: [value for when, value in kept if when <= t][-1:]
            for labels, kept in memory.series.items()
        }
        assert present == {labels for labels, value in last.items() if value not in ([], [None])}


def test_a_prometheus_that_may_not_be_written_to_says_so(tmp_path: Path) -> None:
    with running_prometheus(tmp_path) as server:
        outcome = RemoteWriteSink(f"{server.url}/api/v1/write").write([written("a", 1, now())], 10)
    assert isinstance(outcome, Unanswered)
    assert outcome.reason == "http_4xx"
    assert "remote write receiver needs to be enabled" in outcome.detail
