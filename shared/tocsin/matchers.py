"""Matchers: tests of one label, and the two grammars in which people write them."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum

from tocsin.gostrings import unquote
from tocsin.labels import Labels, quote
from tocsin.regexes import RegexError, compile_re2


class MatchOp(StrEnum):
    """How a label's value is compared, in the order in which Alertmanager sorts."""

    EQUAL = "="
    NOT_EQUAL = "!="
    REGEX = "=~"
    NOT_REGEX = "!~"


class MatcherError(ValueError):
    """The text is no matcher, or its regular expression is none."""


_ORDER = tuple(MatchOp)
_REGEX_OPS = (MatchOp.REGEX, MatchOp.NOT_REGEX)
_RESERVED = re.compile(r"""[\s{}!=~,\\"'`]""")
_ESCAPES = str.maketrans({"\\": "\\\\", "\n": "\\n", '"': '\\"'})


@dataclass(frozen=True, slots=True)
class Matcher:
    """A test of the label `name`; a regular expression is RE2's and must match the whole value.

    Raises MatcherError for a regular expression that is none.
    """

    name: str
    op: MatchOp
    value: str
    _regex: re.Pattern[str] | None = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        try:
            regex = compile_re2(self.value) if self.op in _REGEX_OPS else None
        except RegexError as error:
            raise MatcherError(str(error)) from None
        object.__setattr__(self, "_regex", regex)

    def matches(self, labels: Labels) -> bool:
        """Tell whether the labels pass; a label that is missing counts as empty, whatever the comparison."""
        value = labels.get(self.name, "")
        equal = value == self.value if self._regex is None else self._regex.fullmatch(value) is not None
        return equal is (self.op in (MatchOp.EQUAL, MatchOp.REGEX))

    def __str__(self) -> str:
        """Return the matcher as Alertmanager writes it: `name=~"value"`, in group keys too."""
        if _RESERVED.search(self.name):
            return f"{quote(self.name)}{self.op}{quote(self.value)}"
        return f'{self.name}{self.op}"{self.value.translate(_ESCAPES)}"'


def sort_matchers(matchers: Iterable[Matcher]) -> tuple[Matcher, ...]:
    """Return the matchers by name, then value, then comparison (Alertmanager `labels.Matchers.Less`)."""
    return tuple(sorted(matchers, key=lambda m: (m.name, m.value, _ORDER.index(m.op))))


def format_matchers(matchers: Iterable[Matcher]) -> str:
    """Return `{a="b",c=~"d"}`, sorted: a part of a route's key."""
    return "{" + ",".join(str(matcher) for matcher in sort_matchers(matchers)) + "}"


def parse_matchers(text: str) -> tuple[Matcher, ...]:
    """Return the matchers of `{a="b",c=~"d"}`, the braces optional, in the order in which they stand.

    Read by the grammar that allows any UTF-8 and by the classic one; where both can read it the classic one
    counts, as in Alertmanager's default mode (`matcher/compat`). Raises MatcherError.
    """
    try:
        return tuple(_parse_classic(text))
    except MatcherError as error:
        if (matchers := _parse_utf8(text)) is None:
            raise error from None
        return matchers


def parse_matcher(text: str) -> Matcher:
    """Return the one matcher that `text` holds, without braces. Raises MatcherError."""
    if text.startswith("{") or text.endswith("}"):
        raise MatcherError(f"unexpected open or close brace: {text}")
    try:
        return _parse_classic_matcher(text)
    except MatcherError as error:
        matchers = _parse_utf8(text)
        if matchers is None or len(matchers) != 1:
            raise error from None
        return matchers[0]


# -- the classic grammar: lenient about values, strict about names -----------------------------------

_CLASSIC = re.compile(r"\s*([a-zA-Z_:][a-zA-Z0-9_:]*)\s*(=~|=|!=|!~)\s*(.*?)\s*", re.ASCII | re.DOTALL)
_CLASSIC_ESCAPE = re.compile(r'\\([n"\\])')


def _parse_classic(text: str) -> Iterator[Matcher]:
    body = text.removeprefix("{").removesuffix("}")
    parts = list(_split_at_commas(body))
    if not parts[-1].strip():
        parts.pop()
    for part in parts:
        yield _parse_classic_matcher(part)


def _split_at_commas(text: str) -> Iterator[str]:
    """Yield the parts between the commas that stand outside of double quotes."""
    start, quoted, escaped = 0, False, False
    for at, ch in enumerate(text):
        if ch == "," and not quoted:
            yield text[start:at]
            start = at + 1
        elif ch == '"' and not escaped:
            quoted = not quoted
        escaped = ch == "\\" and not escaped
    yield text[start:]


def _parse_classic_matcher(text: str) -> Matcher:
    match = _CLASSIC.fullmatch(text)
    if match is None:
        raise MatcherError(f"bad matcher format: {text}")
    name, op, raw = match.groups()
    value = raw[1:-1] if len(raw) > 1 and raw.startswith('"') and raw.endswith('"') else raw
    unescaped = re.sub(r"\\.", "", value, flags=re.DOTALL)
    if '"' in unescaped or (value is not raw and unescaped.endswith("\\")):
        raise MatcherError(f"matcher value contains unescaped double quote: {raw}")
    return Matcher(name, MatchOp(op), _CLASSIC_ESCAPE.sub(_classic_unescaped, value))


def _classic_unescaped(match: re.Match[str]) -> str:
    return "\n" if match[1] == "n" else match[1]


# -- the UTF-8 grammar: any name, values in Go's quotes or without reserved characters ---------------

_WORD = r"""(?:"(?:[^"\\\n]|\\.)*"|[^\s{}!=~,\\"'`]+)"""
_UTF8 = re.compile(rf"\s*({_WORD})\s*(=~|!~|!=|=)\s*({_WORD})\s*(?:,|\Z)")


def _parse_utf8(text: str) -> tuple[Matcher, ...] | None:
    """Return the matchers, or None: nobody sees this grammar's complaints, only the classic one's."""
    body = text.strip()
    if body.startswith("{") != body.endswith("}") or body in ("{", "}"):
        return None
    body = body.removeprefix("{").removesuffix("}").strip()
    matchers: list[Matcher] = []
    at = 0
    while at < len(body):
        match = _UTF8.match(body, at)
        if match is None:
            return None
        try:
            matchers.append(Matcher(_unquoted(match[1]), MatchOp(match[2]), _unquoted(match[3])))
        except ValueError:
            return None
        at = match.end()
    return tuple(matchers)


def _unquoted(word: str) -> str:
    return unquote(word) if word.startswith('"') else word
