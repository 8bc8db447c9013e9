"""HTTP over TLS and through proxies: who is trusted, who we say we are, what a proxy sees."""

import base64
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
)
from cryptography.x509.oid import NameOID

from tests.unit.misbehaving_server import reply, serving
from tocsin.http import HttpClient, Reply, Request, Response, Unreachable
from tocsin.tls import Tls, TransportError

NOW = datetime.now(UTC)
NAME = "prometheus.internal"


def name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])


def pem(key: ec.EllipticCurvePrivateKey, encryption: KeySerializationEncryption | None = None) -> str:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption or NoEncryption()).decode()


@dataclass
class Authority:
    """An authority that signs certificates, as plain as `openssl x509 -req` makes them: no key identifiers."""

    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))

    def sign(self, common: str, public: Any, *, ca: bool = False) -> str:
        builder = (
            x509.CertificateBuilder()
            .subject_name(name(common))
            .issuer_name(name("authority"))
            .public_key(public)
            .serial_number(x509.random_serial_number())
            .not_valid_before(NOW - timedelta(days=1))
            .not_valid_after(NOW + timedelta(days=1))
            .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
            .add_extension(x509.SubjectAlternativeName([x509.DNSName(common)]), critical=False)
        )
        return builder.sign(self.key, hashes.SHA256()).public_bytes(Encoding.PEM).decode()

    @property
    def certificate(self) -> str:
        return self.sign("authority", self.key.public_key(), ca=True)

    def issue(self, common: str) -> tuple[str, str]:
        """Return a certificate and its key."""
        key = ec.generate_private_key(ec.SECP256R1())
        return self.sign(common, key.public_key()), pem(key)


@pytest.fixture(scope="module")
def authority() -> Authority:
    return Authority()


def subject(connection: Any) -> str:
    """Return the name in the certificate that the other side showed."""
    peer = connection.getpeercert()
    return str(peer["subject"][0][0][1]) if peer else "nobody"


class _Handler(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        body = subject(self.connection).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: Any) -> None:
        """Say nothing."""


class _Server(ThreadingHTTPServer):
    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: a client that refuses us is what some tests are about."""


@contextmanager
def secure(
    authority: Authority, directory: Path, *, asks: bool = False, newest: ssl.TLSVersion | None = None
) -> Iterator[str]:
    """Serve over TLS as NAME, answering with the name in the client's certificate; yield the URL."""
    certificate, key = authority.issue(NAME)
    (directory / "server.pem").write_text(certificate + key)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(directory / "server.pem")
    context.maximum_version = newest or context.maximum_version
    if asks:
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(cadata=authority.certificate)
    server = _Server(("127.0.0.1", 0), _Handler)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield f"https://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)


def ask(url: str, tls: Tls | None, proxy_url: str = "") -> Reply:
    client = HttpClient(1 << 16, tls=tls, proxy_url=proxy_url)
    try:
        return client(Request("POST", f"{url}/api", body=b"a=1"), 5)
    finally:
        client.close()


def test_a_private_authority_is_trusted_if_it_is_given(authority: Authority, tmp_path: Path) -> None:
    with secure(authority, tmp_path) as url:
        trusting = ask(url, Tls(ca=authority.certificate, server_name=NAME))
        doubting = ask(url, None)
    assert isinstance(trusting, Response)
    assert isinstance(doubting, Unreachable)
    assert "certificate not accepted" in doubting.detail


def test_a_certificate_for_another_name_is_not_accepted(authority: Authority, tmp_path: Path) -> None:
    with secure(authority, tmp_path) as url:
        answer = ask(url, Tls(ca=authority.certificate, server_name="other.internal"))
    assert isinstance(answer, Unreachable)
    assert "certificate not accepted" in answer.detail


def test_any_certificate_will_do_if_nobody_is_to_check_it(authority: Authority, tmp_path: Path) -> None:
    with secure(authority, tmp_path) as url:  # a warning would be an error here
        assert isinstance(ask(url, Tls(verify=False)), Response)


def test_a_client_shows_its_certificate(authority: Authority, tmp_path: Path) -> None:
    certificate, key = authority.issue("tocsin")
    with secure(authority, tmp_path, asks=True) as url:
        shown = ask(url, Tls(authority.certificate, certificate, key, NAME))
        hidden = ask(url, Tls(authority.certificate, server_name=NAME))
    assert isinstance(shown, Response)
    assert shown.body == b"tocsin"
    assert isinstance(hidden, Unreachable)


PAIR = "certificate and key: expected a pair in PEM, not encrypted"


