"""A webhook: the notification as Alertmanager's JSON, version "4", to any HTTP server."""

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from tocsin.alert import Alert
from tocsin.http import (
    RECEIVER_BODY_BYTES,
    HttpClient,
    Request,
    Response,
    Timeout,
    Transport,
    basic_credentials,
)
from tocsin.instants import rfc3339
from tocsin.notification import Failed, Failure, Notification, Sent, common
from tocsin.receivers.classify import classify

NEVER = "0001-01-01T00:00:00Z"
"""Go's zero time: the end of an alert that fires."""
_QUOTED = str.maketrans({char: f"\\{char}" for char in r"\.+*?()|[]{}^$"})
_ESCAPED = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"}


def _utc_now() -> datetime:
    return datetime.now(UTC)


class WebhookReceiver:
    """Posts to one URL; the same content always carries the same `Idempotency-Key`."""

    def __init__(
        self,
        settings: Mapping[str, Any],
        transport: Transport | None = None,
        now: Callable[[], datetime] = _utc_now,
    ) -> None:
        """`settings` are `url`, `max_alerts` (0: all), `timeout_ms` (0: none) and `http_config`.

        Of `http_config` they are `basic_auth` or `authorization`. `now` is asked only to turn a `Retry-After`
        that is a date into seconds.
        """
        self._url: str = settings["url"]
        self._max_alerts: int = settings.get("max_alerts", 0)
        self._timeout_seconds: float = settings.get("timeout_ms", 0) / 1000
        self._headers = headers(settings.get("http_config") or {})
        self._transport = transport or HttpClient(RECEIVER_BODY_BYTES)
        self._now = now

    def send(self, notification: Notification, timeout_seconds: float) -> Sent:
        """Try once to deliver within `timeout_seconds`, or the receiver's own timeout if that is shorter."""
        request = Request(
            "POST",
            self._url,
            {**self._headers, "Idempotency-Key": notification.id},
            body(notification, self._max_alerts),
        )
        reply = self._transport(request, min(timeout_seconds, self._timeout_seconds or timeout_seconds))
        if isinstance(reply, Response):
            return classify(reply.status, reply.headers, self._now())
        if reply.status is not None:  # it has answered; what it went on to say is of no interest
            return classify(reply.status, {}, self._now())
        reason = Failure.DEADLINE if isinstance(reply, Timeout) else Failure.OTHER
        return Failed(reason, retry=True, detail=reply.detail)


def headers(http_config: Mapping[str, Any]) -> dict[str, str]:
    """Return the headers of every request, who sends it among them.

    Each request has a connection of its own: what a thawed Lambda has kept alive may be dead, and a page is
    not sent twice to find out.
    """
    found = {"Content-Type": "application/json", "Connection": "close"}
    if basic := http_config.get("basic_auth"):
        found["Authorization"] = basic_credentials(basic.get("username", ""), basic.get("password", ""))
    if authorization := http_config.get("authorization"):
        found["Authorization"] = (
            f"{authorization.get('type') or 'Bearer'} {authorization.get('credentials', '')}"
        )
    return found


def body(notification: Notification, max_alerts: int) -> bytes:
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
        "routeLabels": {},
        "externalURL": notification.external_url,
        "version": "4",
        "groupKey": notification.group_key,
        "truncatedAlerts": notification.truncated + len(notification.alerts) - len(kept),
    }
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
