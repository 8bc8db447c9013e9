"""What others post: alerts."""

import re
from typing import Any

from pydantic import Field

from tocsin.api import bodies
from tocsin.api.alertmanager.answering import paths
from tocsin.api.alertmanager.times import ZERO
from tocsin.api.alertmanager.validation import Body as Model
from tocsin.api.alertmanager.validation import (
    Texts,
    Time,
    Uri,
    invalid,
    required,
    to_texts,
    unparsed,
)
from tocsin.api.operation import Answer, Body, Call, Operation
from tocsin.api.problems import ApiError, alertmanager
from tocsin.api.responses import JSON, Response
from tocsin.api.services import Services
from tocsin.dispatch.posted import Posted
from tocsin.identity.scope import Scope

_MEDIA_TYPES = (JSON, "application/yaml", "application/x-yaml", "text/yaml", "text/x-yaml")
_JSON = re.compile(rb"\s*[\[{\"]")


class PostableAlert(Model):
    """An alert as it is posted."""

    annotations: Texts | None = None
    ends_at: Time | None = Field(None, alias="endsAt")
    starts_at: Time | None = Field(None, alias="startsAt")
    generator_url: Uri | None = Field(None, alias="generatorURL")
    labels: Texts

    def to_posted(self) -> Posted:
        """Return the alert as dispatch takes it."""
        return Posted(
            labels=to_texts(self.labels),
            annotations=to_texts(self.annotations),
            starts_at=None if self.starts_at == ZERO else self.starts_at,
            ends_at=None if self.ends_at == ZERO else self.ends_at,
            generator_url=self.generator_url or "",
        )


def parse_alerts(body: bytes) -> Any:
    """Return the alerts of a body, YAML if it does not begin as JSON does; raises ApiError.

    Grafana posts YAML (`lotex_am.go`), and says nothing of it.
    """
    if not body.strip():
        raise required("alerts")
    try:
        document = bodies.from_json(body) if _JSON.match(body) else _plain(bodies.from_yaml(body))
    except ValueError as error:
        raise unparsed("alerts", str(error)) from None
    return [] if document is None else document


def _plain(document: Any) -> Any:
    """Return what Grafana writes as the specification has it: yaml.v3 inlines no embedded struct."""
    if isinstance(document, dict) and document.keys() == {"postablealerts"}:
        document = document["postablealerts"]
    if not isinstance(document, list):
        return document
    return [
        {**one, **one["alert"]} if isinstance(one, dict) and isinstance(one.get("alert"), dict) else one
        for one in document
    ]


def post_alerts(services: Services, call: Call) -> Response:
    """Take alerts; answered when they are stored, and will be told of whatever happens to us."""
    alerts: list[PostableAlert] = call.body
    wrong = services.pushed.receive([alert.to_posted() for alert in alerts])
    if wrong:
        raise ApiError(400, "\n".join(map(str, wrong)))
    return Response(200)


POSTING: tuple[Operation, ...] = (
    Operation(
        "postAlerts",
        "POST",
        paths("/alerts"),
        Scope.ALERTS_WRITE,
        post_alerts,
        alertmanager,
        "Create new alerts, and repeat or end those that are known",
        "alert",
        {
            200: Answer("All alerts are stored."),
            400: Answer("Some alerts are not valid, the others are stored; or the body cannot be parsed."),
            415: Answer("The body is neither JSON nor YAML."),
            422: Answer("The body is not what is described."),
        },
        body=Body(list[PostableAlert], _MEDIA_TYPES, parse_alerts),
        invalid=invalid("alerts"),
    ),
)
