"""InfluxDB's line protocol over HTTP, as its APIs v2 and v1 take it: what Telegraf and InfluxDB's clients write.

Organisations, buckets, databases and retention policies are not kept apart: there is one store here.
"""

from collections.abc import Iterator
from typing import Literal

from pydantic import BaseModel, Field
from typing_extensions import TypedDict  # typing's own knows pydantic only from Python 3.12 on

from tocsin import __version__
from tocsin.api.ingest.taking import take
from tocsin.api.ingest.unpacking import plain
from tocsin.api.operation import Answer, Body, Call, Operation
from tocsin.api.problems import ApiError, influxdb1, influxdb2
from tocsin.api.responses import Response, json_response
from tocsin.api.services import Services
from tocsin.identity.scope import Scope
from tocsin.lineprotocol import Precision, parse_lines
from tocsin.metric import Metric
from tocsin.samples.ingesting import Rejection, Why

_MOST_LINES, _MOST_PAIRS = 100_000, 500_000
"""Line breaks and equal signs in a body: far more than 20,000 samples have, and what has more would only cost time."""
_IN_URL = "a password in a URL ends up in logs: send it as Authorization (Basic, or Token with a token)"
_BODY = Body(None, ("text/plain", "*/*"))


class WriteV2(BaseModel):
    """How lines are written in v2."""

    org: str = Field("", description="Any: there is one store.")
    bucket: str = Field("", description="Any: there is one store.")
    precision: Literal["ns", "us", "ms", "s"] = "ns"


class WriteV1(BaseModel):
    """How lines are written in v1."""

    db: str = Field("", description="Any: there is one store.")
    rp: str = Field("", description="Any: there is one store.")
    precision: Literal["ns", "n", "us", "u", "µ", "ms", "s", "m", "h"] = "ns"
    u: str | None = Field(None, repr=False, description="Refused: see `p`.")
    p: str | None = Field(None, repr=False, description="Refused: a password has no place in a URL.")


class HealthShape(TypedDict):
    """What InfluxDB says of its health."""

    name: str
    message: str
    status: Literal["pass"]
    checks: list[str]
    version: str


def write_v2(services: Services, call: Call) -> Response:
    """Take lines."""
    return take(services, _read(services, call))


def write_v1(services: Services, call: Call) -> Response:
    """Take lines; raises ApiError for a password in the URL."""
    if call.query.u is not None or call.query.p is not None:
        raise ApiError(401, _IN_URL)
    return take(services, _read(services, call))


def _read(services: Services, call: Call) -> Iterator[Metric | Rejection]:
    text = plain(call.request)
    if text.count(b"\n") > _MOST_LINES or text.count(b"=") > _MOST_PAIRS:
        raise ApiError(413, f"at most {_MOST_LINES} lines and {_MOST_PAIRS} tags and fields are taken")
    metrics, problems = parse_lines(text, Precision(call.query.precision), services.now())
    yield from (Rejection(f"line {problem.line}", Why.MALFORMED, problem.reason) for problem in problems)
    yield from metrics


def ping(_services: Services, _call: Call) -> Response:
    """Say that lines are taken here."""
    return Response(204, headers={"X-Influxdb-Version": f"tocsin-{__version__}"})


def health(_services: Services, _call: Call) -> Response:
    """Say that all is well, as InfluxDB does."""
    shape: HealthShape = {
        "name": "influxdb",
        "message": "ready for writes",
        "status": "pass",
        "checks": [],
        "version": f"tocsin-{__version__}",
    }
    return json_response(shape)


_ANSWERS = {
    204: Answer("All points are stored."),
    400: Answer("Some points are refused, and never to be sent again; the others are stored."),
}

INFLUXDB: tuple[Operation, ...] = (
    Operation(
        id="influxdbWrite",
        method="POST",
        paths=("/api/v2/write",),
        scope=Scope.SAMPLES_WRITE,
        handle=write_v2,
        form=influxdb2,
        summary="Take lines as InfluxDB's API v2 does",
        tag="ingest",
        answers=_ANSWERS,
        query=WriteV2,
        body=_BODY,
    ),
    Operation(
        id="influxdbWriteV1",
        method="POST",
        paths=("/write",),
        scope=Scope.SAMPLES_WRITE,
        handle=write_v1,
        form=influxdb1,
        summary="Take lines as InfluxDB's API v1 does",
        tag="ingest",
        answers=_ANSWERS,
        query=WriteV1,
        body=_BODY,
    ),
    Operation(
        id="influxdbPing",
        method="GET",
        paths=("/ping",),
        scope=None,
        handle=ping,
        form=influxdb1,
        summary="Whether lines are taken",
        tag="ingest",
        answers={204: Answer("They are.")},
    ),
    Operation(
        id="influxdbHealth",
        method="GET",
        paths=("/health",),
        scope=None,
        handle=health,
        form=influxdb2,
        summary="Whether lines are taken, as InfluxDB says it",
        tag="ingest",
        answers={200: Answer("They are.", HealthShape)},
    ),
)
