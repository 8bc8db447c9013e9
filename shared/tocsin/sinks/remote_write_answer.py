"""What the answer to a remote write means."""

import re
from dataclasses import dataclass
from datetime import datetime

from tocsin.http import Reply, Response, Timeout, TooLarge, Unreachable, retry_after_seconds
from tocsin.ports import Refused, Stored, Unanswered

DETAIL_CHARS = 300
# The words of Prometheus, Thanos, Cortex and Mimir.
_OLD = re.compile(r"out.of.(order|bounds)|duplicate.(sample|timestamp)|too.old", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Old:
    """Some of the samples are older than what is there, or there with another value.

    Prometheus then stores none of the request, Cortex and Mimir store the others. With `out_of_bounds`, at
    least the earliest time in the request is too old for any series (Prometheus' head begins later).
    """

    out_of_bounds: bool


@dataclass(frozen=True, slots=True)
class Later:
    """The server is busy or broken: the same request may succeed after a while, which it may have named."""

    answer: Unanswered
    after_seconds: float | None


def read_reply(reply: Reply, now: datetime) -> Stored | Refused | Unanswered | Old | Later:
    """Return what came of a request (Prometheus remote write 1.0: 4xx but 429 is for good, 5xx is not)."""
    match reply:
        case Timeout():
            return Unanswered(reply.detail)
        case Unreachable():
            return Unanswered(reply.detail, "unreachable")
        case TooLarge():
            return _read(Response(reply.status or 0, {}, b""), now)
    return _read(reply, now)


def _read(response: Response, now: datetime) -> Stored | Refused | Unanswered | Old | Later:
    status, text = response.status, " ".join(response.body.decode(errors="replace").split())
    if status // 100 == 2:
        return Stored()
    if status in (401, 403):
        return Unanswered(f"HTTP {status}", "auth")
    # Prometheus 400, Thanos 409; Prometheus 2.42 takes a sample beyond its out-of-order window for a fault.
    if (status in (400, 409) and _OLD.search(text)) or (status == 500 and text == "too old sample"):
        return Old(out_of_bounds=text == "out of bounds")
    detail = f"HTTP {status}: {text}"[:DETAIL_CHARS].removesuffix(": ")
    if status in (400, 413, 422):
        return Refused("too_large" if status == 413 else "bad_data", detail)
    if status == 429 or status >= 500:
        wait = retry_after_seconds(response.headers.get("retry-after", ""), now)
        return Later(Unanswered(detail, "throttled" if status == 429 else "http_5xx"), wait)
    return Unanswered(detail, f"http_{status // 100}xx")
