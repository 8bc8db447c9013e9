"""Prometheus as a source, and whatever speaks its HTTP API: Amazon Managed Prometheus, Mimir, Thanos, …"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from itertools import chain
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from tocsin.access.auth import Auth, AuthError, anonymous, send
from tocsin.access.port import Access
from tocsin.http import (
    SOURCE_BODY_BYTES,
    HttpClient,
    Request,
    Response,
    Timeout,
    TooLarge,
    Transport,
    Unreachable,
    retry_after_seconds,
)
from tocsin.instants import millis
from tocsin.parallel import Threads
from tocsin.ports import Answer, Parallel, Query, Refused, Samples, Sink, Source, Unanswered
from tocsin.sources import connecting
from tocsin.sources.definition import Definition
from tocsin.sources.guard import Attempt, Guard, Pace, Spare, persist
from tocsin.sources.prometheus_answer import read_answer

if TYPE_CHECKING:
    from tocsin.sources.http_settings import PrometheusSettings

# Prometheus refuses a range query of more than 11,000 points a series.
MAX_POINTS = 10_000
GUARD = Guard()
_HEADERS = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}

Instants = tuple[datetime, ...]


def seconds(ms: int) -> str:
    """Write milliseconds as seconds, exactly."""
    return f"{ms // 1000}.{ms % 1000:03d}"


@dataclass(frozen=True, slots=True)
class Dialect:
    """Where servers with such an API differ.

    `only_range` is sent with range queries. A server that `aligns` moves their start and end to multiples of
    the step, so it is asked for each timestamp alone unless they are such multiples.
    """

    path: str = "/api/v1/"
    time: Callable[[int], str] = seconds
    read: Callable[[int, bytes, Sequence[int]], Answer] = read_answer
    takes_timeout: bool = True
    # VictoriaMetrics moves start and end to multiples of step without it.
    only_range: Mapping[str, str] = field(default_factory=lambda: {"nocache": "1"})
    aligns: bool = False


class PrometheusSource:
    """Asks query by query, many at once: an instant query for one timestamp, a range query for more."""

    def __init__(
        self,
        url: str,
        auth: Auth = anonymous,
        *,
        headers: Mapping[str, str] | None = None,
        dialect: Dialect | None = None,
        guard: Guard = GUARD,
        transport: Transport | None = None,
        parallel: Parallel | None = None,
        pace: Pace | None = None,
    ) -> None:
        """`url` is what comes before `/api/v1/query`; the server is told to give up by the guard's timeout.

        `transport`, `parallel` and `pace` are for tests, benchmarks and virtual time.
        """
        self._dialect = dialect or Dialect()
        self._url = url.rstrip("/") + self._dialect.path
        self._auth, self._headers = auth, {**_HEADERS, **(headers or {})}
        self._guard, self._pace = guard, pace or Pace()
        self._transport = transport or HttpClient(SOURCE_BODY_BYTES, guard.max_concurrency)
        self._parallel = parallel or Threads(guard.max_concurrency)

    def ask(self, queries: Sequence[Query], timeout_seconds: float) -> Sequence[Answer]:
        """Answer every query, in order, within `timeout_seconds` for all of them."""
        deadline = self._pace.monotonic() + timeout_seconds
        parts = [(number, part) for number, query in enumerate(queries) for part in self._parts(query)]
        spare = Spare(len(parts))
        jobs = [partial(self._answer, queries[number], part, spare, deadline) for number, part in parts]
        found: list[list[Answer]] = [[] for _ in queries]
        late = Unanswered(f"no answer within {timeout_seconds:.3g} s")
        for (number, _), answer in zip(parts, self._parallel(jobs, timeout_seconds), strict=True):
            found[number].append(late if answer is None else answer)
        return list(map(_joined, found))

    def _parts(self, query: Query) -> Iterator[Instants]:
        """Yield the timestamps of each request that a query takes."""
        singly = query.singly or (self._dialect.aligns and _off_the_grid(query))
        points = 1 if singly else MAX_POINTS
        for first in range(0, len(query.at), points):
            yield query.at[first : first + points]

    def _answer(self, query: Query, at: Instants, spare: Spare, deadline: float) -> Answer:
        at_ms = [millis(instant) for instant in at]
        return persist(partial(self._attempt, query, at_ms), self._guard, self._pace, spare, deadline)

    def _attempt(self, query: Query, at_ms: Sequence[int], timeout_seconds: float) -> Attempt:
        request = self._request(query, at_ms, timeout_seconds)
        try:
            reply = send(request, self._auth, self._transport, timeout_seconds)
        except AuthError as error:
            return Attempt(Unanswered(str(error), "auth"))
        if not isinstance(reply, Response):
            return Attempt(_failed(reply))
        wait = reply.headers.get("retry-after")
        return Attempt(
            self._dialect.read(reply.status, reply.body, at_ms),
            None if wait is None else retry_after_seconds(wait, datetime.now(UTC)),
        )

    def _request(self, query: Query, at_ms: Sequence[int], timeout_seconds: float) -> Request:
        dialect, form = self._dialect, {"query": query.expr}
        if dialect.takes_timeout:
            form["timeout"] = f"{timeout_seconds:.3f}"
        if len(at_ms) == 1:
            path, form["time"] = "query", dialect.time(at_ms[0])
        else:
            path, form["start"], form["end"] = "query_range", dialect.time(at_ms[0]), dialect.time(at_ms[-1])
            form |= {"step": f"{query.step_seconds:.3f}", **dialect.only_range}
        return Request("POST", self._url + path, self._headers, urlencode(form).encode(), repeatable=True)


def _off_the_grid(query: Query) -> bool:
    """Tell whether the timestamps are no multiples of the step."""
    return bool(query.at) and millis(query.at[0]) % (round(query.step_seconds * 1000) or 1) != 0


def _failed(reply: Timeout | TooLarge | Unreachable) -> Refused | Unanswered:
    if isinstance(reply, TooLarge):
        return Refused("too_large", reply.detail)
    return Unanswered(reply.detail, "unanswered" if isinstance(reply, Timeout) else "unreachable")


def _joined(parts: Sequence[Answer]) -> Answer:
    """Return one answer made of those to all parts of a query; what went wrong with one is wrong with all."""
    for part in parts:
        if len(parts) == 1 or not isinstance(part, Samples):
            return part
    return Samples(tuple(chain.from_iterable(part.at for part in parts if isinstance(part, Samples))))


# -- the kind -----------------------------------------------------------------------------------------


class PrometheusKind:
    """The kind `prometheus`."""

    language = "promql"

    def settings(self) -> type["PrometheusSettings"]:
        """Return the model of the settings."""
        from tocsin.sources.http_settings import PrometheusSettings

        return PrometheusSettings

    def compile(self, expr: str) -> None:
        """Check an expression; Prometheus itself parses it when it is asked. Raises ExpressionError."""
        from tocsin.expressions import promql

        promql.check(expr)

    def open(self, definition: Definition, access: Access) -> Source:
        """Return the source."""
        settings, guard = definition.settings, GUARD.of(definition)
        return PrometheusSource(
            settings["url"],
            connecting.auth(settings, access),
            headers=connecting.headers(settings),
            dialect=Dialect(aligns=settings.get("align_queries_with_step", False)),
            guard=guard,
            transport=connecting.transport(settings, access, guard.max_concurrency),
            parallel=access.parallel(guard.max_concurrency),
        )

    def open_sink(self, definition: Definition, access: Access) -> Sink | None:
        """Return where recording rules on this source are written."""
        return connecting.sink(definition.settings, access)


KIND = PrometheusKind()
