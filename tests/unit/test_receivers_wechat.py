"""WeChat Work: the message that is sent, the token it is sent with, and what becomes of sending it."""

from datetime import datetime, timedelta
from itertools import count
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from tests.unit.misbehaving_server import Behaviour, close, hang, serving
from tests.unit.misbehaving_services import FIRING, MIXED, NO_ANSWER, RESOLVED, STATE, THROTTLED, cases
from tests.unit.receiving import (
    SECRETS,
    answer,
    documents,
    firing,
    integration,
    mixed,
    on_network,
    opened,
    resolved,
)
from tests.unit.source_access import FakeAccess, StillClock
from tocsin.configfile.integrations.wechat import Wechat
from tocsin.documents import DocumentError
from tocsin.http import Reply, Response
from tocsin.notification import Delivered, Failed, Failure, Notification

WHO = "api_secret: 'secretsmanager:team#key', corp_id: 'corp {{ .Receiver }}', agent_id: 1000002"
TOKEN = answer(200, {"errcode": 0, "access_token": "T0k&n", "expires_in": 7200})
SENT = answer(200, {"errcode": 0, "errmsg": "ok", "msgid": "m-1"})


class Clock(StillClock):
    """A clock that a test turns."""

    def __init__(self) -> None:
        self.passed = timedelta()

    def now(self) -> datetime:
        """Return the time."""
        return super().now() + self.passed


def calls(access: FakeAccess) -> list[tuple[str, str, dict[str, str]]]:
    """Return method, place and query of every request."""
    found = []
    for request in access.requests:
        parts = urlsplit(request.url)
        found.append((request.method, f"{parts.netloc}{parts.path}", dict(parse_qsl(parts.query))))
    return found


FETCHED = (
    "GET",
    "qyapi.weixin.qq.com/cgi-bin/gettoken",
    {"corpid": "corp ops", "corpsecret": "t0ps3cret"},
)
TOLD = ("POST", "qyapi.weixin.qq.com/cgi-bin/message/send", {"access_token": "T0k&n"})


def told_with(settings: str, told: Notification) -> Any:
    receiver, access = opened("wechat", f"{{{WHO}, {settings}}}", TOKEN, SENT)
    assert receiver.send(told, 10) == Delivered("m-1")
    access.requests = access.requests[1:]
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
def test_a_message_is_sent_with_a_token(told: Notification, state: str) -> None:
    settings = f"{{{WHO}, message: '{STATE}', to_user: '@all', to_party: p, to_tag: '{{{{ .Receiver }}}}'}}"
    receiver, access = opened("wechat", settings, TOKEN, SENT)
    assert receiver.send(told, 10) == Delivered("m-1")
    assert calls(access) == [FETCHED, TOLD]
    assert access.requests[1].headers == {"Content-Type": "application/json", "Connection": "close"}
    access.requests = access.requests[1:]
    assert documents(access) == [
        {
            "touser": "@all",
            "toparty": "p",
            "totag": "ops",
            "agentid": "1000002",
            "msgtype": "text",
            "text": {"content": state},
            "safe": "0",
        }
    ]


def test_markdown_is_sent_as_such() -> None:
    assert told_with("message_type: markdown, message: '**{{ .Status }}**'", firing()) == {
        "agentid": "1000002",
        "msgtype": "markdown",
        "markdown": {"content": "**firing**"},
        "safe": "0",
    }


def test_the_default_template_says_what_happens() -> None:
    assert "[FIRING:2] Down" in told_with("to_user: u", firing())["text"]["content"]


def test_a_message_is_cut_to_its_limit_in_bytes() -> None:
    assert told_with(f"message: '{'é' * 1025}'", firing())["text"]["content"] == "é" * 1022 + "…"


def test_a_token_is_kept_for_two_hours() -> None:
    receiver, access = opened("wechat", f"{{{WHO}}}", TOKEN, SENT, SENT, TOKEN, SENT)
    access.clock = clock = Clock()
    receiver.send(firing(), 10)
    clock.passed = timedelta(hours=2, seconds=-1)
    receiver.send(firing(), 10)
    clock.passed = timedelta(hours=2)
    assert receiver.send(firing(), 10) == Delivered("m-1")
    assert calls(access) == [FETCHED, TOLD, TOLD, FETCHED, TOLD]


@pytest.mark.parametrize("code", [40014, 42001])
def test_a_stale_token_is_fetched_anew_by_the_next_attempt(code: int) -> None:
    stale = answer(200, {"errcode": code, "errmsg": "access_token expired"})
    receiver, access = opened("wechat", f"{{{WHO}}}", TOKEN, stale, TOKEN, SENT)
    assert receiver.send(firing(), 10) == Failed(Failure.AUTH_ERROR, retry=True, detail=f"errcode {code}")
    assert receiver.send(firing(), 10) == Delivered("m-1")
    assert calls(access) == [FETCHED, TOLD, FETCHED, TOLD]


