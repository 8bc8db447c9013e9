"""The kind `prometheus`: scrapes what is exposed for Prometheus (telegraf `plugins/inputs/prometheus`)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tocsin.access.auth import AuthError
from tocsin.collection.gather import Gather
from tocsin.http import Request, Response, origin
from tocsin.inputs.http_asking import Asking, answered, asking, within
from tocsin.inputs.kind import Probe
from tocsin.inputs.parsers import Parsed, ParseError
from tocsin.inputs.parsers.prometheus import exposition_parser
from tocsin.inputs.tools import Tools

if TYPE_CHECKING:
    from tocsin.inputs.http_settings import PrometheusSettings

# Text first, as Telegraf; OpenMetrics from who has nothing else. Telegraf would rather have protocol buffers.
ACCEPT = "text/plain;version=0.0.4;q=0.7,application/openmetrics-text;version=1.0.0;q=0.3,*/*;q=0.1"

BODY_BYTES = 2 << 20
"""Of an answer: what is longer is refused, where Telegraf has no limit unless it is told one."""


@dataclass(frozen=True, slots=True)
class _Scrape:
    """One URL, and how what is exposed there is named."""

    url: str
    asking: Asking
    version: int
    url_tag: str
    ignore_timestamp: bool
    timeout_seconds: float
    tools: Tools

    def __call__(self, gather: Gather) -> None:
        """Add what is exposed, with the URL as a tag."""
        request = Request("GET", self.url, {"Accept": ACCEPT}, repeatable=True)
        try:
            reply = self.asking.ask(request, within(gather, self.timeout_seconds))
            answer = answered(reply, self.url, (200,), gather)
            if answer:
                with self.tools.turn(gather):
                    self._add(self._parsed(answer, gather), gather)
        except (AuthError, ParseError) as error:
            gather.fail(f"{origin(self.url)}: {error}")

    def _add(self, parsed: Parsed, gather: Gather) -> None:
        url = {self.url_tag: self.url} if self.url_tag else {}
        for metric in parsed.metrics:
            gather.add(metric.name, metric.fields, {**metric.tags, **url}, metric.at)
        gather.dropped += parsed.left_out

    def _parsed(self, answer: Response, gather: Gather) -> Parsed:
        parse = exposition_parser(
            self.version,
            ignore_timestamp=self.ignore_timestamp,
            openmetrics=answer.headers.get("content-type", "").startswith("application/openmetrics-text"),
        )
        return parse(answer.body, gather.now())


class _Kind:
    def settings(self) -> type["PrometheusSettings"]:
        from tocsin.inputs.http_settings import PrometheusSettings

        return PrometheusSettings

    def open(self, settings: Mapping[str, Any], tools: Tools) -> Sequence[Probe]:
        """Return a probe for each URL; raises SecretError and TransportError."""
        opened = asking(settings, tools, BODY_BYTES)
        return [
            _Scrape(
                url,
                opened,
                settings.get("metric_version", 1),
                settings.get("url_tag", "url"),
                settings.get("ignore_timestamp", False),
                settings.get("timeout_seconds", 5.0),
                tools,
            )
            for url in settings["urls"]
        ]


KIND = _Kind()
