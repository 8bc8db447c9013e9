"""http_response: what is found of a URL, under Telegraf's names, and how servers that misbehave end."""

import socket
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from tests.unit.gathering import LONG, gathered, gathering, stored, tools
from tests.unit.misbehaving_server import (
    Behaviour,
    Connection,
    Server,
    close,
    drip,
    flood,
    hang,
    reply,
    serving,
    unused_url,
)
from tests.unit.source_access import FakeAccess
from tests.unit.test_http_tls import NAME, Authority, secure
from tocsin.http import Request, Response, Timeout, TooLarge, Unreachable, Why
from tocsin.inputs.http_response import BODY_BYTES, KIND, RESULT_CODES, Expected, judged
from tocsin.inputs.network import Network
from tocsin.inputs.reach import LOCAL, Reach
from tocsin.inputs.tools import Tools
from tocsin.metric import FieldValue, Metric

METADATA = "http://169.254.169.254/latest/meta-data/"
SHORT = 0.25
"""Seconds for what hangs."""
HEAD = b"HTTP/1.1 200 OK\r\n"

# plugins/inputs/http_response/http_response.go: setResult, httpGather, setBodyReadError.
FIELDS = {
    "response_time": float,
    "content_length": int,
    "http_response_code": int,
    "response_string_match": int,
    "response_status_code_match": int,
    "result_type": str,
    "result_code": int,
}
TAGS = {"server", "method", "status_code", "result"}
TELEGRAF_CODES = {
    "success": 0,
    "response_string_mismatch": 1,
    "body_read_error": 2,
    "connection_failed": 3,
    "timeout": 4,
    "dns_error": 5,
    "response_status_code_mismatch": 6,
}


def check(url: str, given: Tools | None = None, seconds: float = LONG, **settings: Any) -> Metric:
    """Return what is found of one URL."""
    gather = gathered(KIND, {"urls": [url], **settings}, given, seconds)
    (metric,) = gather.metrics
    assert metric.name == "http_response"
    return metric


def named(
    lookup: Callable[[str], Sequence[str]], reach: Reach = LOCAL, access: FakeAccess | None = None
) -> Tools:
    return Tools(access or FakeAccess(), Network(reach, lookup))


def here(host: str) -> Sequence[str]:
    return ["127.0.0.1"]


def result(metric: Metric) -> FieldValue:
    """Return the result, which is the same in its three places."""
    assert metric.tags["result"] == metric.fields["result_type"]
    assert metric.fields["result_code"] == TELEGRAF_CODES[metric.tags["result"]]
    return metric.tags["result"]


def test_fields_tags_and_codes_are_telegrafs() -> None:
    assert RESULT_CODES == TELEGRAF_CODES
    with serving(reply(200, b"all is up")) as server:
        metric = check(server.url, response_string_match="up", response_status_code=200)
    assert {name: type(value) for name, value in metric.fields.items()} == FIELDS
    assert set(metric.tags) == TAGS
    assert metric.tags == {"server": server.url, "method": "GET", "status_code": "200", "result": "success"}
    expected = {"content_length": 9, "http_response_code": 200, "result_type": "success", "result_code": 0}
    assert expected.items() <= metric.fields.items()
    assert 0 < float(metric.fields["response_time"]) < LONG


ANSWER = Response(404, {"x-version": "3"}, b"gone")
FAILED = {"result_type": "connection_failed", "result_code": 3}


