"""Webex: a message in Markdown to a room."""

from collections.abc import Mapping
from typing import Any

from tocsin.notification import Notification, Sent
from tocsin.receivers.http import Http, outcome
from tocsin.receivers.tools import Tools
from tocsin.receivers.truncate import truncate_bytes

MESSAGE_BYTES = 7439
"""Webex' limit of a message before it is encrypted."""


class WebexReceiver:
    """Posts one message; Webex knows no key for a message that is sent again."""

    def __init__(self, settings: Mapping[str, Any], tools: Tools) -> None:
        """`settings` are `api_url`, `room_id`, `message` and `http_config`, which says who sends."""
        self._settings, self._tools = settings, tools
        self._http = Http(settings, tools)

    def send(self, notification: Notification, timeout_seconds: float) -> Sent:
        """Try once to deliver."""
        message = self._tools.about(notification)
        markdown, _ = truncate_bytes(message.text(self._settings["message"]), MESSAGE_BYTES)
        document = {"markdown": markdown, "roomId": message.text(self._settings["room_id"])}
        reply = self._http.post_json(self._settings["api_url"], document, timeout_seconds)
        return outcome(reply, self._tools.now())
