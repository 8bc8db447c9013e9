"""incident.io: the notification as an alert event, which it knows again by the group's key."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from tocsin.http import Response
from tocsin.notification import Failed, Notification, Sent
from tocsin.receivers.classify import DETAIL_CHARS
from tocsin.receivers.http import Http, answered, outcome, time_limit
from tocsin.receivers.tools import Tools
from tocsin.receivers.webhook import document, encoded

BODY_BYTES = 512 << 10
"""incident.io's limit."""


class IncidentioReceiver:
    """Posts to an alert source; the same group is the same alert there, however often it is sent."""

    def __init__(self, settings: Mapping[str, Any], tools: Tools) -> None:
        """`settings` are `url`, `alert_source_token`, `max_alerts` (0: all), `timeout_ms` (0: none), `http_config`."""
        self._settings, self._tools = settings, tools
        self._http = Http(settings, tools)

    def send(self, notification: Notification, timeout_seconds: float) -> Sent:
        """Try once to deliver within `timeout_seconds`, or the receiver's own timeout if that is shorter."""
        settings, secret = self._settings, self._tools.secret
        labels = self._tools.about(notification).data.route_labels
        content = body(notification, settings.get("max_alerts", 0), labels)
        token = secret(settings.get("alert_source_token", ""))
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        limit = time_limit(settings, timeout_seconds)
        reply = self._http.send("POST", secret(settings["url"]), content, limit, headers)
        sent = outcome(reply, self._tools.now())
        if isinstance(sent, Failed) and isinstance(reply, Response) and (words := _words(reply)):
            return replace(sent, detail=f"{sent.detail}: {words}"[:DETAIL_CHARS])
        return sent


def body(notification: Notification, max_alerts: int, route_labels: Mapping[str, str]) -> bytes:
    """Return the webhook's JSON as version "1"; what is too large keeps its first alert alone."""
    event = {**document(notification, max_alerts, route_labels), "version": "1"}
    content = encoded(event)
    if len(content) <= BODY_BYTES:
        return content
    first, *others = event["alerts"]
    return encoded({**event, "alerts": [first], "truncatedAlerts": event["truncatedAlerts"] + len(others)})


def _words(reply: Response) -> str:
    """Return what incident.io says is wrong."""
    answer = answered(reply)
    if not isinstance(answer, dict):
        return ""
    errors = answer.get("errors")
    listed = ", ".join(str(error) for error in errors) if isinstance(errors, list) else ""
    return ": ".join(str(part) for part in (answer.get("message"), answer.get("error"), listed) if part)
