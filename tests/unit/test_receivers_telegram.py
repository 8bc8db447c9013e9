"""Telegram: the message, its limit, and what Telegram answers."""

from dataclasses import replace
from typing import Any

import pytest

from tests.unit.notifications import alert, notification
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
from tocsin.notification import Delivered, Failed, Failure, Notification

SETTINGS = "{bot_token: '1:s3cret', chat_id: -100, message: '<b>{{ .Status }}</b>'}"
OK = answer(200, {"ok": True, "result": {}})


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        pytest.param(firing(), "firing", id="firing"),
        pytest.param(resolved(), "resolved", id="resolved"),
        pytest.param(mixed(), "firing", id="mixed"),
    ],
)
def test_a_bot_sends_a_message(sent: Notification, status: str) -> None:
    receiver, access = opened("telegram", SETTINGS, OK)
    assert receiver.send(sent, 10) == Delivered("HTTP 200")
    [request] = access.requests
    assert (request.method, request.url) == ("POST", "https://api.telegram.org/bot1:s3cret/sendMessage")
    assert request.headers == {"Content-Type": "application/json", "Connection": "close"}
    assert documents(access) == [
        {
            "chat_id": "-100",
            "text": f"<b>{status}</b>",
            "parse_mode": "HTML",
            "disable_web_page_preview": True,
        }
    ]


def test_a_message_may_be_plain_silent_and_in_a_thread() -> None:
    settings = """
    bot_token: t
    chat_id_file: 'secretsmanager:team#chat'
    api_url: https://bots.example/
    message_thread_id: 7
    disable_notifications: true
    parse_mode: ''
    message: '{{ .CommonLabels.instance }}'
    """
    receiver, access = opened("telegram", settings, OK)
    access.secrets["team/chat"] = "-5\n"
    receiver.send(notification(alert(instance="<a&b>")), 10)
    assert access.requests[0].url == "https://bots.example/bott/sendMessage"
    assert documents(access) == [
        {
            "chat_id": "-5",
            "text": "<a&b>",
            "message_thread_id": 7,
            "disable_notification": True,
            "disable_web_page_preview": True,
        }
    ]


def test_what_html_inserts_is_escaped() -> None:
    receiver, access = opened(
        "telegram", "{bot_token: t, chat_id: 1, message: '<b>{{ .CommonLabels.instance }}</b>'}", OK
    )
    receiver.send(notification(alert(instance="<a&b>")), 10)
    assert documents(access)[0]["text"] == "<b>&lt;a&amp;b&gt;</b>"


def test_a_plain_message_is_cut_at_4096_characters() -> None:
    settings = f"{{bot_token: t, chat_id: 1, parse_mode: MarkdownV2, message: {'ü' * 4097}}}"
    receiver, access = opened("telegram", settings, OK)
    receiver.send(firing(), 10)
    assert documents(access)[0]["text"] == "ü" * 4095 + "…"


def test_html_that_is_too_long_is_replaced_by_the_subject_and_where_to_look() -> None:
    receiver, access = opened("telegram", f"{{bot_token: t, chat_id: 1, message: <b>{'x' * 4096}</b>}}", OK)
    receiver.send(replace(firing(), external_url="http://am/?a=1&b=2"), 10)
    assert documents(access)[0]["text"] == (
        "[FIRING:2] Down \nThe message is longer than Telegram takes: please check the template that produces"
        " it.\nhttp://am/?a=1&amp;b=2"
    )


@pytest.mark.parametrize("fault", FAULTS)
def test_every_fault_may_be_tried_again(fault: str) -> None:
    reply, (reason, _, wait) = FAULTS[fault]
    assert verdict("telegram", SETTINGS, reply) == (reason, True, wait)


@pytest.mark.parametrize(
    ("said", "failed"),
    [
        pytest.param(
            {"ok": False, "error_code": 429, "description": "Too Many", "parameters": {"retry_after": 31}},
            Failed(Failure.RATE_LIMITED, True, "HTTP 429: Too Many", 31.0),
            id="limited",
        ),
        pytest.param(
            {"ok": False, "error_code": 429, "description": "Too Many", "parameters": []},
            Failed(Failure.RATE_LIMITED, True, "HTTP 429: Too Many", 7.0),
            id="limited, and says so in a header only",
        ),
        pytest.param(["?"], Failed(Failure.RATE_LIMITED, True, "HTTP 429", 7.0), id="malformed"),
    ],
)
def test_telegram_says_in_the_body_when_to_try_again(said: Any, failed: Failed) -> None:
    receiver, _ = opened("telegram", SETTINGS, answer(429, said, Retry_After="7"))
    assert receiver.send(firing(), 10) == failed


@pytest.mark.parametrize(
    ("settings", "shared", "token"),
    [
        ("chat_id: 1", "{telegram_bot_token: global}", "global"),
        ("chat_id: 1", "{telegram_bot_token_file: 'secretsmanager:team#key'}", "t0ps3cret"),
        ("{chat_id: 1, bot_token_file: 'secretsmanager:team#key'}", "{}", "t0ps3cret"),
    ],
)
def test_the_token_is_ones_own_or_global_and_may_be_kept_as_a_secret(
    settings: str, shared: str, token: str
) -> None:
    receiver, access = opened("telegram", settings, OK, shared=shared)
    receiver.send(firing(), 10)
    assert access.requests[0].url == f"https://api.telegram.org/bot{token}/sendMessage"


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ("{chat_id: 1}", "missing bot_token or bot_token_file on telegram_config"),
        ("{bot_token: s3cret}", "missing chat_id or chat_id_file on telegram_config"),
        ("{bot_token: s3cret, chat_id: 1, chat_id_file: 'ssm:k'}", "at most one of chat_id & chat_id_file"),
        (
            "{bot_token: s3cret, chat_id: 1, parse_mode: html}",
            "unknown parse_mode on telegram_config, must be Markdown, MarkdownV2, HTML or empty string",
        ),
    ],
)
def test_what_cannot_work_is_refused(settings: str, reason: str) -> None:
    with pytest.raises(DocumentError) as caught:
        integration("telegram", settings)
    assert reason in str(caught.value)
    assert "s3cret" not in str(caught.value)
