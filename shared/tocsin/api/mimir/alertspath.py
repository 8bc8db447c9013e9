"""`/api/v1/alerts`: Prometheus lists alerts there, Mimir keeps its configuration, Alertmanager v1 took alerts."""

from tocsin.api.alertmanager.deprecated import gone
from tocsin.api.mimir.configuration import get_configuration, set_configuration
from tocsin.api.operation import Call
from tocsin.api.prometheus.rules import get_alerts
from tocsin.api.requests import Request
from tocsin.api.responses import Response
from tocsin.api.services import Services

_TOOLS = ("mimirtool/", "cortextool/")


def get(services: Services, call: Call) -> Response:
    """Answer as Mimir to who speaks with Mimir, as Prometheus to all others."""
    return (get_configuration if _means_mimir(call.request) else get_alerts)(services, call)


def post(services: Services, call: Call) -> Response:
    """Take a configuration; who posts a list means Alertmanager's v1."""
    is_list = call.request.body.lstrip().startswith(b"[")
    return (gone if is_list else set_configuration)(services, call)


def _means_mimir(request: Request) -> bool:
    """Tell whether somebody asks Mimir: its tools, and who names a tenant."""
    return bool(request.header("x-scope-orgid")) or request.header("user-agent").startswith(_TOOLS)
