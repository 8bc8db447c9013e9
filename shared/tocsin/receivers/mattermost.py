"""Mattermost: a message with attachments through an incoming webhook."""

from collections.abc import Mapping
from typing import Any

from tocsin.notification import Notification, Sent
from tocsin.receivers.http import Http, outcome
from tocsin.receivers.tools import Message, Tools, filled
from tocsin.receivers.truncate import truncate_runes

TEXT_RUNES = 16383
"""https://developers.mattermost.com/integrate/webhooks/incoming/: characters of a message."""
_TEXTS = ("channel", "username", "icon_url", "icon_emoji", "type")
_STANDARD, _URGENT = "standard", "urgent"
_PRIORITIES = (_STANDARD, "important", _URGENT)


class MattermostReceiver:
    """Posts one message; Mattermost knows no key for a message that is sent again."""

    def __init__(self, settings: Mapping[str, Any], tools: Tools) -> None:
        """`settings` are those of `mattermost_configs`."""
        self._settings, self._tools = settings, tools
        self._http = Http(settings, tools)

    def send(self, notification: Notification, timeout_seconds: float) -> Sent:
        """Try once to deliver."""
        document = self._document(self._tools.about(notification))
        reply = self._http.post_json(
            self._tools.secret(self._settings["webhook_url"]), document, timeout_seconds
        )
        return outcome(reply, self._tools.now())

    def _document(self, message: Message) -> dict[str, Any]:
        settings = self._settings
        document: dict[str, Any] = {name: message.text(settings.get(name, "")) for name in _TEXTS}
        document["attachments"] = [_expanded(each, message) for each in settings.get("attachments", ())]
        document["props"] = _expanded(settings.get("props", {}), message)
        document["priority"] = _priority(settings.get("priority", {}), message)
        text, _ = truncate_runes(message.text(settings["text"]), TEXT_RUNES)
        return {"text": text, **filled(document)}


def _expanded(block: Mapping[str, Any], message: Message) -> dict[str, Any]:
    """Return an attachment, a field or the props with its texts expanded, without what is empty."""
    expanded: dict[str, Any] = {}
    for name, value in block.items():
        if isinstance(value, str):
            expanded[name] = message.text(value)
        elif isinstance(value, list):
            expanded[name] = [_expanded(each, message) for each in value]
        else:
            expanded[name] = value
    return {name: value for name, value in expanded.items() if value not in ("", None, [])}


def _priority(block: Mapping[str, Any], message: Message) -> dict[str, Any]:
    """Return a priority that Mattermost takes: what it does not know is standard, and asks for nothing else."""
    if not block.get("priority"):
        return {}
    wanted = message.text(block["priority"]).lower()
    priority = wanted if wanted in _PRIORITIES else _STANDARD
    extras = {
        "requested_ack": block.get("requested_ack") and priority != _STANDARD,
        "persistent_notifications": block.get("persistent_notifications") and priority == _URGENT,
    }
    return {"priority": priority, **{name: True for name, value in extras.items() if value}}
