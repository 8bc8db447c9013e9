"""http: metrics that stand at URLs (telegraf `plugins/inputs/http/http.go`)."""

import gzip
import json
from typing import Any

import pytest
from pydantic import ValidationError

from tests.unit.gathering import LONG, NOW, gathered, gathering, stored, tools
from tests.unit.misbehaving_server import Behaviour, close, drip, flood, hang, reply, serving, unused_url
from tests.unit.source_access import FakeAccess
from tocsin.collection.gather import MOST_METRICS, Gather
from tocsin.inputs.http import BODY_BYTES, KIND
from tocsin.inputs.network import Network
from tocsin.inputs.reach import LOCAL
from tocsin.inputs.tools import Tools
from tocsin.metric import Metric

HEAD = b"HTTP/1.1 200 OK\r\n"


def ask(behaviour: Behaviour, given: Tools | None = None, **settings: Any) -> tuple[Gather, str, list[Any]]:
    """Gather from one server; return that, its URL and what it was asked."""
    with serving(behaviour) as server:
        return gathered(KIND, {"urls": [server.url], **settings}, given), server.url, server.received


@pytest.mark.parametrize(
    ("data_format", "body", "metric"),
    [
        (
            "influx",
            b"cpu,host=a user=1,sys=2i",
            Metric("cpu", {"user": 1.0, "sys": 2}, {"host": "a"}, at=NOW),
        ),
        ("json", b'{"a": 1, "b": {"c": 2}}', Metric("http", {"a": 1.0, "b_c": 2.0}, at=NOW)),
        ("value", b"7\n", Metric("http", {"value": 7}, at=NOW)),
        ("prometheus", b'up{job="a"} 1\n', Metric("prometheus", {"up": 1.0}, {"job": "a"}, at=NOW)),
    ],
)
def test_an_answer_is_read_in_its_format_and_tagged_with_its_url(
    data_format: str, body: bytes, metric: Metric
) -> None:
    gather, url, _ = ask(reply(200, body), data_format=data_format)
    assert gather.metrics == [Metric(metric.name, metric.fields, {**metric.tags, "url": url}, at=NOW)]
    assert gather.failures == []


def test_a_tag_named_url_stays() -> None:
    gather, _, _ = ask(reply(200, b"m,url=mine f=1"))
    assert gather.metrics[0].tags == {"url": "mine"}


def test_options_of_the_format_stand_beside_the_others() -> None:
    document = json.dumps(
        {"data": {"items": [{"host": "a", "up": 1, "state": "ok"}, {"host": "b", "up": 0}]}}
    )
    gather, url, _ = ask(
        reply(200, document.encode()),
        data_format="json",
        json_query="data.items",
        tag_keys=["host"],
        json_string_fields=["state"],
    )
    assert [(metric.fields, metric.tags) for metric in gather.metrics] == [
        ({"up": 1.0, "state": "ok"}, {"host": "a", "url": url}),
        ({"up": 0.0}, {"host": "b", "url": url}),
    ]


def test_what_is_asked_is_what_the_settings_say() -> None:
    access = FakeAccess(secrets={"token/": "t0ken"})
    _, _, received = ask(
        reply(200, b""),
        Tools(access, Network(LOCAL)),
        method="POST",
        body="question",
        content_encoding="gzip",
        headers={"X-A": "1"},
        bearer_token={"secret": "token"},
    )
    (request,) = received
    assert (request.line, gzip.decompress(request.body)) == ("POST / HTTP/1.1", b"question")
    sent = {"x-a": "1", "authorization": "Bearer t0ken", "content-encoding": "gzip"}
    assert sent.items() <= request.headers.items()


def test_good_lines_are_taken_beside_bad_ones() -> None:
    gather, url, _ = ask(reply(200, b"a f=1\nbad\nb f=2\n"))
    assert [metric.name for metric in gather.metrics] == ["a", "b"]
    assert gather.failures == [f"{url}: line 2: expected fields as name=value"]


@pytest.mark.parametrize(
    ("behaviour", "settings", "failure"),
    [
        pytest.param(reply(404), {}, "status 404 (Not Found), expected 200", id="status"),
        pytest.param(
            reply(599), {"success_status_codes": [200, 204]}, "status 599, expected 200, 204", id="its own"
        ),
        pytest.param(reply(200, b"{"), {"data_format": "json"}, "expected JSON", id="another format"),
        pytest.param(hang, {"timeout": "250ms"}, "no answer within", id="hangs"),
        pytest.param(drip(HEAD + b"\r\n"), {"timeout": "250ms"}, "no answer within", id="drips"),
        pytest.param(close, {}, "RemoteDisconnected|ProtocolError", id="hangs up"),
        pytest.param(
            flood(HEAD + b"\r\n", b"x" * (1 << 20), 50, []), {}, f"larger than {BODY_BYTES} bytes", id="huge"
        ),
        pytest.param(
            reply(302, b"", Location="http://169.254.169.254/"), {}, "link-local", id="redirected to metadata"
        ),
        pytest.param(
            reply(302, b"", Location="/again"), {}, "stopped after 10 redirects", id="redirected for ever"
        ),
    ],
)
def test_what_goes_wrong_is_a_failure_that_says_so(
    behaviour: Behaviour, settings: dict[str, Any], failure: str
) -> None:
    gather, url, _ = ask(behaviour, **settings)
    assert gather.metrics == []
    (text,) = gather.failures
    assert text.startswith(("http://169.254.169.254: ", f"{url}: "))
    assert any(part in text for part in failure.split("|"))


