"""Splunk On-Call, once VictorOps: an event that opens or recovers the incident of the group."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from tocsin.notification import Notification, Sent
from tocsin.receivers.http import Http, explained, outcome
from tocsin.receivers.tools import Message, Tools
from tocsin.receivers.truncate import truncate_runes

STATE_MESSAGE_RUNES = 20480
"""https://help.victorops.com/knowledge-base/incident-fields-glossary/: characters of `state_message`."""
_OPEN = ("INFO", "WARNING", "CRITICAL")
"""The message types that an alert that fires may have."""
_RECOVERY = "RECOVERY"


class VictoropsReceiver:
    """Sends one event under the group's `entity_id`: one that is sent again opens no second incident."""

    def __init__(self, settings: Mapping[str, Any], tools: Tools) -> None:
        """`settings` are those of `victorops_configs`; `api_url` ends in a slash."""
        self._settings, self._tools = settings, tools
        self._http = Http(settings, tools)

    def send(self, notification: Notification, timeout_seconds: float) -> Sent:
        """Try once to deliver."""
        settings, message = self._settings, self._tools.about(notification)
        document = event(settings, message, notification)
        path = (self._tools.secret(settings["api_key"]), message.text(settings["routing_key"]))
        url = settings["api_url"] + "/".join(quote(part) for part in path)
        reply = self._http.post_json(url, document, timeout_seconds)
        return explained(outcome(reply, self._tools.now()), reply)


def event(settings: Mapping[str, Any], message: Message, notification: Notification) -> dict[str, str]:
    """Return the event; raises TemplateError."""
    state, _ = truncate_runes(message.text(settings["state_message"]), STATE_MESSAGE_RUNES)
    wanted = message.text(settings["message_type"])
    opened = wanted if wanted in _OPEN else "CRITICAL"
    custom = settings.get("custom_fields") or {}
    return {
        "message_type": opened if notification.firing else _RECOVERY,
        "entity_id": notification.group_hash,
        "entity_display_name": message.text(settings["entity_display_name"]),
        "state_message": state,
        "monitoring_tool": message.text(settings["monitoring_tool"]),
        **{name: message.text(text) for name, text in custom.items()},
    }
