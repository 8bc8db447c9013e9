"""The notification as a document for programs on AWS: what a webhook is sent, and the notification's id."""

import json
from collections.abc import Mapping

from tocsin.notification import Failed, Failure, Notification
from tocsin.receivers.webhook import body


def document(
    notification: Notification, max_alerts: int, route_labels: Mapping[str, str], limit_bytes: int
) -> str | Failed:
    """Return the document with as many alerts as fit into `limit_bytes` of UTF-8, at most `max_alerts` if above 0.

    It says itself how many are missing (`truncatedAlerts`).
    """
    count = len(notification.alerts)
    count = min(count, max_alerts) if max_alerts > 0 else count
    while True:
        text = _document(notification, count, route_labels)
        size = len(text.encode())
        if size <= limit_bytes:
            return text
        if count <= 1:
            detail = f"an alert alone takes {size} bytes of at most {limit_bytes}"
            return Failed(Failure.CLIENT_ERROR, retry=False, detail=detail)
        count = max(1, min(count - 1, count * limit_bytes // size))


def _document(notification: Notification, count: int, route_labels: Mapping[str, str]) -> str:
    content = body(notification, count, route_labels).decode().removesuffix("\n")
    return f'{{"notificationId":{json.dumps(notification.id)},{content.removeprefix("{")}'
