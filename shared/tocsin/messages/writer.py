"""Notifications put into words: templates expanded with Alertmanager's functions, data and defaults."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any

from tocsin.messages.data import Data, data_of
from tocsin.messages.library import compiled, library
from tocsin.notification import Notification
from tocsin.templates.run import Limits

if TYPE_CHECKING:
    from tocsin.templates.control import Compiled
    from tocsin.templates.engine import Template

_KEPT = 512
LIMITS = Limits(steps=500_000, text=2 * 1024 * 1024)
"""What a group of some thousand alerts takes; what it comes to is cut to what its service takes afterwards."""


class Writer:
    """Expands templates about notifications with Alertmanager's functions, its default templates and the user's files.

    `files` are the user's by name; a later one replaces what an earlier one or the defaults define. Raises
    TemplateError for the first file that is none.
    """

    def __init__(self, files: Mapping[str, str] = {}) -> None:
        self._files = dict(files)
        self.template = lru_cache(maxsize=_KEPT)(self._compiled)
        if files:
            _ = self._texts

    def about(self, notification: Notification) -> "Message":
        """Return the notification as templates see it."""
        return Message(self, notification)

    def expanded(self, template: str, data: Data, at: datetime, *, html: bool = False) -> str:
        """Return a template expanded with data that need not be a notification's; raises TemplateError."""
        if "{{" not in template and not html:
            return template
        made = self.template(template, html=html)
        return made.expand(data, context=_Context(at, data.route_labels), limits=LIMITS)

    def _compiled(self, template: str, *, html: bool) -> "Template":
        return compiled(template, "", self._pages if html else self._texts, html=html)

    @cached_property
    def _texts(self) -> "Mapping[str, Compiled]":
        return library(self._files, html=False)

    @cached_property
    def _pages(self) -> "Mapping[str, Compiled]":
        return library(self._files, html=True)


class Message:
    """One notification as templates see it; every method raises TemplateError."""

    def __init__(self, writer: Writer, notification: Notification) -> None:
        self._writer, self._notification = writer, notification

    @cached_property
    def data(self) -> Data:
        """What templates see; the values of the route's labels are expanded without any of them in sight."""
        labels = self._notification.route_labels
        bare = data_of(self._notification, {})
        expanded = {name: self._expanded(value, bare) for name, value in labels.items()}
        return data_of(self._notification, expanded) if labels else bare

    def text(self, template: str) -> str:
        """Return the template expanded as it is."""
        return self._expanded(template, self.data)

    def html(self, template: str) -> str:
        """Return the template expanded as HTML, what it inserts escaped for where it stands."""
        return self._expanded(template, self.data, html=True)

    def tree(self, value: Any) -> Any:
        """Return a tree of YAML or JSON with every key and text in it expanded."""
        from tocsin.messages.trees import expanded_tree  # here, for it needs a parser of YAML

        return expanded_tree(value, self.text)

    def _expanded(self, template: str, data: Data, *, html: bool = False) -> str:
        return self._writer.expanded(template, data, self._notification.at, html=html)


@dataclass(frozen=True, slots=True)
class _Context:
    """What the functions know of the world."""

    at: datetime
    route_labels: Mapping[str, str]
