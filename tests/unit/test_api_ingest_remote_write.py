"""Remote write, as Prometheus and Mimir are sent it: stored, or refused so that the sender does what is right."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import cramjam
import pytest

from tests.unit.asking_api import Api
from tests.unit.commandline import NOON
from tests.unit.ingested import stored
from tocsin.api.ingest.unpacking import MOST_BYTES, MOST_PACKED_BYTES
from tocsin.instants import millis
from tocsin.metric import Metric
from tocsin.samples import log
from tocsin.samples.ingesting import MOST_SAMPLES
from tocsin.sinks.points import Point
from tocsin.sinks.prompb import write_request
from tocsin.sinks.snappy import varint
from tocsin.staleness import is_stale

WRITE = "/api/v1/write"
PATHS = (WRITE, "/api/v1/push", "/mimir/api/v1/push")
MS = millis(NOON)
UP = (("__name__", "up"), ("job", "api"))
PROMETHEUS = {
    "content_type": "application/x-protobuf",
    "content_encoding": "snappy",
    "x_prometheus_remote_write_version": "0.1.0",
    "user_agent": "Prometheus/3.5.0",
}


def body(points: Sequence[Point]) -> bytes:
    return bytes(cramjam.snappy.compress_raw(b"".join(write_request(points))))


@pytest.fixture
def api() -> Api:
    return Api()


@pytest.mark.parametrize("path", PATHS)
def test_what_prometheus_sends_is_stored(api: Api, path: str) -> None:
    points = [Point(UP, MS, 1.0), Point(UP, MS + 15_000, 0.0), Point((("__name__", "x:y"),), MS, 2.5)]
    answer = api.ask("POST", path, body(points), **PROMETHEUS)
    assert (answer.status, answer.body) == (204, b"")
    assert stored(api) == [
        Metric("prometheus", {"up": 1.0}, {"job": "api"}, at=NOON),
        Metric("prometheus", {"up": 0.0}, {"job": "api"}, at=NOON + timedelta(seconds=15)),
        Metric("prometheus", {"x:y": 2.5}, at=NOON),
    ]
    assert api.meter.total("samples_taken") == 3


def test_the_end_of_a_series_is_stored(api: Api) -> None:
    assert api.ask("POST", WRITE, body([Point(UP, MS, None)]), **PROMETHEUS).status == 204
    [end] = stored(api)
    assert is_stale(end.fields["up"])


def test_good_samples_are_stored_and_the_sender_is_told_not_to_come_again_with_the_others(api: Api) -> None:
    points = [Point(UP, MS, 1.0), Point(UP, MS - 3_600_001, 1.0), Point((("job", "api"),), MS, 1.0)]
    answer = api.ask("POST", WRITE, body(points), **PROMETHEUS)
    assert answer.status == 400
    assert answer.headers["Content-Type"].startswith("text/plain")
    assert answer.body.decode() == (
        "partial write: 1 of 3 samples are stored; "
        "up: its time is more than 1 h ago; a series: it has no name\n"
    )
    assert [metric.fields for metric in stored(api)] == [{"up": 1.0}]


SECOND = "application/x-protobuf;proto=io.prometheus.write.v2.Request"
FIRST = "application/x-protobuf;proto=prometheus.WriteRequest"
HEADERS: dict[str, tuple[dict[str, str], int]] = {
    "version 1 by its name": ({"content_type": FIRST}, 204),
    "nothing said of the encoding": ({"content_encoding": ""}, 204),
    "nothing said of the body": ({"content_type": ""}, 204),
    "version 2, which is not read": ({"content_type": SECOND}, 415),
    "version 2 in quotes": ({"content_type": SECOND.replace("io", '"io') + '"'}, 415),
    "no protobuf": ({"content_type": "application/json"}, 415),
    "another encoding": ({"content_encoding": "zstd"}, 415),
}


@pytest.mark.parametrize(("headers", "status"), HEADERS.values(), ids=HEADERS)
def test_a_sender_is_told_what_is_not_read_here(api: Api, headers: dict[str, str], status: int) -> None:
    answer = api.ask("POST", WRITE, body([Point(UP, MS, 1.0)]), **(PROMETHEUS | headers))
    assert answer.status == status
    assert len(stored(api)) == (status == 204)


def literal(data: bytes) -> bytes:
    return bytes(cramjam.snappy.compress_raw(data))


WRONG: dict[str, tuple[bytes, int, str]] = {
    "no Snappy": (b"\xff" * 9, 400, "the body is no Snappy block"),
    "no message": (literal(b"\x0b"), 400, "the body is no WriteRequest"),
    "good series before what is none": (
        literal(b"".join(write_request([Point(UP, MS, 1.0)])) + b"\x0b"),
        400,
        "the body is no WriteRequest",
    ),
    "too large": (b"x" * (MOST_PACKED_BYTES + 1), 413, "the body has 4194305 bytes"),
    "too large unpacked": (varint(MOST_BYTES + 1) + b"\0", 413, "it holds 16777217 bytes"),
    "too many samples": (
        body([Point(UP, MS + number, 1.0) for number in range(MOST_SAMPLES + 1)]),
        413,
        "at most 20000 samples are taken at once; send less at once",
    ),
    "too many series without a sample": (literal(b"\x0a\x00" * 20_001), 413, "at most 20000 samples"),
}


@pytest.mark.parametrize(("sent", "status", "said"), WRONG.values(), ids=WRONG)
def test_what_will_never_be_read_is_refused_whole(api: Api, sent: bytes, status: int, said: str) -> None:
    answer = api.ask("POST", WRITE, sent, **PROMETHEUS)
    assert (answer.status, stored(api)) == (status, [])
    assert said in answer.body.decode()


def test_what_passes_is_to_be_sent_again(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log, "_TRIES", 0)
    answer = api.ask("POST", WRITE, body([Point(UP, MS, 1.0)]), **PROMETHEUS)
    assert (answer.status, answer.headers["Retry-After"]) == (503, "1")


def test_what_is_sent_twice_is_there_twice_and_the_same(api: Api) -> None:
    sent = body([Point(UP, MS, 1.0)])
    answers: list[Any] = [api.ask("POST", WRITE, sent, **PROMETHEUS).status for _ in range(2)]
    assert answers == [204, 204]
    first, second = stored(api)
    assert first == second
