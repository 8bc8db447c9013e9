"""Microsoft Teams: an adaptive card, through a workflow of Power Automate."""

from collections.abc import Mapping
from typing import Any

from tocsin.notification import Notification, Sent
from tocsin.receivers.http import Http, outcome
from tocsin.receivers.tools import Tools
from tocsin.receivers.truncate import truncate_bytes

TEXT_BYTES = 24 << 10
"""Teams refuses a message above 28 KB (https://learn.microsoft.com/microsoftteams/limits-specifications-teams)."""
_FIRING, _RESOLVED = "Attention", "Good"


class Msteamsv2Receiver:
    """Posts one card; Teams knows no key for a message that is sent again."""

    def __init__(self, settings: Mapping[str, Any], tools: Tools) -> None:
        """`settings` are `webhook_url`, `title`, `text` and `http_config`."""
        self._settings, self._tools = settings, tools
        self._http = Http(settings, tools)

    def send(self, notification: Notification, timeout_seconds: float) -> Sent:
        """Try once to deliver."""
        message = self._tools.about(notification)
        title = message.text(self._settings["title"])
        text, _ = truncate_bytes(message.text(self._settings["text"]), TEXT_BYTES)
        document = card(title, text, _FIRING if notification.firing else _RESOLVED)
        url = self._tools.secret(self._settings["webhook_url"])
        reply = self._http.post_json(url, document, timeout_seconds)
        return outcome(reply, self._tools.now())


def card(title: str, text: str, color: str) -> dict[str, Any]:
    """Return a message with an adaptive card as wide as the channel (https://adaptivecards.io/explorer, 1.2)."""
    heading = {"weight": "Bolder", "size": "Medium", "wrap": True, "style": "heading", "color": color}
    content = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.2",
        "body": [
            {"type": "TextBlock", "text": title, **heading},
            {"type": "TextBlock", "text": text, "wrap": True},
        ],
        "msteams": {"width": "full"},
    }
    attachment = {
        "contentType": "application/vnd.microsoft.card.adaptive",
        "contentUrl": None,
        "content": content,
    }
    return {"type": "message", "attachments": [attachment]}
