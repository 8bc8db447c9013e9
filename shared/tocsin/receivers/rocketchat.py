"""Rocket.Chat: a message with an attachment to a channel or a user."""

import re
from collections.abc import Mapping
from typing import Any

from tocsin.http import Response
from tocsin.notification import Failed, Failure, Notification, Sent
from tocsin.receivers.http import Http, answered, outcome
from tocsin.receivers.tools import Message, Tools, filled
from tocsin.receivers.truncate import truncate_runes

TITLE_RUNES = 1024
"""Alertmanager's limit of a title."""
_METHOD = "api/v1/chat.postMessage"
_TEXTS = ("title_link", "text", "image_url", "thumb_url", "color")
_ACTION = ("text", "url", "msg")
_ERROR = re.compile(r"\[?[A-Za-z_-]{1,100}\]?")


class RocketchatReceiver:
    """Posts one message; Rocket.Chat knows no key for a message that is sent again."""

    def __init__(self, settings: Mapping[str, Any], tools: Tools) -> None:
        """`settings` are those of `rocketchat_configs`."""
        self._settings, self._tools = settings, tools
        self._http = Http(settings, tools)

    def send(self, notification: Notification, timeout_seconds: float) -> Sent:
        """Try once to deliver."""
        document = self._document(self._tools.about(notification))
        headers = {
            "X-Auth-Token": self._tools.secret(self._settings["token"]),
            "X-User-Id": self._tools.secret(self._settings["token_id"]),
        }
        url = f"{self._settings['api_url'].rstrip('/')}/{_METHOD}"
        reply = self._http.post_json(url, document, timeout_seconds, headers)
        sent = outcome(reply, self._tools.now())
        return sent if isinstance(reply, Failed) or isinstance(sent, Failed) else _judged(reply, sent)

    def _document(self, message: Message) -> dict[str, Any]:
        settings = self._settings
        document = {
            "channel": message.text(settings.get("channel", "")),
            "emoji": message.text(settings.get("emoji", "")),
            "avatar": message.text(settings.get("icon_url", "")),
            "attachments": [self._attachment(message)],
        }
        return filled(document)

    def _attachment(self, message: Message) -> dict[str, Any]:
        settings = self._settings
        title, _ = truncate_runes(message.text(settings.get("title", "")), TITLE_RUNES)
        attachment: dict[str, Any] = {"title": title}
        attachment |= {name: message.text(settings.get(name, "")) for name in _TEXTS}
        attachment["fields"] = [self._field(each, message) for each in settings.get("fields", ())]
        attachment["actions"] = [_action(each, message) for each in settings.get("actions", ())]
        return filled(attachment)

    def _field(self, field: Mapping[str, Any], message: Message) -> dict[str, Any]:
        own = field.get("short")
        short = self._settings.get("short_fields", False) if own is None else own
        return {"title": message.text(field["title"]), "value": message.text(field["value"]), "short": short}


def _action(action: Mapping[str, Any], message: Message) -> dict[str, Any]:
    """Return a button, the only type of action there is."""
    texts = {name: message.text(action.get(name, "")) for name in _ACTION}
    return filled({"type": "button", **texts})


def _judged(reply: Response, sent: Sent) -> Sent:
    """Return what an answer of status 2xx means: it may say that nothing was posted."""
    answer = answered(reply)
    if not isinstance(answer, dict):
        return Failed(Failure.OTHER, retry=True, detail="the answer is no JSON object")
    if answer.get("success") is True:
        return sent
    error = str(answer.get("error", ""))
    detail = error if _ERROR.fullmatch(error) else "success: false"
    return Failed(Failure.CLIENT_ERROR, retry=False, detail=detail)
