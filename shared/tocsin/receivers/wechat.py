"""WeChat Work: a message of an app to users, parties and tags, sent with a token that is kept for two hours."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from tocsin.http import Response
from tocsin.notification import Delivered, Failed, Failure, Notification, Sent
from tocsin.receivers.http import Http, answered, outcome, time_left
from tocsin.receivers.tools import Message, Tools, filled
from tocsin.receivers.truncate import truncate_bytes

MESSAGE_BYTES = 2048
"""WeChat Work's limit of a message, in UTF-8."""
KEPT_FOR = timedelta(hours=2)
_STALE = (40014, 42001)  # the token is not, or no longer, valid
_CREDENTIALS = (40001, 40013, *_STALE)  # the secret or the corporation is not known
_BUSY = -1
_ADDRESSES = {"touser": "to_user", "toparty": "to_party", "totag": "to_tag", "agentid": "agent_id"}


@dataclass(frozen=True, slots=True)
class _Token:
    who: Mapping[str, str] = field(repr=False)
    text: str = field(repr=False)
    fetched_at: datetime


class WechatReceiver:
    """Sends one message; WeChat Work knows no key for a message that is sent again."""

    def __init__(self, settings: Mapping[str, Any], tools: Tools) -> None:
        """`settings` are those of `wechat_configs`."""
        self._settings, self._tools = settings, tools
        self._http = Http(settings, tools)
        self._token: _Token | None = None

    def send(self, notification: Notification, timeout_seconds: float) -> Sent:
        """Try once to deliver, with a token that may have to be fetched first."""
        left = time_left(timeout_seconds)
        message = self._tools.about(notification)
        document = self._document(message)
        token = self._current(message, left)
        if isinstance(token, Failed):
            return token
        url = self._url("message/send", {"access_token": token})
        answer = self._judged(self._http.post_json(url, document, left()))
        if isinstance(answer, Failed):
            return answer
        return Delivered(str(answer.get("msgid", "")))

    def _document(self, message: Message) -> dict[str, Any]:
        settings = self._settings
        kind = settings.get("message_type", "text")
        content, _ = truncate_bytes(message.text(settings["message"]), MESSAGE_BYTES)
        addresses = {name: message.text(settings.get(key, "")) for name, key in _ADDRESSES.items()}
        return {**filled(addresses), "msgtype": kind, kind: {"content": content}, "safe": "0"}

    def _current(self, message: Message, left: Callable[[], float]) -> str | Failed:
        """Return the token that is kept, or a new one: kept too long, or of somebody else, it is not used."""
        names = {"corpid": "corp_id", "corpsecret": "api_secret"}
        who = {name: message.text(self._tools.secret(self._settings[key])) for name, key in names.items()}
        kept, now = self._token, self._tools.now()
        if kept is not None and kept.who == who and now - kept.fetched_at < KEPT_FOR:
            return kept.text
        answer = self._judged(self._http.send("GET", self._url("gettoken", who), b"", left()))
        if isinstance(answer, Failed):
            return answer
        if not answer.get("access_token"):
            return Failed(Failure.AUTH_ERROR, retry=False, detail="gettoken: no access_token")
        self._token = _Token(who, str(answer["access_token"]), now)
        return self._token.text

    def _url(self, method: str, query: Mapping[str, str]) -> str:
        return f"{self._settings['api_url'].rstrip('/')}/{method}?{urlencode(query, errors='replace')}"

    def _judged(self, reply: Response | Failed) -> dict[str, Any] | Failed:
        """Return the answer of a call that has done what it should; a token that was refused is forgotten."""
        if isinstance(reply, Failed):
            return reply
        if reply.status != 200:
            return _unexpected(reply, self._tools.now())
        answer = answered(reply)
        if not isinstance(answer, dict) or not isinstance(code := answer.get("errcode", 0), int):
            return Failed(Failure.OTHER, retry=True, detail="the answer is no JSON object with an errcode")
        if code == 0:
            return answer
        if code in _STALE:
            self._token = None
        failure = Failure.AUTH_ERROR if code in _CREDENTIALS else Failure.CLIENT_ERROR
        return Failed(failure, retry=code in (*_STALE, _BUSY), detail=f"errcode {code}")


def _unexpected(reply: Response, now: datetime) -> Failed:
    """Return what any status but 200 means: as in Alertmanager, to be tried again."""
    sent = outcome(reply, now)
    if isinstance(sent, Failed):
        return replace(sent, retry=True)
    return Failed(Failure.OTHER, retry=True, detail=f"HTTP {reply.status}")
