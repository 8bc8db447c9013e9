"""Prometheus as a source: what is asked, and that an answer is there in time."""

import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from time import monotonic
from urllib.parse import parse_qs

import pytest

from tests.unit.misbehaving_server import Behaviour, close, drip, flood, hang, reply, serving, unused_url
from tocsin.access.auth import AuthError, Kept, basic
from tocsin.http import Reply, Request, Response, Timeout, TooLarge, Unreachable
from tocsin.ports import Answer, Query, Refused, Samples, Unanswered, one_by_one
from tocsin.sources.guard import Guard, Pace
from tocsin.sources.prometheus import MAX_POINTS, Dialect, PrometheusSource

T0 = datetime(2026, 3, 1, 12, 0, 0, 250_000, tzinfo=UTC)
EMPTY = b'{"status":"success","data":{"resultType":"vector","result":[]}}'
EMPTY_RANGE = b'{"status":"success","data":{"resultType":"matrix","result":[]}}'


def instant_query(expr: str = "up == 0") -> Query:
    return Query(expr, (T0,), 60.0)


def range_query(points: int, step_seconds: float = 15.0) -> Query:
    step = timedelta(seconds=step_seconds)
    return Query("up == 0", tuple(T0 + step * n for n in range(points)), step_seconds)


def form(request: Request) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(request.body.decode()).items()}


class Recorder:
    """A transport that answers with an empty result and keeps what it was asked."""

    def __init__(self) -> None:
        self.requests: list[Request] = []

    def __call__(self, request: Request, timeout_seconds: float) -> Reply:
        self.requests.append(request)
        return Response(200, {}, EMPTY if request.url.endswith("/query") else EMPTY_RANGE)


@pytest.mark.parametrize("url", ["http://prom:9090", "http://prom:9090/", "http://prom:9090/prefix/"])
def test_one_timestamp_is_an_instant_query(url: str) -> None:
    transport = Recorder()
    source = PrometheusSource(url, transport=transport, guard=Guard(timeout_seconds=2))
    assert source.ask([instant_query('up{job="a&b"} == 0')], 5) == [Samples(((),))]
    [request] = transport.requests
    assert (request.method, request.url) == ("POST", url.rstrip("/") + "/api/v1/query")
    assert request.headers["Content-Type"] == "application/x-www-form-urlencoded"
    assert form(request) == {"query": 'up{job="a&b"} == 0', "time": "1772366400.250", "timeout": "2.000"}


def test_several_timestamps_are_one_range_query() -> None:
    transport = Recorder()
    assert PrometheusSource("http://p", transport=transport).ask([range_query(3)], 5) == [
        Samples(((), (), ()))
    ]
    [request] = transport.requests
    asked = form(request)
    assert request.url == "http://p/api/v1/query_range"
    assert (asked["start"], asked["end"], asked["step"]) == ("1772366400.250", "1772366430.250", "15.000")


def test_a_long_range_is_asked_in_chunks_that_prometheus_allows() -> None:
    transport = Recorder()
    count = 2 * MAX_POINTS + 1
    source = PrometheusSource("http://p", transport=transport, parallel=one_by_one)
    [answer] = source.ask([range_query(count, 1.0)], 5)
    assert isinstance(answer, Samples)
    assert len(answer.at) == count
    spans = [(form(request).get("start"), form(request).get("time")) for request in transport.requests]
    assert spans == [("1772366400.250", None), ("1772376400.250", None), (None, "1772386400.250")]


def test_no_timestamps_are_no_request() -> None:
    transport = Recorder()
    assert PrometheusSource("http://p", transport=transport).ask([Query("up", (), 1.0)], 5) == [Samples(())]
    assert transport.requests == []


def test_the_server_is_told_no_longer_timeout_than_there_is_time() -> None:
    transport = Recorder()
    PrometheusSource("http://p", transport=transport, guard=Guard(timeout_seconds=30)).ask(
        [instant_query()], 2
    )
    assert 1.5 < float(form(transport.requests[0])["timeout"]) <= 2


def test_every_request_says_who_asks() -> None:
    transport = Recorder()
    PrometheusSource("http://p", basic("u", "p"), transport=transport).ask([instant_query()] * 2, 2)
    assert [request.headers["Authorization"] for request in transport.requests] == ["Basic dTpw"] * 2


def test_credentials_that_fail_leave_the_query_unanswered() -> None:
    def fail(request: Request) -> dict[str, str]:
        raise AuthError("no AWS credentials")

    transport = Recorder()
    assert PrometheusSource("http://p", fail, transport=transport).ask([instant_query()], 2) == [
        Unanswered("no AWS credentials", "auth")
    ]
    assert transport.requests == []


