"""Email: a notification mailed by an SMTP server or by Amazon SES."""

from collections.abc import Mapping
from typing import Any

from tocsin.notification import Failed, Failure, Notification, Sent
from tocsin.receivers.mail import AddressError, mail
from tocsin.receivers.ses import Ses
from tocsin.receivers.smtp import Smtp
from tocsin.receivers.tools import Tools


class EmailReceiver:
    """Mails; a mail that is sent again is the same, down to its `Message-Id`."""

    def __init__(self, settings: Mapping[str, Any], tools: Tools) -> None:
        """`settings` are those of `email_configs`; with `ses` the mail goes that way."""
        self._settings, self._tools = settings, tools
        ses = settings.get("ses")
        self._way = Smtp(settings, tools) if ses is None else Ses(ses, tools)

    def send(self, notification: Notification, timeout_seconds: float) -> Sent:
        """Try once to hand the mail over within `timeout_seconds`."""
        message = self._tools.about(notification)
        try:
            written = mail(message, notification, self._settings)
        except AddressError as error:
            return Failed(Failure.CLIENT_ERROR, retry=False, detail=str(error))
        return self._way.deliver(written, timeout_seconds)
