"""A webhook: the notification as Alertmanager's JSON, version "4", to any HTTP server."""

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from tocsin.alert import Alert
from tocsin.instants import rfc3339
from tocsin.notification import Notification, Sent, common
from tocsin.receivers.http import Http, outcome, time_limit
from tocsin.receivers.tools import Tools

NEVER = "0001-01-01T00:00:00Z"
"""Go's zero time: the end of an alert that fires."""
_QUOTED = str.maketrans({char: f"\\{char}" for char in r"\.+*?()|[]{}^$"})
_ESCAPED = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"}


class WebhookReceiver:
    """Posts to one URL; the same content always carries the same `Idempotency-Key`."""

    def __init__(self, settings: Mapping[str, Any], tools: Tools) -> None:
        """`settings` are `url`, `max_alerts` (0: all), `timeout_ms` (0: none), `payload` and `http_config`."""
        self._settings, self._tools = settings, tools
        self._http = Http(settings, tools)

    def send(self, notification: Notification, timeout_seconds: float) -> Sent:
        """Try once to deliver within `timeout_seconds`, or the receiver's own timeout if that is shorter."""
        told = _limited(notification, self._settings.get("max_alerts", 0))
        message = self._tools.about(told)
        url = message.text(self._tools.secret(self._settings["url"]))
        headers = {"Idempotency-Key": notification.id}
        payload = self._settings.get("payload")
        own = None if payload is None else encoded(message.tree(payload))
        content = own or body(told, 0, message.data.route_labels)
        limit = time_limit(self._settings, timeout_seconds)
        reply = self._http.send("POST", url, content, limit, headers)
        return outcome(reply, self._tools.now())


def _limited(notification: Notification, max_alerts: int) -> Notification:
    """Return the notification with the first so many alerts only, if `max_alerts` is above 0."""
    dropped = len(notification.alerts) - max_alerts if max_alerts > 0 else 0
    if dropped <= 0:
        return notification
    kept = notification.alerts[:max_alerts]
    return replace(notification, alerts=kept, truncated=notification.truncated + dropped)


def body(notification: Notification, max_alerts: int, route_labels: Mapping[str, str]) -> bytes:
    """Return the JSON that Alertmanager posts (webhook version "4"), byte for byte as Go encodes it."""
    return encoded(document(notification, max_alerts, route_labels))


def document(notification: Notification, max_alerts: int, route_labels: Mapping[str, str]) -> dict[str, Any]:
    """Return what is posted: with `max_alerts` above 0 only the first so many alerts are in it.

    Status and what is common are those of the alerts that are in it.
    """
    kept = notification.alerts[:max_alerts] if max_alerts > 0 else notification.alerts
    firing = any(not alert.resolved(notification.at) for alert in kept)
    return {
        "receiver": notification.receiver.translate(_QUOTED),
        "status": "firing" if firing else "resolved",
        "alerts": [_alert(alert, notification.at) for alert in kept],
        "notification_reason": notification.reason.value,
        "groupLabels": _sorted(notification.group_labels),
        "commonLabels": _sorted(common(tuple(alert.labels for alert in kept))),
        "commonAnnotations": _sorted(common(tuple(alert.annotations for alert in kept))),
        "routeLabels": _sorted(route_labels),
        "externalURL": notification.external_url,
        "version": "4",
        "groupKey": notification.group_key,
        "truncatedAlerts": notification.truncated + len(notification.alerts) - len(kept),
    }


def encoded(document: Any) -> bytes:
    """Return a document as Go's `json.Encoder` writes it."""
    text = json.dumps(document, ensure_ascii=False, separators=(",", ":"))
    for char, escape in _ESCAPED.items():
        text = text.replace(char, escape)
    return (text + "\n").encode(errors="replace")


def _alert(alert: Alert, at: datetime) -> dict[str, Any]:
    resolved = alert.ends_at is not None and alert.resolved(at)
    return {
        "status": "resolved" if resolved else "firing",
        "labels": _sorted(alert.labels),
        "annotations": _sorted(alert.annotations),
        "startsAt": rfc3339(alert.starts_at),
        "endsAt": rfc3339(alert.ends_at) if resolved and alert.ends_at else NEVER,
        "generatorURL": alert.generator_url,
        "fingerprint": alert.fingerprint,
    }


def _sorted(pairs: Mapping[str, str]) -> dict[str, str]:
    return dict(sorted(pairs.items()))
