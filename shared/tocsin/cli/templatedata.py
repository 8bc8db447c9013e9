"""The notification that a template is shown with: a file as webhooks get it, or amtool's simple one."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from tocsin.alert import Alert
from tocsin.messages.data import AlertData, Alerts, Data
from tocsin.messages.values import KV
from tocsin.templates.times import Time
from tocsin.templates.values import Value

_NEVER = datetime.fromisoformat("0001-01-01T00:00:00Z")


class DataError(ValueError):
    """A file that is no notification; the text says where and why."""


def read_data(text: str) -> Data:
    """Return the notification of a file in JSON; raises DataError."""
    try:
        return _to_data(_Data.model_validate_json(text))
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        raise DataError(": ".join(filter(None, (".".join(map(str, first["loc"])), first["msg"])))) from error


def simple_data(now: datetime) -> Data:
    """Return the notification that amtool renders templates with if it is given none."""
    return _to_data(_simple(now))


class _Given(BaseModel):
    """A part of the file, as Go's `json.Unmarshal` takes it: what it does not know is left out."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

    @model_validator(mode="before")
    @classmethod
    def _without_nulls(cls, data: Any) -> Any:
        given = isinstance(data, Mapping)
        return {key: value for key, value in data.items() if value is not None} if given else data


class _Alert(_Given):
    status: str = ""
    labels: dict[str, str] = Field(default_factory=dict)
    annotations: dict[str, str] = Field(default_factory=dict)
    starts_at: datetime = Field(default=_NEVER, alias="startsAt")
    ends_at: datetime = Field(default=_NEVER, alias="endsAt")
    generator_url: str = Field(default="", alias="generatorURL")
    fingerprint: str = ""


class _Data(_Given):
    receiver: str = ""
    status: str = ""
    alerts: list[_Alert] = Field(default_factory=list)
    notification_reason: str = ""
    group_labels: dict[str, str] = Field(default_factory=dict, alias="groupLabels")
    common_labels: dict[str, str] = Field(default_factory=dict, alias="commonLabels")
    common_annotations: dict[str, str] = Field(default_factory=dict, alias="commonAnnotations")
    route_labels: dict[str, str] = Field(default_factory=dict, alias="routeLabels")
    external_url: str = Field(default="", alias="externalURL")


@dataclass(frozen=True, slots=True)
class _GivenAlert(AlertData):
    """An alert whose status and fingerprint are what they are said to be."""

    given: _Alert

    fields: ClassVar[Mapping[str, Callable[[Any], Value]]] = {
        **AlertData.fields,
        "Fingerprint": lambda data: data.given.fingerprint,
    }

    @property
    def status(self) -> str:
        return self.given.status

    @property
    def ends_at(self) -> Time:
        return Time(self.given.ends_at)


def _to_data(given: _Data) -> Data:
    return Data(
        receiver=given.receiver,
        status=given.status,
        alerts=Alerts(_to_alert(alert) for alert in given.alerts),
        notification_reason=given.notification_reason,
        group_labels=KV(given.group_labels),
        common_labels=KV(given.common_labels),
        common_annotations=KV(given.common_annotations),
        route_labels=KV(given.route_labels),
        external_url=given.external_url,
    )


def _to_alert(given: _Alert) -> _GivenAlert:
    alert = Alert(given.labels, given.annotations, given.starts_at, given.ends_at, given.generator_url)
    return _GivenAlert(alert, given.ends_at, given)


def _simple(now: datetime) -> _Data:
    labels, annotations = _numbered("commonlabel"), _numbered("commonannotation")
    first = {"label1": "value1", "label2": "value2", "instance": "foo.bar:1234"}
    notes = {"annotation1": "value1", "annotation2": "value2"}
    alerts = (
        (first | labels, notes | annotations, now - timedelta(minutes=5), "fingerprint1"),
        (
            {"foo": "bar", "baz": "qux"} | labels,
            {"aaa": "bbb", "ccc": "ddd"} | annotations,
            now - timedelta(minutes=10),
            "fingerprint2",
        ),
    )
    return _Data(
        receiver="receiver",
        status="alertstatus",
        alerts=[
            _Alert(
                status="alertstatus",
                labels=own,
                annotations=texts,
                startsAt=starts_at,
                endsAt=now,
                generatorURL="https://generatorurl.com",
                fingerprint=fingerprint,
            )
            for own, texts, starts_at, fingerprint in alerts
        ],
        groupLabels=_numbered("grouplabel"),
        commonLabels=labels,
        commonAnnotations=annotations,
        externalURL="https://example.com",
    )


def _numbered(name: str) -> dict[str, str]:
    return {f"{name}key{number}": f"{name}value{number}" for number in (1, 2)}
