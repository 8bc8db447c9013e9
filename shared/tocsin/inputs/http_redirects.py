"""Redirects, followed as Go's HTTP client does (Go `net/http/client.go`), and more careful with what is the user's."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from urllib.parse import SplitResult, urljoin, urlsplit

from tocsin.http import Request, Response

MOST_REQUESTS = 10
_TO_GET = (301, 302, 303)
_AS_IT_WAS = (307, 308)
_OF_THE_BODY = ("content-type", "content-encoding")
_PORTS = {"http": 80, "https": 443}


class RedirectError(ValueError):
    """A redirect leads nowhere; the text says why, without its URL."""


@dataclass(frozen=True, slots=True)
class Hop:
    """A request on its way: `headers` are the user's, which go with it while it is `trusted`, as credentials do."""

    request: Request
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    trusted: bool = True


def following(hop: Hop, answer: Response) -> Hop | None:
    """Return where an answer sends a request next, None if it is no redirect; raises RedirectError.

    Headers and credentials stay behind for good when host or port change or encryption ends; Go takes headers along
    that are not known to be credentials, and credentials to subdomains and other ports.
    """
    location = answer.headers.get("location", "")
    if answer.status not in (*_TO_GET, *_AS_IT_WAS) or not location:
        return None
    asked, target = hop.request, _target(hop.request.url, location)
    kept = {name: text for name, text in hop.headers.items() if name.lower() != "host" or _relative(location)}
    if answer.status in _TO_GET:
        method = asked.method if asked.method in ("GET", "HEAD") else "GET"
        asked = replace(asked, method=method, body=b"")
        kept = {name: text for name, text in kept.items() if name.lower() not in _OF_THE_BODY}
    trusted = hop.trusted and _same_place(urlsplit(hop.request.url), urlsplit(target))
    return Hop(replace(asked, url=target), kept if trusted else {}, trusted)


def _target(url: str, location: str) -> str:
    try:
        to, target = urlsplit(location), urlsplit(urljoin(url, location))
        # urljoin takes `http:path` for a relative one.
        found = (
            target.scheme in _PORTS and target.hostname and target.port != 0 and (to.netloc or not to.scheme)
        )
    except ValueError:
        found = None
    if not found:
        raise RedirectError("redirected to what is no URL of a web server")
    return target._replace(fragment="").geturl()


def _relative(location: str) -> bool:
    return not location.startswith("//") and not urlsplit(location).scheme


def _same_place(one: SplitResult, other: SplitResult) -> bool:
    if one.hostname != other.hostname:
        return False
    ports = [parts.port or _PORTS[parts.scheme] for parts in (one, other)]
    return (one.scheme == other.scheme and ports[0] == ports[1]) or (
        (one.scheme, other.scheme) == ("http", "https") and ports == [80, 443]
    )
