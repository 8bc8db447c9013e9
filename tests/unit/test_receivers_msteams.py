"""Microsoft Teams: the cards of both kinds, their limit, and what Teams answers."""

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
from tocsin.http import Response
from tocsin.notification import Delivered, Failure, Notification
from tocsin.receivers.msteamsv2 import TEXT_BYTES

HOOK = "https://example.webhook.office.com/T/s3cret"
SETTINGS = f"{{webhook_url: '{HOOK}', text: 'It is {{{{ .Status }}}}'}}"
OK = Response(200, {}, b"1")
KINDS = ("msteams", "msteamsv2")
STATES = [
    pytest.param(firing(), "[FIRING:2] Down ", "firing", id="firing"),
    pytest.param(resolved(), "[RESOLVED] Down ", "resolved", id="resolved"),
    pytest.param(mixed(), "[FIRING:1] Down ", "firing", id="mixed"),
]


@pytest.mark.parametrize(("sent", "title", "status"), STATES)
def test_a_connector_takes_a_message_card(sent: Notification, title: str, status: str) -> None:
    receiver, access = opened("msteams", SETTINGS, OK)
    assert receiver.send(sent, 10) == Delivered("HTTP 200")
    [request] = access.requests
    assert (request.method, request.url) == ("POST", HOOK)
    assert request.headers == {"Content-Type": "application/json", "Connection": "close"}
    assert documents(access) == [
        {
            "@context": "http://schema.org/extensions",
            "@type": "MessageCard",
            "title": title,
            "summary": title,
            "text": f"It is {status}",
            "themeColor": {"firing": "8C1A1A", "resolved": "2DC72D"}[status],
        }
    ]


@pytest.mark.parametrize(("sent", "title", "status"), STATES)
def test_a_workflow_takes_an_adaptive_card(sent: Notification, title: str, status: str) -> None:
    receiver, access = opened("msteamsv2", SETTINGS, answer(202))
    assert receiver.send(sent, 10) == Delivered("HTTP 202")
    [request], [document] = access.requests, documents(access)
    assert (request.method, request.url) == ("POST", HOOK)
    assert request.headers == {"Content-Type": "application/json", "Connection": "close"}
    [attachment] = document.pop("attachments")
    assert document == {"type": "message"}
    assert attachment == {
        "contentType": "application/vnd.microsoft.card.adaptive",
        "contentUrl": None,
        "content": {
            "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
            "type": "AdaptiveCard",
            "version": "1.2",
            "body": [
                {
                    "type": "TextBlock",
                    "text": title,
                    "weight": "Bolder",
                    "size": "Medium",
                    "wrap": True,
                    "style": "heading",
                    "color": {"firing": "Attention", "resolved": "Good"}[status],
                },
                {"type": "TextBlock", "text": f"It is {status}", "wrap": True},
            ],
            "msteams": {"width": "full"},
        },
    }


def text_of(kind: str, document: Any) -> str:
    if kind == "msteams":
        return str(document["text"])
    return str(document["attachments"][0]["content"]["body"][1]["text"])


@pytest.mark.parametrize("kind", KINDS)
def test_a_text_that_teams_would_refuse_is_cut(kind: str) -> None:
    receiver, access = opened(kind, f"{{webhook_url: '{HOOK}', text: {'é' * TEXT_BYTES}}}", OK)
    receiver.send(firing(), 10)
    text = text_of(kind, documents(access)[0])
    assert text.endswith("é…")
    assert TEXT_BYTES - 1 <= len(text.encode()) <= TEXT_BYTES


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("fault", FAULTS)
def test_a_service_at_fault(kind: str, fault: str) -> None:
    reply, expected = FAULTS[fault]
    assert verdict(kind, SETTINGS, reply) == expected


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (429, (Failure.RATE_LIMITED, True, None)),
        (503, (Failure.SERVER_ERROR, True, None)),
        (413, (Failure.CLIENT_ERROR, False, None)),
    ],
)
def test_a_connector_says_in_the_body_what_came_of_it(status: int, expected: Any) -> None:
    said = f"Webhook message delivery failed with error: Microsoft Teams endpoint returned HTTP error {status} with"
    assert verdict("msteams", SETTINGS, Response(200, {}, said.encode())) == expected


@pytest.mark.parametrize("kind", KINDS)
def test_the_url_may_be_kept_as_a_secret(kind: str) -> None:
    receiver, access = opened(kind, "webhook_url_file: 'secretsmanager:team#key'", OK)
    access.secrets["team/key"] = HOOK
    receiver.send(firing(), 10)
    assert access.requests[0].url == HOOK


@pytest.mark.parametrize("kind", KINDS)
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
def test_what_cannot_work_is_refused(kind: str, settings: str, reason: str) -> None:
    with pytest.raises(DocumentError) as caught:
        integration(kind, settings)
    assert reason in str(caught.value)
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize(
    ("own", "proxy"),
    [
        ("{follow_redirects: false}", "http://global:3128"),
        ("{proxy_url: 'http://own:3128'}", "http://own:3128"),
    ],
)
def test_a_workflow_goes_over_the_global_proxy_unless_it_has_its_own(own: str, proxy: str) -> None:
    settings = f"{{webhook_url: '{HOOK}', http_config: {own}}}"
    shared = "{http_config: {proxy_url: 'http://global:3128', no_proxy: a.example}}"
    receiver, access = opened("msteamsv2", settings, OK, shared=shared)
    receiver.send(firing(), 10)
    assert access.transports == [(1, None, proxy)]
