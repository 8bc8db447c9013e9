"""Slack: a message with one attachment, through an incoming webhook or as an app, which can update it in place."""

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from tocsin.http import Response
from tocsin.notification import Delivered, Failed, Failure, Notification, Sent
from tocsin.receivers.http import Http, answered, outcome, time_left, time_limit
from tocsin.receivers.tools import Message, Tools, filled
from tocsin.receivers.truncate import truncate_runes

TITLE_RUNES = 1024
"""https://api.slack.com/reference/messaging/attachments#legacy_fields: characters of a title."""
_GONE = ("message_not_found", "cant_update_message", "edit_window_closed")
"""Slack cannot update the message (https://api.slack.com/methods/chat.update#errors)."""
_UNKNOWN_TO_SLACK = ("not_authed", "invalid_auth", "account_inactive", "token_revoked", "token_expired")
_MARKDOWN_IN = ("fallback", "pretext", "text")
_TEXTS = (
    "title_link",
    "pretext",
    "text",
    "fallback",
    "callback_id",
    "image_url",
    "thumb_url",
    "footer",
    "color",
)
_ALWAYS = ("text", "fallback", "callback_id", "footer")
"""Texts of an attachment that are sent though they are empty."""
_ERROR = re.compile(r"[A-Za-z_]{1,100}")


class SlackReceiver:
    """Posts one message, or updates the one of the group; Slack knows no key for a message that is sent again."""

    def __init__(self, settings: Mapping[str, Any], tools: Tools) -> None:
        """`settings` are those of `slack_configs`; `api_url` is the app's where there is an `app_token`."""
        self._settings, self._tools = settings, tools
        self._http = Http(settings, tools)

    def send(self, notification: Notification, timeout_seconds: float) -> Sent:
        """Try once to deliver; a message that was to be updated but is gone is posted anew."""
        left = time_left(time_limit(self._settings, timeout_seconds))
        document = message_document(self._settings, self._tools.about(notification))
        url = self._tools.secret(self._settings["api_url"])
        known = notification.memory if self._settings.get("update_message") else {}
        if known.get("threadTs") and known.get("channelId"):
            update = {**document, "channel": known["channelId"], "ts": known["threadTs"]}
            reply = self._post(f"{url.rstrip('/').rpartition('/')[0]}/chat.update", update, left)
            if not _is_gone(reply):
                return self._meaning(reply, document)
        return self._meaning(self._post(url, document, left), document)

    def _post(self, url: str, document: Mapping[str, Any], left: Callable[[], float]) -> Response | Failed:
        token = self._tools.secret(self._settings.get("app_token") or "")
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return self._http.post_json(url, document, left(), headers)

    def _meaning(self, reply: Response | Failed, document: Mapping[str, Any]) -> Sent:
        sent = outcome(reply, self._tools.now())
        if isinstance(reply, Failed):
            return sent
        if isinstance(sent, Failed):
            return replace(sent, detail=f"{sent.detail}: {_words(reply)}") if reply.body else sent
        sent = _verdict(reply)
        if isinstance(sent, Delivered):
            return sent if self._settings.get("update_message") else replace(sent, memory=None)
        channel = document.get("channel")
        return replace(sent, detail=f"{sent.detail} (channel {channel})") if channel else sent


def message_document(settings: Mapping[str, Any], message: Message) -> dict[str, Any]:
    """Return the message as Slack takes it; raises TemplateError."""
    texts = {name: message.text(settings.get(name) or "") for name in _TEXTS}
    title, _ = truncate_runes(message.text(settings["title"]), TITLE_RUNES)
    attachment = {
        "title": title,
        **texts,
        "fields": [_field(each, settings, message) for each in settings.get("fields") or ()],
        "actions": [_action(each, message) for each in settings.get("actions") or ()],
        "mrkdwn_in": settings.get("mrkdwn_in") or list(_MARKDOWN_IN),
    }
    document: dict[str, Any] = {
        name: message.text(settings.get(name) or "")
        for name in ("channel", "username", "icon_emoji", "icon_url")
    }
    document |= {
        "link_names": settings.get("link_names"),
        "text": message.text(settings.get("message_text") or ""),
    }
    shown = {name: value for name, value in attachment.items() if value or name in _ALWAYS}
    return {**filled(document), "attachments": [shown]}


def _field(field: Mapping[str, Any], settings: Mapping[str, Any], message: Message) -> dict[str, Any]:
    short = field.get("short")
    return {
        "title": message.text(field["title"]),
        "value": message.text(field["value"]),
        "short": bool(settings.get("short_fields")) if short is None else short,
    }


def _action(action: Mapping[str, Any], message: Message) -> dict[str, Any]:
    """Return a button; one that is a link tells no app of it."""
    names = ("type", "text", "url", "style") + (() if action.get("url") else ("name", "value"))
    found: dict[str, Any] = {name: message.text(action.get(name) or "") for name in names}
    if action.get("confirm") and not action.get("url"):
        found["confirm"] = {name: message.text(text) for name, text in action["confirm"].items() if text}
    return filled(found)


def _verdict(reply: Response) -> Sent:
    """Return what a 2xx means: Slack says in the body whether it has taken the message."""
    if not reply.headers.get("content-type", "").startswith("application/json"):
        # An answer that broke off after its status has no body; Slack's own always says something.
        if reply.body in (b"ok", b""):
            return Delivered(f"HTTP {reply.status}")
        return Failed(Failure.CLIENT_ERROR, retry=False, detail=f"HTTP {reply.status}: {_words(reply)}")
    answer = answered(reply)
    if not isinstance(answer, dict):
        return Failed(Failure.OTHER, retry=True, detail=f"HTTP {reply.status}: the answer is no JSON object")
    if answer.get("ok") is not True:
        return _refused(reply.status, str(answer.get("error", ""))[:100])
    timestamp, channel = answer.get("ts"), answer.get("channel")
    if timestamp and channel:
        return Delivered(str(timestamp), {"threadTs": str(timestamp), "channelId": str(channel)})
    return Delivered(f"HTTP {reply.status}")


def _refused(status: int, error: str) -> Failed:
    detail = f"HTTP {status}: {error}"
    if error in ("ratelimited", "rate_limited"):
        return Failed(Failure.RATE_LIMITED, retry=True, detail=detail)
    if error in _UNKNOWN_TO_SLACK:
        return Failed(Failure.AUTH_ERROR, retry=False, detail=detail)
    return Failed(Failure.CLIENT_ERROR, retry=False, detail=detail)


def _is_gone(reply: Response | Failed) -> bool:
    answer = answered(reply) if isinstance(reply, Response) else None
    return isinstance(answer, dict) and answer.get("error") in _GONE


def _words(reply: Response) -> str:
    """Return what Slack says of an error, such as `no_service`: what says more may be a page that shows the URL."""
    words = reply.body.decode(errors="replace")
    return words if _ERROR.fullmatch(words) else "an unknown answer"
