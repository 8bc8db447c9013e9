"""Go's `printf` for the values that templates of rules have: text, floats and whole numbers."""

import re
from collections.abc import Iterator, Sequence

from tocsin.labels import quote
from tocsin.templates.numbers import printed, shortest

Value = str | float | int

_VERB = re.compile(
    r"%(?P<flags>[-+ 0]*)(?P<width>[0-9]{0,3})(?:\.(?P<precision>[0-9]{0,3}))?(?P<verb>[a-zA-Z%]|\Z)"
)
_GO_TYPES = {str: "string", float: "float64", int: "int"}


def sprintf(template: str, values: Sequence[Value]) -> str:
    """Return the template with its verbs replaced by the values, mistakes spelled out in it as Go does."""
    rest = list(values)
    text = _VERB.sub(lambda verb: _replaced(verb, rest), template)
    return text + (f"%!(EXTRA {', '.join(_described(value) for value in rest)})" if rest else "")


def text_of(value: Value) -> str:
    """Return what Go's `%v` prints."""
    return shortest(value) if isinstance(value, float) else str(value)


def _described(value: Value) -> str:
    return f"{_GO_TYPES[type(value)]}={text_of(value)}"


def _replaced(verb: re.Match[str], rest: list[Value]) -> str:
    if verb["verb"] == "%":
        return "%"
    if not verb["verb"]:
        return "%!(NOVERB)"
    if not rest:
        return f"%!{verb['verb']}(MISSING)"
    value = rest.pop(0)
    text = next(_formatted(value, verb), None)
    return (
        f"%!{verb['verb']}({_described(value)})"
        if text is None
        else _padded(text, verb, isinstance(value, str))
    )


def _formatted(value: Value, verb: re.Match[str]) -> Iterator[str]:
    """Yield the value in the verb's format; nothing if the verb is not for such a value."""
    letter, precision = verb["verb"], verb["precision"]
    sign = "+" if "+" in verb["flags"] else " " if " " in verb["flags"] else ""
    if isinstance(value, str) and letter in "vsq":
        cut = value if precision is None else value[: int(precision or 0)]
        yield quote(cut) if letter == "q" else cut
    elif isinstance(value, float) and letter in "vgG" and precision is None:
        text = shortest(value) if letter != "G" else shortest(value).upper()
        yield text if text[0] in "+-N" else sign + text
    elif isinstance(value, float) and letter in "vfFeEgG":
        digits = 6 if precision is None else int(precision or 0)
        yield printed(value, f"{sign}.{digits}{letter.replace('v', 'g')}")
    elif isinstance(value, int) and letter in "vd":
        yield f"{value:{sign or '-'}d}"


def _padded(text: str, verb: re.Match[str], is_text: bool) -> str:
    width = int(verb["width"] or 0)
    if "-" in verb["flags"]:
        return text.ljust(width)
    if "0" in verb["flags"] and text.lstrip("+- ")[:1] not in ("I", "N"):
        return text.rjust(width, "0") if is_text else text.zfill(width)
    return text.rjust(width)
