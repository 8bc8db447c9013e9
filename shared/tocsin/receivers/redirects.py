"""Redirects, followed as Go's HTTP client does it."""

from collections.abc import Mapping
from dataclasses import replace
from urllib.parse import urljoin, urlsplit

from tocsin.http import Request, Response, origin

LIMIT = 10
"""So many redirects are followed."""
_AS_GET = (301, 302, 303)
_AS_IT_IS = (307, 308)
_FOR_ANYONE = ("Accept", "Connection", "Content-Type")
"""The headers that another server may see; any other may be a secret."""


def redirected(request: Request, reply: Response) -> Request | None:
    """Return the request that a redirect asks for; None if it asks for none, or for one in the clear after TLS."""
    if reply.status not in (*_AS_GET, *_AS_IT_IS) or not reply.headers.get("location"):
        return None
    try:
        url = urljoin(request.url, reply.headers["location"])
        scheme, host = urlsplit(url).scheme, urlsplit(url).hostname
    except ValueError:
        return None
    downgraded = scheme == "http" and urlsplit(request.url).scheme == "https"
    if scheme not in ("http", "https") or not host or downgraded:
        return None
    headers = request.headers if origin(url) == origin(request.url) else _harmless(request.headers)
    if reply.status in _AS_IT_IS:
        return replace(request, url=url, headers=headers)
    return Request("GET", url, {name: value for name, value in headers.items() if name != "Content-Type"})


def _harmless(headers: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in headers.items() if name in _FOR_ANYONE}
