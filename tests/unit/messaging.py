"""What tests of notifications' templates share: a notification, and the table of templates and what they come to."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml

from tocsin.alert import Alert
from tocsin.messages.writer import Message, Writer
from tocsin.notification import Notification, Reason

STARTED = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
_COMMON = {"alertname": "Disk full", "team": "a", "odd": "<c>&\"d'+ é"}
FIRING = Alert(
    {**_COMMON, "instance": "web-1:9100", "severity": "critical"},
    {"summary": "Disk <b>full</b>", "run": "javascript:alert(1)"},
    STARTED.replace(microsecond=678901),
    None,
    'http://prom/graph?g0.expr=a+b&x="1"',
)
RESOLVED = Alert(
    {**_COMMON, "instance": "web-2:9100", "severity": "warning"},
    {"summary": "Disk <b>full</b>", "other": "x y"},
    STARTED,
    datetime(2026, 1, 2, 4, tzinfo=UTC),
    "http://prom/",
)
NOTIFICATION = Notification(
    id="n-1",
    receiver="a.b",
    reason=Reason.FIRST,
    group_key='{}:{alertname="Disk full"}',
    group_labels={"alertname": "Disk full"},
    alerts=(FIRING, RESOLVED),
    at=datetime(2026, 1, 2, 12, tzinfo=UTC),
    external_url="http://am:9093/x",
    route_labels={"owner": "team {{ .CommonLabels.team | toUpper }}"},
)
WRITER = Writer()


def message(notification: Notification = NOTIFICATION, writer: Writer = WRITER) -> Message:
    """Return a notification as templates see it."""
    return writer.about(notification)


class Case(NamedTuple):
    """A template and the text that it comes to, or the error."""

    template: str
    text: str = ""
    error: str = ""


_TABLE: Any = yaml.safe_load((Path(__file__).parent / "message_cases.yml").read_text())

RANDOM: Any = _TABLE["random pages"]
"""What pages are made of at random."""


def cases(section: str) -> list[Case]:
    """Return the rows of a section of the table."""
    return [Case(**row) for row in _TABLE[section]]


def each(*sections: str) -> pytest.MarkDecorator:
    """Run a test with every row of some sections."""
    rows = [row for section in sections for row in cases(section)]
    return pytest.mark.parametrize("case", rows, ids=[row.template for row in rows])
