"""TLS: how a server and its client prove who they are."""

import ssl
from dataclasses import dataclass, field
from functools import cache
from tempfile import NamedTemporaryFile

from urllib3.util import create_urllib3_context

_VERSIONS = {
    "TLS10": ssl.TLSVersion.TLSv1,
    "TLS11": ssl.TLSVersion.TLSv1_1,
    "TLS12": ssl.TLSVersion.TLSv1_2,
    "TLS13": ssl.TLSVersion.TLSv1_3,
}


class TransportError(ValueError):
    """A certificate, a key or a proxy cannot be used; the message says which, without what is in it."""


@dataclass(frozen=True, slots=True)
class Tls:
    """How a server and its client prove who they are; `ca`, `certificate` and `key` are PEM, empty for none.

    `ca` replaces the system's authorities. `server_name` is what the server's certificate is to be for, if
    not for the URL's host. Without `verify` any certificate will do. `min_version` and `max_version` are `TLS10`
    to `TLS13`; empty for what OpenSSL thinks.
    """

    ca: str = field(default="", repr=False)
    certificate: str = field(default="", repr=False)
    key: str = field(default="", repr=False)
    server_name: str = ""
    verify: bool = True
    min_version: str = ""
    max_version: str = ""


@cache
def trusting() -> ssl.SSLContext:
    """Load the trusted certificates once, not for every connection, and only if something is encrypted."""
    context = create_urllib3_context()
    context.load_default_certs()
    return context


def ssl_context(tls: Tls) -> ssl.SSLContext:
    """Return how a connection is encrypted; raises TransportError."""
    context = create_urllib3_context()
    try:
        context.load_verify_locations(cadata=tls.ca) if tls.ca else context.load_default_certs()
    except ssl.SSLError:
        raise TransportError("ca: expected certificates in PEM") from None
    if tls.ca:
        # Python 3.13 asks of a certificate what RFC 5280 does, such as an authority key identifier. Many that
        # private authorities sign lack it, and Go, whose users they were made for, checks the chain alone.
        context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    if tls.certificate:
        _load_certificate(context, tls)
    if tls.min_version:
        context.minimum_version = _VERSIONS[tls.min_version]
    if tls.max_version:
        context.maximum_version = _VERSIONS[tls.max_version]
    if not tls.verify:
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


def _load_certificate(context: ssl.SSLContext, tls: Tls) -> None:
    # OpenSSL reads them from a file only; this one is readable by us alone, and gone when they are loaded.
    with NamedTemporaryFile("w", suffix=".pem") as file:
        file.write(f"{tls.certificate}\n{tls.key}\n")
        file.flush()
        try:
            context.load_cert_chain(file.name, password="")
        except ssl.SSLError as error:
            reason = f" ({error.reason})" if error.reason else ""
            raise TransportError(
                f"certificate and key: expected a pair in PEM, not encrypted{reason}"
            ) from None
