"""HTTP requests that end: within a deadline, within a size, and with a value instead of an exception."""

import base64
import http.client
import io
import socket
import ssl
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from enum import StrEnum
from time import monotonic
from typing import Any, TypeVar
from urllib.parse import unquote

import urllib3
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import (
    ConnectTimeoutError,
    HTTPError,
    LocationParseError,
    NameResolutionError,
    NewConnectionError,
)
from urllib3.exceptions import TimeoutError as UrllibTimeoutError
from urllib3.util import make_headers, parse_url

from tocsin import __version__
from tocsin.tls import Tls, TransportError, ssl_context, trusting

USER_AGENT = f"Tocsin/{__version__}"
SOURCE_BODY_BYTES = 16 << 20
RECEIVER_BODY_BYTES = 64 << 10
_CHUNK_BYTES = 1 << 20
# Compressing a small answer costs a server more than the answer.
_HEADERS = {"Accept-Encoding": "identity", "User-Agent": USER_AGENT}


@dataclass(frozen=True, slots=True)
class Request:
    """One request; what may be secret in it stays out of its repr.

    `repeatable` says that the same request may be sent twice, which is tried once if a connection that
    was kept alive turns out to be dead (a Lambda thaws with connections that the other side has dropped).
    """

    method: str
    url: str = field(repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes = field(default=b"", repr=False)
    repeatable: bool = False


@dataclass(frozen=True, slots=True)
class Response:
    """A whole answer, whatever its status; the names of `headers` are in lower case, of several the first counts.

    `body_seconds` is how long its body took after its headers.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes
    body_seconds: float = field(default=0.0, compare=False)


@dataclass(frozen=True, slots=True)
class Timeout:
    """The deadline passed; `status` is set if the answer had begun."""

    detail: str
    status: int | None = None


@dataclass(frozen=True, slots=True)
class TooLarge:
    """The body is larger than allowed; the rest of it was not read and the connection is closed."""

    detail: str
    status: int | None = None


class Why(StrEnum):
    """Why there is no connection."""

    REFUSED = "refused"
    """Or broken, or its certificate is not accepted."""
    NAME = "name"
    """The host's name has no address."""
    FORBIDDEN = "forbidden"
    """We do not go there."""


@dataclass(frozen=True, slots=True)
class Unreachable:
    """No connection, or one that broke; `status` is set if the answer had begun."""

    detail: str
    status: int | None = None
    why: Why = Why.REFUSED


Reply = Response | Timeout | TooLarge | Unreachable
Connect = Callable[[str, int, float], socket.socket]
"""Connect to a host and a port within so many seconds; raises OSError."""
Transport = Callable[[Request, float], Reply]
"""Send a request and return what came of it within so many seconds; never raises for what a server does."""


def origin(url: str) -> str:
    """Return scheme, host and port of `url`: all of it that may be shown; paths and users may be secrets."""
    try:
        parts = parse_url(url)
    except LocationParseError:
        return "a malformed URL"
    return f"{parts.scheme or 'http'}://{parts.netloc or ''}"


def basic_credentials(username: str, password: str) -> str:
    """Return the value of an `Authorization` header of type Basic (RFC 7617, UTF-8)."""
    return "Basic " + base64.b64encode(f"{username}:{password}".encode()).decode()


def retry_after_seconds(value: str, now: datetime) -> float | None:
    """Return how long a `Retry-After` (seconds or an HTTP date) asks to wait; None if it says nothing.

    RFC 9110 section 10.2.3.
    """
    value = value.strip()
    if value.isascii() and value.isdigit():
        return float(value[:10])
    try:
        at = parsedate_to_datetime(value)
    except ValueError:
        return None
    return max(0.0, (at.replace(tzinfo=at.tzinfo or UTC) - now).total_seconds())


class ForbiddenError(OSError):
    """An address may not be reached; the text says why."""


class HttpClient:
    """A `Transport` over urllib3: connections kept alive, certificates checked, redirects not followed.

    The deadline covers connecting, sending, headers and body together. Looking up a name, and an address
    that swallows packets beside another that might not, are beyond a socket's timeout: who must be back
    in time runs it in a thread that can be left behind (`tocsin.parallel`).
    """

    def __init__(
        self,
        max_body_bytes: int,
        connections: int = 1,
        *,
        tls: Tls | None = None,
        proxy_url: str = "",
        proxy_headers: Mapping[str, str] | None = None,
        connect: Connect | None = None,
    ) -> None:
        """`connections` is how many are kept alive for each host, 0 for none; more are opened if needed, not kept.

        A `proxy_url` may hold a user and a password; `proxy_headers` are for the proxy. `connect` makes the
        connections in place of the system's names and sockets. Raises TransportError.
        """
        self._max_body_bytes = max_body_bytes
        self._pools = _pools(connections, tls, proxy_url, proxy_headers or {}, connect)

    def __call__(self, request: Request, timeout_seconds: float) -> Reply:
        """Send the request and return the answer, or why there is none."""
        deadline = monotonic() + timeout_seconds
        reply = self._exchange(request, timeout_seconds)
        left = deadline - monotonic()
        if request.repeatable and isinstance(reply, Unreachable) and reply.status is None and left > 0:
            return self._exchange(request, left)
        return reply

    def close(self) -> None:
        """Close the connections that are kept alive."""
        self._pools.clear()

    def _exchange(self, request: Request, timeout_seconds: float) -> Reply:
        status: int | None = None
        try:
            response = self._pools.request(
                request.method,
                request.url,
                body=request.body or None,
                headers={**_HEADERS, **request.headers},
                timeout=urllib3.Timeout(total=max(timeout_seconds, 0.001)),
                retries=False,
                redirect=False,
                preload_content=False,
                decode_content=False,
            )
            status = response.status
            return self._read(response, request.url)
        except HTTPError as error:
            # urllib3 derives a refused connection from a timeout.
            if isinstance(error, UrllibTimeoutError) and not isinstance(error, NewConnectionError):
                return Timeout(f"{origin(request.url)}: no answer within {timeout_seconds:.3g} s", status)
            return Unreachable(f"{origin(request.url)}: {_reason(error)}", status, _why(error))
        except ValueError:  # http.client on a header that cannot be sent; its message quotes the header
            return Unreachable(f"{origin(request.url)}: the request's headers cannot be sent")

    def _read(self, response: urllib3.BaseHTTPResponse, url: str) -> Response | TooLarge:
        began = monotonic()
        try:
            body = bytearray()
            announced = response.headers.get("content-length", "")
            while not _exceeds(announced, self._max_body_bytes):
                chunk = response.read(min(_CHUNK_BYTES, self._max_body_bytes + 1))
                if not chunk:
                    headers = {name.lower(): value for name, value in reversed([*response.headers.items()])}
                    return Response(response.status, headers, bytes(body), monotonic() - began)
                body += chunk
                announced = str(len(body))
            return TooLarge(
                f"{origin(url)}: the body is larger than {self._max_body_bytes} bytes", response.status
            )
        finally:
            if not response.closed:
                response.close()


def _exceeds(length: str, limit: int) -> bool:
    return length.isdecimal() and int(length[:20]) > limit


def _causes(error: BaseException) -> Iterator[BaseException]:
    cause: BaseException | None = error
    while cause is not None:
        yield cause
        cause = cause.__cause__ or cause.__context__


def _reason(error: HTTPError) -> str:
    """Say what went wrong without the words of urllib3's errors, which may hold the URL."""
    for cause in _causes(error):
        if isinstance(cause, ssl.SSLCertVerificationError):
            return f"certificate not accepted: {cause.verify_message}"
        if isinstance(cause, ForbiddenError):
            return str(cause)
        if isinstance(cause, OSError) and cause.strerror:
            return cause.strerror
    return type(error).__name__


def _why(error: HTTPError) -> Why:
    if any(isinstance(cause, ForbiddenError) for cause in _causes(error)):
        return Why.FORBIDDEN
    return Why.NAME if isinstance(error, NameResolutionError) else Why.REFUSED


# A socket's timeout starts anew with every read, so a server that sends a byte a second never times out.
# http.client makes its reader from the socket just after urllib3 has set the socket's timeout to what is
# left of the total; from then on the reader below gives every read only what is left of that.


class DeadlineReader(io.RawIOBase):
    """Reads from a socket until the timeout that it has now has passed in all, whatever comes meanwhile."""

    def __init__(self, sock: socket.socket) -> None:
        super().__init__()
        timeout = sock.gettimeout()
        self._deadline = None if timeout is None else monotonic() + timeout
        self._sock = sock
        self._raw = sock.makefile("rb", buffering=0)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        if self._deadline is not None:
            left = self._deadline - monotonic()
            if left <= 0:
                raise TimeoutError("timed out")
            self._sock.settimeout(left)
        return self._raw.readinto(buffer)

    def close(self) -> None:
        self._raw.close()
        super().close()


class _Response(http.client.HTTPResponse):
    def __init__(self, sock: socket.socket, *args: Any, **kwargs: Any) -> None:
        super().__init__(sock, *args, **kwargs)
        self.fp.close()
        self.fp = io.BufferedReader(DeadlineReader(sock))


class _LastResponse(_Response):
    """The only response of its connection, whatever the server thinks."""

    def begin(self) -> None:
        super().begin()
        self.will_close = True


class _HttpConnection(HTTPConnection):
    response_class = _Response


class _HttpsConnection(HTTPSConnection):
    response_class = _Response


class _Dialled(HTTPConnection):
    """A connection whose socket is made by `dial`."""

    dial: Connect

    def _new_conn(self) -> socket.socket:
        timeout = self.timeout if isinstance(self.timeout, int | float) else 0.0
        try:
            return self.dial(self._dns_host, self.port or self.default_port, timeout)
        except socket.gaierror as error:
            raise NameResolutionError(self.host, self, error) from error
        except TimeoutError as error:
            raise ConnectTimeoutError(self, "timed out") from error
        except OSError as error:
            raise NewConnectionError(self, "no connection") from error


class _HttpPool(urllib3.HTTPConnectionPool):
    ConnectionCls = _HttpConnection


class _HttpsPool(urllib3.HTTPSConnectionPool):
    ConnectionCls = _HttpsConnection

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"ssl_context": trusting(), **kwargs})


