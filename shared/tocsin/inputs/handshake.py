"""TLS handshakes that tell which certificates a server shows, and what is wrong with them.

Python can verify a chain only while it shakes hands. So it shakes hands as a careful client does; if that fails, again
without a look at names and times, which tells whether the rest of the chain is at fault; at last without any.
"""

import io
import socket
import ssl
import sys
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from enum import Enum, auto
from functools import lru_cache
from itertools import islice
from time import monotonic
from typing import Any

from tocsin.http import DeadlineReader
from tocsin.tls import Tls, ssl_context

_NO_CHECK_TIME = 0x200000
"""OpenSSL's X509_V_FLAG_NO_CHECK_TIME."""
_DER = 2
"""The encoding in which OpenSSL's certificates are asked for (`_ssl.ENCODING_DER`)."""
_REPLY_LINES = 100
_LINE_BYTES = 1024


class HandshakeError(Exception):
    """There are no certificates to be had; the text says why."""


class Care(Enum):
    """How a server's certificate is looked at while shaking hands."""

    FULL = auto()
    """As Go's clients do: the chain, its names and times."""
    CHAIN = auto()
    NONE = auto()


@dataclass(frozen=True, slots=True)
class Shown:
    """The chain that a server has sent, the leaf first, in DER; `problems` are those of the handshakes that failed."""

    chain: Sequence[bytes]
    problems: Sequence[str] = ()

    def problem(self, place: int, of_date: str | None) -> str | None:
        """Return what is wrong with the certificate at a place, whose own dates are known.

        The first handshake judges the leaf; the second the chain behind it, but for its dates.
        """
        if place == 0 or not self.problems:
            return self.problems[0] if self.problems else None
        return self.problems[1] if len(self.problems) > 1 else of_date


def show(connect: Callable[[float], socket.socket], name: str, ca: str, ends: float, *, smtp: bool) -> Shown:
    """Return what a server shows to who asks for `name`; `connect` is given the seconds that are left.

    Raises HandshakeError, and OSError and ValueError for what a connection or a name may do.
    """
    problems: list[str] = []
    for care in Care:
        try:
            return Shown(_chain(connect, name, context(ca, care), ends, smtp=smtp), problems)
        except ssl.SSLCertVerificationError as error:
            problems.append(error.verify_message)
    raise HandshakeError("no certificate")


def _chain(
    connect: Callable[[float], socket.socket], name: str, how: ssl.SSLContext, ends: float, *, smtp: bool
) -> Sequence[bytes]:
    with closing(connect(_left(ends))) as plain:
        plain.settimeout(_left(ends))
        if smtp:
            _start_tls(plain, name)
            plain.settimeout(_left(ends))
        with how.wrap_socket(plain, server_hostname=name) as connection:
            return _sent(connection)


def _left(ends: float) -> float:
    return max(0.001, ends - monotonic())


@lru_cache(maxsize=16)
def context(ca: str, care: Care) -> ssl.SSLContext:
    """Return how to shake hands; raises TransportError.

    It is kept, because to read all authorities of the system takes its time.
    """
    made = ssl_context(Tls(ca=ca, verify=care is not Care.NONE))
    made.verify_flags &= ~ssl.VERIFY_X509_STRICT
    if care is Care.CHAIN:
        made.check_hostname = False
        made.verify_flags |= _NO_CHECK_TIME
    return made


def _sent(connection: ssl.SSLSocket) -> Sequence[bytes]:
    """Return all certificates that the peer has sent."""
    if sys.version_info >= (3, 13):
        return connection.get_unverified_chain()
    private: Any = connection  # what 3.13 has made public is there since 3.10
    return [shown.public_bytes(_DER) for shown in private._sslobj.get_unverified_chain() or ()]


def _start_tls(connection: socket.socket, name: str) -> None:
    """Ask a mail server to speak TLS (RFC 3207); raises HandshakeError and OSError."""
    lines = io.BufferedReader(DeadlineReader(connection))
    with closing(lines):
        for command, code in (("", b"220"), (f"EHLO {name}\r\n", b"250"), ("STARTTLS\r\n", b"220")):
            connection.sendall(command.encode("ascii", "replace"))
            if _reply(lines) != code:
                after = command.split()[0] if command else "connecting"
                raise HandshakeError(f"no {code.decode()} after {after}")


def _reply(lines: io.BufferedIOBase) -> bytes:
    """Return the code of a reply of one line or more, empty if there is none."""
    for line in islice(iter(lambda: lines.readline(_LINE_BYTES), b""), _REPLY_LINES):
        if line[3:4] != b"-":
            return line[:3]
    return b""
