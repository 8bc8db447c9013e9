"""Telegram: a message of a bot in a chat."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from tocsin.http import Response
from tocsin.notification import Failed, Notification, Sent
from tocsin.receivers.http import Http, answered, explained, outcome
from tocsin.receivers.tools import Message, Tools, filled
from tocsin.receivers.truncate import truncate_runes

MESSAGE_RUNES = 4096
"""https://core.telegram.org/bots/api#sendmessage: characters of a message."""
_TOO_LONG = (
    '{{ template "__subject" . }}\n'
    "The message is longer than Telegram takes: please check the template that produces it.\n"
    "{{ .ExternalURL }}"
)
"""What is sent instead of HTML that is too long: cut off, it would leave tags open, and Telegram would refuse it."""


class TelegramReceiver:
    """Sends one message; Telegram knows no key for a message that is sent again."""

    def __init__(self, settings: Mapping[str, Any], tools: Tools) -> None:
        """`settings` are those of `telegram_configs`; `chat_id` is a number, or a reference to one."""
        self._settings, self._tools = settings, tools
        self._http = Http(settings, tools)

    def send(self, notification: Notification, timeout_seconds: float) -> Sent:
        """Try once to deliver."""
        settings, message = self._settings, self._tools.about(notification)
        document = {
            "chat_id": self._tools.secret(str(settings["chat_id"])),
            "text": _text(settings, message),
            "disable_web_page_preview": True,
            **filled(
                {
                    "parse_mode": settings["parse_mode"],
                    "message_thread_id": settings.get("message_thread_id"),
                    "disable_notification": settings.get("disable_notifications"),
                }
            ),
        }
        token = self._tools.secret(settings["bot_token"])
        url = f"{settings['api_url'].rstrip('/')}/bot{token}/sendMessage"
        reply = self._http.post_json(url, document, timeout_seconds)
        return _again(explained(outcome(reply, self._tools.now()), reply), reply)


def _text(settings: Mapping[str, Any], message: Message) -> str:
    if settings["parse_mode"] != "HTML":
        return truncate_runes(message.text(settings["message"]), MESSAGE_RUNES)[0]
    text = message.html(settings["message"])
    return text if len(text) <= MESSAGE_RUNES else truncate_runes(message.html(_TOO_LONG), MESSAGE_RUNES)[0]


def _again(sent: Sent, reply: Response | Failed) -> Sent:
    """Return a failure with the time at which Telegram wants to be asked again: each may be."""
    if not isinstance(sent, Failed):
        return sent
    answer = answered(reply) if isinstance(reply, Response) else None
    parameters = answer.get("parameters") if isinstance(answer, dict) else None
    wait = parameters.get("retry_after") if isinstance(parameters, dict) else None
    seconds = float(wait) if isinstance(wait, int | float) else sent.retry_after_seconds
    return replace(sent, retry=True, retry_after_seconds=seconds)
