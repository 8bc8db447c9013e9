"""Slack: the message, updating it in place, and what Slack answers."""

from dataclasses import replace
from typing import Any

import pytest

from tests.unit.receiving import (
    FAULTS,
    answer,
    documents,
    firing,
    integration,
    mixed,
    opened,
    resolved,
    verdict,
)
from tocsin.documents import DocumentError
from tocsin.http import Reply, Response, Timeout
from tocsin.notification import Delivered, Failed, Failure, Memory, Notification

HOOK = "https://hooks.slack.com/services/T/B/s3cret"
WEBHOOK = f"{{api_url: '{HOOK}', channel: '#ops'}}"
APP = "{app_token: xoxb-s3cret, channel: '#ops', update_message: true}"
OK = Response(200, {"content-type": "text/html"}, b"ok")
TITLE_LINK = "http://am.example:9093/#/alerts?receiver=ops"


def posted(**members: str) -> Response:
    return answer(200, {"ok": True, **members}, content_type="application/json; charset=utf-8")


def refused(error: str) -> Response:
    return answer(200, {"ok": False, "error": error}, content_type="application/json")


def attachment(**members: Any) -> dict[str, Any]:
    return {
        "title_link": TITLE_LINK,
        "text": "",
        "callback_id": "",
        "footer": "",
        "mrkdwn_in": ["fallback", "pretext", "text"],
        **members,
    }


@pytest.mark.parametrize(
    ("notification", "title", "color"),
    [
        pytest.param(firing(), "[FIRING:2] Down ", "danger", id="firing"),
        pytest.param(resolved(), "[RESOLVED] Down ", "good", id="resolved"),
        pytest.param(mixed(), "[FIRING:1] Down ", "danger", id="mixed"),
    ],
)
def test_the_message_is_an_attachment(notification: Notification, title: str, color: str) -> None:
    receiver, access = opened("slack", WEBHOOK, OK)
    assert receiver.send(notification, 10) == Delivered("HTTP 200")
    [request] = access.requests
    assert (request.method, request.url) == ("POST", HOOK)
    assert request.headers == {"Content-Type": "application/json", "Connection": "close"}
    expected = attachment(title=title, fallback=f"{title} | {TITLE_LINK}", color=color)
    assert documents(access) == [{"channel": "#ops", "username": "Alertmanager", "attachments": [expected]}]


def test_all_that_can_be_said_is_said_by_templates() -> None:
    settings = f"""
    api_url: {HOOK}
    channel: '#{{{{ .GroupLabels.alertname }}}}'
    username: bot
    icon_emoji: ':fire:'
    icon_url: https://i
    link_names: true
    message_text: '{{{{ .Status }}}}'
    color: blue
    title: T
    title_link: https://l
    pretext: P
    text: '{{{{ range .Alerts }}}}{{{{ .Labels.instance }}}}{{{{ end }}}}'
    fallback: F
    callback_id: C
    footer: '{{{{ .ExternalURL }}}}'
    image_url: https://image
    thumb_url: https://thumb
    mrkdwn_in: [text]
    short_fields: true
    fields:
      - {{title: a, value: '{{{{ .Status }}}}'}}
      - {{title: b, value: c, short: false}}
    actions:
      - {{type: button, text: Open, url: 'https://{{{{ .Status }}}}', style: primary, name: dropped}}
      - {{type: button, text: Ack, name: ack, value: v, confirm: {{text: Sure, ok_text: OK}}}}
    """
    receiver, access = opened("slack", settings, OK)
    receiver.send(firing(), 10)
    said = {
        "title": "T",
        "title_link": "https://l",
        "pretext": "P",
        "text": "ab",
        "fallback": "F",
        "callback_id": "C",
        "image_url": "https://image",
        "thumb_url": "https://thumb",
        "footer": "http://am.example:9093",
        "color": "blue",
        "mrkdwn_in": ["text"],
        "fields": [
            {"title": "a", "value": "firing", "short": True},
            {"title": "b", "value": "c", "short": False},
        ],
        "actions": [
            {"type": "button", "text": "Open", "url": "https://firing", "style": "primary"},
            {
                "type": "button",
                "text": "Ack",
                "name": "ack",
                "value": "v",
                "confirm": {"text": "Sure", "ok_text": "OK"},
            },
        ],
    }
    assert documents(access) == [
        {
            "channel": "#Down",
            "username": "bot",
            "icon_emoji": ":fire:",
            "icon_url": "https://i",
            "link_names": True,
            "text": "firing",
            "attachments": [said],
        }
    ]


