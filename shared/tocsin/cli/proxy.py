"""tocsin proxy: the API of a stack on this machine, every request signed for IAM."""

import signal
from collections.abc import Iterable
from http.client import responses
from threading import Event
from typing import Any
from urllib.parse import quote, urlencode

import click
from urllib3.util import parse_url

from tocsin.access.auth import Auth, AuthError, sigv4
from tocsin.api.events import to_request
from tocsin.api.requests import Request as Asked
from tocsin.cli.command import Command
from tocsin.cli.connection import function_url
from tocsin.cli.session import Session
from tocsin.http import SOURCE_BODY_BYTES, HttpClient, Request, Response, Transport
from tocsin.local.command import Address, listen_option
from tocsin.local.embedded import Environ, Listener, Respond
from tocsin.local.events import url_event

_SECONDS = 35.0
"""Longer than the API's function may take."""
_CONNECTIONS = 32
_OF_A_CONNECTION = frozenset(
    {"connection", "keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade"}
)
_NOT_PASSED_ON = _OF_A_CONNECTION | {"authorization", "content-length", "host", "origin"}


class Signing:
    """A WSGI application that asks a Function URL what it is asked, and signs it."""

    def __init__(self, url: str, auth: Auth, transport: Transport) -> None:
        self._url, self._auth, self._transport = url.rstrip("/"), auth, transport

    def __call__(self, environ: Environ, respond: Respond) -> Iterable[bytes]:
        """Answer a WSGI request."""
        asked = to_request(url_event(environ))
        # As it is sent it must be signed; urllib3 would bring its escapes into another form.
        url = parse_url(f"{self._url}{asked.path}{_query(asked)}").url
        try:
            signed = self._auth(Request(asked.method, url, {}, asked.body))
        except AuthError as error:
            return _failed(respond, str(error))
        headers = {**_passed_on(asked), **signed}
        reply = self._transport(Request(asked.method, url, headers, asked.body, repeatable=True), _SECONDS)
        if not isinstance(reply, Response):
            return _failed(respond, reply.detail)
        kept = [(name, value) for name, value in reply.headers.items() if name not in _OF_A_CONNECTION]
        respond(f"{reply.status} {responses.get(reply.status, '')}", kept)
        return [reply.body]


def _query(asked: Asked) -> str:
    return f"?{urlencode(asked.parameters, quote_via=quote)}" if asked.query else ""


def _passed_on(asked: Asked) -> dict[str, str]:
    return {name.title(): value for name, value in asked.headers.items() if name not in _NOT_PASSED_ON}


def _failed(respond: Respond, detail: str) -> list[bytes]:
    respond("502 Bad Gateway", [("Content-Type", "text/plain; charset=utf-8")])
    return [f"{detail}\n".encode()]


@click.command(cls=Command)
@listen_option("Where the API is to be on this machine.")
@click.pass_obj
def proxy(session: Session, address: Address) -> None:
    """Give clients that cannot sign the API of a stack, on this machine, with your own rights.

    \b
    Example:
      tocsin --stack prod proxy
      amtool --alertmanager.url http://127.0.0.1:9093 alert
    """
    if not address.is_loopback:
        raise click.UsageError(
            f"{address.host} is reached from elsewhere too, and who reaches it acts as you"
        )
    url, aws = function_url(session.target)
    auth = sigv4(aws.get_credentials(), aws.region_name or "", "lambda")
    try:
        with Listener(address.host, address.port, None) as listener:
            listener.api = Signing(url, auth, HttpClient(SOURCE_BODY_BYTES, _CONNECTIONS))
            click.echo(f"{url} is at {listener.url}; Ctrl-C ends")
            _wait()
    except OSError as error:
        raise click.ClickException(
            f"cannot listen on {address.host}:{address.port}: {error.strerror}"
        ) from None


def _wait() -> None:
    ended = Event()

    def end(*_: Any) -> None:
        ended.set()

    signal.signal(signal.SIGINT, end)
    signal.signal(signal.SIGTERM, end)
    ended.wait()
