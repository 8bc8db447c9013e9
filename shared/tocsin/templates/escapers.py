"""Values escaped for their place in HTML (html/template: html.go, url.go, css.go).

Two things are stricter than in Go: nothing is inserted into scripts, which no mail runs, and into styles only what
can stand anywhere in them: no URL, nothing with quotes or parentheses.
"""

import re
from collections.abc import Callable, Mapping

from tocsin.templates.attributes import Holds, holds
from tocsin.templates.builtins import html, urlquery
from tocsin.templates.content import Html, Url
from tocsin.templates.markup import UNQUOTED, Context, Part, State, before_insertion, without_tags
from tocsin.templates.printing import plain
from tocsin.templates.source import TemplateError, utf8
from tocsin.templates.values import Value

REFUSED = "ZgotmplZ"
"""Stands where a value may not."""

_TEXT = str.maketrans(
    {"\0": "\ufffd", '"': "&#34;", "&": "&amp;", "'": "&#39;", "+": "&#43;", "<": "&lt;", ">": "&gt;"}
)
_UNQUOTED = _TEXT | str.maketrans({"\0": "&#xfffd;"} | {char: f"&#{ord(char)};" for char in "\t\n\v\f\r =`"})
_WITH_ENTITIES = {char: escaped for char, escaped in _TEXT.items() if char != ord("&")}
_UNQUOTED_WITH_ENTITIES = {char: escaped for char, escaped in _UNQUOTED.items() if char != ord("&")}
_ODD = re.compile("[\ufdd0-\ufdef\ufff0-\uffff]")
_SCHEME = re.compile(r"[^:/]*:")
_IMAGE = re.compile(
    r"(?P<before>[ \t\n\f\r]*)(?P<url>[^ \t\n\f\r]*)(?P<after>(?:[ \t\n\f\r][A-Za-z0-9 \t\n\f\r]*)?)"
)
_SAFE_SCHEMES = {"http:", "https:", "mailto:"}
_ESCAPED = re.compile(rb"[^A-Za-z0-9._~-]")
_NORMALIZED = re.compile(rb"%(?![0-9A-Fa-f]{2})|[^A-Za-z0-9._~!#$&*+,/:;=?@\[\]%-]")
_NO_STYLE = re.compile("[\0\"'()/;@\\[\\\\\\]`{}]|--|:(?! )")
_NO_IDENTIFIER = re.compile(r"[^a-z0-9_-]")
_DANGEROUS = ("expression", "mozbinding")
_ATTRIBUTE_NAME = re.compile("[a-z0-9]+")

Escape = Callable[[Value], str]


def inserted(value: Value, context: Context, predefined: str | None = None) -> tuple[str, Context]:
    """Return a value escaped for its place, and the place after it; raises TemplateError.

    `predefined` is the last function of the pipeline if that is `html` or `urlquery`, not yet called: it takes
    the place of what escapes alike (html/template/escape.go: ensurePipelineContains).
    """
    context = before_insertion(context)
    chain = _chain(context)
    if predefined:
        if predefined == "html" and context.quote == UNQUOTED and context.holds is Holds.PLAIN:
            raise TemplateError('predefined escaper "html" disallowed in template')
        chain = _with_predefined(chain, *_PREDEFINED[predefined])
    for escape in chain:
        value = escape(value)
    return printed(value), context


def printed(value: Value) -> str:
    """Return a value as HTML shows it: nil is nothing."""
    return "" if value is None else value if isinstance(value, str) else plain(value)


def _with_predefined(chain: list[Escape], escape: Escape, alike: set[Escape]) -> list[Escape]:
    if alike.isdisjoint(chain):
        return [escape, *chain]
    return [escape if other in alike else other for other in chain]


def _chain(context: Context) -> list[Escape]:
    """Return what has to be done to a value, in turn."""
    match context.state:
        case State.TEXT:
            return [for_text]
        case State.COMMENT:
            return [lambda _: ""]
        case State.NAME:
            return [for_name]
        case State.RAW if context.element == "script":
            raise TemplateError("a value may not stand in a script")
        case State.RAW:
            return [for_style if context.element == "style" else for_raw_text]
    return [*_of_value(context), for_unquoted if context.quote == UNQUOTED else for_attribute]


