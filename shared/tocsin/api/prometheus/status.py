"""What Grafana asks of a Prometheus before it shows its rules: what it is, and whether it answers."""

from datetime import datetime
from math import isfinite
from urllib.parse import parse_qsl

from tocsin import __version__
from tocsin.api.operation import Call
from tocsin.api.problems import ApiError
from tocsin.api.prometheus.constants import NO_SERIES, constant
from tocsin.api.prometheus.envelope import success
from tocsin.api.prometheus.numbers import plain
from tocsin.api.responses import Response
from tocsin.api.services import Services
from tocsin.expressions import ExpressionError

_FEATURES = {
    "ruler_config_api": "true",
    "alertmanager_config_api": "true",
    "query_sharding": "false",
    "federated_rules": "false",
}


def get_build_info(_services: Services, _call: Call) -> Response:
    """Say what answers. By its features Grafana knows that it can edit rules, if the application is Mimir."""
    unknown = dict.fromkeys(("revision", "branch", "buildUser", "buildDate", "goVersion"), "")
    return success({"application": "Grafana Mimir", "version": __version__, **unknown, "features": _FEATURES})


def query(services: Services, call: Call) -> Response:
    """Answer an expression that needs no series (`1+1`)."""
    asked = call.body if call.request.method == "POST" else call.query
    at = _time(asked.time, services.now())
    try:
        value, vector = constant(asked.query)
    except ExpressionError as error:
        raise ApiError(400, f'invalid parameter "query": {error}') from None
    except LookupError as error:
        raise ApiError(422, str(error)) from None
    sample = [at, plain(value)]
    if vector:
        return success({"resultType": "vector", "result": [{"metric": {}, "value": sample}]})
    return success({"resultType": "scalar", "result": sample})


def refuse_range(_services: Services, _call: Call) -> Response:
    """Refuse: there are no series."""
    raise ApiError(422, NO_SERIES)


def no_list(_services: Services, _call: Call) -> Response:
    """Answer that there are no series: no labels, no values of them."""
    return success([])


def no_metadata(_services: Services, _call: Call) -> Response:
    """Answer that there are no series: no metrics."""
    return success({})


def read_form(body: bytes) -> dict[str, str]:
    """Return what a form says, of a name that stands there twice the last."""
    return dict(parse_qsl(body.decode(errors="replace"), keep_blank_values=True))


def _time(text: str, now: datetime) -> float:
    """Return a parameter's time in seconds since 1970."""
    if not text:
        return round(now.timestamp(), 3)
    try:
        if isfinite(seconds := float(text)):  # JSON has no others
            return seconds
    except ValueError:
        pass
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        at = None
    if at is None or at.tzinfo is None:
        raise ApiError(400, f'invalid parameter "time": cannot parse "{text}" to a valid timestamp')
    return at.timestamp()