def test_what_cannot_be_used_is_named_and_not_shown(authority: Authority) -> None:
    certificate, _ = authority.issue("tocsin")
    _, other = authority.issue("other")
    encrypted = pem(ec.generate_private_key(ec.SECP256R1()), BestAvailableEncryption(b"s3cret"))
    wrong = [
        (Tls(ca="s3cret"), "ca: expected certificates in PEM"),
        (Tls(certificate=certificate, key=other), f"{PAIR} (KEY_VALUES_MISMATCH)"),
        (Tls(certificate="s3cret", key="s3cret"), PAIR),
        (Tls(certificate=certificate, key=encrypted), PAIR),
    ]
    for tls, reason in wrong:
        with pytest.raises(TransportError) as raised:
            HttpClient(1, tls=tls)
        assert str(raised.value).startswith(reason)
        assert "s3cret" not in str(raised.value) + repr(tls)


def test_no_certificate_is_left_on_the_disk(
    authority: Authority, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    certificate, key = authority.issue("tocsin")
    HttpClient(1, tls=Tls(certificate=certificate, key=key)).close()
    assert list(tmp_path.iterdir()) == []


# -- proxies -----------------------------------------------------------------------------------------


def test_a_version_of_tls_that_is_too_old_is_not_spoken(authority: Authority, tmp_path: Path) -> None:
    tls = Tls(ca=authority.certificate, server_name=NAME)
    with secure(authority, tmp_path) as url:
        assert isinstance(ask(url, replace(tls, min_version="TLS13")), Response)
    with secure(authority, tmp_path, newest=ssl.TLSVersion.TLSv1_2) as url:
        assert isinstance(ask(url, replace(tls, max_version="TLS12")), Response)
        assert isinstance(ask(url, replace(tls, min_version="TLS13")), Unreachable)


def test_a_proxy_is_asked_for_the_whole_url_with_its_own_credentials() -> None:
    with serving(reply(200, b"by proxy")) as proxy:
        answer = ask("http://prometheus.invalid", None, proxy.url.replace("http://", "http://us%40er:p%3Aw@"))
    assert isinstance(answer, Response)
    assert answer.body == b"by proxy"
    [received] = proxy.received
    assert received.line == "POST http://prometheus.invalid/api HTTP/1.1"
    assert base64.b64decode(received.headers["proxy-authorization"].split()[1]) == b"us@er:p:w"


def test_a_proxy_is_given_headers_of_its_own() -> None:
    with serving(reply(200, b"")) as proxy:
        client = HttpClient(1 << 16, proxy_url=proxy.url, proxy_headers={"X-Team": "ops"})
        assert isinstance(client(Request("GET", "http://prometheus.invalid"), 5), Response)
    assert proxy.received[0].headers["x-team"] == "ops"


def test_through_a_proxy_tls_goes_to_the_server_itself(authority: Authority, tmp_path: Path) -> None:
    with secure(authority, tmp_path) as url, tunnelling() as proxy:
        answer = ask(url, Tls(ca=authority.certificate, server_name=NAME), proxy)
    assert isinstance(answer, Response)


def test_a_proxy_that_refuses_is_unreachable_and_its_password_is_not_told() -> None:
    with serving(reply(407, b"")) as proxy:
        answer = ask("https://prometheus.invalid", None, proxy.url.replace("http://", "http://u:s3cret@"))
    assert isinstance(answer, Unreachable)
    assert "s3cret" not in answer.detail


@pytest.mark.parametrize("url", ["socks5://u:s3cret@proxy", "http://u:s3cret@[proxy", "s3cret"])
def test_what_is_no_proxy_is_said_without_its_password(url: str) -> None:
    with pytest.raises(TransportError, match="proxy: expected a URL") as raised:
        HttpClient(1, proxy_url=url)
    assert "s3cret" not in str(raised.value)
    assert raised.value.__cause__ is None


@contextmanager
def tunnelling() -> Iterator[str]:
    """Serve as a proxy that opens tunnels (RFC 9110, CONNECT); yield its URL."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=_tunnel, args=(listener,), daemon=True).start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"


def _tunnel(listener: socket.socket) -> None:
    with suppress(OSError):
        near, _ = listener.accept()
        with near, near.makefile("rb") as lines:
            host, port = lines.readline().split()[1].split(b":")
            while lines.readline().strip():
                pass
            with socket.create_connection((host.decode(), int(port))) as far:
                near.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
                back = threading.Thread(target=_copy, args=(far, near), daemon=True)
                back.start()
                _copy(near, far)
                back.join(5)


def _copy(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(1 << 16):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)
