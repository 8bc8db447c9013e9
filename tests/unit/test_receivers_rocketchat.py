"""Rocket.Chat: the message that is posted, its limit, and what becomes of sending it."""

from typing import Any

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
from tests.unit.receiving import answer, documents, firing, integration, mixed, opened, resolved
from tocsin.configfile.integrations.rocketchat import Rocketchat
from tocsin.documents import DocumentError
from tocsin.http import Reply, Response
from tocsin.notification import Delivered, Failed, Failure, Notification

WHO = "token: 'secretsmanager:team#key', token_id: i"
POSTED = answer(200, {"success": True})


def posted(settings: str, told: Notification) -> Any:
    receiver, access = opened("rocketchat", f"{{{WHO}, {settings}}}", POSTED)
    assert receiver.send(told, 10) == Delivered("HTTP 200")
    [document] = documents(access)
    return document


@pytest.mark.parametrize(
    ("told", "state", "color"),
    [
        pytest.param(firing(), FIRING, "red", id="firing"),
        pytest.param(resolved(), RESOLVED, "green", id="resolved"),
        pytest.param(mixed(), MIXED, "red", id="mixed"),
    ],
)
def test_a_message_is_posted(told: Notification, state: str, color: str) -> None:
    settings = f"{{{WHO}, channel: '#c', title: T, text: '{STATE}', api_url: 'https://chat.example/sub/'}}"
    receiver, access = opened("rocketchat", settings, POSTED)
    assert receiver.send(told, 10) == Delivered("HTTP 200")
    [request] = access.requests
    assert (request.method, request.url) == ("POST", "https://chat.example/sub/api/v1/chat.postMessage")
    assert request.headers == {
        "Content-Type": "application/json",
        "Connection": "close",
        "X-Auth-Token": "t0ps3cret",
        "X-User-Id": "i",
    }
    link = "http://am.example:9093/#/alerts?receiver=ops"
    attachment = {"title": "T", "title_link": link, "text": state, "color": color}
    assert documents(access) == [{"channel": "#c", "attachments": [attachment]}]


def test_everything_there_is_is_expanded_and_sent() -> None:
    settings = """
      token: t
      token_id: i
      channel: '#{{ .Status }}'
      emoji: ':{{ .Status }}:'
      icon_url: 'https://icon'
      title: T
      title_link: L
      image_url: I
      thumb_url: M
      short_fields: true
      link_names: true
      fields:
      - {title: a, value: '{{ .Receiver }}'}
      - {title: b, value: c, short: false}
      actions:
      - {type: button, text: '{{ .Status }}', url: 'https://u', msg: m}
    """
    receiver, access = opened("rocketchat", settings, POSTED)
    receiver.send(firing(), 10)
    assert documents(access) == [
        {
            "channel": "#firing",
            "emoji": ":firing:",
            "avatar": "https://icon",
            "attachments": [
                {
                    "title": "T",
                    "title_link": "L",
                    "image_url": "I",
                    "thumb_url": "M",
                    "color": "red",
                    "fields": [
                        {"title": "a", "value": "ops", "short": True},
                        {"title": "b", "value": "c", "short": False},
                    ],
                    "actions": [{"type": "button", "text": "firing", "url": "https://u", "msg": "m"}],
                }
            ],
        }
    ]


def test_the_default_templates_say_what_happens() -> None:
    assert posted("channel: c", firing())["attachments"][0]["title"] == "[FIRING:2] Down "


def test_a_title_is_cut_to_its_limit() -> None:
    assert posted(f"title: '{'é' * 1025}'", firing())["attachments"][0]["title"] == "é" * 1023 + "…"


@pytest.mark.parametrize(("reply", "expected"), cases(NO_ANSWER, THROTTLED, REFUSED))
def test_a_service_that_misbehaves(reply: Reply, expected: Failed) -> None:
    receiver, _ = opened("rocketchat", f"{{{WHO}}}", reply)
    assert receiver.send(firing(), 10) == expected


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        pytest.param(
            answer(200, {"success": False, "error": "[invalid-channel]"}),
            Failed(Failure.CLIENT_ERROR, retry=False, detail="[invalid-channel]"),
            id="refused with 200",
        ),
        pytest.param(
            answer(200, {"error": "the token t0ps3cret is not yours"}),
            Failed(Failure.CLIENT_ERROR, retry=False, detail="success: false"),
            id="words that may be secret",
        ),
        pytest.param(
            answer(200, {}),
            Failed(Failure.CLIENT_ERROR, retry=False, detail="success: false"),
            id="nothing said",
        ),
        pytest.param(
            Response(200, {}, b"<html>"),
            Failed(Failure.OTHER, retry=True, detail="the answer is no JSON object"),
            id="malformed",
        ),
    ],
)
def test_an_answer_of_status_200_may_say_no(reply: Response, expected: Failed) -> None:
    receiver, _ = opened("rocketchat", f"{{{WHO}}}", reply)
    assert receiver.send(firing(), 10) == expected


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ("{token: t}", "no global Rocketchat TokenID set either inline or in a file"),
        ("{token_id: i}", "no global Rocketchat Token set either inline or in a file"),
        (f"{{{WHO}, token_file: 'ssm:x'}}", "at most one of token & token_file must be configured"),
        (f"{{{WHO}, token_id_file: 'ssm:x'}}", "at most one of token_id & token_id_file must be configured"),
    ],
)
def test_what_cannot_be_is_refused(settings: str, reason: str) -> None:
    with pytest.raises(DocumentError, match=reason):
        integration("rocketchat", settings)


def test_what_is_left_out_is_taken_from_global() -> None:
    shared = "{rocketchat_token_file: 'ssm:t', rocketchat_token_id: i, rocketchat_api_url: 'https://g'}"
    made = integration("rocketchat", "{}", shared)
    assert {name: made.settings[name] for name in ("token", "token_id", "api_url")} == {
        "token": "ssm:t",
        "token_id": "i",
        "api_url": "https://g",
    }
    assert not made.send_resolved


def test_tokens_are_not_shown() -> None:
    block = Rocketchat.model_validate({"token": "t0ps3cret", "token_id": "t0ps3cret"})
    assert "t0ps3cret" not in repr(block)
