"""Pushover: the form that is posted, its limits, and what becomes of sending it."""

from urllib.parse import parse_qsl

import pytest

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
from tests.unit.receiving import firing, integration, mixed, opened, resolved
from tests.unit.source_access import FakeAccess
from tocsin.configfile.integrations.pushover import Pushover
from tocsin.documents import DocumentError
from tocsin.http import Reply
from tocsin.notification import Delivered, Failed, Notification

KEYS = "user_key: u, token: 'secretsmanager:team#key'"


def form(access: FakeAccess) -> dict[str, str]:
    [request] = access.requests
    return dict(parse_qsl(request.body.decode(), keep_blank_values=True, strict_parsing=True))


def sent_with(settings: str, told: Notification) -> dict[str, str]:
    receiver, access = opened("pushover", f"{{{KEYS}, {settings}}}")
    assert receiver.send(told, 10) == Delivered("HTTP 200")
    return form(access)


@pytest.mark.parametrize(
    ("told", "state", "priority"),
    [
        pytest.param(firing(), FIRING, "2", id="firing"),
        pytest.param(resolved(), RESOLVED, "0", id="resolved"),
        pytest.param(mixed(), MIXED, "2", id="mixed"),
    ],
)
def test_a_form_is_posted(told: Notification, state: str, priority: str) -> None:
    settings = f"{{{KEYS}, title: T, message: '{STATE}', url: 'https://u', url_title: '{{{{ .Status }}}}'}}"
    receiver, access = opened("pushover", settings)
    assert receiver.send(told, 10) == Delivered("HTTP 200")
    [request] = access.requests
    assert (request.method, request.url) == ("POST", "https://api.pushover.net/1/messages.json")
    assert request.headers == {"Content-Type": "application/x-www-form-urlencoded", "Connection": "close"}
    assert form(access) == {
        "token": "t0ps3cret",
        "user": "u",
        "message": state,
        "title": "T",
        "url": "https://u",
        "url_title": state.split(":")[0],
        "priority": priority,
        "retry": "60",
        "expire": "3600",
    }


def test_what_may_be_set_is_sent() -> None:
    sent = sent_with(
        "device: d, sound: '{{ .Status }}', retry: 90s, expire: 2h, ttl: 1m30s, monospace: true", firing()
    )
    assert {name: sent[name] for name in ("device", "sound", "retry", "expire", "ttl", "monospace")} == {
        "device": "d",
        "sound": "firing",
        "retry": "90",
        "expire": "7200",
        "ttl": "90",
        "monospace": "1",
    }
    assert "html" not in sent


def test_the_default_templates_say_what_happens() -> None:
    sent = sent_with("device: d", firing())
    assert (sent["title"], sent["url"]) == (
        "[FIRING:2] Down ",
        "http://am.example:9093/#/alerts?receiver=ops",
    )
    assert "Alerts Firing:" in sent["message"]


def test_as_html_what_is_inserted_is_escaped() -> None:
    sent = sent_with("html: true, message: '<b>{{ printf \"<%s>\" .Status }}</b>'", firing())
    assert (sent["html"], sent["message"]) == ("1", "<b>&lt;firing&gt;</b>")


@pytest.mark.parametrize(
    ("name", "limit"), [("title", 250), ("message", 1024), ("url", 512), ("url_title", 100)]
)
def test_a_text_is_cut_to_its_limit(name: str, limit: int) -> None:
    assert sent_with(f"{name}: '{'é' * limit}'", firing())[name] == "é" * limit
    assert sent_with(f"{name}: '{'é' * (limit + 1)}'", firing())[name] == "é" * (limit - 1) + "…"


def test_an_empty_message_says_so() -> None:
    assert sent_with("message: ' '", firing())["message"] == "(no details)"


@pytest.mark.parametrize(("reply", "expected"), cases(NO_ANSWER, THROTTLED, REFUSED))
def test_a_service_that_misbehaves(reply: Reply, expected: Failed) -> None:
    receiver, _ = opened("pushover", f"{{{KEYS}}}", reply)
    assert receiver.send(firing(), 10) == expected


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ("{token: t}", "one of user_key or user_key_file must be configured"),
        ("{user_key: u}", "one of token or token_file must be configured"),
        (
            "{user_key: u, token: t, token_file: 'ssm:x'}",
            "at most one of token & token_file must be configured",
        ),
        (f"{{{KEYS}, html: true, monospace: true}}", "at most one of monospace & html must be configured"),
        (f"{{{KEYS}, retry: 1d}}", "1d"),
    ],
)
def test_what_cannot_be_is_refused(settings: str, reason: str) -> None:
    with pytest.raises(DocumentError, match=reason):
        integration("pushover", settings)


def test_keys_may_be_elsewhere() -> None:
    made = integration("pushover", "{user_key_file: 'ssm:/me', token_file: 'secretsmanager:team#key'}")
    assert (made.settings["user_key"], made.settings["token"]) == ("ssm:/me", "secretsmanager:team#key")
    assert made.send_resolved


def test_keys_are_not_shown() -> None:
    block = Pushover.model_validate({"user_key": "t0ps3cret", "token": "t0ps3cret"})
    assert "t0ps3cret" not in repr(block)