def test_another_secret_gets_another_token() -> None:
    receiver, access = opened("wechat", f"{{{WHO}}}", TOKEN, SENT, TOKEN, SENT)
    receiver.send(firing(), 10)
    access.secrets = dict.fromkeys(SECRETS, "rotated")
    receiver.send(firing(), 10)
    who = {"corpid": "corp ops", "corpsecret": "rotated"}
    assert calls(access) == [FETCHED, TOLD, ("GET", FETCHED[1], who), TOLD]


REFUSALS = [
    pytest.param(answer(400), Failed(Failure.CLIENT_ERROR, True, "HTTP 400"), id="400"),
    pytest.param(answer(204), Failed(Failure.OTHER, True, "HTTP 204"), id="no content"),
    pytest.param(
        answer(200, {"errcode": -1, "errmsg": "busy"}),
        Failed(Failure.CLIENT_ERROR, True, "errcode -1"),
        id="busy",
    ),
    pytest.param(
        answer(200, {"errcode": 40056, "errmsg": "T0k&n may not"}),
        Failed(Failure.CLIENT_ERROR, False, "errcode 40056"),
        id="errcode",
    ),
    pytest.param(
        answer(200, {"errcode": 40001, "errmsg": "invalid secret"}),
        Failed(Failure.AUTH_ERROR, False, "errcode 40001"),
        id="secret",
    ),
    *(
        pytest.param(
            Response(200, {}, said),
            Failed(Failure.OTHER, True, "the answer is no JSON object with an errcode"),
            id=said.decode(),
        )
        for said in (b"<html>", b"[]", b'{"errcode":"no"}')
    ),
]


@pytest.mark.parametrize(("reply", "expected"), [*cases(NO_ANSWER, THROTTLED), *REFUSALS])
@pytest.mark.parametrize("before", [(), (TOKEN,)], ids=["token", "message"])
def test_a_service_that_misbehaves(before: tuple[Reply, ...], reply: Reply, expected: Failed) -> None:
    receiver, access = opened("wechat", f"{{{WHO}}}", *before, reply)
    assert receiver.send(firing(), 10) == expected
    assert len(access.requests) == len(before) + 1


def test_an_answer_without_a_token_is_final() -> None:
    receiver, _ = opened("wechat", f"{{{WHO}}}", answer(200, {"errcode": 0}))
    assert receiver.send(firing(), 10) == Failed(Failure.AUTH_ERROR, False, "gettoken: no access_token")


@pytest.mark.parametrize(
    ("behaviour", "reason"),
    [pytest.param(hang, Failure.DEADLINE, id="hangs"), pytest.param(close, Failure.OTHER, id="hangs up")],
)
def test_a_failure_shows_no_secret(behaviour: Behaviour, reason: Failure) -> None:
    with serving(behaviour) as server:
        receiver = on_network("wechat", f"{{api_secret: t0ps3cret, corp_id: c, api_url: '{server.url}'}}")
        sent = receiver.send(firing(), 0.3 if behaviour is hang else 20)
    assert isinstance(sent, Failed)
    assert (sent.reason, sent.retry) == (reason, True)
    assert sent.detail.startswith(server.url)
    assert "t0ps3cret" not in repr(sent)


def test_both_requests_share_the_time_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    seconds = count()
    monkeypatch.setattr("tocsin.receivers.http.monotonic", lambda: float(next(seconds)))
    receiver, access = opened("wechat", f"{{{WHO}}}", TOKEN, SENT)
    receiver.send(firing(), 20)
    first, second = access.timeouts
    assert 20 > first > second > 0


@pytest.mark.parametrize(
    ("settings", "shared", "reason"),
    [
        ("{corp_id: c}", "{}", "no global Wechat Api Secret set either inline or in a file"),
        ("{api_secret: s}", "{}", "no global Wechat CorpID set"),
        (
            f"{{{WHO}, api_secret_file: 'ssm:x'}}",
            "{}",
            "at most one of api_secret & api_secret_file must be configured",
        ),
        (
            f"{{{WHO}, message_type: html}}",
            "{}",
            'weChat message type "html" does not match valid options',
        ),
    ],
)
def test_what_cannot_be_is_refused(settings: str, shared: str, reason: str) -> None:
    with pytest.raises(DocumentError, match=reason):
        integration("wechat", settings, shared)


def test_what_is_left_out_is_taken_from_global() -> None:
    shared = "{wechat_api_secret_file: 'ssm:s', wechat_api_corp_id: c, wechat_api_url: 'https://g/cgi'}"
    made = integration("wechat", "{}", shared)
    assert {name: made.settings[name] for name in ("api_secret", "corp_id", "api_url")} == {
        "api_secret": "ssm:s",
        "corp_id": "c",
        "api_url": "https://g/cgi",
    }
    assert not made.send_resolved


def test_the_secret_is_not_shown() -> None:
    assert "t0ps3cret" not in repr(Wechat.model_validate({"api_secret": "t0ps3cret"}))
