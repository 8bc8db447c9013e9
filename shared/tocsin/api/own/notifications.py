"""Groups, receivers and what was told."""

from collections.abc import Mapping
from typing import Annotated

from pydantic import BaseModel, Field
from typing_extensions import TypedDict

from tocsin.alert import Alert
from tocsin.api.operation import Answer, Body, Call, Handle, NoQuery, Operation
from tocsin.api.own import documents
from tocsin.api.own.shapes import (
    ExplanationShape,
    GroupShape,
    GroupsShape,
    NotificationsShape,
    ReceiversShape,
    TimelineShape,
)
from tocsin.api.own.times import time_text
from tocsin.api.problems import ApiError, tocsin
from tocsin.api.responses import Response, json_response
from tocsin.api.services import Services
from tocsin.dispatch.muting import Mutes
from tocsin.identity.scope import Scope
from tocsin.index import read_index
from tocsin.labels import fingerprint
from tocsin.views.explanation import explain
from tocsin.views.groups import HeldGroup
from tocsin.views.muting import read_mutes, reasons
from tocsin.views.notifications import Wanted, notices, read_group
from tocsin.views.receivers import receivers

Limit = Annotated[int, Field(ge=1, le=1000)]
Offset = Annotated[int, Field(ge=0)]


class GroupsQuery(BaseModel):
    """Which groups are asked for."""

    receiver: str = ""
    limit: Limit = 200
    offset: Offset = 0


class NotificationsQuery(BaseModel):
    """Which lines are asked for: `integration` is a kind or a name in the log, `outcome=failed` any failure."""

    receiver: str = ""
    integration: str = ""
    outcome: str = ""
    limit: Limit = 100
    offset: Offset = 0


class ExplainQuery(BaseModel):
    """The labels of an alert, each as `name=value`."""

    label: list[str]


class ExplainBody(TypedDict):
    """The labels of an alert."""

    labels: dict[str, str]


def get_groups(services: Services, call: Call) -> Response:
    """Answer the groups that hold something."""
    query: GroupsQuery = call.query
    there = [
        held for held in services.groups.read() if held.kept and query.receiver in ("", held.meta.receiver)
    ]
    now, shown = services.now(), there[query.offset :][: query.limit]
    mutes = _mutes(services, shown)
    answer: GroupsShape = {
        "at": time_text(now),
        "total": len(there),
        "groups": [documents.of_group(held, mutes, now) for held in shown],
    }
    return json_response(answer)


def get_group(services: Services, call: Call) -> Response:
    """Answer one group."""
    held = _group(services, call)
    return json_response(documents.of_group(held, _mutes(services, [held]), services.now()))


def get_timeline(services: Services, call: Call) -> Response:
    """Answer what was told of a group."""
    found = notices([_group(services, call)])
    answer: TimelineShape = {"notifications": [documents.of_notice(notice) for notice in found]}
    return json_response(answer)


def get_notifications(services: Services, call: Call) -> Response:
    """Answer what was told of all groups."""
    query: NotificationsQuery = call.query
    found = notices(services.groups.read(), Wanted(query.receiver, query.integration, query.outcome))
    shown = found[query.offset :][: query.limit]
    answer: NotificationsShape = {
        "total": len(found),
        "notifications": [documents.of_notice(notice) for notice in shown],
    }
    return json_response(answer)


def get_receivers(services: Services, _call: Call) -> Response:
    """Answer the receivers with their last answers."""
    config = services.controls.config(read_index(services.database))
    found = receivers(config, services.groups.read()) if config else []
    answer: ReceiversShape = {"receivers": documents.of_receivers(found)}
    return json_response(answer)


def get_explanation(services: Services, call: Call) -> Response:
    """Answer why somebody is told of an alert, or is not."""
    labels: dict[str, str] = {}
    for text in call.query.label:
        name, equals, value = text.partition("=")
        if not (name and equals):
            raise ApiError(400, f"query: label: expected name=value, got {text!r}")
        labels[name] = value
    return _explained(services, labels)


