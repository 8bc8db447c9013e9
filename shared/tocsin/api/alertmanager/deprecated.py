"""What is left of Alertmanager's API v1: who still asks is told where to.

`/api/v1/alerts` is not here: Prometheus and Mimir have something there.
"""

from typing import Literal

from pydantic import BaseModel

from tocsin.api.operation import Answer, Call, Operation
from tocsin.api.problems import alertmanager
from tocsin.api.responses import Response, json_response
from tocsin.api.services import Services

GONE = (
    "The Alertmanager v1 API was deprecated in version 0.16.0 and is removed as of version 0.27.0"
    " - please use the equivalent route in the v2 API"
)
_ASKED = (
    ("GET", "/api/v1/status"),
    ("GET", "/api/v1/receivers"),
    ("GET", "/api/v1/alerts/groups"),
    ("GET", "/api/v1/silences"),
    ("POST", "/api/v1/silences"),
    ("GET", "/api/v1/silence/{id}"),
    ("DELETE", "/api/v1/silence/{id}"),
)


class Deprecated(BaseModel):
    """What every operation of v1 answers."""

    status: Literal["deprecated"]
    error: str


def gone(_services: Services, _call: Call) -> Response:
    """Say that it is gone."""
    return json_response({"status": "deprecated", "error": GONE}, 410)


def _name(method: str, path: str) -> str:
    words = path.replace("{id}", "").strip("/").split("/")[2:]
    return f"v1{method.title()}{''.join(word.title() for word in words)}"


DEPRECATED: tuple[Operation, ...] = tuple(
    Operation(
        _name(method, path),
        method,
        (path,),
        None,
        gone,
        alertmanager,
        "Gone: use API v2",
        "deprecated",
        {410: Answer("It is gone.", Deprecated)},
    )
    for method, path in _ASKED
)
