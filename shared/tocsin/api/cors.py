"""Cross-origin requests: whose pages may ask from a browser (the Fetch standard, "CORS protocol")."""

from collections.abc import Collection
from dataclasses import dataclass
from urllib.parse import urlsplit

from tocsin.api.requests import Request
from tocsin.api.responses import Response

_METHODS = "GET, POST, PUT, DELETE, HEAD, OPTIONS"
_HEADERS = "Authorization, Content-Type, Accept, X-Scope-OrgID"
_DAY_SECONDS = "86400"
_UNASKED = frozenset({"", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data"})
"""Media types that a page may send anywhere: those that a form has, or none."""


@dataclass(frozen=True, slots=True)
class Cors:
    """The origins whose pages may ask, `*` for all; none if nobody's but our own."""

    origins: frozenset[str] = frozenset()

    def allow(self, request: Request, response: Response) -> Response:
        """Return the response with what lets a page of an allowed origin read it."""
        if not self.origins:
            return response
        origin = self._allowed(request)
        vary = ", ".join(filter(None, (response.headers.get("Vary", ""), "Origin")))
        varying = response.with_headers(vary=vary)
        return varying.with_headers(access_control_allow_origin=origin) if origin else varying

    def preflight(self, request: Request) -> Response:
        """Return the answer to what a browser asks before it sends what a page wants it to."""
        if not self._allowed(request):
            return Response(204)
        return Response(
            204,
            headers={
                "Access-Control-Allow-Methods": _METHODS,
                "Access-Control-Allow-Headers": _HEADERS,
                "Access-Control-Max-Age": _DAY_SECONDS,
            },
        )

    def refuses(self, request: Request) -> bool:
        """Tell whether somebody else's page may have made a browser send the request."""
        return forged(
            request.method, request.media_type, request.header("origin"), request.header("host"), self.origins
        )

    def _allowed(self, request: Request) -> str:
        if "*" in self.origins:
            return "*"
        origin = request.header("origin")
        return origin if origin in self.origins else ""


def forged(method: str, media_type: str, origin: str, host: str, allowed: Collection[str] = ()) -> bool:
    """Tell whether a page of an origin that is neither ours nor allowed may have made a browser send a request.

    A browser sends such a POST for any page without asking first, with the password that it remembers. All else that
    changes something (JSON, DELETE) it asks for first, and `Cors.preflight` says no; so what comes with a foreign
    `Origin` all the same is from a program: karma passes on that of its own pages.
    """
    if method != "POST" or media_type not in _UNASKED or not origin:
        return False
    return not (origin in allowed or "*" in allowed or _host(origin) == host)


def _host(origin: str) -> str | None:
    try:
        return urlsplit(origin).netloc
    except ValueError:
        return None