def post_explanation(services: Services, call: Call) -> Response:
    """Answer the same for labels in a body."""
    return _explained(services, call.body["labels"])


def _explained(services: Services, given: dict[str, str]) -> Response:
    index, now = read_index(services.database), services.now()
    labels = {name: value for name, value in given.items() if value}  # an empty label is none
    alert = Alert(labels, {}, now)
    config = services.controls.config(index)
    if config is None:
        raise ApiError(404, "no configuration is stored: nobody is told of alerts")
    mutes = read_mutes(services.database, config, services.controls.silence_index(index), [alert])
    answer: ExplanationShape = {
        "labels": labels,
        "fingerprint": fingerprint(labels),
        "at": time_text(now),
        "muted": documents.of_reasons(reasons(mutes, labels, None, now)),
        "routes": [
            documents.of_placed(placed, now) for placed in explain(services.database, mutes, labels, now)
        ],
    }
    return json_response(answer)


def _group(services: Services, call: Call) -> HeldGroup:
    name = call.path["id"]
    held = read_group(services.database, name) if name.startswith("group.") else None
    if held is None:
        raise ApiError(404, f"there is no group {name}")
    return held


def _mutes(services: Services, groups: list[HeldGroup]) -> Mutes | None:
    index = read_index(services.database)
    config = services.controls.config(index)
    if config is None:
        return None
    alerts = [alert for held in groups for alert in held.alerts]
    return read_mutes(services.database, config, services.controls.silence_index(index), alerts)


_NO_GROUP = Answer("There is no such group.")
_EXPLAINED = {
    200: Answer("Its routes, and what becomes of it at each.", ExplanationShape),
    404: Answer("No configuration is stored."),
}


def _reading(
    name: str,
    path: str,
    handle: Handle,
    summary: str,
    answers: Mapping[int, Answer],
    query: type[BaseModel] = NoQuery,
) -> Operation:
    paths = (f"/tocsin/api/v1{path}",)
    return Operation(name, "GET", paths, Scope.READ, handle, tocsin, summary, "notifications", answers, query)


NOTIFICATIONS: tuple[Operation, ...] = (
    _reading(
        "getGroups",
        "/groups",
        get_groups,
        "The groups that hold something, and what mutes their alerts",
        {200: Answer("The groups in the order of their ids.", GroupsShape)},
        GroupsQuery,
    ),
    _reading(
        "getGroup",
        "/groups/{id}",
        get_group,
        "One group",
        {200: Answer("The group; it may hold nothing by now.", GroupShape), 404: _NO_GROUP},
    ),
    _reading(
        "getTimeline",
        "/groups/{id}/notifications",
        get_timeline,
        "The timeline of a group: what was told to whom, when, why, with which answer",
        {200: Answer("About 20 lines of each integration, the newest first.", TimelineShape), 404: _NO_GROUP},
    ),
    _reading(
        "getNotifications",
        "/notifications",
        get_notifications,
        "The timelines of all groups in one",
        {200: Answer("The lines, the newest first.", NotificationsShape)},
        NotificationsQuery,
    ),
    _reading(
        "getReceiverStates",
        "/receivers",
        get_receivers,
        "The receivers: what each integration last answered, and what is told again",
        {200: Answer("The receivers in the order of the configuration.", ReceiversShape)},
    ),
    _reading(
        "getExplanation",
        "/explain",
        get_explanation,
        "Why somebody is told of an alert with these labels, or is not",
        _EXPLAINED,
        ExplainQuery,
    ),
    Operation(
        "postExplanation",
        "POST",
        ("/tocsin/api/v1/explain",),
        Scope.READ,
        post_explanation,
        tocsin,
        "The same, for labels that stand in the body",
        "notifications",
        _EXPLAINED,
        body=Body(ExplainBody),
    ),
)
