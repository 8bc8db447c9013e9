"""Prometheus remote write 1.0 as a sink: Prometheus, Amazon Managed Prometheus, Mimir, Thanos, …"""

import math
import random
import time
from bisect import bisect_left
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from time import monotonic

from tocsin.access.auth import Auth, AuthError, anonymous, send
from tocsin.http import RECEIVER_BODY_BYTES, HttpClient, Request, Transport
from tocsin.parallel import Threads
from tocsin.ports import Parallel, Stored, Unanswered, Written
from tocsin.sinks.points import Outcome, Point, batches, combined, lanes, points
from tocsin.sinks.prompb import write_request
from tocsin.sinks.remote_write_answer import Later, Old, read_reply
from tocsin.sinks.snappy import compress

MAX_CONCURRENCY = 4
MAX_SAMPLES = 1000
MAX_BYTES = 1 << 19
"""Of one request, before compression."""
PAUSES_SECONDS = (0.1, 0.5, 2.0)
"""How long we wait, at most, before each further try, unless the server says how long."""
_HEADERS = {
    "Content-Encoding": "snappy",
    "Content-Type": "application/x-protobuf",
    "X-Prometheus-Remote-Write-Version": "0.1.0",
}


class RemoteWriteSink:
    """Writes many samples in one request, and several requests at once; those of a series stay in order.

    Prometheus stores nothing of a request that holds a sample it has something newer for (unless its
    `out_of_order_time_window` allows it). Such a request is halved until the good samples are stored and the
    others found and counted as dropped; of a server that stores the good ones at once (Mimir), some of these
    may be counted with them. After half of the timeout nothing is halved any more: what is refused then is
    dropped but for its newest samples, which are tried once more. Requests are in the order of time, so what
    is old is mostly among its like.
    """

    def __init__(
        self,
        url: str,
        auth: Auth = anonymous,
        headers: Mapping[str, str] | None = None,
        *,
        transport: Transport | None = None,
        parallel: Parallel | None = None,
        max_concurrency: int = MAX_CONCURRENCY,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """`url` is the whole address, e.g. `…/api/v1/write`; `headers` are added, e.g. `X-Scope-OrgID`.

        `transport`, `parallel` and `sleep` are for tests, benchmarks and virtual time.
        """
        self._send = _Sender(
            Request("POST", url, {**_HEADERS, **(headers or {})}, repeatable=True),
            auth,
            transport or HttpClient(RECEIVER_BODY_BYTES, max_concurrency),
            sleep,
        )
        self._parallel = parallel or Threads(max_concurrency)
        self._max_concurrency = max_concurrency

    def write(self, samples: Sequence[Written], timeout_seconds: float) -> Outcome:
        """Store the samples within `timeout_seconds`."""
        found = points(samples)
        writing = _Writing(self._send, timeout_seconds)
        count = min(self._max_concurrency, -(-len(found) // MAX_SAMPLES))
        jobs = [
            partial(writing.in_order, batches(lane, MAX_SAMPLES, MAX_BYTES)) for lane in lanes(found, count)
        ]
        late = Unanswered(f"not all is written within {timeout_seconds:.3g} s")
        outcomes = [late if each is None else each for each in self._parallel(jobs, timeout_seconds)]
        return combined([*outcomes, Stored(len(samples) - len(found))])


@dataclass(frozen=True, slots=True)
class _Sender:
    """Sends one request, and again where that may help."""

    request: Request
    auth: Auth
    transport: Transport
    sleep: Callable[[float], None]

    def __call__(self, batch: Sequence[Point], deadline: float) -> Outcome | Old:
        request = replace(self.request, body=compress(write_request(batch)))
        answer = self._try(request, deadline)
        for longest_pause in PAUSES_SECONDS:
            if not isinstance(answer, Later):
                return answer
            pause = random.uniform(longest_pause / 2, longest_pause)
            if answer.after_seconds is not None:
                pause = answer.after_seconds
            if monotonic() + pause >= deadline:
                break
            self.sleep(pause)
            answer = self._try(request, deadline)
        return answer.answer if isinstance(answer, Later) else answer

    def _try(self, request: Request, deadline: float) -> Outcome | Old | Later:
        left_seconds = deadline - monotonic()
        if left_seconds <= 0:
            return Unanswered("no time left to write")
        try:
            reply = send(request, self.auth, self.transport, left_seconds)
        except AuthError as error:
            return Unanswered(str(error), "auth")
        return read_reply(reply, datetime.now(UTC))


class _Writing:
    """One call of `write`: its deadline, and what it has learned about what the server takes."""

    def __init__(self, send: _Sender, timeout_seconds: float) -> None:
        now = monotonic()
        self._send = send
        self._deadline = now + timeout_seconds
        self._halving_ends = now + timeout_seconds / 2
        self._begins_ms = -math.inf  # what is earlier is out of bounds for every series

    def in_order(self, parts: Iterable[Sequence[Point]]) -> Outcome:
        """Write one part after the other; what follows one that is not written would make that too old."""
        outcomes: list[Outcome] = []
        for part in parts:
            outcomes.append(self._part(part))
            if isinstance(outcomes[-1], Unanswered):
                break
        return combined(outcomes)

    def _part(self, part: Sequence[Point]) -> Outcome:
        within = [point for point in part if point.ms >= self._begins_ms]
        if not within:
            return Stored(len(part))
        answer = self._send(within, self._deadline)
        if isinstance(answer, Old):
            answer = self._without_old(within, answer)
        return combined([Stored(len(part) - len(within)), answer])

    def _without_old(self, part: Sequence[Point], answer: Old) -> Outcome:
        if answer.out_of_bounds:
            self._begins_ms = max(self._begins_ms, part[0].ms + 1)
        if monotonic() >= self._halving_ends:
            newest = bisect_left(part, part[-1].ms, key=lambda point: point.ms)
            return combined([Stored(newest), self._part(part[newest:])]) if newest else Stored(len(part))
        middle = len(part) // 2
        return self.in_order((part[:middle], part[middle:])) if middle else Stored(1)
