"""The functions that every Go template has (text/template/funcs.go)."""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from urllib.parse import quote_plus

from tocsin.templates.comparisons import COMPARISONS
from tocsin.templates.printf import sprintf
from tocsin.templates.printing import NO_VALUE, sprint, sprintln
from tocsin.templates.run import Bounded
from tocsin.templates.source import TemplateError, utf8
from tocsin.templates.values import ANY, STRING, Function, Value, is_list, missing_from, type_of

_HTML = {'"': "&#34;", "'": "&#39;", "&": "&amp;", "<": "&lt;", ">": "&gt;", "\0": "\ufffd"}
_JS = {
    "\\": "\\\\",
    "'": "\\'",
    '"': '\\"',
    "<": "\\u003C",
    ">": "\\u003E",
    "&": "\\u0026",
    "=": "\\u003D",
}


def length(item: Value) -> int:
    """Return how long a text is in bytes, how many elements a map or a slice has."""
    if isinstance(item, str):
        return len(utf8(item))
    if isinstance(item, Mapping) or is_list(item):
        return len(item)
    raise TemplateError("len of nil pointer" if item is None else f"len of type {type_of(item)}")


def index(item: Value, *keys: Value) -> Value:
    """Return the element of a map, slice or text by a key or a position, and so on into it."""
    if item is None:
        raise TemplateError("index of untyped nil")
    for key in keys:
        item = _element(item, key)
    return item


def _element(item: Value, key: Value) -> Value:
    if item is None:
        raise TemplateError("index of nil pointer")
    if isinstance(item, Mapping):
        return _of_map(item, key)
    if isinstance(item, str):
        content = utf8(item)
        return content[_position(key, len(content))]
    if is_list(item):
        return item[_position(key, len(item))]
    raise TemplateError(f"can't index item of type {type_of(item)}")


def _of_map(item: Mapping[str, Value], key: Value) -> Value:
    if key is None:
        raise TemplateError("value is nil; should be of type string")
    if not isinstance(key, str):
        raise TemplateError(f"value has type {type_of(key)}; should be string")
    return item[key] if key in item else missing_from(item)


def _position(number: Value, size: int) -> int:
    if number is None:
        raise TemplateError("cannot index slice/array with nil")
    if isinstance(number, bool) or not isinstance(number, int):
        raise TemplateError(f"cannot index slice/array with type {type_of(number)}")
    if not 0 <= number < size:
        raise TemplateError(f"index out of range: {number}")
    return number


def cut(item: Value, *bounds: Value) -> Value:
    """Return a part of a slice or a text, by one or two positions; those of a text count bytes."""
    if item is None:
        raise TemplateError("slice of untyped nil")
    if len(bounds) > 3:
        raise TemplateError(f"too many slice indexes: {len(bounds)}")
    if isinstance(item, str) and len(bounds) == 3:
        raise TemplateError("cannot 3-index slice a string")
    if not isinstance(item, str) and not is_list(item):
        raise TemplateError(f"can't slice item of type {type_of(item)}")
    content = utf8(item) if isinstance(item, str) else item
    low, high = _bounds(len(content), bounds)
    part = content[low:high]
    return part.decode("utf-8", "replace") if isinstance(part, bytes) else type(item)(part)


def _bounds(size: int, bounds: tuple[Value, ...]) -> tuple[int, int]:
    positions = [_position(number, size + 1) for number in bounds]
    for before, after in pairwise(positions):
        if before > after:
            raise TemplateError(f"invalid slice index: {before} > {after}")
    return positions[0] if positions else 0, positions[1] if len(positions) > 1 else size


def call_value(function: Value, *_: Value) -> Value:
    """Refuse: no value here is a function, so there is nothing to call."""
    if function is None:
        raise TemplateError("call of nil")
    raise TemplateError(f"non-function of type {type_of(function)}")


def html(*values: Value) -> str:
    """Return the values printed and escaped for HTML."""
    to = Bounded()
    for character in _printed(values):
        to.write(_HTML.get(character, character))
    return str(to)


def _printed(values: Sequence[Value]) -> str:
    return sprint([NO_VALUE if value is None else value for value in values])


def js(*values: Value) -> str:
    """Return the values printed and escaped for JavaScript."""
    to = Bounded()
    for character in _printed(values):
        to.write(_JS.get(character) or _js(character))
    return str(to)


def _js(character: str) -> str:
    return character if character.isprintable() else f"\\u{ord(character):04X}"


def urlquery(*values: Value) -> str:
    """Return the values printed and escaped for the query of a URL."""
    return quote_plus(_printed(values), errors="replace")


def _conjunction(*values: Value) -> Value:
    return next((value for value in values if not value), values[-1])


def _disjunction(*values: Value) -> Value:
    return next((value for value in values if value), values[-1])


BUILTINS: Mapping[str, Function] = {
    "and": Function(_conjunction, (ANY,), ANY),
    "or": Function(_disjunction, (ANY,), ANY),
    "not": Function(lambda value: not value, (ANY,)),
    "len": Function(length, (ANY,)),
    "index": Function(index, (ANY,), ANY),
    "slice": Function(cut, (ANY,), ANY),
    "call": Function(call_value, (ANY,), ANY),
    "print": Function(lambda *values: sprint(values), rest=ANY),
    "println": Function(lambda *values: sprintln(values), rest=ANY),
    "printf": Function(lambda template, *values: sprintf(template, values), (STRING,), ANY),
    "html": Function(html, rest=ANY),
    "js": Function(js, rest=ANY),
    "urlquery": Function(urlquery, rest=ANY),
    **COMPARISONS,
}
