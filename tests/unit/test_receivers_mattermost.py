"""Mattermost: the message that is posted, its limits, and what becomes of sending it."""

from typing import Any

import pytest

from tests.unit.misbehaving_server import Behaviour, close, hang, serving
from tests.unit.misbehaving_services import (
    FIRING,
    MIXED,
    NO_ANSWER,
    REFUSED,
    RESOLVED,
    STATE,
    THROTTLED,
    cases,
)
from tests.unit.receiving import documents, firing, integration, mixed, on_network, opened, resolved
from tocsin.configfile.integrations.mattermost import Mattermost
from tocsin.documents import DocumentError
from tocsin.http import Reply
from tocsin.notification import Delivered, Failed, Failure, Notification

URL = "webhook_url: 'https://chat.example/hooks/t0ps3cret'"


def posted(settings: str, told: Notification) -> Any:
    receiver, access = opened("mattermost", f"{{{URL}, {settings}}}")
    assert receiver.send(told, 10) == Delivered("HTTP 200")
    [document] = documents(access)
    return document


@pytest.mark.parametrize(
    ("told", "state"),
    [
        pytest.param(firing(), FIRING, id="firing"),
        pytest.param(resolved(), RESOLVED, id="resolved"),
        pytest.param(mixed(), MIXED, id="mixed"),
    ],
)
def test_a_message_is_posted(told: Notification, state: str) -> None:
    receiver, access = opened("mattermost", f"{{{URL}, text: '{STATE}', channel: c}}")
    assert receiver.send(told, 10) == Delivered("HTTP 200")
    [request] = access.requests
    assert (request.method, request.url) == ("POST", "https://chat.example/hooks/t0ps3cret")
    assert request.headers == {"Content-Type": "application/json", "Connection": "close"}
    assert documents(access) == [{"text": state, "channel": "c", "username": "Alertmanager"}]


def test_everything_there_is_is_expanded_and_sent() -> None:
    settings = """
      text: T
      username: '{{ .Receiver }}'
      icon_url: 'https://icon'
      icon_emoji: ':{{ .Status }}:'
      type: custom_x
      props: {card: 'card {{ .Status }}'}
      priority: {priority: '{{ "URGENT" }}', requested_ack: true, persistent_notifications: true}
      attachments:
      - title: '{{ .Status }}'
        color: red
        fields:
        - {title: a, value: '{{ .Receiver }}', short: true}
        - {title: b, value: c}
      - {text: second}
    """
    receiver, access = opened("mattermost", f"{settings}\n      {URL}")
    receiver.send(firing(), 10)
    assert documents(access) == [
        {
            "text": "T",
            "username": "ops",
            "icon_url": "https://icon",
            "icon_emoji": ":firing:",
            "type": "custom_x",
            "props": {"card": "card firing"},
            "priority": {"priority": "urgent", "requested_ack": True, "persistent_notifications": True},
            "attachments": [
                {
                    "title": "firing",
                    "color": "red",
                    "fields": [{"title": "a", "value": "ops", "short": True}, {"title": "b", "value": "c"}],
                },
                {"text": "second"},
            ],
        }
    ]


@pytest.mark.parametrize(
    ("wanted", "sent"),
    [
        ("urgent", {"priority": "urgent", "requested_ack": True, "persistent_notifications": True}),
        ("Important", {"priority": "important", "requested_ack": True}),
        ("standard", {"priority": "standard"}),
        ("unheard of", {"priority": "standard"}),
    ],
)
def test_a_priority_asks_for_what_it_may(wanted: str, sent: dict[str, Any]) -> None:
    settings = f"priority: {{priority: {wanted}, requested_ack: true, persistent_notifications: true}}"
    assert posted(settings, firing())["priority"] == sent


def test_extras_without_a_priority_say_nothing() -> None:
    assert "priority" not in posted("priority: {requested_ack: true}", firing())


def test_the_default_template_says_what_happens() -> None:
    assert "# Alerts Firing:" in posted("channel: c", firing())["text"]


def test_a_text_is_cut_to_its_limit() -> None:
    assert posted(f"text: '{'é' * 16384}'", firing())["text"] == "é" * 16382 + "…"


def test_of_an_attachments_keys_outside_of_one_only_the_text_is_sent() -> None:
    sent = posted("text: T, title: unseen, color: red, fields: [{title: a, value: b}]", firing())
    assert sent == {"text": "T", "username": "Alertmanager"}


@pytest.mark.parametrize(("reply", "expected"), cases(NO_ANSWER, THROTTLED, REFUSED))
def test_a_service_that_misbehaves(reply: Reply, expected: Failed) -> None:
    receiver, _ = opened("mattermost", f"{{{URL}}}", reply)
    assert receiver.send(firing(), 10) == expected


@pytest.mark.parametrize(
    ("behaviour", "reason"),
    [pytest.param(hang, Failure.DEADLINE, id="hangs"), pytest.param(close, Failure.OTHER, id="hangs up")],
)
def test_a_failure_shows_no_path(behaviour: Behaviour, reason: Failure) -> None:
    with serving(behaviour) as server:
        receiver = on_network("mattermost", f"webhook_url: {server.url}/t0ps3cret")
        sent = receiver.send(firing(), 0.3)
    assert isinstance(sent, Failed)
    assert (sent.reason, sent.retry) == (reason, True)
    assert sent.detail.startswith(server.url)
    assert "t0ps3cret" not in repr(sent)


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ("{}", "missing webhook_url or webhook_url_file on mattermost_config"),
        (
            f"{{{URL}, webhook_url_file: 'ssm:x'}}",
            "at most one of webhook_url & webhook_url_file must be configured",
        ),
        (f"{{{URL}, fields: [{{title: a}}]}}", "missing value in Mattermost field configuration"),
        (
            f"{{{URL}, attachments: [{{fields: [{{value: a}}]}}]}}",
            "missing title in Mattermost field configuration",
        ),
    ],
)
def test_what_cannot_be_is_refused(settings: str, reason: str) -> None:
    with pytest.raises(DocumentError, match=reason):
        integration("mattermost", settings)


@pytest.mark.parametrize(
    ("settings", "shared", "url"),
    [
        pytest.param("{}", "{mattermost_webhook_url: 'https://g'}", "https://g", id="global"),
        pytest.param("{}", "{mattermost_webhook_url_file: 'ssm:g'}", "ssm:g", id="global, elsewhere"),
        pytest.param(
            "{webhook_url_file: 'ssm:own'}", "{mattermost_webhook_url: 'https://g'}", "ssm:own", id="own"
        ),
    ],
)
def test_its_own_url_holds_before_the_global_one(settings: str, shared: str, url: str) -> None:
    assert integration("mattermost", settings, shared).settings["webhook_url"] == url


def test_the_url_is_not_shown() -> None:
    assert "t0ps3cret" not in repr(Mattermost.model_validate({"webhook_url": "https://x/t0ps3cret"}))
