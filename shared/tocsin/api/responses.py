"""Responses, whoever carries them."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

JSON = "application/json"
TEXT = "text/plain; charset=utf-8"
YAML = "application/yaml"


@dataclass(frozen=True, slots=True)
class Response:
    """What they are answered."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)

    def with_headers(self, **headers: str) -> "Response":
        """Return the response with more headers: `cache_control` is `Cache-Control`."""
        more = {name.replace("_", "-").title(): value for name, value in headers.items()}
        return Response(self.status, self.body, {**self.headers, **more})


def json_response(document: Any, status: int = 200) -> Response:
    """Return a JSON answer, on a line of its own as Go's encoder writes it.

    What is no UTF-8 (half of a surrogate pair, which JSON can write) becomes U+FFFD, as in Go.
    """
    text = json.dumps(document, ensure_ascii=False, separators=(",", ":"))
    return Response(status, f"{text}\n".encode(errors="replace"), {"Content-Type": JSON})


def text_response(text: str, status: int = 200, media_type: str = TEXT) -> Response:
    """Return a text as it is."""
    return Response(status, text.encode(errors="replace"), {"Content-Type": media_type})