@pytest.mark.parametrize(
    ("found", "expected", "fields"),
    [
        pytest.param(
            ANSWER, Expected(), {"result_type": "success", "result_code": 0}, id="any status is a success"
        ),
        pytest.param(
            ANSWER,
            Expected(pattern="g.ne$"),
            {"result_type": "success", "result_code": 0, "response_string_match": 1},
            id="the body matches",
        ),
        pytest.param(
            ANSWER,
            Expected(pattern="Gone"),
            {"result_type": "response_string_mismatch", "result_code": 1, "response_string_match": 0},
            id="the body does not match",
        ),
        pytest.param(
            ANSWER,
            Expected(status=200),
            {
                "result_type": "response_status_code_mismatch",
                "result_code": 6,
                "response_status_code_match": 0,
            },
            id="the status does not match",
        ),
        pytest.param(
            ANSWER,
            Expected(pattern="up", status=200),
            {
                "result_type": "response_status_code_mismatch",
                "result_code": 6,
                "response_string_match": 0,
                "response_status_code_match": 0,
            },
            id="neither matches: the status is said",
        ),
        pytest.param(
            ANSWER,
            Expected(pattern="up", status=404),
            {
                "result_type": "response_string_mismatch",
                "result_code": 1,
                "response_string_match": 0,
                "response_status_code_match": 1,
            },
            id="the status matches, the body does not",
        ),
        pytest.param(
            ANSWER,
            Expected(body_field="body"),
            {"body": "gone", "result_type": "success"},
            id="the body as a field",
        ),
    ],
)
def test_an_answer_is_compared_as_telegraf_does(
    found: Response, expected: Expected, fields: dict[str, FieldValue]
) -> None:
    finding = judged(found, expected, 0.5)
    common = {"response_time": 0.5, "http_response_code": 404, "content_length": 4}
    assert finding.fields == {**common, "result_code": 0, **fields}
    assert finding.tags == {"status_code": "404", "result": fields["result_type"]}


@pytest.mark.parametrize(
    ("found", "fields"),
    [
        (Timeout("late"), {"result_type": "timeout", "result_code": 4}),
        (Unreachable("no such name", why=Why.NAME), {"result_type": "dns_error", "result_code": 5}),
        (Unreachable("refused"), FAILED),
        (Unreachable("forbidden", why=Why.FORBIDDEN), FAILED),
    ],
)
def test_without_an_answer_there_is_a_result_and_nothing_else(
    found: Timeout | Unreachable, fields: dict[str, FieldValue]
) -> None:
    finding = judged(found, Expected(pattern="up", status=200), 0.5)
    assert finding.fields == fields
    assert finding.tags == {"result": fields["result_type"]}


@pytest.mark.parametrize(
    ("found", "length"),
    [
        (Timeout("late", 200), {}),
        (Unreachable("broken", 200), {}),
        (TooLarge("large", 200), {"content_length": 11}),
        (Response(200, {}, b"\xff"), {"content_length": 1}),
    ],
)
def test_a_body_that_cannot_be_read_is_an_error_of_the_body(
    found: Timeout | Unreachable | TooLarge | Response, length: dict[str, FieldValue]
) -> None:
    finding = judged(found, Expected(pattern="x", body_field="body", max_body_bytes=10), 0.5)
    assert finding.fields == {
        "response_time": 0.5,
        "http_response_code": 200,
        "response_string_match": 0,
        "result_type": "body_read_error",
        "result_code": 2,
        **length,
    }


def test_the_time_of_a_response_ends_with_its_headers() -> None:
    finding = judged(Response(200, {}, b"ok", body_seconds=0.375), Expected(), 0.5)
    assert finding.fields["response_time"] == 0.125

    def slow_body(connection: Connection) -> None:
        connection.send(HEAD + b"Content-Length: 2\r\n\r\n")
        connection.stopped.wait(0.1)
        connection.send(b"ok")

    with serving(slow_body) as server:
        answer = Network(LOCAL).transport()(Request("GET", server.url), LONG)
    assert isinstance(answer, Response)
    assert 0 < answer.body_seconds < LONG


@pytest.mark.parametrize(
    ("behaviour", "expected"),
    [
        pytest.param(hang, "timeout", id="hangs before its headers"),
        pytest.param(drip(HEAD + b"X-Y: "), "timeout", id="headers drip"),
        pytest.param(drip(HEAD + b"Content-Length: 60000\r\n\r\n"), "body_read_error", id="body drips"),
        pytest.param(close, "connection_failed", id="hangs up"),
        pytest.param(lambda c: c.send(b"220 smtp\r\n\r\n"), "connection_failed", id="speaks no HTTP"),
        pytest.param(
            flood(HEAD, b"X-Y: z\r\n" * 1000, 1000, []), "connection_failed", id="headers without end"
        ),
        pytest.param(
            flood(HEAD + b"X: ", b"y" * 10_000, 1000, []), "connection_failed", id="a header without end"
        ),
    ],
)
def test_a_server_that_misbehaves_ends_in_time_with_a_result(behaviour: Behaviour, expected: str) -> None:
    timeout = {"timeout": "250ms", "body_read_error": "500ms"}.get(expected, "30s")
    with serving(behaviour) as server:
        gather = gathering()
        (probe,) = KIND.open(stored(KIND, {"urls": [server.url], "response_timeout": timeout}), tools())
        probe(gather)
    assert result(gather.metrics[0]) == expected
    assert gather.left_seconds() > LONG / 2
    assert gather.failures == []


