"""PrometheusSource against the real thing."""

import math
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import monotonic

import boto3
import pytest

from tests.integration.prometheus_server import Prometheus, needs_prometheus, running_prometheus
from tocsin.access.aws import AwsAccess
from tocsin.clock import SystemClock
from tocsin.http import SOURCE_BODY_BYTES, HttpClient
from tocsin.ports import Query, Refused, Sample, Samples, Unanswered
from tocsin.sources.book import Sources
from tocsin.sources.guard import Guard
from tocsin.sources.prometheus import PrometheusSource
from tocsin.sources.sourcefile import parse_sources
from tocsin.sources.stored import store_definitions
from tocsin.stores.memory import MemoryDatabase

pytestmark = [pytest.mark.prometheus, needs_prometheus]

SERIES = 40
VALUES = 'v{i=~".*"}'


@pytest.fixture(scope="module")
def prometheus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prometheus]:
    """A server with some seconds of history: values that move, stay or go, NaN and infinity."""
    with running_prometheus(tmp_path_factory.mktemp("prometheus")) as server:
        exporter = server.exporter
        exporter.set("fixed", 7)
        exporter.set("nan", math.nan)
        exporter.set("inf", math.inf)
        exporter.set("goes", 1)
        for i in range(SERIES):
            exporter.set("v", i, i=str(i))
        server.wait_for("count_over_time(fixed[1m]) >= 2")
        for i in range(SERIES):
            exporter.set("v", i + 0.5, i=str(i))
        exporter.remove("goes")
        server.wait_for("v{i='0'} == 0.5 and on() count_over_time(fixed[1m]) >= 5")
        yield server


@pytest.fixture(scope="module")
def source(prometheus: Prometheus) -> Iterator[PrometheusSource]:
    transport = HttpClient(SOURCE_BODY_BYTES, 32)
    yield PrometheusSource(prometheus.url, transport=transport)
    transport.close()


@pytest.fixture(scope="module")
def scraped(prometheus: Prometheus) -> tuple[datetime, datetime]:
    """When the first and the last sample so far were taken."""
    [first] = prometheus.query("min_over_time(timestamp(fixed)[1m:100ms])")
    [last] = prometheus.query("timestamp(fixed)")
    return (
        datetime.fromtimestamp(float(first["value"][1]), UTC),
        datetime.fromtimestamp(float(last["value"][1]), UTC),
    )


def now() -> datetime:
    return datetime.now(UTC)


def by_labels(samples: tuple[Sample, ...]) -> dict[tuple[tuple[str, str], ...], str]:
    return {tuple(sorted(sample.labels.items())): repr(sample.value) for sample in samples}


