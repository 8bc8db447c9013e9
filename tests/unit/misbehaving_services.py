"""What any service may do instead of taking a notification, and what is to come of it."""

from typing import Any

import pytest

from tests.unit.receiving import answer
from tocsin.http import Reply, Timeout, Unreachable
from tocsin.notification import Failed, Failure

STATE = "{{ .Status }}: {{ len .Alerts.Firing }} firing, {{ len .Alerts.Resolved }} resolved"
"""A template that tells notifications apart."""
FIRING, RESOLVED, MIXED = (
    "firing: 2 firing, 0 resolved",
    "resolved: 0 firing, 2 resolved",
    "firing: 1 firing, 1 resolved",
)
"""What it comes to for those of `receiving`."""

NO_ANSWER: tuple[tuple[str, Reply, Failed], ...] = (
    ("slow", Timeout("https://x: no answer"), Failed(Failure.DEADLINE, True, "https://x: no answer")),
    ("gone", Unreachable("https://x: refused"), Failed(Failure.OTHER, True, "https://x: refused")),
)
THROTTLED: tuple[tuple[str, Reply, Failed], ...] = (
    ("429", answer(429, Retry_After="7"), Failed(Failure.RATE_LIMITED, True, "HTTP 429", 7)),
    ("503", answer(503, Retry_After="9"), Failed(Failure.SERVER_ERROR, True, "HTTP 503", 9)),
    ("500", answer(500), Failed(Failure.SERVER_ERROR, True, "HTTP 500")),
    ("answers late", Timeout("https://x: slow", 502), Failed(Failure.SERVER_ERROR, True, "HTTP 502")),
)
REFUSED: tuple[tuple[str, Reply, Failed], ...] = (
    ("400", answer(400), Failed(Failure.CLIENT_ERROR, False, "HTTP 400")),
    ("401", answer(401), Failed(Failure.AUTH_ERROR, False, "HTTP 401")),
)


def cases(*groups: tuple[tuple[str, Reply, Failed], ...]) -> list[Any]:
    """Return the parameters of a test: a reply, and what is to come of it."""
    return [pytest.param(reply, sent, id=name) for group in groups for name, reply, sent in group]