def test_a_run_that_ends_sooner_ends_the_request() -> None:
    with serving(hang) as server:
        assert result(check(server.url, seconds=SHORT, response_timeout="30s")) == "timeout"


def test_a_body_is_taken_up_to_a_limit() -> None:
    sent: list[int] = []
    with serving(flood(HEAD + b"\r\n", b"x" * (1 << 20), 100, sent)) as server:
        metric = check(server.url)
    assert result(metric) == "body_read_error"
    assert metric.fields["content_length"] == BODY_BYTES + 1
    assert sum(sent) < 20 << 20  # what the sockets of both sides hold, at most
    with serving(reply(200, b"x" * 2048)) as server:
        assert result(check(server.url, response_body_max_size="2KiB")) == "success"
        assert result(check(server.url, response_body_max_size=2047)) == "body_read_error"


def test_nobody_there_is_a_failed_connection() -> None:
    assert result(check(unused_url())) == "connection_failed"


def test_a_name_without_an_address_is_an_error_of_dns() -> None:
    def nothing(host: str) -> Sequence[str]:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    assert result(check("http://gone.example/", named(nothing))) == "dns_error"


def test_a_name_that_is_not_resolved_in_time_is_a_timeout() -> None:
    release = threading.Event()

    def slow(host: str) -> Sequence[str]:
        release.wait(LONG)
        return ["127.0.0.1"]

    try:
        assert result(check("http://slow.example/", named(slow), response_timeout="100ms")) == "timeout"
    finally:
        release.set()


def test_a_certificate_that_is_not_accepted_is_a_failed_connection(tmp_path: Path) -> None:
    authority = Authority()
    with secure(authority, tmp_path) as url:
        trusting: dict[str, Any] = {
            "method": "POST",
            "tls_ca": authority.certificate,
            "tls_server_name": NAME,
        }
        assert result(check(url, method="POST")) == "connection_failed"
        assert result(check(url, **{**trusting, "tls_server_name": "other.internal"})) == "connection_failed"
        assert result(check(url, **trusting)) == "success"
        assert result(check(url, method="POST", insecure_skip_verify=True)) == "success"


def test_a_client_shows_its_certificate(tmp_path: Path) -> None:
    authority = Authority()
    certificate, key = authority.issue("tocsin")
    with secure(authority, tmp_path, asks=True) as url:
        access = FakeAccess(secrets={"tls/": key})
        shown: dict[str, Any] = {
            "tls_cert": certificate,
            "tls_key": {"secret": "tls"},
            "response_body_field": "body",
        }
        common: dict[str, Any] = {"method": "POST", "tls_ca": authority.certificate, "tls_server_name": NAME}
        metric = check(url, Tools(access, Network(LOCAL)), **common, **shown)
    assert metric.fields["body"] == "tocsin"


def test_headers_of_the_answer_become_tags() -> None:
    twice = HEAD + b"X-Version: 3\r\nX-Version: 4\r\nServer: x\r\nContent-Length: 0\r\n\r\n"
    with serving(lambda c: c.send(twice)) as server:
        metric = check(server.url, http_header_tags={"x-version": "version", "Server": "by", "X-No": "no"})
    assert {name: metric.tags.get(name) for name in ("version", "by", "no")} == {
        "version": "3",
        "by": "x",
        "no": None,
    }


