"""What a template sees of a notification (Alertmanager template/template.go: Data, Alert)."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from tocsin.alert import Alert
from tocsin.messages.values import KV
from tocsin.notification import Notification, common
from tocsin.templates.times import ZERO, Time
from tocsin.templates.values import Function, Struct, Value

_SPECIAL = re.compile(r"[\\.+*?()|\[\]{}^$]")


@dataclass(frozen=True, slots=True)
class AlertData(Struct):
    """One alert as it stands at the time of the notification."""

    alert: Alert
    now: datetime

    go_type: ClassVar[str] = "template.Alert"
    fields: ClassVar[Mapping[str, Callable[["AlertData"], Value]]] = {
        "Status": lambda data: data.status,
        "Labels": lambda data: KV(data.alert.labels),
        "Annotations": lambda data: KV(data.alert.annotations),
        "StartsAt": lambda data: Time(data.alert.starts_at),
        "EndsAt": lambda data: data.ends_at,
        "GeneratorURL": lambda data: data.alert.generator_url,
        "Fingerprint": lambda data: data.alert.fingerprint,
    }
    tags: ClassVar[Mapping[str, str]] = {
        "Status": "status",
        "Labels": "labels",
        "Annotations": "annotations",
        "StartsAt": "startsAt",
        "EndsAt": "endsAt",
        "GeneratorURL": "generatorURL",
        "Fingerprint": "fingerprint",
    }

    @property
    def status(self) -> str:
        """`firing` or `resolved`."""
        return "resolved" if self.alert.resolved(self.now) else "firing"

    @property
    def ends_at(self) -> Time:
        """When the alert has ended; Go's zero time while it fires."""
        ends_at = self.alert.ends_at
        return Time(ends_at) if ends_at is not None and self.alert.resolved(self.now) else ZERO


class AlertList(list[AlertData]):
    """Alerts of one status."""

    go_type: ClassVar[str] = "[]template.Alert"


class Alerts(Struct, AlertList):
    """The alerts of a notification, in its order."""

    go_type: ClassVar[str] = "template.Alerts"

    def of_status(self, status: str) -> AlertList:
        """Return the alerts of a status."""
        return AlertList(alert for alert in self if alert.status == status)


Alerts.methods = {
    "Firing": Function(lambda alerts: alerts.of_status("firing")),
    "Resolved": Function(lambda alerts: alerts.of_status("resolved")),
}


@dataclass(frozen=True, slots=True)
class Data(Struct):
    """A notification; `receiver` is quoted for use in a regular expression, as Alertmanager does."""

    receiver: str
    status: str
    alerts: Alerts
    notification_reason: str
    group_labels: KV
    common_labels: KV
    common_annotations: KV
    route_labels: KV
    external_url: str

    go_type: ClassVar[str] = "*template.Data"
    fields: ClassVar[Mapping[str, Callable[["Data"], Value]]] = {
        "Receiver": lambda data: data.receiver,
        "Status": lambda data: data.status,
        "Alerts": lambda data: data.alerts,
        "NotificationReason": lambda data: data.notification_reason,
        "GroupLabels": lambda data: data.group_labels,
        "CommonLabels": lambda data: data.common_labels,
        "CommonAnnotations": lambda data: data.common_annotations,
        "RouteLabels": lambda data: data.route_labels,
        "ExternalURL": lambda data: data.external_url,
    }
    tags: ClassVar[Mapping[str, str]] = {
        "Receiver": "receiver",
        "Status": "status",
        "Alerts": "alerts",
        "NotificationReason": "notification_reason",
        "GroupLabels": "groupLabels",
        "CommonLabels": "commonLabels",
        "CommonAnnotations": "commonAnnotations",
        "RouteLabels": "routeLabels",
        "ExternalURL": "externalURL",
    }


def data_of(notification: Notification, route_labels: Mapping[str, str]) -> Data:
    """Return the notification for templates; `route_labels` are expanded."""
    alerts = notification.alerts
    return Data(
        receiver=_SPECIAL.sub(r"\\\g<0>", notification.receiver),
        status=notification.status,
        alerts=Alerts(AlertData(alert, notification.at) for alert in alerts),
        notification_reason=str(notification.reason),
        group_labels=KV(notification.group_labels),
        common_labels=_common(alert.labels for alert in alerts),
        common_annotations=_common(alert.annotations for alert in alerts),
        route_labels=KV(route_labels),
        external_url=notification.external_url,
    )


def _common(maps: Iterable[Mapping[str, str]]) -> KV:
    return KV(common(tuple(maps)))
