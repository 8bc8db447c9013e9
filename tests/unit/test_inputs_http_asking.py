"""How inputs ask over HTTP, without a network: what goes along with redirects, and whose time it is."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import pytest

from tests.unit.gathering import NOW
from tocsin.access.auth import basic
from tocsin.collection.gather import Gather
from tocsin.http import Reply, Request, Response, Unreachable, Why
from tocsin.inputs.http_asking import Asking, within
from tocsin.inputs.http_redirects import Hop, RedirectError, following
from tocsin.inputs.reach import LOCAL

USERS = {"X-Key": "k3y", "Host": "virtual.example", "Content-Type": "text/plain"}


@dataclass
class Clock:
    """Time that passes when it is told to."""

    at: float = 0.0

    def __call__(self) -> float:
        return self.at


@dataclass
class FakeTransport:
    """Answers by URL after a second, and notes what it was asked and how long it might take."""

    answers: Mapping[str, Reply]
    clock: Clock = field(default_factory=Clock)
    asked: list[Request] = field(default_factory=list)
    timeouts: list[float] = field(default_factory=list)

    def __call__(self, request: Request, timeout_seconds: float) -> Reply:
        self.asked.append(request)
        self.timeouts.append(timeout_seconds)
        self.clock.at += 1.0
        return self.answers[request.url]


def to(location: str, status: int = 302) -> Response:
    return Response(status, {"location": location}, b"")


@pytest.mark.parametrize(
    ("start", "location", "trusted"),
    [
        ("http://a/x", "/y", True),
        ("http://a/x", "http://a/y", True),
        ("http://a/x", "http://A:80/y", True),
        ("http://a/x", "https://a/y", True),
        ("http://a:80/x", "https://a:443/y", True),
        ("https://a/x", "https://a:443/y", True),
        ("https://a/x", "http://a/y", False),
        ("http://a:8080/x", "https://a/y", False),
        ("http://a/x", "http://a:8080/y", False),
        ("http://a/x", "https://a:8443/y", False),
        ("http://a/x", "http://sub.a/y", False),
        ("http://a/x", "http://b/y", False),
        ("http://a/x", "//b/y", False),
        ("http://a/x", "http://a@b/y", False),
    ],
)
def test_headers_go_along_where_they_were_meant_to_go(start: str, location: str, trusted: bool) -> None:
    hop = following(Hop(Request("GET", start), USERS), to(location))
    assert hop is not None
    assert (hop.trusted, "X-Key" in hop.headers) == (trusted, trusted)


def test_trust_does_not_come_back() -> None:
    hop: Hop | None = Hop(Request("GET", "http://a/"), USERS)
    for location in ("http://b/", "http://b/again", "http://a/"):
        assert hop is not None
        hop = following(hop, to(location))
    assert hop is not None
    assert (hop.trusted, hop.headers) == (False, {})


@pytest.mark.parametrize(
    "location", ["ftp://a/", "javascript:alert(1)", "http:", "http:/y", "http://", "http://[::1"]
)
def test_what_is_no_url_is_refused_without_showing_it(location: str) -> None:
    with pytest.raises(RedirectError) as refused:
        following(Hop(Request("GET", "http://a/x")), to(location))
    assert location not in str(refused.value)


def test_credentials_are_for_the_first_server_only() -> None:
    transport = FakeTransport({"http://a/": to("http://b/"), "http://b/": Response(200, {}, b"")})
    asking = Asking(transport, basic("u", "p"), {"X-Key": "k3y"})
    asking.ask(Request("GET", "http://a/", {"Accept": "*/*"}), lambda: 5.0)
    first, second = transport.asked
    assert set(first.headers) == {"Accept", "X-Key", "Authorization"}
    assert set(second.headers) == {"Accept"}


def test_redirects_share_the_time_and_the_run_ends_it() -> None:
    clock = Clock()
    answers = {f"http://a/{n}": to(f"/{n + 1}") for n in range(3)} | {"http://a/3": Response(200, {}, b"")}
    for run_seconds, expected in ((100.0, [5.0, 4.0, 3.0, 2.0]), (2.5, [2.5, 1.5, 0.5, 0.0])):
        transport = FakeTransport(answers, clock)
        gather = Gather(clock.at + run_seconds, lambda: NOW, clock)
        Asking(transport).ask(Request("GET", "http://a/0"), within(gather, 5.0))
        assert transport.timeouts == pytest.approx(expected)


@pytest.mark.parametrize(
    "host",
    [
        "169.254.169.254",
        "2852039166",
        "0xa9.0xfe.0xa9.0xfe",
        "169.254.43518",
        "[fd00:ec2::254]",
        "169.254.169.254.",
        "2852039166..",
    ],
)
def test_a_proxy_is_not_asked_for_an_address_that_is_out_of_reach(host: str) -> None:
    transport = FakeTransport({"http://a/": to(f"http://{host}/latest"), "http://b/": Response(200, {}, b"")})
    asking = Asking(transport, reach=LOCAL)
    reply = asking.ask(Request("GET", "http://a/"), lambda: 5.0)
    assert isinstance(reply, Unreachable)
    assert reply.why is Why.FORBIDDEN
    assert len(transport.asked) == 1
    assert asking.ask(Request("GET", "http://b/"), lambda: 5.0).status == 200


def test_nothing_secret_is_in_a_repr() -> None:
    asking = Asking(FakeTransport({}), headers={"X-Key": "k3y"})
    hop = Hop(Request("GET", "http://a/?token=t0ken"), {"X-Key": "k3y"})
    assert "k3y" not in repr(asking) + repr(hop)
    assert "t0ken" not in repr(hop)
