"""What goes wrong, and the forms in which each family of clients reads it."""

from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from tocsin.api.responses import Response, json_response, text_response


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a request is refused; `code` is go-openapi's for what it finds wrong with a request (602: missing)."""

    status: int
    message: str
    code: int = 0


class ApiError(Exception):
    """A request is refused; what is raised by a handler is answered in the form of its family."""

    def __init__(self, status: int, message: str, code: int = 0) -> None:
        super().__init__(message)
        self.problem = Problem(status, message, code)


Form = Callable[[Problem], Response]
"""The answer in which a family tells of a problem."""


def alertmanager(problem: Problem) -> Response:
    """Return what Alertmanager answers: a text as JSON by its handlers, an object by the framework before them."""
    framework = problem.code or problem.status in (401, 403, 404, 405, 406, 413, 415, 422, 429)
    code = problem.code or problem.status
    told = {"code": code, "message": problem.message} if framework else problem.message
    return json_response(told, problem.status).with_headers(cache_control="no-store")


_PROMETHEUS_TYPES = {
    400: "bad_data",
    401: "unauthorized",
    403: "forbidden",
    404: "not_found",
    406: "not_acceptable",
    422: "execution",
    429: "too_many_requests",
    503: "unavailable",
}


def prometheus(problem: Problem) -> Response:
    """Return the envelope of Prometheus (`web/api/v1`)."""
    kind = _PROMETHEUS_TYPES.get(problem.status, "internal" if problem.status >= 500 else "bad_data")
    document: dict[str, Any] = {"status": "error", "errorType": kind, "error": problem.message}
    return json_response(document, problem.status)


def mimir(problem: Problem) -> Response:
    """Return plain text, as Go's `http.Error` writes it: Grafana and mimirtool look for some words of Mimir's."""
    answer = text_response(f"{problem.message}\n", problem.status)
    return answer.with_headers(x_content_type_options="nosniff")


_INFLUXDB_CODES = {
    400: "invalid",
    401: "unauthorized",
    403: "forbidden",
    404: "not found",
    405: "method not allowed",
    413: "request too large",
    415: "unsupported media type",
    429: "too many requests",
    503: "unavailable",
}


def influxdb2(problem: Problem) -> Response:
    """Return what InfluxDB's API v2 answers."""
    code = _INFLUXDB_CODES.get(problem.status, "internal error" if problem.status >= 500 else "invalid")
    return json_response({"code": code, "message": problem.message}, problem.status)


def influxdb1(problem: Problem) -> Response:
    """Return what InfluxDB's API v1 answers."""
    return json_response({"error": problem.message}, problem.status)


def tocsin(problem: Problem) -> Response:
    """Return what Tocsin's own API answers (RFC 9457)."""
    document: dict[str, Any] = {
        "title": HTTPStatus(problem.status).phrase,
        "status": problem.status,
        "detail": problem.message,
    }
    answer = json_response(document, problem.status)
    return answer.with_headers(content_type="application/problem+json")
