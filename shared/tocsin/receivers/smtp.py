"""Mails handed to an SMTP server: encrypted, in somebody's name, to as many recipients as it takes."""

import smtplib
import socket
import ssl
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any

from tocsin.notification import Delivered, Failed, Failure, Sent
from tocsin.receivers.http import time_left
from tocsin.receivers.mail import Mail
from tocsin.receivers.smtpauth import Account
from tocsin.receivers.smtpconnection import Connection, SmtpError
from tocsin.receivers.tools import Tools
from tocsin.receivers.transports import tls
from tocsin.tls import Tls, ssl_context

_IMPLICIT_TLS_PORT = 465


class Smtp:
    """A smarthost as an integration's settings describe it."""

    def __init__(self, settings: Mapping[str, Any], tools: Tools) -> None:
        """`settings` are those of `email_configs`."""
        self._settings, self._tools = settings, tools
        host, _, self._port = settings["smarthost"].rpartition(":")
        self._host = host.strip("[]")
        self._contexts: dict[Tls, ssl.SSLContext] = {}

    def deliver(self, mail: Mail, timeout_seconds: float) -> Sent:
        """Try once; every failure may be tried again, as in Alertmanager. Raises AuthError and TransportError."""
        account = Account(self._settings, self._tools, self._host)
        connection = Connection(self._settings["hello"], time_left(timeout_seconds))
        try:
            self._open(connection)
            account.sign_in(connection)
            return _hand_over(connection, mail)
        except SmtpError as error:
            return Failed(error.reason, retry=True, detail=f"{self._host}: {error}")
        except UnicodeError:  # a name that cannot be one
            return Failed(Failure.CLIENT_ERROR, retry=False, detail="a smarthost that is no address")
        except OSError as error:  # what smtplib raises is one, too
            reason = Failure.DEADLINE if _timed_out(error) else Failure.OTHER
            return Failed(reason, retry=True, detail=f"{self._host}: {_words(error, timeout_seconds)}")
        finally:
            connection.close()

    def _open(self, connection: Connection) -> None:
        port = int(self._port) if self._port.isdecimal() else socket.getservbyname(self._port)
        implicit = self._settings.get("force_implicit_tls")
        implicit = port == _IMPLICIT_TLS_PORT if implicit is None else implicit
        encryption = self._encryption() if implicit or self._settings["require_tls"] else None
        connection.open(self._host, port, encryption if implicit else None)
        if implicit or encryption is None:
            return
        if not connection.has_extn("starttls"):
            raise SmtpError("'require_tls' is true (default) but STARTTLS is not advertised")
        connection.encrypt(*encryption)

    def _encryption(self) -> tuple[ssl.SSLContext, str]:
        """Return how the connection is encrypted, and what name the server's certificate is to be for."""
        trust = tls(self._settings.get("tls_config"), self._tools) or Tls()
        if trust not in self._contexts:
            self._contexts = {trust: ssl_context(trust)}
        return self._contexts[trust], trust.server_name or self._host


def _hand_over(connection: Connection, mail: Mail) -> Sent:
    """Hand over the mail to all recipients that the server takes; raises SmtpError if it takes none."""
    code, reply = connection.mail(mail.sender)
    if code != 250:
        raise SmtpError("send MAIL command", code, reply)
    refused = list(_refused(connection, mail.recipients))
    if len(refused) == len(mail.recipients):
        raise refused[0]
    try:
        code, reply = connection.data(mail.content)
    except smtplib.SMTPDataError as error:
        said = error.smtp_error if isinstance(error.smtp_error, bytes) else error.smtp_error.encode()
        raise SmtpError("send DATA command", error.smtp_code, said) from None
    if code != 250:
        raise SmtpError("delivery failure", code, reply)
    with suppress(OSError):  # it has the mail, whatever becomes of the connection
        connection.quit()
    return Delivered("; ".join([f"SMTP {code}", *map(str, refused)]))


def _refused(connection: Connection, recipients: tuple[str, ...]) -> Iterator[SmtpError]:
    for recipient in recipients:
        code, reply = connection.rcpt(recipient)
        if code not in (250, 251):
            yield SmtpError(f"send RCPT command: {recipient}", code, reply)


def _timed_out(error: OSError) -> bool:
    """Tell whether time ran out, which smtplib turns into a server that has disconnected."""
    return isinstance(error, TimeoutError) or isinstance(error.__context__, TimeoutError)


def _words(error: OSError, timeout_seconds: float) -> str:
    if _timed_out(error):
        return f"no answer within {timeout_seconds:.3g} s"
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"certificate not accepted: {error.verify_message}"
    if isinstance(error, smtplib.SMTPException):
        return type(error).__name__
    return error.strerror or type(error).__name__
