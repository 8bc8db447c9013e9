"""The kind `http`: metrics that stand at a URL, in one of the data formats (telegraf `plugins/inputs/http`)."""

import gzip
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tocsin.access.auth import AuthError
from tocsin.collection.gather import Gather
from tocsin.http import Request, origin
from tocsin.inputs.http_asking import Asking, answered, asking, within
from tocsin.inputs.kind import Probe
from tocsin.inputs.parsers import ParseError, Parser, parser
from tocsin.inputs.tools import Tools

if TYPE_CHECKING:
    from tocsin.inputs.http_settings import HttpSettings

BODY_BYTES = 1 << 20
"""Of an answer: what is longer is refused, where Telegraf has no limit."""


@dataclass(frozen=True, slots=True)
class _Reading:
    """One URL: what is sent to it, and how the answer is read."""

    request: Request
    asking: Asking
    parse: Parser
    statuses: tuple[int, ...]
    timeout_seconds: float
    tools: Tools

    def __call__(self, gather: Gather) -> None:
        """Add what the answer holds, with the URL as a tag unless it has such a tag."""
        try:
            reply = self.asking.ask(self.request, within(gather, self.timeout_seconds))
            answer = answered(reply, self.request.url, self.statuses, gather)
            if answer:
                with self.tools.turn(gather):
                    self._add(answer.body, gather)
        except (AuthError, ParseError) as error:
            gather.fail(f"{origin(self.request.url)}: {error}")

    def _add(self, body: bytes, gather: Gather) -> None:
        url = self.request.url
        parsed = self.parse(body, gather.now())
        for metric in parsed.metrics:
            gather.add(metric.name, metric.fields, {"url": url, **metric.tags}, metric.at)
        for problem in parsed.problems:
            gather.fail(f"{origin(url)}: {problem}")
        gather.dropped += parsed.left_out


class _Kind:
    def settings(self) -> type["HttpSettings"]:
        from tocsin.inputs.http_settings import HttpSettings

        return HttpSettings

    def open(self, settings: Mapping[str, Any], tools: Tools) -> Sequence[Probe]:
        """Return a probe for each URL; raises SecretError and TransportError."""
        body, headers = settings.get("body", "").encode(), {}
        if body and settings.get("content_encoding") == "gzip":
            body, headers = gzip.compress(body, mtime=0), {"Content-Encoding": "gzip"}
        opened = asking(settings, tools, BODY_BYTES)
        parse = parser(settings, "http")
        method = settings.get("method", "GET")
        return [
            _Reading(
                Request(method, url, headers, body, repeatable=method in ("GET", "HEAD")),
                opened,
                parse,
                tuple(settings.get("success_status_codes") or (200,)),
                settings.get("timeout_seconds", 5.0),
                tools,
            )
            for url in settings["urls"]
        ]


KIND = _Kind()
