"""What the answer of an InfluxDB to a write means, in all of its versions.

Sources: InfluxDB's API references; telegraf `plugins/outputs/influxdb/http.go` and `influxdb_v2/http.go`.
"""

import json
import re
from datetime import datetime

from tocsin.http import Reply, Response, Timeout, TooLarge, Unreachable, retry_after_seconds
from tocsin.ports import Refused, Stored, Unanswered
from tocsin.shipping.backoff import Later

DETAIL_CHARS = 300
_PAST = re.compile(r"points beyond retention policy.*?dropped=([0-9]+)", re.DOTALL)
"""The others are stored, and these are too old for the database: nobody wants to look at them."""
_REFUSED = frozenset({400, 406, 422})


def read_reply(reply: Reply, now: datetime) -> Stored | Refused | Unanswered:
    """Return what came of a write."""
    match reply:
        case Timeout():
            return Unanswered(reply.detail)
        case Unreachable():
            return Unanswered(reply.detail, "unreachable")
        case TooLarge():
            return _read(Response(reply.status or 0, {}, b""), now)
    return _read(reply, now)


def _read(response: Response, now: datetime) -> Stored | Refused | Unanswered:
    status = response.status
    if status // 100 == 2:
        return Stored()
    if status in (401, 403):
        return Unanswered(f"HTTP {status}", "auth")
    said = _said(response)
    detail = f"HTTP {status}: {said}"[:DETAIL_CHARS].removesuffix(": ")
    if status in _REFUSED:
        past = _PAST.search(said)
        return Stored(int(past[1])) if past else Refused("bad_data", detail)
    if status == 413:
        return Refused("too_large", detail)
    if status == 429 or status >= 500:
        return _later(response, detail, now)
    return Unanswered(detail, f"http_{status // 100}xx")


def _later(response: Response, detail: str, now: datetime) -> Unanswered:
    reason = "throttled" if response.status == 429 else "http_5xx"
    wait = retry_after_seconds(response.headers.get("retry-after", ""), now)
    return Unanswered(detail, reason) if wait is None else Later(detail, reason, wait)


def _said(response: Response) -> str:
    """Return the error in words: of version 1 and 3 `error`, of version 2 `message`; else the body."""
    text = response.body.decode(errors="replace")
    try:
        document = json.loads(text)
    except ValueError:
        document = None
    if isinstance(document, dict):
        text = str(document.get("message") or document.get("error") or text)
    return " ".join(text.split())
