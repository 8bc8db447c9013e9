"""Prometheus as a source, and whatever speaks its HTTP API: Amazon Managed Prometheus, Mimir, Thanos, …"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from time import monotonic
from urllib.parse import urlencode

from tocsin.http import SOURCE_BODY_BYTES, HttpClient, Request, Response, Timeout, TooLarge, Transport
from tocsin.instants import millis
from tocsin.parallel import Threads
from tocsin.ports import Answer, Parallel, Query, Refused, Sample, Samples, Unanswered
from tocsin.sources.auth import Auth, AuthError, anonymous
from tocsin.sources.prometheus_answer import read_answer

# Prometheus refuses a range query of more than 11,000 points a series.
MAX_POINTS = 10_000
MAX_CONCURRENCY = 32
QUERY_TIMEOUT_SECONDS = 5.0
_HEADERS = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}


class PrometheusSource:
    """Asks query by query, many at once: an instant query for one timestamp, a range query for more."""

    def __init__(
        self,
        url: str,
        auth: Auth = anonymous,
        *,
        transport: Transport | None = None,
        parallel: Parallel | None = None,
        max_concurrency: int = MAX_CONCURRENCY,
        query_timeout_seconds: float = QUERY_TIMEOUT_SECONDS,
    ) -> None:
        """`url` is what comes before `/api/v1/query`; the server is told to give up by the query timeout.

        `transport` and `parallel` are for tests, benchmarks and virtual time.
        """
        self._url = url.rstrip("/") + "/api/v1/"
        self._auth = auth
        self._transport = transport or HttpClient(SOURCE_BODY_BYTES, max_concurrency)
        self._parallel = parallel or Threads(max_concurrency)
        self._query_timeout_seconds = query_timeout_seconds

    def ask(self, queries: Sequence[Query], timeout_seconds: float) -> Sequence[Answer]:
        """Answer every query, in order, within `timeout_seconds` for all of them."""
        deadline = monotonic() + timeout_seconds
        jobs = [partial(self._answer, query, deadline) for query in queries]
        answers = self._parallel(jobs, timeout_seconds)
        late = Unanswered(f"no answer within {timeout_seconds:.3g} s")
        return [late if answer is None else answer for answer in answers]

    def _answer(self, query: Query, deadline: float) -> Answer:
        at: tuple[tuple[Sample, ...], ...] = ()
        for first in range(0, len(query.at), MAX_POINTS):
            answer = self._exchange(query, query.at[first : first + MAX_POINTS], deadline)
            if not isinstance(answer, Samples):
                return answer
            at += answer.at
        return Samples(at)

    def _exchange(self, query: Query, at: tuple[datetime, ...], deadline: float) -> Answer:
        left = deadline - monotonic()
        if left <= 0:
            return Unanswered("no time left to ask")
        at_ms = [millis(instant) for instant in at]
        request = self._request(query, at_ms, min(left, self._query_timeout_seconds))
        try:
            request = replace(request, headers={**_HEADERS, **self._auth(request)})
        except AuthError as error:
            return Refused("auth", str(error))
        reply = self._transport(request, left)
        if isinstance(reply, Response):
            return read_answer(reply.status, reply.body, at_ms)
        if isinstance(reply, Timeout):
            return Unanswered(reply.detail)
        return Refused("too_large" if isinstance(reply, TooLarge) else "unreachable", reply.detail)

    def _request(self, query: Query, at_ms: Sequence[int], timeout_seconds: float) -> Request:
        form = {"query": query.expr, "timeout": f"{timeout_seconds:.3f}"}
        if len(at_ms) == 1:
            path, form["time"] = "query", _seconds(at_ms[0])
        else:
            path, form["start"], form["end"] = "query_range", _seconds(at_ms[0]), _seconds(at_ms[-1])
            form["step"] = f"{query.step_seconds:.3f}"
            form["nocache"] = "1"  # VictoriaMetrics moves start and end to multiples of step without it
        return Request("POST", self._url + path, _HEADERS, urlencode(form).encode(), repeatable=True)


def _seconds(ms: int) -> str:
    """Write milliseconds as seconds, exactly."""
    return f"{ms // 1000}.{ms % 1000:03d}"
