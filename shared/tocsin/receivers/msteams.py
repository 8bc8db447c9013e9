"""Microsoft Teams: a message card, through an Office 365 connector."""

import re
from collections.abc import Mapping
from typing import Any

from tocsin.http import Response
from tocsin.notification import Failed, Notification, Sent
from tocsin.receivers.http import Http, outcome
from tocsin.receivers.msteamsv2 import TEXT_BYTES
from tocsin.receivers.tools import Tools
from tocsin.receivers.truncate import truncate_bytes

_FIRING, _RESOLVED = "8C1A1A", "2DC72D"
# A connector answers 200 and says in the body what came of it (Microsoft: "Rate limiting for connectors").
_BEHIND = re.compile(rb"returned HTTP error (\d{3})")


class MsteamsReceiver:
    """Posts one card; Teams knows no key for a message that is sent again."""

    def __init__(self, settings: Mapping[str, Any], tools: Tools) -> None:
        """`settings` are `webhook_url`, `title`, `summary`, `text` and `http_config`."""
        self._settings, self._tools = settings, tools
        self._http = Http(settings, tools)

    def send(self, notification: Notification, timeout_seconds: float) -> Sent:
        """Try once to deliver."""
        message = self._tools.about(notification)
        document = {
            "@context": "http://schema.org/extensions",
            "@type": "MessageCard",
            "title": message.text(self._settings["title"]),
            "summary": message.text(self._settings["summary"]),
            "text": truncate_bytes(message.text(self._settings["text"]), TEXT_BYTES)[0],
            "themeColor": _FIRING if notification.firing else _RESOLVED,
        }
        url = self._tools.secret(self._settings["webhook_url"])
        return outcome(_behind(self._http.post_json(url, document, timeout_seconds)), self._tools.now())


def _behind(reply: Response | Failed) -> Response | Failed:
    """Return what the connector was answered, if it tells."""
    found = _BEHIND.search(reply.body) if isinstance(reply, Response) and reply.status == 200 else None
    return (
        reply if found is None or isinstance(reply, Failed) else Response(int(found[1]), reply.headers, b"")
    )
