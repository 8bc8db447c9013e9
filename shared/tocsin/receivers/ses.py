"""Mails handed to Amazon SES, by its API."""

from collections.abc import Mapping
from typing import Any

from tocsin.notification import Delivered, Failed, Sent
from tocsin.receivers.aws import Aws, unintelligible
from tocsin.receivers.mail import Mail
from tocsin.receivers.tools import Tools


class Ses:
    """SES as `ses` of an integration describes it."""

    def __init__(self, settings: Mapping[str, Any], tools: Tools) -> None:
        """`settings` are those of `sigv4`, and `configuration_set`."""
        self._configuration_set = settings.get("configuration_set") or ""
        self._ses = Aws("sesv2", settings, tools)

    def deliver(self, mail: Mail, timeout_seconds: float) -> Sent:
        """Try once to send the mail within `timeout_seconds`; raises AuthError."""
        sending: dict[str, Any] = {
            "Destination": {"ToAddresses": list(mail.recipients)},
            "Content": {"Raw": {"Data": mail.content}},
        }
        if self._configuration_set:
            sending["ConfigurationSetName"] = self._configuration_set
        answer = self._ses.call("send_email", sending, timeout_seconds)
        if isinstance(answer, Failed):
            return answer
        return Delivered(answer["MessageId"]) if answer.get("MessageId") else unintelligible("ses")
