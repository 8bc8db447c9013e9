"""Notifications for the tests of receivers."""

from datetime import UTC, datetime

from tocsin.alert import Alert
from tocsin.notification import Notification, Reason

AT = datetime(2026, 1, 2, 3, 10, tzinfo=UTC)
STARTED = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
ENDED = datetime(2026, 1, 2, 3, 5, 5, tzinfo=UTC)


def alert(ends_at: datetime | None = None, url: str = "", **labels: str) -> Alert:
    """Return an alert that started at STARTED."""
    annotations = {"summary": "it is down", "runbook": "http://r"}
    return Alert({"alertname": "Down", **labels}, annotations, STARTED, ends_at, url)


def notification(*alerts: Alert, truncated: int = 0) -> Notification:
    """Return a notification about the alerts, grouped by alertname."""
    return Notification(
        id="n-1",
        receiver="ops",
        reason=Reason.FIRST,
        group_key='{}:{alertname="Down"}',
        group_labels={"alertname": "Down"},
        alerts=alerts,
        at=AT,
        external_url="http://am.example:9093",
        truncated=truncated,
    )
