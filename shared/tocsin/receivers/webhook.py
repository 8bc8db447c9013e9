"""A webhook: the notification as Alertmanager's JSON, version "4", to any HTTP server."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from tocsin.alert import Alert
from tocsin.instants import rfc3339
from tocsin.notification import Notification, Sent, common
from tocsin.receivers.http import Http, outcome
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
        message = self._tools.about(notification)
        url = message.text(self._tools.secret(self._settings["url"]))
        own = self._settings.get("timeout_ms", 0) / 1000
        headers = {"Idempotency-Key": notification.id}
        payload = self._settings.get("payload")
        if payload is None:
            content = body(notification, self._settings.get("max_alerts", 0), message.data.route_labels)
        else:
            content = encoded(message.tree(payload))
        reply = self._http.send("POST", url, content, min(timeout_seconds, own or timeout_seconds), headers)
        return outcome(reply, self._tools.now())


def body(notification: Notification, max_alerts: int, route_labels: Mapping[str, str]) -> bytes:
    """Return the JSON that Alertmanager posts (webhook version "4"), byte for byte as Go encodes it.

    With `max_alerts` above 0 only the first so many alerts are in it; status and what is common are theirs.
    """
    kept = notification.alerts[:max_alerts] if max_alerts > 0 else notification.alerts
    firing = any(not alert.resolved(notification.at) for alert in kept)
    document = {
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
    return encoded(document)


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
