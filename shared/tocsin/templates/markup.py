"""Where in HTML a text leads to: what will be inserted there has to be escaped for that place.

The tokenizer of Go's html/template (transition.go, escape.go), as far as tags and attributes go. Go finds the places
of all actions before it expands anything, and so wants all ways through a template to lead to the same; here they are
found while a text is written. Scripts and styles are not looked into: see `escapers`.
"""

import re
from collections.abc import Callable
from enum import Enum, auto
from functools import lru_cache
from html import unescape
from typing import NamedTuple

from tocsin.labels import quote
from tocsin.templates.attributes import Holds, holds
from tocsin.templates.source import TemplateError, shortened


class State(Enum):
    """What a text has led into; RAW is the content of an element that has no elements in it."""

    TEXT = auto()
    COMMENT = auto()
    RAW = auto()
    TAG = auto()
    NAME = auto()
    AFTER_NAME = auto()
    BEFORE_VALUE = auto()
    VALUE = auto()


class Part(Enum):
    """How far a URL has got."""

    START = auto()
    PATH = auto()
    QUERY = auto()


UNQUOTED = " "
"""Stands for the quote of an attribute's value that has none."""


class Context(NamedTuple):
    """A place in HTML; `element` is the one whose content is RAW, or will be after the tag."""

    state: State = State.TEXT
    element: str = ""
    holds: Holds = Holds.PLAIN
    quote: str = ""
    part: Part = Part.START

    def __str__(self) -> str:
        inside = {State.VALUE: f"an attribute for {self.holds.name.lower()}", State.RAW: f"<{self.element}>"}
        return inside.get(self.state) or self.state.name.lower().replace("_", " ")

    @property
    def unfinished(self) -> bool:
        """Whether a tag, a comment or an element has begun in which a text may not end."""
        return self.state is not State.TEXT


TEXT = Context()

Step = tuple[Context, int, int]
"""The next context, where it begins, and where the tag or the comment begins that leads there."""

_RAW_ELEMENTS = {"script", "style", "textarea", "title"}
_TAG = re.compile(r"<(?:!--|(?P<close>/?)(?P<name>[a-zA-Z][a-zA-Z0-9]*(?:[-:][a-zA-Z0-9]+)*))")
_ENDS = {name: re.compile(rf"</{name}(?=[> \t\n\f/])", re.IGNORECASE) for name in _RAW_ELEMENTS}
_SPACES = re.compile(r"[ \t\n\f\r]*")
_NAME = re.compile(r"[^ \t\n\f\r=>'\"<]*")
_END_OF_VALUE = {'"': re.compile('"'), "'": re.compile("'"), UNQUOTED: re.compile(r"[ \t\n\f\r>]")}
_NOT_UNQUOTED = re.compile("[\"'<=`]")
_LESS_THAN = re.compile(r"<(?!!doctype)", re.IGNORECASE)


@lru_cache(maxsize=1024)
def literal(text: str, context: Context) -> tuple[str, Context]:
    """Return a template's own text as it is to be written, and where it leads to; raises TemplateError.

    As in Go comments are left out, and a `<` that begins no tag is escaped.
    """
    at, written = 0, list[str]()
    while at < len(text):
        following, end, cut = _STEPS[context.state](context, text, at)
        if context.state is not State.COMMENT:
            before = text[at:cut]
            written.append(_LESS_THAN.sub("&lt;", before) if _shows_text(context) else before)
            written.append("" if following.state is State.COMMENT else text[cut:end])
        context, at = following, end
    return "".join(written), context


def without_tags(markup: str) -> str:
    """Return the text of a piece of HTML, what it escapes still escaped."""
    context, at, kept = TEXT, 0, list[str]()
    while at < len(markup):
        following, end, cut = _STEPS[context.state](context, markup, at)
        if context.state in (State.TEXT, State.RAW):
            kept.append(markup[at:cut])
        context, at = following, end
    return "".join(kept)


def before_insertion(context: Context) -> Context:
    """Return where a value stands that is inserted: it may be an attribute's name, or its value without quotes."""
    match context.state:
        case State.TAG:
            return context._replace(state=State.NAME)
        case State.AFTER_NAME:
            return context._replace(state=State.NAME, holds=Holds.PLAIN)
        case State.BEFORE_VALUE:
            return context._replace(state=State.VALUE, quote=UNQUOTED)
    return context


