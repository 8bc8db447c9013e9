"""A message whose templates may fail: what fails is replaced by the notification's subject and the reason."""

from dataclasses import dataclass
from html import escape
from typing import Any

from tocsin.messages.data import Data
from tocsin.messages.writer import Writer as PlainWriter
from tocsin.notification import Notification
from tocsin.receivers.tools import Message, Writer
from tocsin.templates.source import TemplateError

_SUBJECT = '{{ template "__subject" . }}'


@dataclass(frozen=True, slots=True)
class Lenient:
    """A writer whose messages never fail."""

    writer: Writer

    def about(self, notification: Notification) -> "LenientMessage":
        """Return the notification as templates see it."""
        return LenientMessage(self.writer.about(notification), PlainWriter().about(notification))


@dataclass(frozen=True, slots=True)
class LenientMessage:
    """A message whose texts say what is wrong with them; `plain` knows no template of the user's."""

    message: Message
    plain: Message

    @property
    def data(self) -> Data:
        """What templates see."""
        return self.message.data

    def text(self, template: str) -> str:
        """Return the text, or the subject and why there is no text."""
        try:
            return self.message.text(template)
        except TemplateError as error:
            return f"{self.plain.text(_SUBJECT)} (error expanding template: {error})"

    def html(self, template: str) -> str:
        """Return the HTML, or the subject and why there is none."""
        try:
            return self.message.html(template)
        except TemplateError as error:
            return f"{self.plain.html(_SUBJECT)} (error expanding template: {escape(str(error))})"

    def tree(self, value: Any) -> Any:
        """Return the tree with its templates expanded, or the subject and why it cannot be; a text stays a text."""
        try:
            return self.message.tree(value)
        except TemplateError as error:
            if isinstance(value, str):
                return self.text(value)
            return {"message": self.plain.text(_SUBJECT), "error": str(error)}
