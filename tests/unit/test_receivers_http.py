"""HTTP as `http_config` says: who asks, over what, where redirects lead, and what becomes of refused credentials."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs

import pytest

from tests.unit.misbehaving_server import reply, serving
from tests.unit.receiving import answer, firing, integration, on_network, opened
from tests.unit.source_access import FakeAccess, StillClock
from tocsin.http import Reply, Request, Response, Timeout, Unreachable
from tocsin.messages.writer import Writer
from tocsin.notification import Delivered, Failed, Failure, Sent
from tocsin.receivers.http import Http, answered, explained, outcome, time_left, time_limit
from tocsin.receivers.redirects import LIMIT, redirected
from tocsin.receivers.registry import open_receiver
from tocsin.receivers.tools import Tools
from tocsin.receivers.transports import bypasses
from tocsin.tls import Tls, TransportError

URL = "https://hook.example/s3cret"
OK = answer(200)


def send(http_config: str, *replies: Reply, secrets: dict[str, str] | None = None) -> tuple[Sent, FakeAccess]:
    """Send a notification by a webhook with this `http_config`."""
    receiver, access = opened("webhook", f"{{url: '{URL}', http_config: {http_config}}}", *replies)
    access.secrets |= secrets or {}
    return receiver.send(firing(), 10), access


# -- who asks ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("http_config", "headers"),
    [
        ("{basic_auth: {username: u, password: p}}", {"Authorization": "Basic dTpw"}),
        (
            "{basic_auth: {username_ref: 'secretsmanager:team#user', password_file: 'secretsmanager:team#key'}}",
            {"Authorization": "Basic dTp0MHBzM2NyZXQ="},
        ),
        ("{authorization: {credentials: t}}", {"Authorization": "Bearer t"}),
        ("{authorization: {type: GenieKey, credentials: t}}", {"Authorization": "GenieKey t"}),
        ("{bearer_token_file: 'secretsmanager:team#key'}", {"Authorization": "Bearer t0ps3cret"}),
        (
            "{http_headers: {X-A: {values: [a, b]}, X-B: {secrets: [c], files: ['secretsmanager:team#key']}}}",
            {"X-A": "a, b", "X-B": "c, t0ps3cret"},
        ),
    ],
    ids=["basic", "basic by reference", "bearer", "another type", "legacy bearer", "headers"],
)
def test_the_request_says_who_sends_it(http_config: str, headers: dict[str, str]) -> None:
    sent, access = send(http_config, OK, secrets={"team/user": "u"})
    assert sent == Delivered("HTTP 200")
    given = access.requests[0].headers
    assert {name: given.get(name) for name in headers} == headers


def test_nothing_is_read_or_opened_before_the_first_request() -> None:
    access = FakeAccess()
    settings = integration(
        "webhook", f"{{url: '{URL}', http_config: {{bearer_token_file: 'ssm:none'}}}}"
    ).settings
    Http(settings, Tools(access, Writer()))
    assert access.transports == []


# -- over what ---------------------------------------------------------------------------------------


def test_certificates_and_the_proxy_are_those_of_the_settings() -> None:
    _, access = send(
        "{proxy_url: 'http://proxy:3128', tls_config: {ca: CA, cert: C, key_file: 'secretsmanager:team#key',"
        " server_name: n, insecure_skip_verify: true, min_version: TLS13}}"
    )
    tls = Tls("CA", "C", "t0ps3cret", server_name="n", verify=False, min_version="TLS13")
    assert access.transports == [(1, tls, "http://proxy:3128")]


def test_one_transport_serves_until_a_key_changes() -> None:
    config = "{tls_config: {cert: C, key_file: 'secretsmanager:team#key'}}"
    receiver, access = opened("webhook", f"{{url: '{URL}', http_config: {config}}}", OK)
    for key in ("one", "one", "two"):
        access.secrets["team/key"] = key
        receiver.send(firing(), 10)
    assert [tls.key for _, tls, _ in access.transports if tls] == ["one", "two"]


def test_a_certificate_that_cannot_be_used_is_final() -> None:
    class Picky(FakeAccess):
        def transport(self, *_: Any) -> Any:
            raise TransportError("ca: expected certificates in PEM")

    settings = f"{{url: '{URL}', http_config: {{tls_config: {{ca: nonsense}}}}}}"
    receiver = open_receiver(integration("webhook", settings), Tools(Picky(), Writer()))
    failed = Failed(Failure.CLIENT_ERROR, retry=False, detail="ca: expected certificates in PEM")
    assert receiver.send(firing(), 10) == failed


def test_the_proxy_may_be_the_environments(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("https_proxy", "http://env:3128")
    monkeypatch.setenv("no_proxy", "other.example")
    _, access = send("{proxy_from_environment: true}")
    assert access.transports == [(1, None, "http://env:3128")]


@pytest.mark.parametrize(
    ("url", "no_proxy", "past"),
    [
        ("https://a.example", "", False),
        ("https://a.example", "a.example", True),
        ("https://A.example.", " a.EXAMPLE ,b", True),
        ("https://b.a.example", "a.example", True),
        ("https://ba.example", "a.example", False),
        ("https://a.example", ".a.example", False),
        ("https://b.a.example", ".a.example", True),
        ("https://b.a.example", "*.a.example", True),
        ("https://a.example", "*", True),
        ("https://a.example", "a.example:443", True),
        ("https://a.example", "a.example:8443", False),
        ("https://a.example:8443", "a.example:8443", True),
        ("http://a.example", "a.example:80", True),
        ("https://10.1.2.3", "10.0.0.0/8", True),
        ("https://11.1.2.3", "10.0.0.0/8", False),
        ("https://a.example", "10.0.0.0/8", False),
        ("https://10.1.2.3", "10.1.2.3", True),
        ("https://[2001:db8::1]", "2001:db8::/32", True),
        ("https://[2001:db8::1]:8443", "[2001:db8::1]:8443", True),
        ("https://[2001:db8::1]", "2001:db8::1", True),
        ("https://localhost", "a.example", True),
        ("https://127.0.0.1", "a.example", True),
        ("https://[::1]", "a.example", True),
        ("https://a.example", ",", False),
        ("https://[malformed", "a.example", False),
        ("https://a.example:port", "a.example", False),
    ],
)
def test_who_is_reached_past_the_proxy(url: str, no_proxy: str, past: bool) -> None:
    assert bypasses(url, no_proxy) is past


def test_a_proxy_may_want_headers_of_its_own() -> None:
    settings = "{proxy_url: 'http://p:1', proxy_connect_header: {X-P: [a, 'secretsmanager:team#key']}}"
    _, access = send(settings)
    assert access.proxy_headers == [{"X-P": "a, t0ps3cret"}]


# -- where redirects lead ------------------------------------------------------------------------------

HEADERS = {
    "Content-Type": "application/json",
    "Connection": "close",
    "Authorization": "Bearer t",
    "X-Key": "k",
}
BODILESS = {name: value for name, value in HEADERS.items() if name != "Content-Type"}
HARMLESS = {"Content-Type": "application/json", "Connection": "close"}


@pytest.mark.parametrize(
    ("status", "location", "method", "url", "body", "headers"),
    [
        (307, "/b", "POST", "https://a.example/b", b"{}", HEADERS),
        (308, "b?c=1", "POST", "https://a.example/x/b?c=1", b"{}", HEADERS),
        (301, "/b", "GET", "https://a.example/b", b"", BODILESS),
        (302, "/b", "GET", "https://a.example/b", b"", BODILESS),
        (303, "/b", "GET", "https://a.example/b", b"", BODILESS),
        (303, "https://b.example/", "GET", "https://b.example/", b"", {"Connection": "close"}),
        (307, "https://b.example/", "POST", "https://b.example/", b"{}", HARMLESS),
        (307, "https://a.example:8443/", "POST", "https://a.example:8443/", b"{}", HARMLESS),
        (307, "//b.example/y", "POST", "https://b.example/y", b"{}", HARMLESS),
    ],
)
def test_a_redirect_is_followed_as_go_does(
    status: int, location: str, method: str, url: str, body: bytes, headers: dict[str, str]
) -> None:
    request = Request("POST", "https://a.example/x/y", HEADERS, b"{}")
    assert redirected(request, answer(status, Location=location)) == Request(method, url, headers, body)


@pytest.mark.parametrize(
    ("status", "location"),
    [
        (200, "/b"),
        (304, "/b"),
        (300, "/b"),
        (307, ""),
        (307, "http://a.example/"),
        (307, "ftp://a/"),
        (307, "//[x"),
    ],
    ids=["no redirect", "not modified", "a choice", "nowhere", "in the clear", "no web server", "malformed"],
)
def test_a_redirect_that_is_none_or_unsafe_is_not_followed(status: int, location: str) -> None:
    request = Request("POST", "https://a.example/x", HEADERS, b"{}")
    assert redirected(request, answer(status, Location=location)) is None


def test_redirects_lead_to_the_answer_in_the_same_time() -> None:
    sent, access = send("{bearer_token: t}", answer(307, Location="https://new.example/"), OK)
    assert sent == Delivered("HTTP 200")
    first, second = access.requests
    assert (second.method, second.url, second.body) == ("POST", "https://new.example/", first.body)
    assert ("Authorization" in first.headers, "Authorization" in second.headers) == (True, False)
    assert access.timeouts[1] <= access.timeouts[0]


def test_redirects_without_end_are_given_up() -> None:
    sent, access = send("{}", answer(307, Location="/again"))
    assert sent == Failed(Failure.OTHER, retry=False, detail="HTTP 307: a redirect that is not followed")
    assert len(access.requests) == 1 + LIMIT


def test_redirects_may_be_refused() -> None:
    sent, access = send("{follow_redirects: false}", answer(307, Location="/b"), OK)
    assert isinstance(sent, Failed)
    assert len(access.requests) == 1


def test_a_redirect_is_followed_on_the_network() -> None:
    with serving(reply(200, b"")) as new, serving(reply(308, b"", Location=new.url)) as old:
        assert on_network("webhook", f"url: {old.url}").send(firing(), 5) == Delivered("HTTP 200")


# -- OAuth 2.0 ----------------------------------------------------------------------------------------

OAUTH2 = """{oauth2: {client_id: 'id:1', client_secret_file: 'secretsmanager:team#key', scopes: [a, b],
  token_url: 'https://login.example/token', endpoint_params: {audience: x}}}"""


def token(text: str = "tok", **members: Any) -> Response:
    return answer(200, {"access_token": text, **members})


def test_a_token_is_fetched_with_the_clients_credentials() -> None:
    sent, access = send(OAUTH2, token(), OK)
    assert sent == Delivered("HTTP 200")
    asked, posted = access.requests
    assert (asked.method, asked.url) == ("POST", "https://login.example/token")
    assert asked.headers["Authorization"] == "Basic aWQlM0ExOnQwcHMzY3JldA=="
    assert parse_qs(asked.body.decode()) == {
        "grant_type": ["client_credentials"],
        "scope": ["a b"],
        "audience": ["x"],
    }
    assert posted.headers["Authorization"] == "Bearer tok"
    assert access.timeouts[1] <= access.timeouts[0]


def test_a_server_that_wants_the_credentials_in_the_body_gets_them_there() -> None:
    sent, access = send(OAUTH2, answer(401), token(), OK)
    assert sent == Delivered("HTTP 200")
    form = parse_qs(access.requests[1].body.decode())
    assert (form["client_id"], form["client_secret"]) == (["id:1"], ["t0ps3cret"])
    assert "Authorization" not in access.requests[1].headers


class Hand(StillClock):
    """A clock that is moved by hand."""

    def __init__(self) -> None:
        self.at = datetime(2026, 3, 1, 12, tzinfo=UTC)

    def now(self) -> datetime:
        """Return where it was moved to."""
        return self.at


@pytest.mark.parametrize(
    ("lives", "passed", "fetched"),
    [
        ({"expires_in": 60}, 49, 1),
        ({"expires_in": 60}, 50, 2),
        ({"expires_in": "60"}, 50, 2),
        ({}, 10**6, 1),
    ],
    ids=["still holds", "ends soon", "in words", "without an end"],
)
def test_a_token_is_kept_until_it_ends(lives: dict[str, Any], passed: int, fetched: int) -> None:
    receiver, access = opened("webhook", f"{{url: '{URL}', http_config: {OAUTH2}}}", token(**lives))
    clock = access.clock = Hand()
    receiver.send(firing(), 10)
    clock.at += timedelta(seconds=passed)
    receiver.send(firing(), 10)
    assert [request.url for request in access.requests].count("https://login.example/token") == fetched


def test_a_token_that_is_refused_is_fetched_again_once() -> None:
    sent, access = send(OAUTH2, token("old"), answer(401), token("new"), OK)
    assert sent == Delivered("HTTP 200")
    assert [request.headers["Authorization"][:10] for request in access.requests[1::2]] == [
        "Bearer old",
        "Bearer new",
    ]


def test_a_token_that_is_refused_twice_is_a_refusal() -> None:
    sent, access = send(OAUTH2, token("old"), answer(401), token("new"), answer(401))
    assert sent == Failed(Failure.AUTH_ERROR, retry=False, detail="HTTP 401")
    assert len(access.requests) == 4


@pytest.mark.parametrize(
    ("replied", "failed"),
    [
        pytest.param(
            answer(503, Retry_After="7"),
            Failed(Failure.SERVER_ERROR, True, "OAuth 2.0 token: HTTP 503", 7.0),
            id="down",
        ),
        pytest.param(answer(429), Failed(Failure.RATE_LIMITED, True, "OAuth 2.0 token: HTTP 429"), id="busy"),
        pytest.param(
            answer(401), Failed(Failure.AUTH_ERROR, False, "OAuth 2.0 token: HTTP 401"), id="unknown client"
        ),
        pytest.param(
            Timeout("https://login.example: slow"),
            Failed(Failure.DEADLINE, True, "OAuth 2.0 token: https://login.example: slow"),
            id="slow",
        ),
        pytest.param(
            Unreachable("https://login.example: gone"),
            Failed(Failure.OTHER, True, "OAuth 2.0 token: https://login.example: gone"),
            id="gone",
        ),
        *(
            pytest.param(
                Response(200, {}, body),
                Failed(Failure.OTHER, True, "OAuth 2.0 token: the answer holds none"),
                id=f"malformed {body.decode()}",
            )
            for body in (
                b"",
                b"[]",
                b'{"access_token": null}',
                b"{}",
                b'{"access_token": "t", "expires_in": "soon"}',
                b"null",
            )
        ),
    ],
)
def test_who_gives_no_token_is_at_fault(replied: Reply, failed: Failed) -> None:
    assert send(OAUTH2, replied)[0] == failed


def test_tokens_go_their_own_way() -> None:
    own = "{oauth2: {client_id: i, token_url: 'https://l.example', proxy_url: 'http://p:1', tls_config: {ca: CA}}}"
    _, access = send(own, token(), OK)
    assert access.transports == [(1, Tls("CA"), "http://p:1"), (1, None, "")]


# -- what becomes of it -------------------------------------------------------------------------------


class Rotating(FakeAccess):
    """An `Access` whose secrets change when they are read again."""

    def renew(self, reference: Any) -> None:
        super().renew(reference)
        self.secrets["team/key"] = "new"


def rotating(*replies: Reply) -> tuple[Sent, FakeAccess]:
    settings = f"{{url: '{URL}', http_config: {{bearer_token_file: 'secretsmanager:team#key'}}}}"
    access = Rotating(replies, {"team/key": "old"})
    return open_receiver(integration("webhook", settings), Tools(access, Writer())).send(firing(), 10), access


@pytest.mark.parametrize("status", [401, 403])
def test_a_secret_that_is_refused_is_read_again_and_tried_if_it_has_changed(status: int) -> None:
    sent, access = rotating(answer(status), OK)
    assert sent == Delivered("HTTP 200")
    assert [request.headers["Authorization"] for request in access.requests] == ["Bearer old", "Bearer new"]
    assert access.timeouts[1] <= access.timeouts[0]


def test_a_new_secret_that_is_refused_too_is_a_refusal() -> None:
    sent, access = rotating(answer(401))
    assert sent == Failed(Failure.AUTH_ERROR, retry=False, detail="HTTP 401")
    assert len(access.requests) == 2


def test_a_secret_that_has_not_changed_is_not_tried_again() -> None:
    sent, access = send("{bearer_token_file: 'secretsmanager:team#key'}", answer(401))
    assert isinstance(sent, Failed)
    assert (len(access.requests), len(access.renewed)) == (1, 1)


def test_a_failure_that_is_not_about_who_asks_reads_nothing_again() -> None:
    _, access = send("{bearer_token_file: 'secretsmanager:team#key'}", answer(500))
    assert access.renewed == []


def test_a_secret_that_cannot_be_read_is_tried_again_later() -> None:
    sent, access = send("{bearer_token_file: 'ssm:none'}")
    assert sent == Failed(Failure.AUTH_ERROR, retry=True, detail="parameter none: AccessDenied")
    assert access.requests == []


def test_some_kinds_know_better_what_a_status_means() -> None:
    now = StillClock().now()
    failed = Failed(Failure.CLIENT_ERROR, retry=True, detail="HTTP 400")
    assert outcome(answer(400), now, retry=(400,)) == failed
    assert outcome(failed, now) == failed
    assert outcome(answer(200), now, retry=(200,)) == Delivered("HTTP 200")


def test_a_time_limit_is_the_shorter_one_and_is_shared() -> None:
    assert time_limit({"timeout_ms": 1500}, 10) == 1.5
    assert time_limit({"timeout_ms": 0}, 10) == time_limit({}, 10) == 10
    left = time_left(10)
    assert 9 < left() <= 10
    assert time_left(0)() == 0


@pytest.mark.parametrize(
    ("said", "detail"),
    [
        ({"message": "no such channel"}, "HTTP 400: no such channel"),
        ({"error": "too long " * 99}, "HTTP 400: " + ("too long " * 99)[:200]),
        ({"message": 5, "description": "why"}, "HTTP 400: why"),
        ({"code": 5}, "HTTP 400"),
        (["message"], "HTTP 400"),
        (None, "HTTP 400"),
    ],
)
def test_a_failure_is_told_in_the_services_words(said: Any, detail: str) -> None:
    told = answer(400, said)
    failed = Failed(Failure.CLIENT_ERROR, retry=False, detail="HTTP 400")
    assert explained(failed, told) == Failed(Failure.CLIENT_ERROR, retry=False, detail=detail)
    assert explained(Delivered("HTTP 200"), told) == Delivered("HTTP 200")
    assert explained(failed, failed) == failed


def test_an_answer_is_json_or_nothing() -> None:
    assert answered(answer(200, {"a": 1})) == {"a": 1}
    for body in (b"", b"{", b"\xff", b"[" * 100_000):
        assert answered(Response(200, {}, body)) is None


def test_a_document_is_sent_as_json_whatever_is_in_it() -> None:
    access = FakeAccess()
    Http({}, Tools(access, Writer())).post_json("https://a.example", {"a": "é\ud800"}, 5)
    assert json.loads(access.requests[0].body) == {"a": "é?"}