def _of_value(context: Context) -> list[Escape]:
    match context.holds:
        case Holds.SCRIPT:
            raise TemplateError("a value may not stand in a script")
        case Holds.STYLE:
            return [for_style]
        case Holds.URLS:
            return [for_urls]
        case Holds.URL if context.part is Part.QUERY:
            return [for_query]
        case Holds.URL:
            return [for_start_of_url, for_url] if context.part is Part.START else [for_url]
    return []


# -- text and attributes ------------------------------------------------------------------------------


def for_text(value: Value) -> str:
    """Return a value for the text of an element."""
    return value if isinstance(value, Html) else printed(value).translate(_TEXT)


def for_raw_text(value: Value) -> str:
    """Return a value for a title or a textarea, in which there are no elements."""
    return printed(value).translate(_WITH_ENTITIES if isinstance(value, Html) else _TEXT)


def for_attribute(value: Value) -> str:
    """Return a value for an attribute in quotes."""
    if isinstance(value, Html):
        return without_tags(value).translate(_WITH_ENTITIES)
    return printed(value).translate(_TEXT)


def for_unquoted(value: Value) -> str:
    """Return a value for an attribute without quotes."""
    if isinstance(value, Html):
        escaped = without_tags(value).translate(_UNQUOTED_WITH_ENTITIES)
    else:
        escaped = printed(value).translate(_UNQUOTED)
    return _ODD.sub(lambda char: f"&#x{ord(char.group()):x};", escaped)


def for_name(value: Value) -> str:
    """Return a value as the name of an attribute, if it is the name of a harmless one."""
    name = printed(value).lower()
    harmless = _ATTRIBUTE_NAME.fullmatch(name) and holds(name) is Holds.PLAIN
    return name if harmless else REFUSED


# -- URLs and styles ----------------------------------------------------------------------------------


def for_start_of_url(value: Value) -> Value:
    """Return a value as the start of a URL, if that is of a harmless scheme or of none."""
    if isinstance(value, Url):
        return value
    scheme = _SCHEME.match(printed(value))
    return value if scheme is None or scheme.group().lower() in _SAFE_SCHEMES else f"#{REFUSED}"


def for_url(value: Value) -> str:
    """Return a value with those characters escaped that may not stand in a URL."""
    return _NORMALIZED.sub(_percent, utf8(printed(value))).decode()


def for_query(value: Value) -> str:
    """Return a value with all characters escaped that mean something in a URL."""
    if isinstance(value, Url):
        return for_url(value)
    return _ESCAPED.sub(_percent, utf8(printed(value))).decode()


def for_urls(value: Value) -> str:
    """Return a value as images and their sizes, `a.png 1x, b.png 2x`; a URL that is known as one is all one."""
    if isinstance(value, Url):
        return for_url(value).replace(",", "%2c")
    return ",".join(map(_image, printed(value).split(",")))


def _image(image: str) -> str:
    parts = _IMAGE.fullmatch(image)
    harmless = parts is not None and for_start_of_url(parts["url"]) == parts["url"]
    return parts["before"] + for_url(parts["url"]) + parts["after"] if parts and harmless else f"#{REFUSED}"


def _percent(match: re.Match[bytes]) -> bytes:
    return b"".join(b"%%%02x" % byte for byte in match.group())


def for_style(value: Value) -> str:
    """Return a value for a style, if it is a harmless one: a size, a colour, a word."""
    text = printed(value)
    words = _NO_IDENTIFIER.sub("", text.lower())
    harmful = _NO_STYLE.search(text) or any(word in words for word in _DANGEROUS)
    return REFUSED if harmful else text


_PREDEFINED: Mapping[str, tuple[Escape, set[Escape]]] = {
    "html": (html, {for_text, for_raw_text, for_attribute}),
    "urlquery": (urlquery, {for_query, for_url}),
}
