"""Prometheus remote write 1.0 (prometheus.io/docs/specs/prw/remote_write_spec), as Prometheus and Mimir take it.

Who sends 2.0 is told so by 415, on which senders fall back to 1.0.
"""

from collections.abc import Iterator

from tocsin.api.ingest.taking import take
from tocsin.api.ingest.unpacking import unsnapped
from tocsin.api.operation import Answer, Body, Call, Operation
from tocsin.api.problems import ApiError, mimir
from tocsin.api.responses import Response
from tocsin.api.services import Services
from tocsin.identity.scope import Scope
from tocsin.metric import Metric
from tocsin.samples.ingesting import Rejection, from_series
from tocsin.samples.prompb import ProtobufError, read_request

PROTOBUF = "application/x-protobuf"
_SECOND = "io.prometheus.write.v2"


def write(services: Services, call: Call) -> Response:
    """Take samples; those of a sender that comes again are there twice, and read once."""
    if _SECOND in call.request.header("content-type"):
        raise ApiError(415, "remote write 2.0 is not read here: send prometheus.WriteRequest (1.0)")
    return take(services, _read(unsnapped(call.request)))


def _read(message: bytes) -> Iterator[Metric | Rejection]:
    try:
        yield from from_series(read_request(message))
    except ProtobufError as error:
        raise ApiError(400, f"the body is no WriteRequest: {error}") from None


REMOTE_WRITE: tuple[Operation, ...] = (
    Operation(
        id="remoteWrite",
        method="POST",
        paths=("/api/v1/write", "/api/v1/push", "/mimir/api/v1/push"),
        scope=Scope.SAMPLES_WRITE,
        handle=write,
        form=mimir,
        summary="Take samples by Prometheus remote write 1.0",
        tag="ingest",
        answers={
            204: Answer("All samples are stored."),
            400: Answer("Some samples are refused, and never to be sent again; the others are stored."),
        },
        body=Body(None, (PROTOBUF,)),
    ),
)
