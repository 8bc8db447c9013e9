"""Apprise: what a service is sent, and what becomes of it; its own kind `json` speaks to a server here."""

import json
import logging
import sys
from typing import Any

import pytest

from tests.unit.misbehaving_server import Behaviour, close, drip, hang, reply, serving
from tests.unit.receiving import firing, integration, mixed, opened, resolved
from tocsin.documents import DocumentError
from tocsin.notification import Delivered, Failed, Failure, Notification, Sent

# Before Python 3.13 Apprise imports what is deprecated.
pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")

TEXTS = "title: '{{ .Status }}', body: '<b>{{ len .Alerts.Firing }}</b> {{ .CommonAnnotations.summary }}'"


def deliver(
    behaviour: Behaviour, sent: Notification, more: str = TEXTS, timeout_seconds: float = 4
) -> tuple[Sent, list[dict[str, Any]]]:
    """Return what came of it, and the documents that the service was sent."""
    with serving(behaviour) as server:
        url = server.url.replace("http://", "json://user:s3cret@") + "/hook"
        receiver, _ = opened("apprise", f"{{url: '{url}', {more}}}")
        outcome = receiver.send(sent, timeout_seconds)
    return outcome, [json.loads(request.body) for request in server.received]


@pytest.mark.parametrize(
    ("sent", "kind", "count"),
    [
        pytest.param(firing(), "failure", 2, id="firing"),
        pytest.param(resolved(), "success", 0, id="resolved"),
        pytest.param(mixed(), "failure", 1, id="mixed"),
    ],
)
def test_a_service_is_told_what_fires(sent: Notification, kind: str, count: int) -> None:
    outcome, [document] = deliver(reply(), sent)
    assert outcome == Delivered("JSON")
    assert document == {
        "version": "1.0",
        "title": sent.status,
        "message": f"<b>{count}</b> it is down",
        "attachments": [],
        "type": kind,
    }


def test_by_default_it_is_told_what_sns_is() -> None:
    _, [document] = deliver(reply(), firing(), "send_resolved: true")
    assert document["title"].strip() == "[FIRING:2] Down"
    assert "Alerts Firing:\nLabels:\n - alertname = Down\n - instance = a\n" in document["message"]


def test_the_url_may_be_a_reference() -> None:
    receiver, access = opened("apprise", "{url_file: 'secretsmanager:team#url'}")
    with serving(reply()) as server:
        access.secrets["team/url"] = server.url.replace("http", "json")
        assert receiver.send(firing(), 4) == Delivered("JSON")


@pytest.mark.parametrize(
    ("behaviour", "reason"),
    [
        pytest.param(reply(429, b"", Retry_After="7"), Failure.OTHER, id="429"),
        pytest.param(reply(500), Failure.OTHER, id="5xx"),
        pytest.param(reply(404), Failure.OTHER, id="4xx"),
        pytest.param(close, Failure.OTHER, id="hangs up"),
        pytest.param(lambda c: c.send(b"garbage\r\n\r\n"), Failure.OTHER, id="garbage"),
        pytest.param(hang, Failure.DEADLINE, id="hangs"),
        pytest.param(drip(b"HTTP/1.1 200 OK\r\n"), Failure.DEADLINE, id="drips"),
    ],
)
def test_what_fails_is_tried_again_and_no_secret_is_shown(
    behaviour: Behaviour, reason: Failure, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG, "apprise"):
        sent, _ = deliver(behaviour, firing(), timeout_seconds=0.5 if reason is Failure.DEADLINE else 20)
    assert sent == Failed(reason, retry=True, detail="JSON: not delivered")
    assert not [record for record in caplog.records if record.name.startswith("apprise")]


def test_a_url_that_apprise_does_not_know_is_final() -> None:
    receiver, _ = opened("apprise", "{url: 'nothing://user:s3cret@host'}")
    sent = receiver.send(firing(), 1)
    assert sent == Failed(Failure.CLIENT_ERROR, retry=False, detail="a URL that apprise does not know")


def test_without_the_extra_that_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "apprise", None)
    receiver, _ = opened("apprise", "{url: 'json://localhost'}")
    sent = receiver.send(firing(), 1)
    assert isinstance(sent, Failed)
    assert (sent.reason, sent.retry) == (Failure.CLIENT_ERROR, False)
    assert sent.detail.startswith("apprise is not installed: it is the extra tocsin[apprise]")


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ("{}", "one of url or url_file must be configured"),
        ("{url: s3cret}", "not a URL of Apprise"),
        ("{url: 'json://h', url_file: 'ssm:/u'}", "at most one of"),
        ("{url: 'json://h', format: rtf}", "format"),
    ],
)
def test_what_is_wrong_is_said_without_the_url(settings: str, reason: str) -> None:
    with pytest.raises(DocumentError, match=reason) as raised:
        integration("apprise", settings)
    assert "s3cret" not in str(raised.value)