def test_what_is_asked_is_what_the_settings_say() -> None:
    access = FakeAccess(secrets={"login/": "s3cret", "key/v": "k3y"})
    with serving(reply()) as server:
        check(
            f"{server.url}/path?q=1",
            Tools(access, Network(LOCAL)),
            method="PUT",
            body="{}",
            username="user",
            password={"secret": "login"},
            headers={"Host": "virtual.example", "X-Key": {"secret": "key", "key": "v"}, "X-Plain": "plain"},
        )
    (received,) = server.received
    assert (received.line, received.body) == ("PUT /path?q=1 HTTP/1.1", b"{}")
    sent = {"host": "virtual.example", "x-key": "k3y", "x-plain": "plain", "connection": "close"}
    assert sent.items() <= received.headers.items()
    assert received.headers["authorization"] == "Basic dXNlcjpzM2NyZXQ="


def test_a_form_is_sent_as_a_form() -> None:
    with serving(reply()) as server:
        check(server.url, method="POST", body_form={"b": ["1", "2 3"], "a": "ä&"})
    assert server.received[0].body == b"a=%C3%A4%26&b=1&b=2+3"


def test_every_check_makes_a_connection_of_its_own() -> None:
    with serving(reply()) as server:
        (probe,) = KIND.open(stored(KIND, {"urls": [server.url]}), tools())
        gather = gathering()
        for _ in range(3):
            probe(gather)
    assert [result(metric) for metric in gather.metrics] == ["success"] * 3
    assert server.connections == 3


def test_a_bearer_token_that_cannot_be_read_is_a_failure_without_a_metric() -> None:
    with serving(reply()) as server:
        gather = gathered(KIND, {"urls": [server.url], "bearer_token": {"secret": "token"}})
    assert (gather.metrics, server.received) == ([], [])
    assert gather.failures == ["secret token: AccessDenied"]


def test_each_url_has_a_probe() -> None:
    with serving(reply()) as one, serving(hang) as other:
        opened = KIND.open(stored(KIND, {"urls": [other.url, one.url], "response_timeout": "100ms"}), tools())
        gather = gathering()
        for probe in opened:
            probe(gather)
    assert [(metric.tags["server"], result(metric)) for metric in gather.metrics] == [
        (other.url, "timeout"),
        (one.url, "success"),
    ]


# Redirects


def to(location: str, status: int = 302) -> Behaviour:
    return reply(status, b"", Location=location)


def test_a_redirect_is_an_answer_unless_it_is_to_be_followed() -> None:
    with serving(to("/there"), reply(200, b"here")) as server:
        assert check(server.url).fields["http_response_code"] == 302
        assert len(server.received) == 1
    with serving(to("/there?x=1#part"), reply(200, b"here")) as server:
        metric = check(f"{server.url}/a/b", follow_redirects=True)
    assert (result(metric), metric.fields["http_response_code"]) == ("success", 200)
    assert metric.tags["server"] == f"{server.url}/a/b"
    assert [received.line for received in server.received] == ["GET /a/b HTTP/1.1", "GET /there?x=1 HTTP/1.1"]


@pytest.mark.parametrize(
    ("asked", "status", "then"),
    [
        ("GET", 301, "GET"),
        ("HEAD", 302, "HEAD"),
        ("POST", 301, "GET"),
        ("POST", 302, "GET"),
        ("PUT", 303, "GET"),
        ("POST", 307, "POST"),
        ("PUT", 308, "PUT"),
    ],
)
def test_method_and_body_change_as_in_go(asked: str, status: int, then: str) -> None:
    with serving(to("/there", status), reply()) as server:
        check(
            server.url,
            method=asked,
            body="text",
            headers={"Content-Type": "text/plain"},
            follow_redirects=True,
        )
    second = server.received[1]
    assert second.line == f"{then} /there HTTP/1.1"
    kept = status in (307, 308)
    assert (second.body, second.headers.get("content-type")) == (
        (b"text", "text/plain") if kept else (b"", None)
    )


@pytest.mark.parametrize(
    ("status", "location"), [(302, ""), (304, "/there"), (300, "/there"), (200, "/there")]
)
def test_what_is_no_redirect_is_the_answer(status: int, location: str) -> None:
    with serving(to(location, status) if location else reply(status, b"")) as server:
        metric = check(server.url, follow_redirects=True)
    assert (result(metric), metric.fields["http_response_code"]) == ("success", status)
    assert len(server.received) == 1


