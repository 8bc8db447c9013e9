"""tocsin proxy: what it passes on, signed, and what it keeps to itself."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from http.client import HTTPConnection

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from tocsin.access.auth import sigv4
from tocsin.cli.proxy import Signing
from tocsin.http import Reply, Request, Response, Unreachable
from tocsin.local.embedded import Listener

URL = "https://abc123.lambda-url.eu-west-1.on.aws/"
KEY = Credentials("AKIDEXAMPLE", "wJalrXUtnFEMI", "session")


@dataclass
class Upstream:
    """What the proxy asks, and what it is answered."""

    reply: Reply = field(default_factory=lambda: Response(200, {"content-type": "text/plain"}, b"there"))
    asked: list[Request] = field(default_factory=list)

    def __call__(self, request: Request, timeout_seconds: float) -> Reply:
        """Keep the request."""
        self.asked.append(request)
        return self.reply


@pytest.fixture
def upstream() -> Upstream:
    return Upstream()


@pytest.fixture
def proxy(upstream: Upstream) -> Iterator[Listener]:
    with Listener("127.0.0.1", 0, None) as listener:
        listener.api = Signing(URL, sigv4(KEY, "eu-west-1", "lambda"), upstream)
        yield listener


def ask(
    proxy: Listener, method: str, path: str, body: bytes = b"", **headers: str
) -> tuple[int, dict[str, str], bytes]:
    connection = HTTPConnection(proxy.url.removeprefix("http://"))
    connection.request(method, path, body, {name.replace("_", "-"): value for name, value in headers.items()})
    answer = connection.getresponse()
    said = answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()
    connection.close()
    return said


PATHS = {
    "plain": "/api/v2/status",
    "a query": "/api/v2/alerts?active=true&filter=alertname%3D%22a%20b%22&filter=x%3Dy",
    "a blank as plus": "/api/v2/alerts?filter=a+b",
    "not escaped": '/api/v2/alerts?filter=severity="page"',
    "an escaped slash": "/prometheus/config/v1/rules/a%2fb/c%20d",
    "an empty value": "/api/v2/alerts?receiver=",
}


@pytest.mark.parametrize("path", PATHS.values(), ids=PATHS)
def test_what_is_sent_is_what_is_signed(proxy: Listener, upstream: Upstream, path: str) -> None:
    assert ask(proxy, "POST", path, b"[]", Content_Type="application/json")[::2] == (200, b"there")
    [sent] = upstream.asked
    again = AWSRequest(sent.method, sent.url, {"X-Amz-Date": sent.headers["X-Amz-Date"]}, sent.body)
    again.context["timestamp"] = sent.headers["X-Amz-Date"]
    again.headers["Host"] = "abc123.lambda-url.eu-west-1.on.aws"
    again.headers["X-Amz-Security-Token"] = "session"
    signer = SigV4Auth(KEY, "lambda", "eu-west-1")
    signature = signer.signature(signer.string_to_sign(again, signer.canonical_request(again)), again)
    assert sent.headers["Authorization"].endswith(f"Signature={signature}")
    assert "/eu-west-1/lambda/aws4_request" in sent.headers["Authorization"]
    assert sent.url.startswith(f"{URL}{path.partition('?')[0].replace('%2f', '%2F').removeprefix('/')}")
    assert sent.body == b"[]"


def test_headers_pass_but_those_of_the_connection_and_of_who_asks(
    proxy: Listener, upstream: Upstream
) -> None:
    ask(proxy, "GET", "/", Accept="text/html", X_Scope_OrgID="7", Authorization="Bearer x", Origin=proxy.url)
    [sent] = upstream.asked
    assert (sent.headers["Accept"], sent.headers["X-Scope-Orgid"]) == ("text/html", "7")
    assert sent.headers["Authorization"].startswith("AWS4-HMAC-SHA256")
    assert not {"Host", "Origin", "Connection", "Content-Length"} & sent.headers.keys()


def test_the_answer_comes_back_as_it_is(proxy: Listener, upstream: Upstream) -> None:
    headers = {"content-type": "application/json", "content-encoding": "gzip", "connection": "close"}
    upstream.reply = Response(404, headers, b"\x1f\x8b")
    status, answered, body = ask(proxy, "GET", "/nowhere", Accept_Encoding="gzip")
    assert (status, answered["content-encoding"], body) == (404, "gzip", b"\x1f\x8b")
    assert upstream.asked[0].headers["Accept-Encoding"] == "gzip"


def test_what_does_not_answer_is_a_bad_gateway(proxy: Listener, upstream: Upstream) -> None:
    upstream.reply = Unreachable("https://abc123.lambda-url.eu-west-1.on.aws: refused")
    status, _, body = ask(proxy, "GET", "/")
    assert (status, body) == (502, b"https://abc123.lambda-url.eu-west-1.on.aws: refused\n")


def test_without_credentials_nothing_is_asked(proxy: Listener, upstream: Upstream) -> None:
    proxy.api = Signing(URL, sigv4(None, "eu-west-1", "lambda"), upstream)
    assert ask(proxy, "GET", "/")[::2] == (502, b"no AWS credentials\n")
    assert upstream.asked == []
