"""InfluxDB as an output: what is asked of it, and what its answers mean."""

import gzip
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from pydantic import ValidationError

from tests.unit.source_access import FakeAccess
from tocsin.http import Reply, Response, Timeout, TooLarge, Unreachable
from tocsin.metric import Metric
from tocsin.outputs import registry
from tocsin.outputs.influxdb_answer import read_reply
from tocsin.ports import Refused, Stored, Unanswered
from tocsin.shipping.backoff import Later
from tocsin.tls import Tls

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
METRICS = [Metric("cpu", {"idle": 9.5, "cores": 4}, {"host": "a b"}, at=AT)]
LINES = b"cpu,host=a\\ b idle=9.5,cores=4i 1772366400000000000\n"
TOKEN = {"secret": "influx", "key": "token"}
SECRETS = {"influx/token": "t0ken", "influx/password": "pa55", "influx/key": "PEM"}
V2 = {"urls": ["https://influx.example"], "token": TOKEN, "organization": "o", "bucket": "b/c"}


def settings(kind: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """Return settings as they are stored."""
    return registry.kind(kind).settings().model_validate(given).model_dump(mode="json", by_alias=True)


def written(kind: str, given: Mapping[str, Any], *replies: Reply) -> tuple[FakeAccess, Any]:
    """Write the metrics to an output with these settings; return who was asked, and what came of it."""
    access = FakeAccess(replies or [Response(204, {}, b"")], dict(SECRETS))
    writer = registry.kind(kind).open(settings(kind, given), access)
    return access, writer.write(METRICS, 5.0)


@pytest.mark.parametrize(
    ("kind", "given", "path", "query", "authorization"),
    [
        (
            "influxdb_v2",
            V2,
            "/api/v2/write",
            {"org": ["o"], "bucket": ["b/c"], "precision": ["ns"]},
            "Token t0ken",
        ),
        (
            "influxdb",
            {"urls": ["http://influx.example:8086/base/"], "database": "telegraf"},
            "/base/write",
            {"db": ["telegraf"], "precision": ["ns"]},
            None,
        ),
        (
            "influxdb",
            {
                "urls": ["http://influx.example"],
                "database": "d",
                "retention_policy": "week",
                "write_consistency": "any",
                "username": "u",
                "password": {"secret": "influx", "key": "password"},
            },
            "/write",
            {"db": ["d"], "rp": ["week"], "consistency": ["any"], "precision": ["ns"]},
            "Basic dTpwYTU1",
        ),
        (
            "timestream_influxdb",
            {"endpoint": "db.timestream.example", "token": TOKEN, "organization": "o", "bucket": "b"},
            "/api/v2/write",
            {"org": ["o"], "bucket": ["b"], "precision": ["ns"]},
            "Token t0ken",
        ),
    ],
)
def test_lines_are_posted_as_each_version_wants_them(
    kind: str, given: Mapping[str, Any], path: str, query: Mapping[str, Any], authorization: str | None
) -> None:
    access, answer = written(kind, given)
    assert answer == Stored()
    [request] = access.requests
    url = urlsplit(request.url)
    assert (request.method, url.path, parse_qs(url.query)) == ("POST", path, query)
    assert request.headers.get("Authorization") == authorization
    assert request.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(request.body) == LINES
    assert request.repeatable  # over a connection that the other side has dropped meanwhile


def test_an_instance_of_timestream_is_reached_by_https_at_its_port() -> None:
    given = {"endpoint": "db.example", "token": TOKEN, "bucket": "b"}
    access, _ = written("timestream_influxdb", given)
    assert access.requests[0].url.startswith("https://db.example:8086/api/v2/write?")
    access, _ = written("timestream_influxdb", {**given, "port": 8181})
    assert access.requests[0].url.startswith("https://db.example:8181/")


def test_the_body_is_plain_where_that_is_asked_for() -> None:
    access, _ = written("influxdb", {**V2, "content_encoding": "identity"})
    assert access.requests[0].body == LINES
    assert "Content-Encoding" not in access.requests[0].headers


def test_headers_certificates_and_proxy_are_those_of_the_settings() -> None:
    given = {
        **V2,
        "http_headers": {"X-Team": "a", "X-Key": {"secret": "influx", "key": "key"}},
        "http_proxy": "http://proxy.example:3128",
        "tls_ca": "PEM",
        "insecure_skip_verify": True,
    }
    access, _ = written("influxdb", given)
    sent = access.requests[0].headers
    assert (sent["X-Team"], sent["X-Key"], sent["Authorization"]) == ("a", "PEM", "Token t0ken")
    assert access.transports == [(1, Tls(ca="PEM", verify=False), "http://proxy.example:3128")]


def test_of_several_urls_the_first_that_answers_is_written_to() -> None:
    given = {**V2, "urls": ["https://one.example", "https://two.example", "https://three.example"]}
    access, answer = written("influxdb", given, Unreachable("down"), Response(204, {}, b""))
    assert answer == Stored()
    assert [urlsplit(request.url).hostname for request in access.requests] == ["one.example", "two.example"]


def test_metrics_that_have_no_line_are_not_sent() -> None:
    access = FakeAccess(secrets=dict(SECRETS))
    writer = registry.kind("influxdb").open(settings("influxdb", V2), access)
    assert writer.write([Metric("m", {"v": float("nan")}, at=AT)], 5.0) == Stored()
    assert access.requests == []


def test_a_secret_that_cannot_be_read_is_no_answer() -> None:
    access = FakeAccess()
    writer = registry.kind("influxdb").open(settings("influxdb", V2), access)
    answer = writer.write(METRICS, 5.0)
    assert isinstance(answer, Unanswered)
    assert answer.reason == "auth"


def test_a_token_that_is_refused_is_read_again() -> None:
    access, answer = written("influxdb", V2, Response(401, {}, b""))
    assert answer == Unanswered("HTTP 401", "auth")
    assert [str(reference) for reference in access.renewed] == ["secret influx, key token"]


def test_a_token_is_in_no_repr() -> None:
    access = FakeAccess(secrets=dict(SECRETS))
    writer = registry.kind("influxdb").open(settings("influxdb", V2), access)
    writer.write(METRICS, 5.0)
    assert "t0ken" not in repr(writer)


PARTIAL = b'{"error":"partial write: points beyond retention policy dropped=3"}'
PARTIAL_V2 = (
    b'{"code":"unprocessable entity","message":"failure writing points to database: '
    b'partial write: points beyond retention policy dropped=2"}'
)
CONFLICT = b'{"error":"partial write: field type conflict: input field \\"v\\" dropped=1"}'


@pytest.mark.parametrize(
    ("reply", "answer"),
    [
        (Response(204, {}, b""), Stored()),
        (Response(200, {}, b"{}"), Stored()),
        (Response(400, {}, PARTIAL), Stored(3)),
        (Response(422, {}, PARTIAL_V2), Stored(2)),
        (
            Response(400, {}, CONFLICT),
            Refused("bad_data", 'HTTP 400: partial write: field type conflict: input field "v" dropped=1'),
        ),
        (
            Response(400, {}, b'{"code":"invalid","message":"unable to parse"}'),
            Refused("bad_data", "HTTP 400: unable to parse"),
        ),
        (Response(400, {}, b"\xff no json"), Refused("bad_data", "HTTP 400: \ufffd no json")),
        (Response(400, {}, b"[]"), Refused("bad_data", "HTTP 400: []")),
        (Response(413, {}, b""), Refused("too_large", "HTTP 413")),
        (Response(401, {}, b"who"), Unanswered("HTTP 401", "auth")),
        (Response(403, {}, b"you"), Unanswered("HTTP 403", "auth")),
        (
            Response(404, {}, b'{"error":"database not found"}'),
            Unanswered("HTTP 404: database not found", "http_4xx"),
        ),
        (Response(302, {}, b""), Unanswered("HTTP 302", "http_3xx")),
        (Response(429, {"retry-after": "30"}, b""), Later("HTTP 429", "throttled", 30.0)),
        (Response(503, {"retry-after": "7"}, b""), Later("HTTP 503", "http_5xx", 7.0)),
        (Response(503, {}, b"busy"), Unanswered("HTTP 503: busy", "http_5xx")),
        (Response(500, {}, b""), Unanswered("HTTP 500", "http_5xx")),
        (Timeout("no answer"), Unanswered("no answer")),
        (Unreachable("refused"), Unanswered("refused", "unreachable")),
        (TooLarge("", 204), Stored()),
        (TooLarge("", 500), Unanswered("HTTP 500", "http_5xx")),
    ],
)
def test_an_answer_means(reply: Reply, answer: object) -> None:
    assert read_reply(reply, AT) == answer


@pytest.mark.parametrize(
    ("kind", "wrong", "reason"),
    [
        ("influxdb", {"urls": ["http://i"]}, "either bucket"),
        ("influxdb", {"urls": ["http://i"], "bucket": "b", "database": "d"}, "either bucket"),
        ("influxdb", {"urls": [], "bucket": "b"}, "at least 1"),
        ("influxdb", {"urls": ["udp://i:8089"], "database": "d"}, "expected a URL"),
        ("influxdb", {"urls": ["http://i"], "database": "d", "token": TOKEN}, "token does not go with"),
        ("influxdb", {"urls": ["http://i"], "bucket": "b", "username": "u"}, "username does not go with"),
        ("influxdb", {"urls": ["http://i"], "database": "d", "username": "u"}, "go together"),
        ("influxdb", {"urls": ["http://i"], "bucket": "b", "tls_cert": "PEM"}, "go together"),
        ("influxdb", {"urls": ["http://i"], "bucket": "b", "token": "t0ken"}, "token"),
        ("influxdb", {"urls": ["http://i"], "bucket": "b", "bucket_tag": "t"}, "bucket_tag"),
        ("timestream_influxdb", {"endpoint": "https://x", "token": TOKEN, "bucket": "b"}, "endpoint"),
        ("timestream_influxdb", {"endpoint": "x", "bucket": "b"}, "token"),
    ],
)
def test_settings_that_are_wrong_are_refused(kind: str, wrong: Mapping[str, Any], reason: str) -> None:
    with pytest.raises(ValidationError, match=reason) as refusal:
        settings(kind, wrong)
    assert "t0ken" not in str(refusal.value)
