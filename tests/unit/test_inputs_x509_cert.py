"""x509_cert: what certificates say, and whether they are trusted, under Telegraf's names."""

import ipaddress
import socket
import ssl
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from tests.unit.gathering import LONG, gathered, stored, tools
from tocsin.inputs.certificate import Certificate
from tocsin.inputs.reach import Reach
from tocsin.inputs.x509_cert import KIND
from tocsin.metric import Metric

NOW = datetime.now(UTC).replace(microsecond=0)
DAY = timedelta(days=1)


@dataclass(frozen=True)
class Party:
    """Somebody with a certificate."""

    key: Any
    certificate: x509.Certificate

    @property
    def pem(self) -> str:
        return self.certificate.public_bytes(Encoding.PEM).decode()

    @property
    def der(self) -> bytes:
        return self.certificate.public_bytes(Encoding.DER)

    @property
    def secret(self) -> str:
        private: bytes = self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        return private.decode()


def certified(
    common: str,
    by: Party | None = None,
    *,
    ca: bool = False,
    names: Sequence[x509.GeneralName] = (),
    begins: datetime = NOW - DAY,
    ends: datetime = NOW + DAY,
    key: Any = None,
    serial: int = 0xABC,
) -> Party:
    key = key or ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name(
        [
            x509.NameAttribute(NameOID.COMMON_NAME, common),
            x509.NameAttribute(NameOID.COUNTRY_NAME, "DE"),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Example"),
        ]
    )
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(by.certificate.subject if by else subject)
        .public_key(key.public_key())
        .serial_number(serial)
        .not_valid_before(begins)
        .not_valid_after(ends)
        .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
    )
    if names:
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
    signer = by.key if by else key
    return Party(
        key, builder.sign(signer, None if isinstance(signer, ed25519.Ed25519PrivateKey) else hashes.SHA256())
    )


NAMES = (
    x509.UniformResourceIdentifier("spiffe://example"),
    x509.IPAddress(ipaddress.ip_address("127.0.0.1")),
    x509.RFC822Name("a@example.org"),
    x509.DNSName("example.org"),
)
ROOT = certified("root", ca=True)
MIDDLE = certified("middle", ROOT, ca=True)
LEAF = certified("example.org", MIDDLE, names=NAMES)


def opening(connection: socket.socket) -> None:
    """Say nothing before the handshake."""


def smtp(connection: socket.socket) -> None:
    connection.sendall(b"220-mail.example\r\n220 ready\r\n")
    assert connection.recv(1024).startswith(b"EHLO")
    connection.sendall(b"250-mail.example\r\n250-SIZE 1000\r\n250 STARTTLS\r\n")
    assert connection.recv(1024) == b"STARTTLS\r\n"
    connection.sendall(b"220 go ahead\r\n")


