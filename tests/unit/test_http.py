"""HTTP requests end: in time, within a size, with a value."""

from collections.abc import Iterator
from time import monotonic

import pytest

from tests.unit.misbehaving_server import (
    Behaviour,
    Connection,
    close,
    drip,
    flood,
    hang,
    reply,
    serving,
    unused_url,
)
from tocsin import __version__
from tocsin.http import HttpClient, Request, Response, Timeout, TooLarge, Unreachable, origin

LIMIT = 1 << 16


@pytest.fixture
def client() -> Iterator[HttpClient]:
    client = HttpClient(LIMIT, connections=2)
    yield client
    client.close()


def post(url: str, *, repeatable: bool = False, **headers: str) -> Request:
    return Request("POST", f"{url}/secret-path?token=s3cret", headers, b"a=1", repeatable)


def test_an_answer_comes_back_whole_whatever_its_status(client: HttpClient) -> None:
    with serving(reply(418, b"short and stout", Retry_After="7")) as server:
        answer = client(post(server.url, Content_Type="text/plain"), 5)
    assert answer == Response(418, {"retry-after": "7", "content-length": "15"}, b"short and stout")
    [received] = server.received
    assert received.line == "POST /secret-path?token=s3cret HTTP/1.1"
    assert received.body == b"a=1"
    assert received.headers["accept-encoding"] == "identity"
    assert received.headers["user-agent"] == f"Tocsin/{__version__}"


def test_a_chunked_answer_comes_back_whole(client: HttpClient) -> None:
    chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"
    with serving(lambda connection: connection.send(chunked)) as server:
        answer = client(post(server.url), 5)
    assert isinstance(answer, Response)
    assert answer.body == b"abcde"


def test_a_connection_is_used_again(client: HttpClient) -> None:
    with serving(reply()) as server:
        assert all(isinstance(client(post(server.url), 5), Response) for _ in range(3))
    assert (len(server.received), server.connections) == (3, 1)


def test_a_body_of_exactly_the_limit_is_not_too_large(client: HttpClient) -> None:
    with serving(reply(200, b"x" * LIMIT)) as server:
        answer = client(post(server.url), 5)
    assert isinstance(answer, Response)
    assert len(answer.body) == LIMIT


HEAD = b"HTTP/1.1 200 OK\r\n"


