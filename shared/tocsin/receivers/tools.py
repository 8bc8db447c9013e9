"""What every receiver is given: the way out, and the templates in which it speaks."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from tocsin.access.port import Access
from tocsin.access.secrets import Reference
from tocsin.messages.data import Data
from tocsin.notification import Notification


class Message(Protocol):
    """One notification as templates see it; its methods raise TemplateError."""

    @property
    def data(self) -> Data:
        """The data of templates."""
        ...

    def text(self, template: str) -> str:
        """Return a text template expanded."""
        ...

    def html(self, template: str) -> str:
        """Return an HTML template expanded, what it inserts escaped."""
        ...

    def tree(self, value: Any) -> Any:
        """Return a tree of lists and mappings with every text in it expanded."""
        ...


class Writer(Protocol):
    """Expands templates about notifications."""

    def about(self, notification: Notification) -> Message:
        """Return the notification as templates see it."""
        ...


@dataclass(frozen=True, slots=True)
class Tools:
    """The tools of a receiver; both may be shared by all of them."""

    access: Access
    writer: Writer

    def secret(self, value: str) -> str:
        """Return a secret of the settings, read if it is a reference; raises SecretError."""
        reference = Reference.parse(value)
        return self.access.secret(reference).strip() if reference else value

    def about(self, notification: Notification) -> Message:
        """Return the notification as templates see it."""
        return self.writer.about(notification)

    def now(self) -> datetime:
        """Return the time: only to tell what a `Retry-After` means."""
        return self.access.clock.now()


def filled(document: Mapping[str, Any]) -> dict[str, Any]:
    """Return a document without what is empty: services take an empty text for a text."""
    return {name: value for name, value in document.items() if value}