def test_a_title_is_cut_at_1024_characters() -> None:
    receiver, access = opened("slack", f"{{api_url: '{HOOK}', title: {'ü' * 1025}}}", OK)
    receiver.send(firing(), 10)
    assert documents(access)[0]["attachments"][0]["title"] == "ü" * 1023 + "…"


def test_an_app_posts_with_its_token_and_remembers_the_message() -> None:
    receiver, access = opened("slack", APP, posted(ts="17.5", channel="C1"))
    assert receiver.send(firing(), 10) == Delivered("17.5", {"threadTs": "17.5", "channelId": "C1"})
    [request] = access.requests
    assert request.url == "https://slack.com/api/chat.postMessage"
    assert request.headers["Authorization"] == "Bearer xoxb-s3cret"


def test_without_update_message_nothing_is_remembered() -> None:
    receiver, _ = opened("slack", "{app_token: xoxb-s3cret}", posted(ts="17.5", channel="C1"))
    assert receiver.send(firing(), 10) == Delivered("17.5")


KNOWN: Memory = {"threadTs": "17.5", "channelId": "C1"}


def test_the_message_of_the_group_is_updated_in_place() -> None:
    receiver, access = opened("slack", APP, posted(ts="17.5", channel="C1"))
    assert receiver.send(replace(resolved(), memory=KNOWN), 10) == Delivered("17.5", KNOWN)
    [request], [document] = access.requests, documents(access)
    assert request.url == "https://slack.com/api/chat.update"
    assert (document["channel"], document["ts"]) == ("C1", "17.5")
    assert document["attachments"][0]["color"] == "good"


def test_a_message_that_is_gone_is_posted_anew_in_the_same_time() -> None:
    receiver, access = opened("slack", APP, refused("message_not_found"), posted(ts="18", channel="C1"))
    sent = receiver.send(replace(firing(), memory=KNOWN), 10)
    assert sent == Delivered("18", {"threadTs": "18", "channelId": "C1"})
    assert [request.url.rpartition("/")[2] for request in access.requests] == [
        "chat.update",
        "chat.postMessage",
    ]
    assert "ts" not in documents(access)[1]
    assert access.timeouts[1] <= access.timeouts[0] <= 10


def test_an_update_that_fails_is_no_reason_to_post() -> None:
    receiver, access = opened("slack", APP, refused("channel_not_found"))
    assert isinstance(receiver.send(replace(firing(), memory=KNOWN), 10), Failed)
    assert len(access.requests) == 1


@pytest.mark.parametrize("fault", FAULTS)
def test_a_service_at_fault(fault: str) -> None:
    reply, expected = FAULTS[fault]
    assert verdict("slack", WEBHOOK, reply) == expected


@pytest.mark.parametrize(
    ("reply", "reason", "retry", "detail"),
    [
        pytest.param(
            refused("channel_not_found"),
            Failure.CLIENT_ERROR,
            False,
            "HTTP 200: channel_not_found (channel #ops)",
            id="not ok",
        ),
        pytest.param(
            refused("token_revoked"),
            Failure.AUTH_ERROR,
            False,
            "HTTP 200: token_revoked (channel #ops)",
            id="unknown",
        ),
        pytest.param(
            refused("ratelimited"),
            Failure.RATE_LIMITED,
            True,
            "HTTP 200: ratelimited (channel #ops)",
            id="limited",
        ),
        pytest.param(
            Response(200, {"content-type": "application/json"}, b'{"ok'),
            Failure.OTHER,
            True,
            "HTTP 200: the answer is no JSON object (channel #ops)",
            id="malformed",
        ),
        pytest.param(
            Response(200, {"content-type": "application/json"}, b"[]"),
            Failure.OTHER,
            True,
            "HTTP 200: the answer is no JSON object (channel #ops)",
            id="no object",
        ),
        pytest.param(
            Response(200, {"content-type": "text/html"}, b"nope"),
            Failure.CLIENT_ERROR,
            False,
            "HTTP 200: nope (channel #ops)",
            id="a word",
        ),
        pytest.param(
            Response(403, {}, b"action_prohibited"),
            Failure.AUTH_ERROR,
            False,
            "HTTP 403: action_prohibited",
            id="webhook's error",
        ),
        pytest.param(
            Response(404, {}, b"no page /services/T/B/s3cret"),
            Failure.CLIENT_ERROR,
            False,
            "HTTP 404: an unknown answer",
            id="a page that shows the URL",
        ),
    ],
)
def test_slack_says_in_the_body_what_is_wrong(
    reply: Reply, reason: Failure, retry: bool, detail: str
) -> None:
    receiver, _ = opened("slack", WEBHOOK, reply)
    assert receiver.send(firing(), 10) == Failed(reason, retry, detail)


