"""A connection to an SMTP server that ends in time."""

import io
import smtplib
import socket
import ssl
from base64 import b64decode, b64encode
from collections.abc import Callable

from tocsin.http import DeadlineReader
from tocsin.notification import Failure

_REPLY_CHARS = 100
_CHALLENGES = 3


class SmtpError(Exception):
    """The server did not take a step; `code` is its reply's, 0 if it never came to one."""

    def __init__(self, step: str, code: int = 0, reply: bytes = b"", reason: Failure | None = None) -> None:
        said = reply.decode(errors="replace")[:_REPLY_CHARS]
        super().__init__(f"{step}: {code} {said}".strip() if code else step)
        self.reason = reason or _reason(code)


class Connection(smtplib.SMTP):
    """SMTP with one deadline: whatever the server does, its replies are there before it, or TimeoutError is raised.

    Own code where smtplib has none: a deadline instead of a timeout for each read, a name for the certificate
    that is not the host's, and user names and passwords that are not ASCII.
    """

    def __init__(self, hello: str, left: Callable[[], float]) -> None:
        """`left` tells how many seconds there are left."""
        super().__init__(local_hostname=hello or "localhost")
        self._left = left

    @property
    def encrypted(self) -> bool:
        """Whether nobody else can read along."""
        return isinstance(self.sock, ssl.SSLSocket)

    def open(self, host: str, port: int, encryption: tuple[ssl.SSLContext, str] | None) -> None:
        """Connect and say hello; with a context and the server's name the connection is encrypted from the start."""
        self.sock = socket.create_connection((host, port), self._timeout())
        if encryption is not None:
            self._wrap(*encryption)
        code, reply = self.getreply()
        if code != 220:
            raise SmtpError("greeting", code, reply)
        self._greet()

    def encrypt(self, context: ssl.SSLContext, name: str) -> None:
        """Encrypt the connection, and say hello again: what was said before may have been another's words."""
        code, reply = self.docmd("STARTTLS")
        if code != 220:
            raise SmtpError("send STARTTLS command", code, reply)
        self._wrap(context, name)
        self._greet()

    def authenticate(
        self, mechanism: str, answer: Callable[[bytes], bytes], first: bytes | None = None
    ) -> None:
        """Say who we are (RFC 4954): `first` at once, if there is something, then an answer to each challenge."""
        code, reply = self.docmd("AUTH", mechanism if first is None else f"{mechanism} {_base64(first)}")
        for _ in range(_CHALLENGES):
            if code != 334:
                break
            try:
                challenge = b64decode(reply)
            except ValueError:
                raise SmtpError(f"{mechanism} auth: a challenge that is not Base64") from None
            code, reply = self.docmd(_base64(answer(challenge)))
        if code != 235:  # what the server says to it is not shown: it may repeat what it was told
            raise SmtpError(f"{mechanism} auth", code, reason=Failure.AUTH_ERROR)

    def getreply(self) -> tuple[int, bytes]:
        """Return a reply."""
        if self.sock is not None:
            self.sock.settimeout(self._timeout())
            self.file = self.file or io.BufferedReader(DeadlineReader(self.sock))
        return super().getreply()

    def _wrap(self, context: ssl.SSLContext, name: str) -> None:
        if self.sock is not None:
            self.sock.settimeout(self._timeout())
            self.sock = context.wrap_socket(self.sock, server_hostname=name)
            self.file = None

    def _greet(self) -> None:
        self.esmtp_features = {}
        code, reply = self.ehlo()
        if code != 250:
            code, reply = self.helo()
        if code != 250:
            raise SmtpError("send EHLO command", code, reply)

    def _timeout(self) -> float:
        left = self._left()
        if left <= 0:
            raise TimeoutError
        return left


def _reason(code: int) -> Failure:
    if code >= 500:
        return Failure.CLIENT_ERROR
    return Failure.SERVER_ERROR if code >= 400 else Failure.OTHER


def _base64(data: bytes) -> str:
    return b64encode(data).decode()