def test_other_statuses_may_be_good_ones() -> None:
    gather, _, _ = ask(reply(404, b"m f=1"), success_status_codes=[404])
    assert len(gather.metrics) == 1


def test_a_url_that_fails_leaves_the_others_alone() -> None:
    with serving(reply(200, b"m f=1")) as server:
        gather = gathered(KIND, {"urls": [unused_url(), server.url]})
    assert [metric.tags["url"] for metric in gather.metrics] == [server.url]
    assert len(gather.failures) == 1


def test_a_secret_that_cannot_be_read_is_a_failure() -> None:
    gather, _, received = ask(reply(), username="u", password={"secret": "login"})
    assert received == []
    assert "secret login: AccessDenied" in gather.failures[0]


def test_a_connection_is_kept_between_runs() -> None:
    with serving(reply(200, b"m f=1")) as server:
        (probe,) = KIND.open(stored(KIND, {"urls": [server.url]}), tools())
        for _ in range(3):
            probe(gathering(LONG))
    assert (len(server.received), server.connections) == (3, 1)


def test_two_answers_are_parsed_at_once_and_no_more() -> None:
    given = tools()
    with serving(reply(200, b"m f=1")) as server:
        with given.turn(gathering()), given.turn(gathering()):
            late = gathered(KIND, {"urls": [server.url]}, given, seconds=0.5)
        after = gathered(KIND, {"urls": [server.url]}, given)
    assert (late.metrics, late.failures) == ([], [f"{server.url}: no time left to read the answer"])
    assert (len(after.metrics), after.failures) == (1, [])


@pytest.mark.parametrize("body", [b"{", b"[1]"])
def test_an_answer_that_cannot_be_parsed_keeps_no_turn(body: bytes) -> None:
    given = tools()
    for _ in range(3):
        gather, _, _ = ask(reply(200, body), given, data_format="json")
        assert "expected" in gather.failures[0]


@pytest.mark.parametrize(
    ("data_format", "body"),
    [
        ("json", json.dumps([{"a": 1}] * (MOST_METRICS + 5)).encode()),
        ("prometheus", b"up 1\n" * (MOST_METRICS + 5)),
        ("influx", b"m f=1\n" * (MOST_METRICS + 5)),
    ],
)
def test_what_is_more_than_a_run_may_gather_is_counted_and_left_out(data_format: str, body: bytes) -> None:
    gather, _, _ = ask(reply(200, body), data_format=data_format)
    assert (len(gather.metrics), gather.dropped) == (MOST_METRICS, 5)


@pytest.mark.parametrize(
    ("settings", "problem"),
    [
        ({"urls": []}, "at least 1"),
        ({}, "Field required"),
        ({"data_format": "json_v2"}, "not supported yet"),
        ({"data_format": "nonsense"}, "expected one of influx, json, prometheus, value"),
        ({"json_query": "friends.#(last==Murphy)"}, "expected names and indexes"),
        ({"json_time_key": "t"}, "needs json_time_format"),
        ({"json_timezone": "Nowhere/Land"}, "expected a time zone"),
        ({"json_timezone": "../etc/passwd"}, "expected a time zone"),
        ({"data_type": "complex"}, "data_type"),
        ({"content_encoding": "br"}, "content_encoding"),
        ({"success_status_codes": []}, "at least 1"),
        ({"timeout": "0s"}, "more than 0s"),
        ({"client_id": "x"}, "Extra inputs"),
    ],
)
def test_settings_that_cannot_be_meant_are_refused(settings: dict[str, Any], problem: str) -> None:
    urls = {} if problem == "Field required" else {"urls": ["http://a"]}
    with pytest.raises(ValidationError) as refused:
        stored(KIND, {**urls, **settings})
    assert problem in str(refused.value)


def test_what_is_not_said_is_as_in_telegraf() -> None:
    kept = stored(KIND, {"urls": ["http://a"], "influx_timestamp_precision": "1ms"})
    assert (kept["method"], kept["timeout_seconds"], kept["success_status_codes"]) == ("GET", 5.0, [200])
    assert (kept["data_format"], kept["json_strict"], kept["influx_timestamp_precision"]) == (
        "influx",
        True,
        "ms",
    )
    assert {"client_id", "cookie_auth_url", "use_system_proxy"} <= KIND.settings().unsupported
