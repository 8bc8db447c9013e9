"""What all answers of Alertmanager's API have in common."""

from datetime import UTC, datetime
from functools import lru_cache
from typing import Annotated, Any

from pydantic import BeforeValidator

from tocsin.api.responses import Response, json_response

BASES = ("/api/v2", "/mimir/alertmanager/api/v2")
"""Where the API is. It is not under `/alertmanager`: Grafana takes who answers there for Cortex."""
_TRUE = frozenset(("true", "1", "yes", "ok", "y", "on", "selected", "checked", "t", "enabled"))


def paths(path: str) -> tuple[str, ...]:
    """Return where an operation is."""
    return tuple(f"{base}{path}" for base in BASES)


def answer(document: Any) -> Response:
    """Return a JSON answer that nobody may keep."""
    return json_response(document).with_headers(cache_control="no-store")


@lru_cache(maxsize=4096)  # ten thousand alerts have few times
def time_text(at: datetime) -> str:
    """Return a time as Alertmanager writes it: RFC 3339 in UTC with milliseconds (go-openapi `strfmt.DateTime`)."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").removesuffix("+00:00") + "Z"


def _is_true(text: Any) -> Any:
    return text.lower() in _TRUE or not text if isinstance(text, str) else text


GoBool = Annotated[bool, BeforeValidator(_is_true)]
"""A parameter that is true unless it says otherwise: what is no yes is a no, what is empty is as if it were not there.

As go-openapi has it (`swag.ConvertBool`); there is no error.
"""