class _UncheckedHttpsPool(_HttpsPool):
    """A pool that does not warn of certificates that nobody checks: the user has said so."""

    def _validate_conn(self, conn: Any) -> None:
        if conn.is_closed:
            conn.connect()


_P = TypeVar("_P", bound=urllib3.HTTPConnectionPool)


def _varied(pool: type[_P], connect: Connect | None, *, keep: bool) -> type[_P]:
    """Return a kind of pool whose connections are made by `connect` if it is given, and are kept or not."""
    members: dict[str, Any] = {"response_class": _Response if keep else _LastResponse}
    bases: tuple[type, ...] = (pool.ConnectionCls,)
    if connect is not None:
        members, bases = {**members, "dial": staticmethod(connect)}, (_Dialled, *bases)
    return type("_VariedPool", (pool,), {"ConnectionCls": type("_VariedConnection", bases, members)})


def _pools(
    connections: int,
    tls: Tls | None,
    proxy_url: str,
    proxy_headers: Mapping[str, str],
    connect: Connect | None,
) -> urllib3.PoolManager:
    options: dict[str, Any] = {"maxsize": max(connections, 1)}
    http, https = _HttpPool, _HttpsPool
    if tls is not None:
        options |= {"ssl_context": ssl_context(tls), "server_hostname": tls.server_name or None}
        https = _HttpsPool if tls.verify else _UncheckedHttpsPool
    pools = _proxy(proxy_url, proxy_headers, options) if proxy_url else urllib3.PoolManager(**options)
    if connect is not None or not connections:
        http, https = (
            _varied(http, connect, keep=connections > 0),
            _varied(https, connect, keep=connections > 0),
        )
    pools.pool_classes_by_scheme = {"http": http, "https": https}
    return pools


def _proxy(url: str, headers: Mapping[str, str], options: Mapping[str, Any]) -> urllib3.ProxyManager:
    try:
        parts = parse_url(url)
    except LocationParseError:
        parts = parse_url("")
    if parts.scheme not in ("http", "https") or not parts.host:
        raise TransportError("proxy: expected a URL like http://proxy.example:3128")
    login = make_headers(proxy_basic_auth=unquote(parts.auth)) if parts.auth else {}
    return urllib3.ProxyManager(parts._replace(auth=None).url, proxy_headers={**login, **headers}, **options)