def _shows_text(context: Context) -> bool:
    is_raw = context.state is State.RAW
    return context.state is State.TEXT or (is_raw and context.element in ("title", "textarea"))


def _text(context: Context, text: str, at: int) -> Step:
    tag = _TAG.search(text, at)
    if tag is None:
        return context, len(text), len(text)
    if tag["name"] is None:
        return Context(State.COMMENT), tag.end(), tag.start()
    name = tag["name"].lower()
    element = name if name in _RAW_ELEMENTS and not tag["close"] else ""
    return Context(State.TAG, element), tag.end(), tag.start()


def _comment(context: Context, text: str, at: int) -> Step:
    end = text.find("-->", at)
    return (context, len(text), len(text)) if end < 0 else (TEXT, end + 3, end + 3)


def _raw(context: Context, text: str, at: int) -> Step:
    end = _ENDS[context.element].search(text, at)
    return (TEXT, end.start(), end.start()) if end else (context, len(text), len(text))


def _tag(context: Context, text: str, at: int) -> Step:
    at = _past(_SPACES, text, at)
    if at == len(text):
        return context, at, at
    if text[at] == ">":
        return (Context(State.RAW, context.element) if context.element else TEXT), at + 1, at + 1
    end = _end_of_name(text, at)
    if end == at:
        raise _bad(f"expected space, attr name, or end of tag, but got {quote(text[at:])}")
    state = State.NAME if end == len(text) else State.AFTER_NAME
    return Context(state, context.element, holds(text[at:end])), end, end


def _name(context: Context, text: str, at: int) -> Step:
    end = _end_of_name(text, at)
    return (context if end == len(text) else context._replace(state=State.AFTER_NAME)), end, end


def _after_name(context: Context, text: str, at: int) -> Step:
    at = _past(_SPACES, text, at)
    if at == len(text):
        return context, at, at
    if text[at] != "=":
        return context._replace(state=State.TAG), at, at
    return context._replace(state=State.BEFORE_VALUE), at + 1, at + 1


def _before_value(context: Context, text: str, at: int) -> Step:
    at = _past(_SPACES, text, at)
    if at == len(text):
        return context, at, at
    mark = text[at] if text[at] in "'\"" else UNQUOTED
    at += mark != UNQUOTED
    return context._replace(state=State.VALUE, quote=mark), at, at


def _value(context: Context, text: str, at: int) -> Step:
    match = _END_OF_VALUE[context.quote].search(text, at)
    end = match.start() if match else len(text)
    bad = _NOT_UNQUOTED.search(text, at, end) if context.quote == UNQUOTED else None
    if bad:
        raise _bad(f"{quote(bad.group())} in unquoted attr: {quote(text[at:end])}")
    if match is None:
        return context._replace(part=_part(context.part, unescape(text[at:]))), end, end
    end += context.quote != UNQUOTED
    return Context(State.TAG, context.element), end, end


def _part(part: Part, more: str) -> Part:
    """Return how far a URL is after some more of it."""
    if "?" in more or "#" in more:
        return Part.QUERY
    return Part.PATH if part is Part.START and more.strip(" \t\n\f\r") else part


def _end_of_name(text: str, at: int) -> int:
    end = _past(_NAME, text, at)
    if text[end : end + 1] in ("'", '"', "<"):
        raise _bad(f"{quote(text[end])} in attribute name: {quote(text[at:])}")
    return end


def _past(pattern: re.Pattern[str], text: str, at: int) -> int:
    match = pattern.match(text, at)
    return match.end() if match else at


def _bad(reason: str) -> TemplateError:
    return TemplateError(shortened(reason))


_STEPS: dict[State, Callable[[Context, str, int], Step]] = {
    State.TEXT: _text,
    State.COMMENT: _comment,
    State.RAW: _raw,
    State.TAG: _tag,
    State.NAME: _name,
    State.AFTER_NAME: _after_name,
    State.BEFORE_VALUE: _before_value,
    State.VALUE: _value,
}
