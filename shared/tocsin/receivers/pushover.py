"""Pushover: a message to the phones of a user or a group."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from tocsin.notification import Notification, Sent
from tocsin.receivers.http import Http, outcome
from tocsin.receivers.tools import Message, Tools, filled
from tocsin.receivers.truncate import truncate_runes

URL = "https://api.pushover.net/1/messages.json"
MESSAGE_RUNES = 1024
"""https://pushover.net/api#limits: characters of a message."""
_RUNES = {"title": 250, "url": 512, "url_title": 100}
_TEMPLATES = ("title", "url", "url_title", "device", "sound", "priority")
_DURATIONS = ("retry", "expire", "ttl")
_FLAGS = ("html", "monospace")
_EMPTY = "(no details)"
"""Pushover refuses a message without text."""


class PushoverReceiver:
    """Posts one message; it knows no key for a message that is sent again."""

    def __init__(self, settings: Mapping[str, Any], tools: Tools) -> None:
        """`settings` are those of `pushover_configs`, `retry`, `expire` and `ttl` in `<key>_ms`."""
        self._settings, self._tools = settings, tools
        self._http = Http(settings, tools)

    def send(self, notification: Notification, timeout_seconds: float) -> Sent:
        """Try once to deliver."""
        # A form, where Alertmanager has a query string: Pushover takes both, and proxies write down URLs.
        form = urlencode(self._form(self._tools.about(notification)), errors="replace").encode()
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        reply = self._http.send("POST", URL, form, timeout_seconds, headers)
        return outcome(reply, self._tools.now())

    def _form(self, message: Message) -> dict[str, str]:
        settings = self._settings
        form = {
            "token": message.text(self._tools.secret(settings["token"])),
            "user": message.text(self._tools.secret(settings["user_key"])),
            "message": self._text(message),
        }
        for name in _TEMPLATES:
            text = message.text(settings.get(name, ""))
            form[name] = truncate_runes(text, _RUNES[name])[0] if name in _RUNES else text
        form |= {name: "1" for name in _FLAGS if settings.get(name)}
        seconds = {name: settings.get(f"{name}_ms", 0) // 1000 for name in _DURATIONS}
        form |= {name: str(count) for name, count in seconds.items() if count}
        return filled(form)

    def _text(self, message: Message) -> str:
        expand = message.html if self._settings.get("html") else message.text
        return truncate_runes(expand(self._settings["message"]), MESSAGE_RUNES)[0].strip() or _EMPTY
