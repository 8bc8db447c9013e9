"""Cross-origin requests: whose pages may ask from a browser (the Fetch standard, "CORS protocol")."""

from dataclasses import dataclass

from tocsin.api.requests import Request
from tocsin.api.responses import Response

_METHODS = "GET, POST, PUT, DELETE, HEAD, OPTIONS"
_HEADERS = "Authorization, Content-Type, Accept, X-Scope-OrgID"
_DAY_SECONDS = "86400"


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

    def _allowed(self, request: Request) -> str:
        if "*" in self.origins:
            return "*"
        origin = request.header("origin")
        return origin if origin in self.origins else ""