@pytest.mark.parametrize(
    "expr", [VALUES, "v > 20", "goes", "nan", "inf", "sum(v)", "absent(goes)", "scalar(fixed)"]
)
@pytest.mark.parametrize("step_ms", [1000, 137])
def test_instant_and_range_answers_agree_point_by_point(
    source: PrometheusSource, scraped: tuple[datetime, datetime], expr: str, step_ms: int
) -> None:
    step, (first, last) = timedelta(milliseconds=step_ms), scraped
    start = first - 2 * step  # where there is nothing yet
    at = tuple(start + step * n for n in range((last - start) // step))
    answers = source.ask([Query(expr, at, step_ms / 1000), *(Query(expr, (t,), 1.0) for t in at)], 20)
    [together, *one_by_one] = answers
    assert isinstance(together, Samples)
    points = [answer.at[0] for answer in one_by_one if isinstance(answer, Samples)]
    assert [*map(by_labels, together.at)] == [*map(by_labels, points)]
    assert any(points)


def test_values_and_labels_come_as_they_were_scraped(source: PrometheusSource) -> None:
    answers = source.ask([Query(expr, (now(),), 1.0) for expr in ("fixed", "nan", "inf", "goes", "42")], 10)
    labels = {"instance": "exporter", "job": "test"}
    fixed, nan, inf, goes, scalar = (answer.at[0] for answer in answers if isinstance(answer, Samples))
    assert fixed == (Sample({"__name__": "fixed", **labels}, 7.0),)
    assert math.isnan(nan[0].value)
    assert inf[0].value == math.inf
    assert goes == ()
    assert scalar == (Sample({}, 42.0),)


@pytest.mark.parametrize(
    ("expr", "points", "reason", "word"),
    [
        pytest.param("up ==", 1, "bad_data", "parse error", id="no expression"),
        pytest.param("up ==", 3, "bad_data", "parse error", id="no expression, range"),
        pytest.param("v * on(job) v", 1, "execution", "many-to-many", id="ambiguous"),
        pytest.param("v * on(job) v", 3, "execution", "many-to-many", id="ambiguous, range"),
        pytest.param('"text"', 1, "bad_data", "string", id="a string"),
        pytest.param('"text"', 3, "bad_data", "string", id="a string, range"),
        pytest.param("v[1m]", 1, "bad_data", "matrix", id="a range vector"),
    ],
)
def test_a_refusal_is_one_answer_among_others(
    source: PrometheusSource, expr: str, points: int, reason: str, word: str
) -> None:
    end = now()
    at = tuple(end - timedelta(seconds=n) for n in reversed(range(points)))
    refused, answered = source.ask([Query(expr, at, 1.0), Query("fixed", at, 1.0)], 10)
    assert isinstance(refused, Refused)
    assert refused.reason == reason
    assert word in refused.detail
    assert isinstance(answered, Samples)


SLOW = " + ".join(["count_over_time(fixed[10h:1ms])"] * 4)  # it looks at the time between the terms


def test_a_query_that_takes_longer_than_it_may_is_unanswered_and_not_tried_again(
    prometheus: Prometheus,
) -> None:
    started = monotonic()
    source = PrometheusSource(prometheus.url, guard=Guard(timeout_seconds=0.3))
    [answer] = source.ask([Query(SLOW, (now(),), 1.0)], 20)
    assert isinstance(answer, Unanswered)
    assert answer.reason == "unanswered"
    assert monotonic() - started < 5


def test_a_slow_query_is_unanswered_in_time_and_holds_no_other(prometheus: Prometheus) -> None:
    source = PrometheusSource(prometheus.url, guard=Guard(timeout_seconds=60))
    started = monotonic()
    slow, quick = source.ask([Query(SLOW, (now(),), 1.0), Query("fixed", (now(),), 1.0)], 1.5)
    assert monotonic() - started < 5
    assert isinstance(quick, Samples)
    assert isinstance(slow, Unanswered)
    assert slow.reason == "unanswered"


def test_many_queries_are_answered_at_once(source: PrometheusSource) -> None:
    at = (now(),)
    answers = source.ask([Query(f"v{{i='{n % SERIES}'}}", at, 1.0) for n in range(300)], 20)
    found = [answer.at[0][0].labels["i"] for answer in answers if isinstance(answer, Samples)]
    assert found == [str(n % SERIES) for n in range(300)]


def test_a_server_that_is_gone_is_unreachable(tmp_path: Path) -> None:
    with running_prometheus(tmp_path) as server:
        source = PrometheusSource(server.url)
        assert isinstance(source.ask([Query("1", (now(),), 1.0)], 10)[0], Samples)
    [answer] = source.ask([Query("1", (now(),), 1.0)], 10)
    assert isinstance(answer, Unanswered)
    assert answer.reason == "unreachable"


def test_each_timestamp_alone_gives_what_a_range_gives_but_for_start(
    source: PrometheusSource, scraped: tuple[datetime, datetime]
) -> None:
    first, last = scraped
    step = timedelta(seconds=1)
    at = tuple(first + step * n for n in range(int((last - first) / step) + 1))

    def both(expr: str) -> tuple[Samples, Samples]:
        ranged, singly = source.ask([Query(expr, at, 1.0), Query(expr, at, 1.0, singly=True)], 10)
        assert isinstance(ranged, Samples)
        assert isinstance(singly, Samples)
        return ranged, singly

    ranged, singly = both("fixed")
    assert ranged == singly
    ranged, singly = both("timestamp(fixed @ start())")
    assert len({samples[0].value for samples in ranged.at}) == 1
    # A busy machine misses a scrape now and then.
    assert len({samples[0].value for samples in singly.at}) > 1


def test_a_source_of_sources_yml_asks_and_a_wrong_one_beside_it_is_unanswered(prometheus: Prometheus) -> None:
    text = f"""
    sources:
      - {{name: here, kind: prometheus, settings: {{url: "{prometheus.url}", tenant: a}}}}
      - {{name: gone, kind: prometheus, retries: 0, settings: {{url: "http://127.0.0.1:1"}}}}
    """
    database = MemoryDatabase()
    version = store_definitions(database, parse_sources(text, "sources.yml"), text, by="ada", now=now())
    assert version is not None
    book = Sources(database, AwsAccess(boto3.Session, SystemClock()))
    answers = {}
    for name in ("here", "gone"):
        backend = book(name, version)
        assert backend is not None
        [answers[name]] = backend.source.ask([Query("fixed", (now(),), 1.0)], 5)
    assert isinstance(answers["here"], Samples)
    assert answers["gone"] == Unanswered("http://127.0.0.1:1: Connection refused", "unreachable")
