"""The text of a template, where in it something stands, and the error that says so."""

from typing import NamedTuple

_LONGEST_REASON = 500


class TemplateError(ValueError):
    """The text is no template, or the template fails with the values it is given.

    The message reads as Go's: `template: NAME:LINE:COLUMN: …`, lines from 1, columns in bytes from 0. What a
    template's function raises has no place yet; the call adds it. `name` and `line` are the place's once there is one.
    """

    def __init__(self, message: str, name: str = "", line: int = 0) -> None:
        super().__init__(message)
        self.name, self.line = name, line


class Source(NamedTuple):
    """A template's text and the name it goes by in errors."""

    name: str
    text: str

    def error(self, at: int, reason: str) -> TemplateError:
        """Return the error that the text does not parse at the character `at`."""
        return self._error(at, shortened(reason))

    def failure(self, at: int, template: str, node: str, reason: str) -> TemplateError:
        """Return the error that a node of the template called `template` fails."""
        return self._error(at, f'executing "{template}" at <{shortened(node)}>: {shortened(reason)}')

    def _error(self, at: int, reason: str) -> TemplateError:
        line, start = self.line(at), self.text.rfind("\n", 0, at) + 1
        column = len(utf8(self.text[start:at]))
        return TemplateError(f"template: {self.name}:{line}:{column}: {reason}", self.name, line)

    def line(self, at: int) -> int:
        """Return the number of the line that the character `at` is in."""
        return self.text.count("\n", 0, at) + 1


def utf8(text: str) -> bytes:
    """Return the bytes that Go would count and cut."""
    return text.encode("utf-8", "surrogatepass")


def shortened(text: str) -> str:
    """Return the text, cut where it gets too long for an error."""
    return text if len(text) <= _LONGEST_REASON else text[: _LONGEST_REASON - 1] + "…"
