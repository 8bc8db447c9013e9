"""What any operation may refuse a request with, in the form of its family."""

import json
from dataclasses import dataclass
from types import NoneType
from typing import Any, Literal

from typing_extensions import TypedDict  # typing's own knows pydantic only from Python 3.12 on

from tocsin.api.operation import NoQuery, Operation
from tocsin.api.problems import (
    Form,
    Problem,
    alertmanager,
    influxdb1,
    influxdb2,
    prometheus,
    tocsin,
)


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why, and the header that says more."""

    description: str
    header: str = ""


REFUSALS = {
    400: Refusal("The request cannot be read: a parameter or the body is not what it should be."),
    401: Refusal("Who asks is nobody we know.", "WWW-Authenticate"),
    403: Refusal("Who asks may not do this: the scope is missing."),
    413: Refusal("The body is too large."),
    415: Refusal("The body is said to be something that is not read here."),
    429: Refusal("Too many requests; `Retry-After` says when to come again.", "Retry-After"),
    500: Refusal("We failed; the log says why."),
    503: Refusal("Not now (others write the same), or the answer is too large to be carried."),
}


class FrameworkRefusal(TypedDict):
    """What the framework before Alertmanager's handlers answers (go-openapi)."""

    code: int
    message: str


class PrometheusRefusal(TypedDict):
    """The envelope of Prometheus and Mimir."""

    status: Literal["error"]
    errorType: str
    error: str


class Influxdb2Refusal(TypedDict):
    """What InfluxDB's API v2 answers."""

    code: str
    message: str


class Influxdb1Refusal(TypedDict):
    """What InfluxDB's API v1 answers."""

    error: str


class TocsinRefusal(TypedDict):
    """A problem (RFC 9457)."""

    title: str
    status: int
    detail: str


_SHAPES: dict[Form, Any] = {
    alertmanager: FrameworkRefusal,
    prometheus: PrometheusRefusal,
    influxdb2: Influxdb2Refusal,
    influxdb1: Influxdb1Refusal,
    tocsin: TocsinRefusal,
}


def content(operation: Operation, status: int) -> tuple[str, Any] | None:
    """Return the media type of an answer and the type of what it says; None if it is empty."""
    answer = operation.answers.get(status)
    if answer is None or (answer.schema is None and status >= 400):
        return _told(operation.form, status)
    if answer.schema in (None, NoneType):
        return None
    return answer.media_type.partition(";")[0], answer.schema


def refusals_of(operation: Operation) -> list[int]:
    """Return the statuses with which an operation may be refused before its handler, or whatever it does."""
    statuses = [500, 503]
    if operation.scope is not None:
        statuses += [401, 403, 429]
    if operation.query is not NoQuery or operation.body is not None:
        statuses.append(400)
    if operation.body is not None:
        statuses.append(413)
        if "*/*" not in operation.body.media_types:
            statuses.append(415)
    return sorted(statuses)


def _told(form: Form, status: int) -> tuple[str, Any]:
    """Return as what and in which shape a family tells of a problem."""
    answer = form(Problem(status, ""))
    media_type = answer.headers["Content-Type"].partition(";")[0]
    if (
        form is alertmanager and status == 400
    ):  # the framework has a code for what it cannot parse, handlers have a text
        return media_type, str | FrameworkRefusal
    is_text = media_type.startswith("text/") or isinstance(json.loads(answer.body), str)
    return media_type, str if is_text else _SHAPES[form]
