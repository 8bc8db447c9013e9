"""CloudWatch's own Prometheus-compatible API as a source: PromQL over AWS' and OpenTelemetry's metrics.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch-PromQL.html
"""

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING

from tocsin.access.port import Access
from tocsin.ports import Answer, Refused, Samples, Sink, Source, Unanswered
from tocsin.sources import connecting
from tocsin.sources.definition import Definition
from tocsin.sources.guard import Guard
from tocsin.sources.prometheus import Dialect, PrometheusSource
from tocsin.sources.prometheus_answer import read_answer as read_prometheus_answer

if TYPE_CHECKING:
    from tocsin.sources.cloudwatch_promql_settings import CloudWatchPromqlSettings

MAX_SERIES = 500
"""CloudWatch leaves out what is more, with a warning."""
SERVICE = "monitoring"
# An account has 30 queries at once and 300 a second, which all shards share.
GUARD = Guard(timeout_seconds=6.0, max_concurrency=8)
_THROTTLED = ("rate exceeded", "throttl", "too many requests")


def read_answer(status: int, body: bytes, at_ms: Sequence[int]) -> Answer:
    """Return the samples at `at_ms`, or why there are none; part of an answer is none.

    More than 300 queries a second are refused with status 422, as is a query that cannot be executed.
    """
    answer = read_prometheus_answer(status, body, at_ms)
    if isinstance(answer, Samples) and b'"warnings"' in body and _is_cut(body):
        return Refused("too_large", f"CloudWatch answers with {MAX_SERIES} series at most, and this has more")
    if isinstance(answer, Refused) and any(word in answer.detail.lower() for word in _THROTTLED):
        return Unanswered(answer.detail, "throttled")
    return answer


def _is_cut(body: bytes) -> bool:
    result = json.loads(body)["data"]["result"]
    return isinstance(result, list) and len(result) >= MAX_SERIES


class CloudWatchPromqlKind:
    """The kind `cloudwatch_promql`."""

    language = "promql"

    def settings(self) -> type["CloudWatchPromqlSettings"]:
        """Return the model of the settings."""
        from tocsin.sources.cloudwatch_promql_settings import CloudWatchPromqlSettings

        return CloudWatchPromqlSettings

    def compile(self, expr: str) -> None:
        """Check an expression; CloudWatch itself parses it when it is asked. Raises ExpressionError."""
        from tocsin.expressions import promql

        promql.check(expr)

    def open(self, definition: Definition, access: Access) -> Source:
        """Return the source."""
        role, guard = definition.settings, GUARD.of(definition)
        endpoint = access.client("cloudwatch", region=role.get("region", "")).meta.endpoint_url
        return PrometheusSource(
            endpoint,
            connecting.signature(role, access, SERVICE),
            dialect=Dialect(read=read_answer, takes_timeout=False, only_range={}),
            guard=guard,
            transport=access.transport(guard.max_concurrency),
            parallel=access.parallel(guard.max_concurrency),
        )

    def open_sink(self, definition: Definition, access: Access) -> Sink | None:
        """Return where recording rules on this source are written."""
        return connecting.sink(definition.settings, access)


KIND = CloudWatchPromqlKind()
