"""Health and readiness, as Alertmanager and Prometheus have them."""

from tocsin.api.operation import Answer, Call, Operation
from tocsin.api.problems import tocsin
from tocsin.api.responses import TEXT, Response, text_response
from tocsin.api.services import Services

_OK = {200: Answer("It answers.", str, TEXT)}


def healthy(_services: Services, _call: Call) -> Response:
    """Say that the function runs."""
    return text_response("OK")


MANAGEMENT: tuple[Operation, ...] = (
    Operation("healthy", "GET", ("/-/healthy",), None, healthy, tocsin, "Whether it runs", "management", _OK),
    Operation("ready", "GET", ("/-/ready",), None, healthy, tocsin, "Whether it answers", "management", _OK),
)
