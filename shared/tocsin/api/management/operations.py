"""Health and readiness, as Alertmanager and Prometheus have them."""

from tocsin.api.management.documentation import DOCUMENTATION
from tocsin.api.management.metrics import METRICS
from tocsin.api.operation import Answer, Call, Operation
from tocsin.api.problems import tocsin
from tocsin.api.responses import TEXT, Response, text_response
from tocsin.api.services import Services
from tocsin.identity.scope import Scope

_OK = {200: Answer("It answers.", str, TEXT)}


def healthy(_services: Services, _call: Call) -> Response:
    """Say that the function runs."""
    return text_response("OK")


def reload(_services: Services, _call: Call) -> Response:
    """Do nothing, successfully: whoever stores a configuration has put it in force."""
    return Response(200)


MANAGEMENT: tuple[Operation, ...] = (
    Operation("healthy", "GET", ("/-/healthy",), None, healthy, tocsin, "Whether it runs", "management", _OK),
    Operation("ready", "GET", ("/-/ready",), None, healthy, tocsin, "Whether it answers", "management", _OK),
    Operation(
        "reload",
        "POST",
        ("/-/reload",),
        Scope.ADMIN,
        reload,
        tocsin,
        "Nothing: a configuration is in force once it is stored",
        "management",
        {200: Answer("Done.")},
    ),
    *METRICS,
    *DOCUMENTATION,
)
