"""The history of changes: who changed what, when, and how."""

from pydantic import BaseModel, Field

from tocsin.api.operation import Call, Operation
from tocsin.api.own.administration_shapes import ChangeShape, HistoryShape
from tocsin.api.own.describing import reading
from tocsin.api.own.times import time_text
from tocsin.api.responses import Response, json_response
from tocsin.api.services import Services
from tocsin.history import ID, Change, read_history


class HistoryQuery(BaseModel):
    """Which changes are listed."""

    limit: int = Field(50, ge=1, le=1000)
    before: str = Field("", pattern=f"^({ID})?$", description="The `next` of the page before")


def list_changes(services: Services, call: Call) -> Response:
    """Answer changes, newest first."""
    changes, following = read_history(services.database, services.now(), call.query.limit, call.query.before)
    shape: HistoryShape = {"changes": [_change(change) for change in changes], "next": following or None}
    return json_response(shape)


def _change(change: Change) -> ChangeShape:
    return {
        "id": change.id,
        "at": time_text(change.at),
        "by": change.by,
        "via": change.via,
        "what": change.what,
        "targets": list(change.targets),
        "targetCount": change.count,
        "summary": change.summary,
        "before": dict(change.before),
        "after": dict(change.after),
    }


HISTORY: tuple[Operation, ...] = (
    reading("listChanges", "/history", list_changes, "Who changed what", HistoryShape, query=HistoryQuery),
)
