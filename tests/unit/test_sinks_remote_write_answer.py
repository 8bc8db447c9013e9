"""What the answers of Prometheus, Mimir, Thanos and broken proxies mean."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.http import Reply, Response, Timeout, TooLarge, Unreachable
from tocsin.ports import Refused, Stored, Unanswered
from tocsin.sinks.remote_write_answer import DETAIL_CHARS, Later, Old, read_reply

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
MIMIR = (
    "failed pushing to ingester: user=a: the sample has been rejected because {} (err-mimir-sample-{}). The "
    "affected sample has timestamp 2026-03-01T12:00:00Z and is from series up"
)


@pytest.mark.parametrize(
    ("status", "body", "out_of_bounds"),
    [
        pytest.param(400, "out of order sample\n", False, id="prometheus, out of order"),
        pytest.param(400, "duplicate sample for timestamp\n", False, id="prometheus, another value"),
        pytest.param(
            400, "duplicate sample for timestamp 5; overrides not allowed: existing 1, new value 2", False,
            id="prometheus 3, another value",
        ),
        pytest.param(400, "out of bounds\n", True, id="prometheus, before its head"),
        pytest.param(500, "too old sample\n", False, id="prometheus 2.42, beyond the out-of-order window"),
        pytest.param(400, "too old sample\n", False, id="prometheus 3, beyond the out-of-order window"),
        pytest.param(409, "store locally: add 2 samples: out of order sample", False, id="thanos"),
        pytest.param(400, "user=1: err: out of order sample. timestamp=1, series={}", False, id="cortex"),
        pytest.param(400, "user=1: err: out of bounds. timestamp=1, series={}", False, id="cortex, before its head"),
        pytest.param(400, MIMIR.format("x", "out-of-order"), False, id="mimir, out of order"),
        pytest.param(400, MIMIR.format("x", "duplicate-timestamp"), False, id="mimir, another value"),
        pytest.param(400, MIMIR.format("x", "timestamp-too-old"), False, id="mimir, too old"),
    ],
)  # fmt: skip
def test_what_is_too_old_is_no_error(status: int, body: str, out_of_bounds: bool) -> None:
    assert read_reply(Response(status, {}, body.encode()), NOW) == Old(out_of_bounds)


@pytest.mark.parametrize(
    ("reply", "answer"),
    [
        pytest.param(Response(200, {}, b""), Stored(), id="200"),
        pytest.param(Response(204, {}, b""), Stored(), id="204"),
        pytest.param(
            Response(400, {}, b"snappy: corrupt input\n"),
            Refused("bad_data", "HTTP 400: snappy: corrupt input"),
            id="400",
        ),
        pytest.param(Response(422, {}, b""), Refused("bad_data", "HTTP 422"), id="422"),
        pytest.param(Response(413, {}, b"big"), Refused("too_large", "HTTP 413: big"), id="413"),
        pytest.param(Response(401, {}, b"Bearer s3cret?"), Unanswered("HTTP 401", "auth"), id="401"),
        pytest.param(Response(403, {}, b""), Unanswered("HTTP 403", "auth"), id="403"),
        pytest.param(
            Response(404, {}, b"remote write\n receiver needs to be enabled"),
            Unanswered("HTTP 404: remote write receiver needs to be enabled", "http_4xx"),
            id="404",
        ),
        pytest.param(Response(302, {}, b""), Unanswered("HTTP 302", "http_3xx"), id="302"),
        pytest.param(
            Response(429, {"retry-after": "7"}, b""),
            Later(Unanswered("HTTP 429", "throttled"), 7.0),
            id="429",
        ),
        pytest.param(
            Response(503, {"retry-after": "Sun, 01 Mar 2026 12:00:09 GMT"}, b"busy"),
            Later(Unanswered("HTTP 503: busy", "http_5xx"), 9.0),
            id="503 with a date",
        ),
        pytest.param(Response(500, {}, b""), Later(Unanswered("HTTP 500", "http_5xx"), None), id="500"),
        pytest.param(
            Response(502, {}, b"<p>This service is out of order</p>"),
            Later(Unanswered("HTTP 502: <p>This service is out of order</p>", "http_5xx"), None),
            id="a proxy that is out of order itself",
        ),
        pytest.param(Timeout("slow"), Unanswered("slow"), id="timeout"),
        pytest.param(Unreachable("gone"), Unanswered("gone", "unreachable"), id="unreachable"),
        pytest.param(TooLarge("big", 204), Stored(), id="stored, with an endless answer"),
        pytest.param(
            TooLarge("big", 502), Later(Unanswered("HTTP 502", "http_5xx"), None), id="an endless error"
        ),
        pytest.param(Response(400, {}, b"\xff"), Refused("bad_data", "HTTP 400: \ufffd"), id="no text"),
    ],
)
def test_what_an_answer_means(reply: Reply, answer: object) -> None:
    assert read_reply(reply, NOW) == answer


def test_details_are_short() -> None:
    answer = read_reply(Response(400, {}, b"x" * 10_000), NOW)
    assert isinstance(answer, Refused)
    assert len(answer.detail) == DETAIL_CHARS


@given(st.integers(100, 999), st.binary(max_size=60), st.text(max_size=20))
def test_every_answer_means_something(status: int, body: bytes, retry_after: str) -> None:
    answer = read_reply(Response(status, {"retry-after": retry_after}, body), NOW)
    assert isinstance(answer, Stored) == (status // 100 == 2)
