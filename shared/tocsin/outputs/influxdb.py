"""InfluxDB as an output: line protocol over HTTP to version 1 (`/write`) or 2 and 3 (`/api/v2/write`)."""

import gzip
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from time import monotonic
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from tocsin.access.auth import Auth, AuthError, Kept, Together, send
from tocsin.access.port import Access
from tocsin.access.secrets import Reference
from tocsin.http import Request, Transport
from tocsin.lineprotocol import format_lines
from tocsin.metric import Metric
from tocsin.outputs.influxdb_answer import read_reply
from tocsin.ports import Clock, Refused, Stored, Unanswered
from tocsin.sources import connecting

if TYPE_CHECKING:
    from tocsin.documents import Block

_CONNECTIONS = 1
_HEADERS = {"Content-Type": "text/plain; charset=utf-8"}
_GZIP_LEVEL = 6


@dataclass(frozen=True, slots=True)
class InfluxWriter:
    """Writes to the first of `urls` that answers: they are of one cluster.

    A point that is written again replaces itself. NaN, infinities and what else line protocol has no word for are
    left out, as Telegraf does.
    """

    urls: Sequence[str] = field(repr=False)
    auth: Auth
    transport: Transport
    clock: Clock
    compressed: bool = True
    headers: Mapping[str, str] = field(default_factory=dict)

    def write(self, metrics: Sequence[Metric], timeout_seconds: float) -> Stored | Refused | Unanswered:
        """Write the metrics within `timeout_seconds` for all tries together."""
        lines = format_lines(metrics)
        if not lines:
            return Stored()
        body = gzip.compress(lines, _GZIP_LEVEL, mtime=0) if self.compressed else lines
        ends = monotonic() + timeout_seconds
        answer: Stored | Refused | Unanswered = Unanswered("no time left to write")
        for url in self.urls:
            answer = self._post(url, body, max(0.0, ends - monotonic()))
            if not isinstance(answer, Unanswered):
                break
        return answer

    def _post(self, url: str, body: bytes, left_seconds: float) -> Stored | Refused | Unanswered:
        headers = {**_HEADERS, **self.headers} | ({"Content-Encoding": "gzip"} if self.compressed else {})
        request = Request("POST", url, headers, body, repeatable=True)
        try:
            reply = send(request, self.auth, self.transport, left_seconds)
        except AuthError as error:
            return Unanswered(str(error), "auth")
        return read_reply(reply, self.clock.now())


def write_url(base: str, settings: Mapping[str, Any]) -> str:
    """Return where lines are written, at the server of `base`."""
    if settings.get("bucket"):
        path, names = "api/v2/write", {"org": "organization", "bucket": "bucket"}
    else:
        path, names = (
            "write",
            {"db": "database", "rp": "retention_policy", "consistency": "write_consistency"},
        )
    given = {name: settings.get(option) for name, option in names.items()}
    query = {name: value for name, value in given.items() if value} | {"precision": "ns"}
    return f"{base}/{path}?{urlencode(query)}"


def open_writer(settings: Mapping[str, Any], access: Access) -> InfluxWriter:
    """Return the writer of normalised settings; raises SecretError and TransportError."""
    shaped = _shaped(settings)
    ways = [connecting.auth(shaped, access)]
    if token := settings.get("token"):
        ways.append(_by_token(token, access))
    return InfluxWriter(
        tuple(write_url(base, settings) for base in settings["urls"]),
        Together(tuple(ways)),
        connecting.transport(shaped, access, _CONNECTIONS),
        access.clock,
        settings.get("content_encoding", "gzip") == "gzip",
        connecting.headers(shaped),
    )


def _shaped(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return what Telegraf's names stand for, as all our kinds that speak HTTP have it."""
    basic = {name: settings[name] for name in ("username", "password") if settings.get(name)}
    tls = {"ca": "tls_ca", "certificate": "tls_cert", "key": "tls_key", "server_name": "tls_server_name"}
    given = {name: settings[option] for name, option in tls.items() if settings.get(option)}
    if settings.get("insecure_skip_verify"):
        given["insecure_skip_verify"] = True
    return {
        "auth": {"basic": basic} if basic else None,
        "headers": settings.get("http_headers"),
        "tls": given or None,
        "proxy_url": settings.get("http_proxy"),
    }


def _by_token(given: Mapping[str, str], access: Access) -> Auth:
    reference = Reference.of(given)
    return Kept(
        lambda: {"Authorization": f"Token {connecting.value(given, access)}"}, lambda: access.renew(reference)
    )


class _InfluxDb:
    def settings(self) -> type["Block"]:
        from tocsin.outputs.outputs_settings import InfluxSettings

        return InfluxSettings

    def open(self, settings: Mapping[str, Any], access: Access) -> InfluxWriter:
        return open_writer(settings, access)


KIND = _InfluxDb()
