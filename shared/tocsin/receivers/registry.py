"""The kinds of receivers by name, each imported when it is first needed, and what may go wrong with any of them."""

from dataclasses import replace
from importlib import import_module

from tocsin.access.auth import AuthError
from tocsin.dispatch.config import Integration
from tocsin.http import TransportError
from tocsin.notification import Failed, Failure, Notification, Sent
from tocsin.ports import Receiver
from tocsin.receivers.fallback import Lenient
from tocsin.receivers.tools import Tools
from tocsin.templates.source import TemplateError

KINDS = {
    "webhook": "WebhookReceiver",
    "sns": "SnsReceiver",
}
"""The class of each kind in the module of that name: it is made of an integration's settings and tools."""


def open_receiver(integration: Integration, tools: Tools) -> Receiver:
    """Return the receiver of an integration; nothing is read, opened or imported before its first notification."""
    return _Careful(integration, tools)


class _Careful:
    """A receiver whose every failure before anything is sent is a value too."""

    def __init__(self, integration: Integration, tools: Tools) -> None:
        self._integration, self._tools = integration, tools
        self._made: Receiver | None = None

    def send(self, notification: Notification, timeout_seconds: float) -> Sent:
        """Try once to deliver; where a template fails its text says so: it costs a text, not the page."""
        try:
            try:
                return self._receiver().send(notification, timeout_seconds)
            except TemplateError:
                lenient = replace(self._tools, writer=Lenient(self._tools.writer))
                return _make(self._integration, lenient).send(notification, timeout_seconds)
        except AuthError as error:  # a secret that cannot be read
            return Failed(Failure.AUTH_ERROR, retry=True, detail=str(error))
        except TransportError as error:  # a certificate or proxy that cannot be used
            return Failed(Failure.CLIENT_ERROR, retry=False, detail=str(error))

    def _receiver(self) -> Receiver:
        if self._made is None:
            self._made = _make(self._integration, self._tools)
        return self._made


def _make(integration: Integration, tools: Tools) -> Receiver:
    module = import_module(f"tocsin.receivers.{integration.kind}")
    made: Receiver = getattr(module, KINDS[integration.kind])(integration.settings, tools)
    return made
