"""Discord: a message with one embed, through a webhook of the channel."""

from collections.abc import Mapping
from typing import Any

from tocsin.notification import Notification, Sent
from tocsin.receivers.http import Http, explained, outcome
from tocsin.receivers.tools import Tools, filled
from tocsin.receivers.truncate import truncate_runes

RUNES = {"title": 256, "message": 4096, "content": 2000}
"""https://discord.com/developers/docs/resources/message#embed-object-embed-limits: characters of each text."""
_FIRING, _RESOLVED = 0x992D22, 0x2ECC71


class DiscordReceiver:
    """Posts one message; Discord knows no key for a message that is sent again."""

    def __init__(self, settings: Mapping[str, Any], tools: Tools) -> None:
        """`settings` are those of `discord_configs`."""
        self._settings, self._tools = settings, tools
        self._http = Http(settings, tools)

    def send(self, notification: Notification, timeout_seconds: float) -> Sent:
        """Try once to deliver."""
        settings, message = self._settings, self._tools.about(notification)
        texts = {
            name: truncate_runes(message.text(settings[name]), limit)[0] for name, limit in RUNES.items()
        }
        embed = {
            "title": texts["title"],
            "description": texts["message"],
            "color": _FIRING if notification.firing else _RESOLVED,
        }
        sender = {"username": settings.get("username"), "avatar_url": settings.get("avatar_url")}
        document = {"content": texts["content"], "embeds": [embed], **filled(sender)}
        reply = self._http.post_json(self._tools.secret(settings["webhook_url"]), document, timeout_seconds)
        return explained(outcome(reply, self._tools.now()), reply)
