"""Answers as small as the client takes them, and never larger than what carries them."""

import gzip
import json

from tocsin.api.events import to_answer
from tocsin.api.requests import Request
from tocsin.api.responses import Response

MOST_BYTES = 6 << 20
"""Of an answer of a Function URL, as the JSON that Lambda passes on."""
_ENVELOPE_BYTES = 8 << 10
"""More than headers and status ever take."""
_MOST_GROWTH = 6
"""A control character is six in JSON: what is far from the limit even so need not be measured."""
_WORTH_BYTES = 1 << 10
_LEVEL = 5
_TEXTS = (
    "text/",
    "application/json",
    "application/problem+json",
    "application/yaml",
    "application/javascript",
)


def compressed(request: Request, response: Response) -> Response:
    """Return the response compressed, if it is worth it and the client takes gzip."""
    if not response.headers.get("Content-Type", "").startswith(_TEXTS):
        return response
    varying = response.with_headers(vary="Accept-Encoding")
    if len(response.body) < _WORTH_BYTES or not _takes_gzip(request.header("accept-encoding")):
        return varying
    packed = gzip.compress(response.body, _LEVEL, mtime=0)
    return Response(response.status, packed, {**varying.headers, "Content-Encoding": "gzip"})


def _takes_gzip(accepted: str) -> bool:
    """Tell whether Accept-Encoding takes gzip: what it says of gzip goes before what it says of all (RFC 9110)."""
    weights = dict(_weighted(part) for part in accepted.lower().split(","))
    return weights.get("gzip", weights.get("*", 0.0)) > 0


def _weighted(part: str) -> tuple[str, float]:
    coding, _, parameter = part.partition(";")
    weight = parameter.replace(" ", "").removeprefix("q=")
    try:
        return coding.strip(), float(weight) if weight else 1.0
    except ValueError:
        return coding.strip(), 0.0


def passes(response: Response) -> bool:
    """Tell whether a Function URL passes the response on: Base64 makes it longer, and so does each quote in a text.

    It is measured as Lambda's runtime writes it, which since Python 3.12 leaves what is no ASCII as it is.
    """
    if _MOST_GROWTH * len(response.body) + _ENVELOPE_BYTES <= MOST_BYTES:
        return True
    return len(json.dumps(to_answer(response), ensure_ascii=False).encode()) <= MOST_BYTES
