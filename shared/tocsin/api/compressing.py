"""Answers as small as the client takes them, and never larger than what carries them."""

import gzip
from base64 import b64encode

from tocsin.api.requests import Request
from tocsin.api.responses import Response

MOST_BYTES = 6 << 20
"""Of an answer of a Function URL, as the JSON that Lambda passes on."""
_ENVELOPE_BYTES = 4 << 10
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
    for part in accepted.lower().split(","):
        coding, _, weight = part.strip().partition(";")
        if coding.strip() in ("gzip", "*"):
            return weight.replace(" ", "") not in ("q=0", "q=0.0", "q=0.00", "q=0.000")
    return False


def passes(response: Response) -> bool:
    """Tell whether a Function URL passes the response on; compressed it goes as Base64, a third longer."""
    size = len(response.body)
    if "Content-Encoding" in response.headers:
        size = len(b64encode(b"   ")) * (size // 3 + 1)
    return size + _ENVELOPE_BYTES <= MOST_BYTES
