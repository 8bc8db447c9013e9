"""Who we are for an SMTP server."""

import hmac
from collections.abc import Mapping
from typing import Any

from tocsin.notification import Failure
from tocsin.receivers.smtpconnection import Connection, SmtpError
from tocsin.receivers.tools import Tools

_LOCAL = ("localhost", "127.0.0.1", "::1")


class Account:
    """A user of a server, who signs in by the first way it offers for which there is what it takes."""

    def __init__(self, settings: Mapping[str, Any], tools: Tools, host: str) -> None:
        """`settings` are those of `email_configs`; raises AuthError."""
        self._host = host
        self._username, self._identity = settings["auth_username"], settings["auth_identity"]
        password, secret = tools.secret(settings["auth_password"]), tools.secret(settings["auth_secret"])
        self._needed = {"CRAM-MD5": secret, "PLAIN": password, "LOGIN": password}

    def sign_in(self, connection: Connection) -> None:
        """Authenticate if we have a name and the server has ways to; raises SmtpError."""
        offered = connection.esmtp_features.get("auth", "").upper().split() if self._username else []
        for mechanism in offered:
            if self._needed.get(mechanism):
                return self._by(mechanism, connection)
        if offered:
            missing = ", ".join(map(self._missing, offered))
            raise SmtpError(f"find auth mechanism: {missing}", reason=Failure.AUTH_ERROR)
        return None

    def _by(self, mechanism: str, connection: Connection) -> None:
        if mechanism == "CRAM-MD5":
            return connection.authenticate(mechanism, self._digest)
        password = self._needed[mechanism]
        if mechanism == "LOGIN":
            answers = iter((self._username, password))
            return connection.authenticate(mechanism, lambda _: next(answers, "").encode())
        if not connection.encrypted and self._host not in _LOCAL:  # as Go's PlainAuth
            raise SmtpError("PLAIN auth: unencrypted connection", reason=Failure.AUTH_ERROR)
        plain = f"{self._identity}\0{self._username}\0{password}"
        return connection.authenticate(mechanism, lambda _: b"", plain.encode())

    def _digest(self, challenge: bytes) -> bytes:
        digest = hmac.new(self._needed["CRAM-MD5"].encode(), challenge, "md5").hexdigest()  # RFC 2195
        return f"{self._username} {digest}".encode()

    def _missing(self, mechanism: str) -> str:
        if mechanism not in self._needed:
            return f"unknown auth mechanism: {mechanism}"
        what = "secret" if mechanism == "CRAM-MD5" else "password"
        return f"missing {what} for {mechanism} auth mechanism"
