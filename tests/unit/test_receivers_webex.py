"""Webex: the message that is posted, its limit, and what becomes of sending it."""

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
from tests.unit.receiving import documents, firing, integration, mixed, opened, resolved
from tocsin.configfile.integrations.webex import Webex
from tocsin.documents import DocumentError
from tocsin.http import Reply
from tocsin.notification import Delivered, Failed, Notification

WHO = "http_config: {authorization: {credentials: 'secretsmanager:team#key'}}"


@pytest.mark.parametrize(
    ("told", "state"),
    [
        pytest.param(firing(), FIRING, id="firing"),
        pytest.param(resolved(), RESOLVED, id="resolved"),
        pytest.param(mixed(), MIXED, id="mixed"),
    ],
)
def test_a_message_is_posted(told: Notification, state: str) -> None:
    receiver, access = opened("webex", f"{{room_id: 'room {{{{ .Receiver }}}}', message: '{STATE}', {WHO}}}")
    assert receiver.send(told, 10) == Delivered("HTTP 200")
    [request] = access.requests
    assert (request.method, request.url) == ("POST", "https://webexapis.com/v1/messages")
    assert request.headers == {
        "Content-Type": "application/json",
        "Connection": "close",
        "Authorization": "Bearer t0ps3cret",
    }
    assert documents(access) == [{"markdown": state, "roomId": "room ops"}]


def test_the_default_template_says_what_happens() -> None:
    receiver, access = opened("webex", f"{{room_id: r, {WHO}}}")
    receiver.send(firing(), 10)
    assert "Alerts Firing:" in documents(access)[0]["markdown"]


def test_a_message_is_cut_to_its_limit_in_bytes() -> None:
    receiver, access = opened("webex", f"{{room_id: r, message: '{'é' * 3720}', {WHO}}}")
    receiver.send(firing(), 10)
    assert documents(access)[0]["markdown"] == "é" * 3718 + "…"


@pytest.mark.parametrize(("reply", "expected"), cases(NO_ANSWER, THROTTLED, REFUSED))
def test_a_service_that_misbehaves(reply: Reply, expected: Failed) -> None:
    receiver, _ = opened("webex", f"{{room_id: r, {WHO}}}", reply)
    assert receiver.send(firing(), 10) == expected


@pytest.mark.parametrize(
    ("settings", "shared", "reason"),
    [
        (f"{{{WHO}}}", "{}", "missing room_id on webex_config"),
        ("{room_id: r}", "{}", "missing webex_configs.http_config.authorization"),
        ("{room_id: r}", f"{{{WHO}}}", "missing webex_configs.http_config.authorization"),
        (
            "{room_id: r, http_config: {basic_auth: {username: u}}}",
            "{}",
            "missing webex_configs.http_config.authorization",
        ),
    ],
)
def test_what_cannot_be_is_refused(settings: str, shared: str, reason: str) -> None:
    with pytest.raises(DocumentError, match=reason):
        integration("webex", settings, shared)


@pytest.mark.parametrize(
    ("settings", "shared", "url"),
    [
        pytest.param("", "webex_api_url: 'https://global'", "https://global", id="global"),
        pytest.param("api_url: 'https://own'", "webex_api_url: 'https://global'", "https://own", id="own"),
    ],
)
def test_its_own_url_holds_before_the_global_one(settings: str, shared: str, url: str) -> None:
    made = integration(
        "webex", f"{{room_id: r, http_config: {{bearer_token: t}}, {settings}}}", f"{{{shared}}}"
    )
    assert made.settings["api_url"] == url


def test_the_token_is_not_shown() -> None:
    block = Webex.model_validate(
        {"room_id": "r", "http_config": {"authorization": {"credentials": "t0ps3cret"}}}
    )
    assert "t0ps3cret" not in repr(block)
