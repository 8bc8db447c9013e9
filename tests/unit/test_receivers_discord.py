"""Discord: the message, its limits, and what Discord answers."""

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
from tocsin.notification import Delivered, Failed, Failure, Notification

HOOK = "https://discord.com/api/webhooks/1/s3cret"
SETTINGS = f"{{webhook_url: '{HOOK}', message: 'It is {{{{ .Status }}}}'}}"
OK = answer(204)


@pytest.mark.parametrize(
    ("sent", "title", "status", "color"),
    [
        pytest.param(firing(), "[FIRING:2] Down ", "firing", 0x992D22, id="firing"),
        pytest.param(resolved(), "[RESOLVED] Down ", "resolved", 0x2ECC71, id="resolved"),
        pytest.param(mixed(), "[FIRING:1] Down ", "firing", 0x992D22, id="mixed"),
    ],
)
def test_the_message_is_an_embed(sent: Notification, title: str, status: str, color: int) -> None:
    receiver, access = opened("discord", SETTINGS, OK)
    assert receiver.send(sent, 10) == Delivered("HTTP 204")
    [request] = access.requests
    assert (request.method, request.url) == ("POST", HOOK)
    assert request.headers == {"Content-Type": "application/json", "Connection": "close"}
    embed = {"title": title, "description": f"It is {status}", "color": color}
    assert documents(access) == [{"content": "", "embeds": [embed]}]


def test_it_may_have_words_above_it_and_a_sender() -> None:
    settings = f"""
    webhook_url: {HOOK}
    content: '@here {{{{ .Status }}}}'
    title: T
    message: M
    username: bot
    avatar_url: https://a
    """
    receiver, access = opened("discord", settings, OK)
    receiver.send(firing(), 10)
    assert documents(access) == [
        {
            "content": "@here firing",
            "embeds": [{"title": "T", "description": "M", "color": 0x992D22}],
            "username": "bot",
            "avatar_url": "https://a",
        }
    ]


def test_each_text_is_cut_at_its_limit() -> None:
    long = "ü" * 5000
    receiver, access = opened(
        "discord", f"{{webhook_url: '{HOOK}', content: {long}, title: {long}, message: {long}}}", OK
    )
    receiver.send(firing(), 10)
    [document] = documents(access)
    [embed] = document["embeds"]
    assert document["content"] == "ü" * 1999 + "…"
    assert embed["title"] == "ü" * 255 + "…"
    assert embed["description"] == "ü" * 4095 + "…"


def test_a_refusal_is_told_in_its_words() -> None:
    receiver, _ = opened("discord", SETTINGS, answer(400, {"message": "Unknown Webhook", "code": 10015}))
    refused = Failed(Failure.CLIENT_ERROR, retry=False, detail="HTTP 400: Unknown Webhook")
    assert receiver.send(firing(), 10) == refused


@pytest.mark.parametrize("fault", FAULTS)
def test_a_service_at_fault(fault: str) -> None:
    reply, expected = FAULTS[fault]
    assert verdict("discord", SETTINGS, reply) == expected


def test_the_url_may_be_kept_as_a_secret() -> None:
    receiver, access = opened("discord", "webhook_url_file: 'secretsmanager:team#key'", OK)
    access.secrets["team/key"] = HOOK
    receiver.send(firing(), 10)
    assert access.requests[0].url == HOOK


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ("{title: t}", "one of webhook_url or webhook_url_file must be configured"),
        (
            f"{{webhook_url: '{HOOK}', webhook_url_file: 'ssm:k'}}",
            "at most one of webhook_url & webhook_url_file must be configured",
        ),
    ],
)
def test_what_cannot_work_is_refused(settings: str, reason: str) -> None:
    with pytest.raises(DocumentError) as caught:
        integration("discord", settings)
    assert reason in str(caught.value)
    assert "s3cret" not in str(caught.value)
