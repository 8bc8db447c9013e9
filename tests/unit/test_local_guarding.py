"""Whose requests `tocsin local` and `tocsin proxy` take: this machine's own, and not those of any web page."""

from collections.abc import Iterator
from http.client import HTTPConnection

import pytest
from click.testing import CliRunner

from tocsin.local.command import local_command
from tocsin.local.embedded import Environ, Listener, Respond
from tocsin.local.guarding import is_loopback, is_own

HERE, FORM = "127.0.0.1:9093", "application/x-www-form-urlencoded"

REQUESTS = {
    "a program": ({"REMOTE_ADDR": "127.0.0.1", "HTTP_HOST": HERE}, True),
    "by the name": ({"REMOTE_ADDR": "127.0.0.1", "HTTP_HOST": "localhost:9093"}, True),
    "over IPv6": ({"REMOTE_ADDR": "::1", "HTTP_HOST": "[::1]:9093"}, True),
    "over IPv4 in IPv6": ({"REMOTE_ADDR": "::ffff:127.0.0.1", "HTTP_HOST": HERE}, True),
    "one that names no host": ({"REMOTE_ADDR": "127.0.0.1"}, True),
    "a page of ours": ({"HTTP_HOST": HERE, "HTTP_ORIGIN": f"http://{HERE}"}, True),
    "a page of karma here": (
        {"HTTP_HOST": HERE, "HTTP_ORIGIN": "http://localhost:8080", "CONTENT_TYPE": "application/json"},
        True,
    ),
    "another machine": ({"REMOTE_ADDR": "192.0.2.7", "HTTP_HOST": HERE}, False),
    "another machine over IPv6": ({"REMOTE_ADDR": "2001:db8::7", "HTTP_HOST": HERE}, False),
    "a name that resolves here": ({"HTTP_HOST": "rebound.example:9093"}, False),
    "a name that begins like ours": ({"HTTP_HOST": "127.0.0.1.evil.example"}, False),
    "a name that ends like ours": ({"HTTP_HOST": "evil-localhost"}, False),
    "a user in front": ({"HTTP_HOST": "localhost@evil.example"}, False),
    "no name": ({"HTTP_HOST": "["}, False),
    "a page of theirs": ({"HTTP_HOST": HERE, "HTTP_ORIGIN": "https://evil.example"}, False),
    "a page of nobody": ({"HTTP_HOST": HERE, "HTTP_ORIGIN": "null"}, False),
    "a form of another page here": (
        {"HTTP_HOST": HERE, "HTTP_ORIGIN": "http://localhost:8080", "CONTENT_TYPE": FORM},
        False,
    ),
}


@pytest.mark.parametrize(("environ", "own"), REQUESTS.values(), ids=REQUESTS)
def test_only_this_machines_own_programs_are_let_in(environ: dict[str, str], own: bool) -> None:
    assert is_own({"REQUEST_METHOD": "POST", "REMOTE_ADDR": "127.0.0.1", **environ}) is own


@pytest.mark.parametrize(
    ("host", "loopback"),
    [
        ("127.0.0.1", True),
        ("127.8.9.1", True),
        ("::1", True),
        ("localhost", True),
        ("tocsin.localhost", True),
        ("0.0.0.0", False),  # noqa: S104 - nobody listens there
        ("::", False),
        ("192.168.1.2", False),
        ("", False),
        ("localhost.example", False),
    ],
)
def test_loopback_is_what_can_only_mean_this_machine(host: str, loopback: bool) -> None:
    assert is_loopback(host) is loopback


@pytest.mark.parametrize("host", ["0.0.0.0", "192.168.1.2", "[::]", "tocsin.example"])  # noqa: S104 - refused
def test_where_others_reach_it_tocsin_local_asks_who_they_are(host: str) -> None:
    result = CliRunner().invoke(local_command, ["--listen", f"{host}:0"])
    assert result.exit_code == 2
    assert "is reached from elsewhere too: that needs --access tokens" in result.stderr


def test_the_proxy_lends_your_rights_to_this_machine_only() -> None:
    from tocsin.cli.main import main

    result = CliRunner().invoke(main, ["--stack", "prod", "proxy", "--listen", "0.0.0.0:0"])
    assert result.exit_code == 2
    assert "who reaches it acts as you" in result.stderr


def answers(text: str, environ: Environ, respond: Respond) -> list[bytes]:
    respond("200 OK", [("Content-Length", str(len(text)))])
    return [text.encode()]


@pytest.fixture(params=[False, True], ids=["own", "strangers"])
def listener(request: pytest.FixtureRequest) -> Iterator[Listener]:
    with Listener(
        "127.0.0.1", 0, lambda *asked: answers("aws", *asked), strangers=request.param
    ) as listening:
        listening.api = lambda *asked: answers("api", *asked)
        yield listening


def asked(listener: Listener, path: str, **headers: str) -> tuple[int, str]:
    connection = HTTPConnection(listener.url.removeprefix("http://"))
    connection.request("POST", path, headers=headers)
    answer = connection.getresponse()
    said = answer.status, answer.read().decode()
    connection.close()
    return said


@pytest.mark.parametrize("listener", [False], indirect=True, ids=["own"])
def test_a_page_reaches_nothing_on_this_machine(listener: Listener) -> None:
    assert asked(listener, "/api/v2/status") == (200, "api")
    assert asked(listener, "/moto-api/reset") == (200, "aws")
    for path in ("/api/v2/status", "/moto-api/reset"):
        assert asked(listener, path, Origin="https://evil.example")[0] == 403
        assert asked(listener, path, Host="rebound.example")[0] == 403


@pytest.mark.parametrize("listener", [True], indirect=True, ids=["strangers"])
def test_where_strangers_may_ask_the_api_they_do_not_reach_the_embedded_aws(listener: Listener) -> None:
    """Which lets in everybody who signs, with any key."""
    assert asked(listener, "/api/v2/status", Host="tocsin.example") == (200, "api")
    signature = "AWS4-HMAC-SHA256 Credential=x/20260131/us-east-1/dynamodb/aws4_request, Signature=y"
    assert asked(listener, "/", Authorization=signature) == (200, "aws")
    assert asked(listener, "/", Authorization=signature, Host="tocsin.example")[0] == 403
    assert asked(listener, "/moto-api/reset", Host="tocsin.example")[0] == 403