@pytest.mark.parametrize(
    ("reply_", "answer"),
    [
        (Unreachable("http://p: gone"), Unanswered("http://p: gone", "unreachable")),
        (TooLarge("http://p: big", 200), Refused("too_large", "http://p: big")),
        (Timeout("http://p: slow"), Unanswered("http://p: slow")),
    ],
)
def test_what_came_of_a_request_is_an_answer(reply_: Reply, answer: Answer) -> None:
    source = PrometheusSource("http://p", transport=lambda request, left: reply_, guard=Guard(retries=0))
    assert source.ask([instant_query(), range_query(2)], 2) == [answer, answer]


def test_answers_come_in_the_order_of_the_queries() -> None:
    def echo(request: Request, timeout_seconds: float) -> Reply:
        element = {"metric": {"q": form(request)["query"]}, "value": [1, "1"]}
        data = {"resultType": "vector", "result": [element]}
        return Response(200, {}, json.dumps({"status": "success", "data": data}).encode())

    answers = PrometheusSource("http://p", transport=echo).ask(
        [instant_query(f"q{n}") for n in range(200)], 5
    )
    assert [a.at[0][0].labels["q"] for a in answers if isinstance(a, Samples)] == [
        f"q{n}" for n in range(200)
    ]


def test_no_more_queries_are_in_flight_than_allowed() -> None:
    lock, in_flight, most = threading.Lock(), 0, 0
    together = threading.Barrier(4)

    def count(request: Request, timeout_seconds: float) -> Reply:
        nonlocal in_flight, most
        with lock:
            in_flight += 1
            most = max(most, in_flight)
        together.wait(5)
        with lock:
            in_flight -= 1
        return Response(200, {}, EMPTY)

    answers = PrometheusSource("http://p", transport=count, guard=Guard(max_concurrency=4)).ask(
        [instant_query()] * 20, 5
    )
    assert answers == [Samples(((),))] * 20
    assert most == 4


@pytest.fixture
def release() -> Iterator[threading.Event]:
    event = threading.Event()
    yield event
    event.set()


def test_a_transport_that_hangs_for_ever_is_left_behind(release: threading.Event) -> None:
    def some_hang(request: Request, timeout_seconds: float) -> Reply:
        if form(request)["query"] == "hang":
            release.wait()
        return Response(200, {}, EMPTY)

    source = PrometheusSource("http://p", transport=some_hang, guard=Guard(max_concurrency=3))
    queries = [instant_query("hang"), *[instant_query()] * 10, instant_query("hang")]
    started = monotonic()
    answers = source.ask(queries, 1)
    assert monotonic() - started < 10
    assert [type(answer) for answer in answers] == [Unanswered, *[Samples] * 10, Unanswered]
    assert source.ask([instant_query()], 5) == [Samples(((),))]


def test_what_cannot_be_begun_in_time_is_unanswered() -> None:
    def last_moment(request: Request, timeout_seconds: float) -> Reply:
        deadline.wait(timeout_seconds + 0.01)
        return Response(200, {}, EMPTY)

    deadline = threading.Event()
    source = PrometheusSource("http://p", transport=last_moment, parallel=one_by_one)
    answers = source.ask([instant_query()] * 3, 0.1)
    assert answers == [Samples(((),)), *[Unanswered("no time left to ask")] * 2]


@pytest.mark.parametrize(
    ("behaviour", "reason"),
    [
        pytest.param(reply(200, EMPTY), None, id="well behaved"),
        pytest.param(reply(200, b"{]"), "garbage", id="garbage"),
        pytest.param(reply(500, b"oops"), "http_5xx", id="5xx"),
        pytest.param(reply(429, b"", Retry_After="1"), "throttled", id="429"),
        pytest.param(reply(401, b""), "auth", id="401"),
        pytest.param(close, "unreachable", id="hangs up"),
        pytest.param(hang, "unanswered", id="hangs"),
        pytest.param(drip(b"HTTP/1.1 200 OK\r\n\r\n"), "unanswered", id="drips"),
        pytest.param(
            flood(b"HTTP/1.1 200 OK\r\nContent-Length: 104857600\r\n\r\n", b"x" * (1 << 20), 100, []),
            "too_large",
            id="100 MB",
        ),
        pytest.param(
            flood(b"HTTP/1.1 200 OK\r\n\r\n", b"x" * (1 << 20), 100, []), "too_large", id="100 MB unannounced"
        ),
    ],
)
def test_a_real_server_may_do_what_it_likes(behaviour: Behaviour, reason: str | None) -> None:
    with serving(behaviour) as server:
        [answer] = PrometheusSource(server.url).ask([instant_query()], 0.5 if reason == "unanswered" else 20)
    assert (None if isinstance(answer, Samples) else answer.reason) == reason


def test_nobody_there_is_unreachable() -> None:
    [answer] = PrometheusSource(unused_url()).ask([instant_query()], 20)
    assert isinstance(answer, Unanswered)
    assert answer.reason == "unreachable"


