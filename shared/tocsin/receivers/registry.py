"""The kinds of receivers by name, each imported when it is first needed, and what may go wrong with any of them."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from importlib import import_module
from typing import Any

from tocsin.access.auth import AuthError
from tocsin.access.secrets import Reference
from tocsin.dispatch.config import Integration
from tocsin.notification import Failed, Failure, Notification, Sent
from tocsin.ports import Receiver
from tocsin.receivers.fallback import Lenient
from tocsin.receivers.http import time_left
from tocsin.receivers.tools import Tools
from tocsin.templates.source import TemplateError
from tocsin.tls import TransportError

KINDS = {
    "webhook": "WebhookReceiver",
    "email": "EmailReceiver",
    "pagerduty": "PagerdutyReceiver",
    "opsgenie": "OpsgenieReceiver",
    "wechat": "WechatReceiver",
    "slack": "SlackReceiver",
    "victorops": "VictoropsReceiver",
    "pushover": "PushoverReceiver",
    "sns": "SnsReceiver",
    "telegram": "TelegramReceiver",
    "discord": "DiscordReceiver",
    "webex": "WebexReceiver",
    "msteams": "MsteamsReceiver",
    "msteamsv2": "Msteamsv2Receiver",
    "jira": "JiraReceiver",
    "incidentio": "IncidentioReceiver",
    "rocketchat": "RocketchatReceiver",
    "mattermost": "MattermostReceiver",
    "eventbridge": "EventbridgeReceiver",
    "sqs": "SqsReceiver",
    "lambda": "LambdaReceiver",
    "apprise": "AppriseReceiver",
}
"""The class of each kind in the module of that name: it is made of an integration's settings and tools."""

MODULES = {"lambda": "aws_lambda"}
"""The modules that cannot have their kind's name."""


def open_receiver(integration: Integration, tools: Tools) -> Receiver:
    """Return the receiver of an integration; nothing is read, opened or imported before its first notification."""
    return _Careful(integration, tools)


class _Careful:
    """A receiver whose every failure before anything is sent is a value too."""

    def __init__(self, integration: Integration, tools: Tools) -> None:
        self._integration, self._tools = integration, tools
        self._made: Receiver | None = None

    def send(self, notification: Notification, timeout_seconds: float) -> Sent:
        """Try once to deliver; once more if who we are was refused, and the secrets that say so have changed."""
        left = time_left(timeout_seconds)
        sent = self._attempt(notification, timeout_seconds)
        if isinstance(sent, Failed) and sent.reason is Failure.AUTH_ERROR and self._renewed():
            return self._attempt(notification, left())
        return sent

    def _attempt(self, notification: Notification, timeout_seconds: float) -> Sent:
        """Send; where a template fails its text says so: it costs a text, not the page."""
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
        except Exception as error:  # noqa: BLE001 -- the boundary: a mistake in one kind holds back no other's pages
            return Failed(Failure.OTHER, retry=True, detail=f"unexpected {type(error).__name__}")

    def _renewed(self) -> bool:
        """Read the secrets that the settings refer to again; tell whether any has changed."""
        references = set(_references(self._integration.settings))
        before = self._secrets(references)
        for reference in references:
            with suppress(AuthError):
                self._tools.access.renew(reference)
        return self._secrets(references) != before

    def _secrets(self, references: set[Reference]) -> dict[Reference, str]:
        found = {}
        for reference in references:
            with suppress(AuthError):
                found[reference] = self._tools.access.secret(reference)
        return found

    def _receiver(self) -> Receiver:
        if self._made is None:
            self._made = _make(self._integration, self._tools)
        return self._made


def _make(integration: Integration, tools: Tools) -> Receiver:
    module = import_module(f"tocsin.receivers.{MODULES.get(integration.kind, integration.kind)}")
    made: Receiver = getattr(module, KINDS[integration.kind])(integration.settings, tools)
    return made


def _references(settings: Any) -> Iterator[Reference]:
    """Yield what in a tree of settings refers to a secret."""
    if isinstance(settings, dict):
        settings = list(settings.values())
    if isinstance(settings, list):
        for item in settings:
            yield from _references(item)
    elif isinstance(settings, str) and (reference := Reference.parse(settings)):
        yield reference
