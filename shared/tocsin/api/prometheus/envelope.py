"""The envelope of Prometheus' answers, and where the API is."""

from typing import Any

from tocsin.api.responses import Response, json_response

BASES = ("/api/v1", "/prometheus/api/v1", "/mimir/prometheus/api/v1")


def paths(path: str) -> tuple[str, ...]:
    """Return where an operation is."""
    return tuple(f"{base}{path}" for base in BASES)


def success(data: Any) -> Response:
    """Return what was asked for."""
    return json_response({"status": "success", "data": data})