def test_an_answer_that_broke_off_after_its_status_is_a_delivery() -> None:
    receiver, _ = opened("slack", WEBHOOK, Timeout("https://hooks.slack.com: slow", status=200))
    assert receiver.send(firing(), 10) == Delivered("HTTP 200")


def test_the_own_timeout_holds_if_it_is_shorter() -> None:
    receiver, access = opened("slack", f"{{api_url: '{HOOK}', timeout: 1500ms}}", OK)
    receiver.send(firing(), 10)
    assert access.timeouts == [pytest.approx(1.5, abs=0.5)]


def test_the_url_may_be_kept_as_a_secret() -> None:
    receiver, access = opened("slack", "api_url_file: 'secretsmanager:team#key'", OK)
    access.secrets["team/key"] = HOOK
    receiver.send(firing(), 10)
    assert access.requests[0].url == HOOK


@pytest.mark.parametrize(
    ("settings", "shared", "url", "token"),
    [
        ("{}", f"{{slack_api_url: '{HOOK}'}}", HOOK, ""),
        ("{}", "{slack_app_token: t}", "https://slack.com/api/chat.postMessage", "t"),
        (
            "{}",
            "{slack_app_token: t, slack_app_url: 'https://gov.example/api/x'}",
            "https://gov.example/api/x",
            "t",
        ),
        (f"{{api_url: '{HOOK}'}}", "{slack_app_token: t}", HOOK, ""),
        ("{app_token: own}", f"{{slack_api_url: '{HOOK}'}}", "https://slack.com/api/chat.postMessage", "own"),
        ("{app_token: own, app_url: 'https://a/b'}", "{}", "https://a/b", "own"),
    ],
    ids=[
        "global webhook",
        "global app",
        "global app and URL",
        "own webhook first",
        "own app first",
        "own app",
    ],
)
def test_what_is_left_out_is_taken_from_global(settings: str, shared: str, url: str, token: str) -> None:
    found = integration("slack", settings, shared)
    assert (found.settings["api_url"], found.settings["app_token"]) == (url, token)
    assert not found.send_resolved


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ("{}", "no Slack API URL nor App token set either inline or in a file"),
        (
            f"{{api_url: '{HOOK}', app_token: t}}",
            "at most one of api_url/api_url_file & app_token/app_token_file must be configured",
        ),
        (f"{{api_url: '{HOOK}', update_message: true}}", "update_message can only be used with bot tokens"),
        (
            "{app_token: t, http_config: {authorization: {credentials: c}}}",
            "http authorization can't be set when using Slack App tokens",
        ),
        (f"{{api_url: '{HOOK}', fields: [{{title: t}}]}}", "missing value in Slack field configuration"),
        (f"{{api_url: '{HOOK}', actions: [{{text: t}}]}}", "missing type in Slack action configuration"),
        (f"{{api_url: '{HOOK}', actions: [{{type: t, text: t}}]}}", "missing name or url in Slack action"),
        (
            f"{{api_url: '{HOOK}', actions: [{{type: t, text: t, name: n, confirm: {{}}}}]}}",
            "missing text in Slack confirmation configuration",
        ),
    ],
)
def test_what_cannot_work_is_refused(settings: str, reason: str) -> None:
    with pytest.raises(DocumentError, match="slack_configs") as caught:
        integration("slack", settings)
    assert reason in str(caught.value)
    assert "s3cret" not in str(caught.value)
