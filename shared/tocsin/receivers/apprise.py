"""Apprise: a notification to any of the services that the library knows (`pip install tocsin[apprise]`)."""

import logging
from collections.abc import Mapping
from typing import Any

from tocsin.notification import Delivered, Failed, Failure, Notification, Sent
from tocsin.receivers.tools import Message, Tools

_MISSING = (
    "apprise is not installed: it is the extra tocsin[apprise], and belongs in the layer's requirements.txt"
)
_CONNECT_SECONDS = 3.0
_TYPES = {"firing": "failure", "resolved": "success"}


class AppriseReceiver:
    """Notifies one service; the library is imported with the first notification and knows only yes and no."""

    def __init__(self, settings: Mapping[str, Any], tools: Tools) -> None:
        """`settings` are `url` (a secret), `title`, `body` and `format`."""
        self._settings, self._tools = settings, tools

    def send(self, notification: Notification, timeout_seconds: float) -> Sent:
        """Try once to deliver within `timeout_seconds`; every failure of a service may be tried again."""
        message = self._tools.about(notification)
        texts = self._body(message), message.text(self._settings["title"]), _TYPES[notification.status]
        url = self._tools.secret(self._settings["url"])
        try:
            import apprise
        except ImportError:
            return Failed(Failure.CLIENT_ERROR, retry=False, detail=_MISSING)
        logging.getLogger("apprise").disabled = True  # what it says may hold a URL, and so a secret
        service = apprise.Apprise.instantiate(url)
        if service is None:
            return Failed(Failure.CLIENT_ERROR, retry=False, detail="a URL that apprise does not know")
        service.socket_connect_timeout = min(_CONNECT_SECONDS, timeout_seconds)
        service.socket_read_timeout = timeout_seconds + 1  # the limit of the call comes first
        sender = apprise.Apprise()
        sender.add(service)
        result = sender.notify(*texts, body_format=self._settings["format"], timeout=timeout_seconds)
        name = str(service.service_name)
        if result:
            return Delivered(name)
        late = result.status == apprise.AppriseResultStatus.TIMEOUT
        return Failed(
            Failure.DEADLINE if late else Failure.OTHER, retry=True, detail=f"{name}: not delivered"
        )

    def _body(self, message: Message) -> str:
        template = self._settings["body"]
        return message.html(template) if self._settings["format"] == "html" else message.text(template)
