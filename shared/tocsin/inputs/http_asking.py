"""How the kinds that speak HTTP ask: as whom, over which transport, along redirects, in the time that there is."""

import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

from tocsin.access.auth import Auth, anonymous, send
from tocsin.access.port import Access
from tocsin.collection.gather import Gather
from tocsin.http import Reply, Request, Response, Transport, Unreachable, Why, origin
from tocsin.inputs.http_redirects import MOST_REQUESTS, Hop, RedirectError, following
from tocsin.inputs.reach import Reach
from tocsin.inputs.tools import Tools
from tocsin.sources import connecting
from tocsin.tls import Tls

_MOST_CONNECTIONS = 16


@dataclass(frozen=True, slots=True)
class Asking:
    """Asks with credentials and headers; `reach` is given if a proxy connects, which knows nothing of ours."""

    transport: Transport
    auth: Auth = anonymous
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    reach: Reach | None = None

    def ask(self, request: Request, left_seconds: Callable[[], float], *, follow: bool = True) -> Reply:
        """Return the answer, that at the end of the redirects if they are followed; raises AuthError."""
        hop = Hop(request, self.headers)
        for _ in range(MOST_REQUESTS):
            reply = self._send(hop, left_seconds())
            try:
                next_hop = following(hop, reply) if follow and isinstance(reply, Response) else None
            except RedirectError as error:
                return Unreachable(f"{origin(hop.request.url)}: {error}")
            if next_hop is None:
                return reply
            hop = next_hop
        return Unreachable(f"{origin(request.url)}: stopped after {MOST_REQUESTS} redirects")

    def _send(self, hop: Hop, timeout_seconds: float) -> Reply:
        refusal = self._refusal(hop.request.url)
        if refusal is not None:
            return Unreachable(f"{origin(hop.request.url)}: {refusal}", why=Why.FORBIDDEN)
        request = replace(hop.request, headers={**hop.request.headers, **hop.headers})
        return send(request, self.auth if hop.trusted else anonymous, self.transport, timeout_seconds)

    def _refusal(self, url: str) -> str | None:
        """Say why a proxy is not to be asked for an address; names are the proxy's to resolve."""
        address = _address(urlsplit(url).hostname or "")
        return self.reach.refusal(address) if self.reach and address else None


def _address(host: str) -> str | None:
    """Return the address that a host is, in whatever form; None for a name."""
    host = host.rstrip(".")
    try:
        return socket.inet_ntoa(socket.inet_aton(host))
    except OSError:
        return host if ":" in host else None


def asking(
    settings: Mapping[str, Any], tools: Tools, max_body_bytes: int, *, keep_alive: bool = True
) -> Asking:
    """Return how the settings ask; raises SecretError and TransportError."""
    proxy_url = connecting.value(settings.get("http_proxy") or settings.get("http_proxy_url"), tools.access)
    transport = tools.network.transport(
        max_body_bytes=max_body_bytes,
        connections=min(len(settings["urls"]), _MOST_CONNECTIONS) if keep_alive else 0,
        tls=_tls(settings, tools.access),
        proxy_url=proxy_url,
    )
    given = {"auth": _auth(settings), "headers": settings.get("headers") or settings.get("http_headers")}
    return Asking(
        transport,
        connecting.auth(given, tools.access),
        connecting.headers(given),
        tools.network.reach if proxy_url else None,
    )


def _auth(settings: Mapping[str, Any]) -> Mapping[str, Any]:
    if token := settings.get("bearer_token"):
        return {"bearer": token}
    username, password = settings.get("username") or "", settings.get("password") or ""
    return {"basic": {"username": username, "password": password}} if username or password else {}


def _tls(settings: Mapping[str, Any], access: Access) -> Tls | None:
    given = Tls(
        ca=connecting.value(settings.get("tls_ca"), access),
        certificate=connecting.value(settings.get("tls_cert"), access),
        key=connecting.value(settings.get("tls_key"), access),
        server_name=settings.get("tls_server_name", ""),
        verify=not settings.get("insecure_skip_verify", False),
        min_version=settings.get("tls_min_version", ""),
    )
    return None if given == Tls() else given


def within(gather: Gather, timeout_seconds: float) -> Callable[[], float]:
    """Return how to tell what is left of a timeout that begins now and is not longer than the run."""
    spare = max(0.0, gather.left_seconds() - timeout_seconds)
    return lambda: max(0.0, gather.left_seconds() - spare)


def answered(reply: Reply, url: str, statuses: tuple[int, ...], gather: Gather) -> Response | None:
    """Return an answer of one of the statuses; anything else is a failure of the gathering."""
    if not isinstance(reply, Response):
        gather.fail(reply.detail)
        return None
    if reply.status not in statuses:
        expected = ", ".join(map(str, statuses))
        gather.fail(f"{origin(url)}: status {reply.status}{_phrase(reply.status)}, expected {expected}")
        return None
    return reply


def _phrase(status: int) -> str:
    return f" ({HTTPStatus(status).phrase})" if status in HTTPStatus._value2member_map_ else ""