@pytest.mark.parametrize(
    "location", ["ftp://127.0.0.1/", "file:///etc/passwd", "http://", "http://[", "http://a:x/"]
)
def test_a_redirect_that_leads_nowhere_is_a_failed_connection(location: str) -> None:
    with serving(to(location)) as server:
        assert result(check(server.url, follow_redirects=True)) == "connection_failed"
    assert len(server.received) == 1


def test_a_loop_ends_after_ten_requests() -> None:
    with serving(to("/again")) as server:
        assert result(check(server.url, follow_redirects=True)) == "connection_failed"
    assert len(server.received) == 10


@contextmanager
def two(*behaviours: Behaviour) -> Iterator[tuple[Server, Server]]:
    """Serve a redirect to another server."""
    with serving(*behaviours) as there, serving(to(f"{there.url}/there")) as first:
        yield first, there


def test_credentials_and_headers_stay_with_the_server_they_are_for() -> None:
    access = FakeAccess(secrets={"token/": "t0ken", "key/": "k3y"})
    settings: dict[str, Any] = {
        "bearer_token": {"secret": "token"},
        "headers": {"X-Key": {"secret": "key"}, "X-Plain": "plain", "Cookie": "c"},
        "follow_redirects": True,
    }
    with serving(to("/there"), reply()) as server:
        check(server.url, Tools(access, Network(LOCAL)), **settings)
    for received in server.received:
        assert received.headers["authorization"] == "Bearer t0ken"
        assert (received.headers["x-key"], received.headers["x-plain"]) == ("k3y", "plain")
    with two(reply()) as (first, there):
        check(first.url, Tools(access, Network(LOCAL)), **settings)
    (received,) = there.received
    assert not {"authorization", "x-key", "x-plain", "cookie"} & set(received.headers)
    assert not {"t0ken", "k3y"} & set(received.headers.values())


def test_what_stayed_behind_does_not_come_back() -> None:
    access = FakeAccess(secrets={"token/": "t0ken"})
    with serving(to("/"), reply()) as there:
        back: list[str] = []
        with serving(to(f"{there.url}/"), reply()) as first:
            back.append(first.url)
            with serving(to(f"{first.url}/back")) as middle, serving(to(middle.url), reply()) as start:
                check(
                    start.url,
                    Tools(access, Network(LOCAL)),
                    bearer_token={"secret": "token"},
                    follow_redirects=True,
                )
                assert "authorization" in start.received[0].headers
                for server in (middle, first, there):
                    assert all("authorization" not in received.headers for received in server.received)


def test_a_host_that_was_asked_for_by_name_stays_through_relative_redirects_only() -> None:
    settings: dict[str, Any] = {"headers": {"Host": "virtual.example"}, "follow_redirects": True}
    with serving(to("/there"), reply()) as server:
        check(server.url, **settings)
    assert [received.headers["host"] for received in server.received] == ["virtual.example"] * 2
    with two(reply()) as (first, there):
        check(first.url, **settings)
    assert there.received[0].headers["host"] == there.url.removeprefix("http://")


# Where a check may not go


@pytest.mark.parametrize(
    "url", [METADATA, "http://[fd00:ec2::254]/", "http://0xa9fea9fe/", "http://[::ffff:a9fe:a9fe]/"]
)
def test_metadata_are_out_of_reach_by_a_redirect_too(url: str) -> None:
    settings = {"urls": [url], "follow_redirects": True}
    direct = gathered(KIND, settings)
    with serving(to(url)) as server:
        redirected = gathered(KIND, {**settings, "urls": [server.url]})
    for gather in (direct, redirected):
        assert result(gather.metrics[0]) == "connection_failed"
        assert len(gather.failures) == 1
        assert "link-local" in gather.failures[0]