def test_one_query_that_hangs_costs_the_others_nothing() -> None:
    def by_query(answer: Callable[[str], Behaviour]) -> Behaviour:
        return lambda connection: answer(connection.request.body.decode())(connection)

    behaviour = by_query(lambda body: hang if "query=hang" in body else reply(200, EMPTY))
    with serving(behaviour) as server:
        source = PrometheusSource(server.url, guard=Guard(max_concurrency=4))
        answers = source.ask([instant_query("hang"), *[instant_query()] * 20], 2)
    assert [type(answer) for answer in answers] == [Unanswered, *[Samples] * 20]


# -- what a definition may change --------------------------------------------------------------------


def test_a_query_that_is_to_be_asked_singly_is_one_instant_query_a_timestamp() -> None:
    transport = Recorder()
    query = replace(range_query(3), singly=True)
    assert PrometheusSource("http://p", transport=transport, parallel=one_by_one).ask([query], 5) == [
        Samples(((), (), ()))
    ]
    assert [form(request)["time"] for request in transport.requests] == [
        "1772366400.250",
        "1772366415.250",
        "1772366430.250",
    ]


def test_the_first_part_that_goes_wrong_is_the_answer_to_all_of_a_query() -> None:
    def third_fails(request: Request, timeout_seconds: float) -> Reply:
        if form(request)["time"].startswith("1772366430"):
            return Response(422, {}, b'{"status":"error","errorType":"execution","error":"no"}')
        return Response(200, {}, EMPTY)

    query = replace(range_query(5), singly=True)
    assert PrometheusSource("http://p", transport=third_fails).ask([query, instant_query()], 5) == [
        Refused("execution", "no"),
        Samples(((),)),
    ]


@pytest.mark.parametrize(
    ("start", "step_seconds", "requests"),
    [(T0, 15.0, 4), (T0.replace(microsecond=0), 15.0, 1), (T0.replace(microsecond=0, second=5), 15.0, 4)],
    ids=["between", "on the grid", "beside the grid"],
)
def test_a_server_that_aligns_ranges_is_asked_for_one_only_where_that_changes_nothing(
    start: datetime, step_seconds: float, requests: int
) -> None:
    transport = Recorder()
    query = Query("up", tuple(start + timedelta(seconds=step_seconds) * n for n in range(4)), step_seconds)
    source = PrometheusSource("http://p", transport=transport, dialect=Dialect(aligns=True))
    assert source.ask([query], 5) == [Samples(((), (), (), ()))]
    assert len(transport.requests) == requests


def test_headers_go_with_every_request() -> None:
    transport = Recorder()
    headers = {"X-Scope-OrgID": "team-a|team-b"}
    PrometheusSource("http://p", headers=headers, transport=transport).ask(
        [instant_query(), range_query(2)], 5
    )
    assert [request.headers["X-Scope-OrgID"] for request in transport.requests] == ["team-a|team-b"] * 2


def test_what_fails_for_a_moment_is_tried_again_within_the_budget() -> None:
    replies: list[Reply] = [
        Unreachable("http://p: gone"),
        Response(503, {"retry-after": "0"}, b""),
        Response(200, {}, EMPTY),
    ]
    transport = iter(replies)
    source = PrometheusSource(
        "http://p", transport=lambda request, left: next(transport), pace=Pace(sleep=lambda seconds: None)
    )
    assert source.ask([instant_query()], 5) == [Samples(((),))]


def test_retry_after_is_read() -> None:
    slept: list[float] = []
    replies = iter([Response(429, {"retry-after": "2"}, b""), Response(200, {}, EMPTY)])
    source = PrometheusSource(
        "http://p", transport=lambda request, left: next(replies), pace=Pace(sleep=slept.append)
    )
    assert source.ask([instant_query()], 5) == [Samples(((),))]
    assert slept == [2.0]


class Rotating:
    """A token that changes where it is kept."""

    def __init__(self, *tokens: str) -> None:
        self.tokens, self.renewed = list(tokens), 0

    def headers(self) -> dict[str, str]:
        return {"Authorization": self.tokens[min(self.renewed, len(self.tokens) - 1)]}

    def renew(self) -> None:
        self.renewed += 1


def only(token: str) -> tuple[Callable[[Request, float], Reply], list[str]]:
    seen: list[str] = []

    def transport(request: Request, timeout_seconds: float) -> Reply:
        seen.append(request.headers["Authorization"])
        return Response(200, {}, EMPTY) if seen[-1] == token else Response(401, {}, b"s3cret")

    return transport, seen


def test_a_credential_that_is_refused_is_read_again_and_used_at_once() -> None:
    vault, (transport, seen) = Rotating("old", "new"), only("new")
    source = PrometheusSource("http://p", Kept(vault.headers, vault.renew), transport=transport)
    assert source.ask([instant_query()], 5) == [Samples(((),))]
    assert seen == ["old", "new"]


def test_a_credential_that_has_not_changed_is_not_tried_twice() -> None:
    vault, (transport, seen) = Rotating("old"), only("new")
    source = PrometheusSource("http://p", Kept(vault.headers, vault.renew), transport=transport)
    assert source.ask([instant_query()], 5) == [Unanswered("HTTP 401", "auth")]
    assert seen == ["old"]
