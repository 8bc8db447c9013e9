"""Loki as a source: LogQL's metric queries, whose answers have the form of Prometheus'."""

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from tocsin.access.port import Access
from tocsin.expressions import ExpressionError
from tocsin.ports import Answer, Refused, Source, Unanswered
from tocsin.sources import connecting
from tocsin.sources.definition import Definition
from tocsin.sources.guard import Guard
from tocsin.sources.prometheus import Dialect, PrometheusSource
from tocsin.sources.prometheus_answer import (
    DETAIL_CHARS,
    NOT_AS_EXPECTED,
    by_status,
    garbage,
    parse,
    read_result,
)

if TYPE_CHECKING:
    from tocsin.sources.http_settings import LokiSettings

# A query of logs reads far more than one of metrics.
GUARD = Guard(timeout_seconds=6.0, max_concurrency=16)
_LOG_LINES = "the query yields log lines: a rule needs numbers, e.g. count_over_time({…}[5m])"


def nanoseconds(ms: int) -> str:
    """Write milliseconds as nanoseconds, in which Loki counts time."""
    return f"{ms}000000"


def dialect(*, aligns: bool) -> Dialect:
    """Return how Loki is asked."""
    return Dialect(
        "/loki/api/v1/", nanoseconds, read_answer, takes_timeout=False, only_range={}, aligns=aligns
    )


def read_answer(status: int, body: bytes, at_ms: Sequence[int]) -> Answer:
    """Return the samples at `at_ms`, or why there are none.

    The form is that of Prometheus' answers with `null` for an empty result; what Loki refuses, it refuses in
    plain text or as `{"message"}`. https://grafana.com/docs/loki/latest/reference/loki-http-api/
    """
    if status // 100 != 2:
        return by_status(status, _said(body))
    try:
        document = parse(body)
        if document["status"] != "success":
            return Unanswered(_said(body) or "an error without a word", "http_5xx")
        data = document["data"]
        if data["resultType"] == "streams":
            return Refused("bad_data", _LOG_LINES)
        return read_result(data if data["result"] is not None else {**data, "result": []}, at_ms)
    except NOT_AS_EXPECTED as error:
        return garbage(error)


def _said(body: bytes) -> str:
    """Return what an answer that is no result says, on one line."""
    text = body[:2000].decode(errors="replace")
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        document = None
    if isinstance(document, Mapping):
        text = str(document.get("message") or document.get("error") or "")
    return " ".join(text.split())[:DETAIL_CHARS]


class LokiKind:
    """The kind `loki`."""

    language = "logql"

    def settings(self) -> type["LokiSettings"]:
        """Return the model of the settings."""
        from tocsin.sources.http_settings import LokiSettings

        return LokiSettings

    def compile(self, expr: str) -> None:
        """Refuse what can only yield log lines; all else Loki itself parses. Raises ExpressionError.

        There is no parser of LogQL for Python. A query of logs begins with the selector of its streams, a
        metric query never does.
        """
        if expr.lstrip("( \t\r\n").startswith("{"):
            raise ExpressionError(_LOG_LINES)

    def open(self, definition: Definition, access: Access) -> Source:
        """Return the source."""
        settings, guard = definition.settings, GUARD.of(definition)
        return PrometheusSource(
            settings["url"],
            connecting.auth(settings, access),
            headers=connecting.headers(settings),
            dialect=dialect(aligns=settings.get("align_queries_with_step", True)),
            guard=guard,
            transport=connecting.transport(settings, access, guard.max_concurrency),
            parallel=access.parallel(guard.max_concurrency),
        )


KIND = LokiKind()