def test_a_name_that_comes_to_mean_metadata_is_out_of_reach() -> None:
    answers = [["127.0.0.1"], ["169.254.169.254"]]
    with serving(reply(), reply()) as server:
        port = server.url.rpartition(":")[2]
        given = named(lambda host: answers.pop(0))
        (probe,) = KIND.open(stored(KIND, {"urls": [f"http://rebinding.example:{port}/"]}), given)
        gather = gathering()
        probe(gather)
        probe(gather)
    assert [result(metric) for metric in gather.metrics] == ["success", "connection_failed"]
    assert ["link-local" in failure for failure in gather.failures] == [True]
    assert len(server.received) == 1


def test_private_addresses_are_out_of_reach_unless_they_are_allowed() -> None:
    gather = gathered(KIND, {"urls": ["http://10.1.2.3/"]}, tools(Reach()))
    assert result(gather.metrics[0]) == "connection_failed"
    assert gather.failures == [
        "http://10.1.2.3: 10.1.2.3: 10.1.2.3 is private: name its network in InputNetworks"
    ]


def test_a_proxy_is_asked_for_names_and_not_for_addresses_that_are_out_of_reach() -> None:
    with serving(reply(200, b"by proxy")) as proxy:
        settings: dict[str, Any] = {"http_proxy": proxy.url, "response_body_field": "body"}
        assert check("http://inside.example/x", **settings).fields["body"] == "by proxy"
        gather = gathered(KIND, {"urls": [METADATA], **settings})
    assert [received.line for received in proxy.received] == ["GET http://inside.example/x HTTP/1.1"]
    assert result(gather.metrics[0]) == "connection_failed"
    assert "link-local" in gather.failures[0]


# Settings


@pytest.mark.parametrize(
    ("settings", "problem"),
    [
        ({"urls": []}, "at least 1"),
        ({"urls": ["ftp://a"]}, "expected a URL"),
        ({"urls": ["http://u:p@a/"]}, "refer to a secret"),
        ({"interface": "eth0"}, "Extra inputs"),
        ({"address": "http://a"}, "Extra inputs"),
        ({"cookie_auth_url": "http://a"}, "Extra inputs"),
        ({"response_string_match": "("}, "missing closing )"),
        ({"response_string_match": "(?=a)"}, "invalid or unsupported Perl syntax"),
        ({"response_body_max_size": "9MiB"}, "at most 8MiB"),
        ({"response_body_max_size": "large"}, "expected a size"),
        ({"response_timeout": "0s"}, "more than 0s"),
        ({"response_status_code": 600}, "response_status_code"),
        ({"method": "get it"}, "method"),
        ({"headers": {"Authorization": "x"}}, "bearer_token"),
        ({"headers": {"A b": "x"}}, "not the name of a header"),
        ({"headers": {"A": "x\r\nB: y"}}, "on one line"),
        ({"username": "u", "bearer_token": {"secret": "s"}}, "not both"),
        ({"password": "in the open"}, "password"),
        ({"tls_cert": "PEM"}, "go together"),
    ],
)
def test_settings_that_cannot_be_meant_are_refused(settings: dict[str, Any], problem: str) -> None:
    with pytest.raises(ValidationError) as refused:
        stored(KIND, {"urls": ["http://a"], **settings})
    assert problem in str(refused.value)


@pytest.mark.parametrize(
    ("written", "size"),
    [("32KiB", 32768), ("1MB", 10**6), ("8MiB", 8 << 20), ("100B", 100), (7, 7), ("0", 0)],
)
def test_a_size_is_written_as_telegraf_writes_it(written: object, size: int) -> None:
    assert stored(KIND, {"response_body_max_size": written})["response_body_max_size"] == size


def test_what_is_not_said_is_as_in_telegraf() -> None:
    kept = stored(KIND, {})
    assert kept["urls"] == ["http://localhost"]
    assert (kept["method"], kept["response_timeout_seconds"], kept["follow_redirects"]) == ("GET", 5.0, False)


def test_what_telegraf_has_and_we_have_not_is_named() -> None:
    unsupported = KIND.settings().unsupported
    assert {"interface", "cookie_auth_url", "tls_renegotiation_method", "use_system_proxy"} <= unsupported


def test_a_socket_that_listens_and_never_accepts_is_a_timeout() -> None:
    with closing(socket.create_server(("127.0.0.1", 0), backlog=0)) as listening:
        url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        assert result(check(url, response_timeout="250ms")) == "timeout"