@contextmanager
def listening(behave: Callable[[socket.socket], None]) -> Iterator[int]:
    """Serve connections one after the other; yield the port."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            with suppress(OSError):
                while True:
                    connection, _ = server.accept()
                    with suppress(OSError), connection:
                        behave(connection)

        thread = Thread(target=serve)
        thread.start()
        try:
            yield server.getsockname()[1]
        finally:
            server.shutdown(socket.SHUT_RDWR)
            thread.join(LONG)


@contextmanager
def showing(
    directory: Path, leaf: Party, *others: Party, before: Callable[[socket.socket], None] = opening
) -> Iterator[int]:
    """Serve over TLS with a chain; yield the port."""
    file = directory / "chain.pem"
    file.write_text(leaf.secret + "".join(party.pem for party in (leaf, *others)))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)

    def shake(connection: socket.socket) -> None:
        before(connection)
        with context.wrap_socket(connection, server_side=True) as secured:
            secured.recv(1)

    with listening(shake) as port:
        yield port


def metrics(settings: dict[str, Any], **options: Any) -> Sequence[Metric]:
    gather = gathered(KIND, {"tls_ca": ROOT.pem, "timeout": "30s", **settings}, now=NOW, **options)
    assert gather.failures == []
    assert {found.name for found in gather.metrics} <= {"x509_cert"}
    return gather.metrics


def test_a_chain_that_is_trusted(tmp_path: Path) -> None:
    with showing(tmp_path, LEAF, MIDDLE) as port:
        leaf, middle = metrics({"sources": [f"https://127.0.0.1:{port}"]})
    assert leaf.fields == {
        "age": 86400,
        "expiry": 86400,
        "startdate": int((NOW - DAY).timestamp()),
        "enddate": int((NOW + DAY).timestamp()),
        "verification_code": 0,
    }
    assert leaf.tags == {
        "source": f"https://127.0.0.1:{port}",
        "common_name": "example.org",
        "serial_number": "abc",
        "signature_algorithm": "ECDSA-SHA256",
        "public_key_algorithm": "ECDSA",
        "organization": "Example",
        "country": "DE",
        "issuer_common_name": "middle",
        "san": "example.org,a@example.org,127.0.0.1,spiffe://example",
        "type": "leaf",
        "verification": "valid",
    }
    assert (middle.tags["type"], middle.tags["verification"]) == ("intermediate", "valid")


EXPIRED = certified("example.org", MIDDLE, names=NAMES, begins=NOW - 2 * DAY, ends=NOW - DAY)
EARLY = certified("example.org", MIDDLE, names=NAMES, begins=NOW + DAY, ends=NOW + 2 * DAY)
ELSEWHERE = certified("other.example", MIDDLE, names=[x509.DNSName("other.example")])
OLD_MIDDLE = certified("middle", ROOT, ca=True, key=MIDDLE.key, begins=NOW - 2 * DAY, ends=NOW - DAY)
STRANGE_ROOT = certified("strange root", ca=True)
STRANGE_MIDDLE = certified("middle", STRANGE_ROOT, ca=True)
STRANGE = certified("example.org", STRANGE_MIDDLE, names=NAMES)
ALONE = certified("example.org", names=NAMES)


@pytest.mark.parametrize(
    ("chain", "said"),
    [
        ((EXPIRED, MIDDLE), ["certificate has expired", None]),
        ((EARLY, MIDDLE), ["certificate is not yet valid", None]),
        ((ELSEWHERE, MIDDLE), ["mismatch, certificate is not valid for '127.0.0.1'", None]),
        ((LEAF, OLD_MIDDLE), ["certificate has expired", "certificate has expired"]),
        ((LEAF,), ["unable to get local issuer certificate"]),
        ((STRANGE, STRANGE_MIDDLE), ["unable to get local issuer"] * 2),
        ((STRANGE, STRANGE_MIDDLE, STRANGE_ROOT), ["self-signed certificate in certificate chain"] * 3),
        ((ALONE,), ["self-signed certificate"]),
    ],
    ids=[
        "expired",
        "too early",
        "for somebody else",
        "an intermediate has expired",
        "an intermediate is missing",
        "nobody knows them",
        "nobody knows them, and they know themselves",
        "self-signed",
    ],
)
def test_a_chain_that_is_not_trusted_is_shown_all_the_same(
    chain: Sequence[Party], said: Sequence[str | None], tmp_path: Path
) -> None:
    with showing(tmp_path, *chain) as port:
        found = metrics({"sources": [f"tls://127.0.0.1:{port}"]})
    assert [one.tags["common_name"] for one in found] == [
        party.certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value for party in chain
    ]
    for one, problem in zip(found, said, strict=True):
        assert one.fields["verification_code"] == int(problem is not None)
        assert one.tags["verification"] == ("valid" if problem is None else "invalid")
        assert (problem or "") in str(one.fields.get("verification_error", ""))
        assert ("verification_error" in one.fields) == (problem is not None)


def test_what_is_expired_has_a_negative_expiry(tmp_path: Path) -> None:
    with showing(tmp_path, EXPIRED, MIDDLE) as port:
        leaf, _ = metrics({"sources": [f"tcp://127.0.0.1:{port}"]})
    assert (leaf.fields["expiry"], leaf.fields["age"]) == (-86400, 2 * 86400)


@pytest.mark.parametrize("option", ["server_name", "tls_server_name"])
def test_a_server_may_have_another_name_than_its_address(option: str, tmp_path: Path) -> None:
    with showing(tmp_path, ELSEWHERE, MIDDLE) as port:
        leaf, _ = metrics({"sources": [f"tcp://127.0.0.1:{port}"], option: "other.example"})
    assert leaf.fields["verification_code"] == 0


def test_only_the_leaf_if_roots_are_excluded_and_serials_padded(tmp_path: Path) -> None:
    settings = {"exclude_root_certs": True, "pad_serial_with_zeroes": True}
    with showing(tmp_path, LEAF, MIDDLE, ROOT) as port:
        (leaf,) = metrics({"sources": [f"tcp://127.0.0.1:{port}"], **settings})
    assert leaf.tags["serial_number"] == "abc".zfill(32)


def test_a_root_is_called_so(tmp_path: Path) -> None:
    with showing(tmp_path, LEAF, MIDDLE, ROOT) as port:
        found = metrics({"sources": [f"tcp://127.0.0.1:{port}"]})
    assert [one.tags["type"] for one in found] == ["leaf", "intermediate", "root"]


def test_a_mail_server_is_asked_for_tls(tmp_path: Path) -> None:
    with showing(tmp_path, LEAF, MIDDLE, before=smtp) as port:
        leaf, _ = metrics({"sources": [f"smtp://127.0.0.1:{port}"]})
    assert leaf.fields["verification_code"] == 0


def hangs(connection: socket.socket) -> None:
    while connection.recv(1024):
        pass


def floods(connection: socket.socket) -> None:
    with suppress(OSError):
        while True:
            connection.sendall(b"2")


@pytest.mark.parametrize(
    ("scheme", "behave", "seconds", "said"),
    [
        ("https", hangs, 0.1, "timed out"),
        ("smtp", hangs, 0.1, "timed out"),
        ("smtp", floods, LONG, "after connecting"),
        ("https", lambda connection: connection.sendall(b"HTTP/1.1 400 plain\r\n\r\n"), LONG, "no TLS: "),
        ("smtp", lambda connection: connection.sendall(b"554 no\r\n"), LONG, "no 220 after connecting"),
        ("smtp", lambda connection: None, LONG, "no 220 after connecting"),
        ("https", lambda connection: None, LONG, ""),
    ],
    ids=[
        "hangs",
        "mail that hangs",
        "mail that never ends",
        "no TLS",
        "no mail",
        "mail that closes",
        "closes",
    ],
)
def test_a_server_without_certificates_is_a_failure_in_time(
    scheme: str, behave: Callable[[socket.socket], None], seconds: float, said: str
) -> None:
    with listening(behave) as port:
        source = f"{scheme}://127.0.0.1:{port}"
        gather = gathered(KIND, {"sources": [source], "timeout": "30s"}, seconds=seconds)
    assert gather.metrics == []
    (failure,) = gather.failures
    assert failure.startswith(f"{source}: ")
    assert said in failure


def test_a_server_that_may_not_be_reached_is_not_asked() -> None:
    gather = gathered(KIND, {"sources": ["https://127.0.0.1"]}, tools(Reach()))
    assert gather.failures == ["https://127.0.0.1:443: 127.0.0.1: 127.0.0.1 is this machine"]


def test_files_are_read_where_they_are_the_users_own(tmp_path: Path) -> None:
    (tmp_path / "a.pem").write_text("text before\n" + LEAF.secret + LEAF.pem + MIDDLE.pem)
    (tmp_path / "b.pem").write_text("nothing")
    settings = {"sources": [f"{tmp_path}/*.pem", f"file://{tmp_path}/none"]}
    gather = gathered(KIND, settings, now=NOW)
    assert [(found.tags["source"], found.tags["common_name"]) for found in gather.metrics] == [
        (f"file://{tmp_path}/a.pem", "example.org"),
        (f"file://{tmp_path}/a.pem", "middle"),
    ]
    assert gather.metrics[0].fields.keys() == {"age", "expiry", "startdate", "enddate"}
    assert gather.failures == [
        f"file://{tmp_path}/b.pem: expected certificates in PEM",
        f"file://{tmp_path}/none: there is no such file",
    ]


def test_files_are_not_read_elsewhere(tmp_path: Path) -> None:
    (tmp_path / "a.pem").write_text(LEAF.pem)
    gather = gathered(KIND, {"sources": [f"{tmp_path}/a.pem"]}, tools(local=False))
    assert gather.metrics == []
    assert "only by `tocsin local`" in gather.failures[0]


@pytest.mark.parametrize(
    ("key", "signature", "public"),
    [
        (rsa.generate_private_key(65537, 2048), "SHA256-RSA", "RSA"),
        (ec.generate_private_key(ec.SECP384R1()), "ECDSA-SHA256", "ECDSA"),
        (ed25519.Ed25519PrivateKey.generate(), "Ed25519", "Ed25519"),
    ],
    ids=["rsa", "ecdsa", "ed25519"],
)
def test_algorithms_in_the_words_of_go(key: Any, signature: str, public: str) -> None:
    tags = Certificate.of(certified("a", key=key).der).tags
    assert (tags["signature_algorithm"], tags["public_key_algorithm"]) == (signature, public)


@given(st.integers(0, len(LEAF.der) - 1), st.integers(1, 255), st.integers(0, len(LEAF.der)))
def test_a_certificate_that_is_broken_is_read_or_refused(place: int, change: int, length: int) -> None:
    broken = bytearray(LEAF.der)
    broken[place] ^= change
    for der in (bytes(broken), LEAF.der[:length]):
        with suppress(ValueError):
            Certificate.of(der).fields(NOW)


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ({}, "Field required"),
        ({"sources": ["http://example.org"]}, "https://"),
        ({"sources": ["tcp://example.org"]}, "a port"),
        ({"sources": ["https://u:s3cret@example.org"]}, "no user or password"),
        ({"sources": ["https://u@example.org:443"]}, "no user or password"),
        ({"sources": ["https://example.org:99999"]}, "out of range"),
        ({"sources": ["https://a"], "server_name": "a", "tls_server_name": "a"}, "one of them"),
    ],
    ids=lambda case: str(case),
)
def test_settings_that_make_no_sense_are_refused(settings: dict[str, Any], reason: str) -> None:
    with pytest.raises(ValidationError, match=reason):
        stored(KIND, settings)


def test_a_failure_shows_no_path_and_a_source_has_no_query() -> None:
    assert stored(KIND, {"sources": ["https://a:8443/p?key=s3cret#x"]})["sources"] == ["https://a:8443/p"]
    gather = gathered(KIND, {"sources": ["https://127.0.0.1:1/s3cret?s3cret"]}, tools(Reach()))
    assert gather.failures == ["https://127.0.0.1:1: 127.0.0.1: 127.0.0.1 is this machine"]