@pytest.mark.parametrize(
    ("behaviour", "status"),
    [
        pytest.param(hang, None, id="never answers"),
        pytest.param(drip(b"HTTP/1.1 200 OK\r\nX-Y: "), None, id="headers drip"),
        pytest.param(drip(HEAD + b"Content-Length: 60000\r\n\r\n"), 200, id="body drips"),
        pytest.param(
            drip(HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n"), 200, id="chunks drip"
        ),
        pytest.param(drip(HEAD + b"\r\n"), 200, id="body without a length drips"),
    ],
)
def test_the_deadline_holds_for_headers_and_body_together(
    client: HttpClient, behaviour: Behaviour, status: int | None
) -> None:
    with serving(behaviour) as server:
        started = monotonic()
        answer = client(post(server.url, repeatable=True), 0.3)
        assert monotonic() - started < 10
    assert isinstance(answer, Timeout)
    assert answer.status == status
    assert len(server.received) == 1


def test_a_short_deadline_does_not_stay_with_the_connection(client: HttpClient) -> None:
    def late(connection: Connection) -> None:
        connection.stopped.wait(2)
        reply()(connection)

    with serving(reply(), late) as server:
        assert isinstance(client(post(server.url), 1.5), Response)
        assert isinstance(client(post(server.url), 20), Response)
    assert server.connections == 1


@pytest.mark.parametrize(
    "head",
    [
        pytest.param(HEAD + b"Content-Length: 104857600\r\n\r\n", id="announced"),
        pytest.param(HEAD + b"\r\n", id="unannounced"),
        pytest.param(HEAD + b"Transfer-Encoding: chunked\r\n\r\n6400000\r\n", id="chunked"),
        pytest.param(HEAD + b"Content-Length: " + b"9" * 400 + b"\r\n\r\n", id="absurd"),
    ],
)
def test_a_body_of_100_mb_is_not_read(client: HttpClient, head: bytes) -> None:
    sent: list[int] = []
    with serving(flood(head, b"x" * (1 << 20), 100, sent)) as server:
        answer = client(post(server.url), 5)
    assert isinstance(answer, TooLarge)
    assert answer.status == 200
    assert sum(sent) < 20 << 20  # what the sockets of both sides hold, at most


def hang_up_in_the_body(connection: Connection) -> None:
    connection.send(HEAD + b"Content-Length: 9\r\n\r\nabc")
    close(connection)


@pytest.mark.parametrize(
    ("behaviour", "status"),
    [
        pytest.param(close, None, id="hangs up"),
        pytest.param(lambda c: c.send(b"what?\r\n\r\n"), None, id="speaks no HTTP"),
        pytest.param(hang_up_in_the_body, 200, id="hangs up in the body"),
        pytest.param(
            lambda c: c.send(HEAD + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n"), 200, id="no chunk"
        ),
        pytest.param(
            lambda c: c.send(HEAD + b"X: " + b"y" * 70_000 + b"\r\n\r\n"), None, id="a header without end"
        ),
    ],
)
def test_a_broken_answer_is_unreachable(client: HttpClient, behaviour: Behaviour, status: int | None) -> None:
    with serving(behaviour) as server:
        answer = client(post(server.url), 20)
    assert isinstance(answer, Unreachable)
    assert answer.status == status


def test_nobody_there_is_unreachable(client: HttpClient) -> None:
    url = unused_url()
    assert client(post(url), 20) == Unreachable(f"{url}: Connection refused")


def test_a_name_that_does_not_exist_is_unreachable(client: HttpClient) -> None:
    assert isinstance(client(post("http://nobody.invalid"), 5), Unreachable)


def test_a_certificate_is_asked_for(client: HttpClient) -> None:
    with serving(reply()) as server:
        answer = client(post(server.url.replace("http:", "https:")), 2)
    assert isinstance(answer, Unreachable)


def test_a_redirect_is_not_followed(client: HttpClient) -> None:
    with serving(reply(302, b"", Location="/elsewhere")) as server:
        answer = client(post(server.url), 20)
    assert isinstance(answer, Response)
    assert (answer.status, len(server.received)) == (302, 1)


@pytest.mark.parametrize(("repeatable", "requests"), [(True, 3), (False, 2)])
def test_what_may_be_repeated_is_sent_again_when_a_kept_connection_is_dead(
    client: HttpClient, repeatable: bool, requests: int
) -> None:
    with serving(reply(), close, reply()) as server:
        client(post(server.url), 20)
        answer = client(post(server.url, repeatable=repeatable), 20)
    assert isinstance(answer, Response) is repeatable
    assert len(server.received) == requests


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://user:pw@prom.example:9090/path?x=y#z", "https://prom.example:9090"),
        ("http://[::1]:9090/", "http://[::1]:9090"),
        ("https://hooks.example/T000/B000/secret", "https://hooks.example"),
        ("http://[nonsense", "a malformed URL"),
    ],
)
def test_of_a_url_only_its_origin_is_shown(url: str, shown: str) -> None:
    assert origin(url) == shown


@pytest.mark.parametrize(
    "request_",
    [
        pytest.param(
            Request("POST", "http://u:s3cret@127.0.0.1:1/s3cret", {"A": "s3cret"}, b"s3cret"), id="refused"
        ),
        pytest.param(Request("POST", "http://[s3cret", {}), id="malformed"),
        pytest.param(Request("POST", "ftp://u:s3cret@127.0.0.1/", {}), id="another scheme"),
        pytest.param(
            Request("POST", "http://127.0.0.1:1", {"Authorization": "s3cret\r\nX: y"}), id="bad header"
        ),
        pytest.param(
            Request("POST", "http://127.0.0.1:1", {"Authorization": "s3cret\N{SNOWMAN}"}), id="no latin"
        ),
    ],
)
def test_no_secret_is_in_an_error_or_a_repr(client: HttpClient, request_: Request) -> None:
    answer = client(request_, 20)
    assert isinstance(answer, Unreachable)
    assert "s3cret" not in answer.detail + repr(request_)


def test_a_request_that_has_no_time_left_times_out(client: HttpClient) -> None:
    with serving(hang) as server:
        assert isinstance(client(post(server.url), -1), Timeout)
