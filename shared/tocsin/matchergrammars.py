"""The two grammars in which people write matchers: the classic one, and the one that allows any UTF-8.

Both are Alertmanager's (`pkg/labels`, `matcher/parse`), down to the words of their complaints. Terms are yielded as
they are read, so that of several mistakes the first one in the text is told.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

from tocsin.gostrings import SPACES, unquote

_RESERVED = rf"""{SPACES}{{}}!=~,\\"'`"""
RESERVED = re.compile(f"[{_RESERVED}]")
"""A character that a name must be quoted for."""


class Term(NamedTuple):
    """What a matcher says: a name, one of `=`, `!=`, `=~` and `!~`, and a value."""

    name: str
    op: str
    value: str


class GrammarError(ValueError):
    """The text is not of the grammar."""


# -- the classic grammar: lenient about values, strict about names -----------------------------------

_BLANKS = "\t\n\f\r "
_CLASSIC = re.compile(
    rf"[{_BLANKS}]*+([a-zA-Z_:][a-zA-Z0-9_:]*+)[{_BLANKS}]*+(=~|=|!=|!~)(.*)", re.ASCII | re.DOTALL
)
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*+)"', re.DOTALL)
_BARE = re.compile(r'((?:[^"\\]|\\.)*+\\?)', re.DOTALL)
_ESCAPE = re.compile(r'\\([n"\\])')


def classic_terms(text: str) -> Iterator[Term]:
    """Yield what `{a="b",c=~d}` says, each brace optional. Raises GrammarError."""
    *parts, last = _split_at_commas(text.removeprefix("{").removesuffix("}"))
    if last := last.strip(SPACES):
        parts.append(last)
    return map(classic_term, parts)


def classic_term(text: str) -> Term:
    """Return what `a="b"` says. Raises GrammarError."""
    match = _CLASSIC.fullmatch(text)
    if match is None:
        raise GrammarError(f"bad matcher format: {text}")
    raw = match[3].strip(_BLANKS)
    value = (_QUOTED if raw.startswith('"') else _BARE).fullmatch(raw)
    if value is None:
        raise GrammarError(f"matcher value contains unescaped double quote: {raw}")
    return Term(match[1], match[2], _ESCAPE.sub(_unescaped, value[1]))


def _unescaped(escape: re.Match[str]) -> str:
    return "\n" if escape[1] == "n" else escape[1]


def _split_at_commas(text: str) -> Iterator[str]:
    """Yield the parts between the commas that stand outside of double quotes."""
    start, quoted, escaped = 0, False, False
    for at, ch in enumerate(text):
        if ch == ",":
            if not quoted:
                yield text[start:at]
                start = at + 1
        elif ch == "\\":
            escaped = not escaped
        else:
            quoted ^= ch == '"' and not escaped
            escaped = False
    yield text[start:]


# -- the UTF-8 grammar: any name, values in Go's quotes or without reserved characters ---------------

_SPACE = re.compile(f"[{SPACES}]*")
_TOKEN = re.compile(
    r"(?P<open>\{)|(?P<close>\})|(?P<comma>,)|(?P<operator>=~|!=|!~|=)"
    rf'|(?P<quoted>"(?:[^"\\]|\\.)*+")|(?P<bare>[^{_RESERVED}]+)|(?P<end>\Z)',
    re.DOTALL,
)


def utf8_terms(text: str) -> Iterator[Term]:
    """Yield what `{a="b",c=~d}` says, the braces optional as a pair. Raises GrammarError, with columns."""
    scan = _Scanner(text)
    braced = scan.accept("open")
    if scan.peek().kind not in ("close", "end"):
        yield from _terms(scan)
    closed = scan.accept("close")
    if braced and not closed:
        raise GrammarError(f"0:{scan.at}: end of input: expected close brace")
    if closed and not braced:
        raise GrammarError(f"0:{scan.at}: }}: expected opening brace")
    scan.finish()


def _terms(scan: "_Scanner") -> Iterator[Term]:
    while True:
        name = scan.word("label name")
        operator = scan.take("an operator such as '=', '!=', '=~' or '!~'", "operator")
        yield Term(name, operator.text, scan.word("label value"))
        scan.expect("a comma or close brace", "comma", "close", "end")
        if not scan.accept("comma"):
            return
        follows = scan.expect("a matcher or close brace after comma", "bare", "quoted", "close", "end")
        if follows.kind in ("close", "end"):
            return


class _Token(NamedTuple):
    """A word, a sign or the end of the text, and the columns from and to which it stands."""

    kind: str
    text: str
    start: int
    end: int

    def __str__(self) -> str:
        return f"{self.start}:{self.end}: {self.text}"


class _Scanner:
    """Reads the tokens of a text, from column `at` on."""

    def __init__(self, text: str) -> None:
        self._text = text
        self.at = 0

    def peek(self) -> _Token:
        """Return the next token. Raises GrammarError for what is none."""
        spaces = _SPACE.match(self._text, self.at)
        start = spaces.end() if spaces else self.at
        match = _TOKEN.match(self._text, start)
        if match is None:
            raise GrammarError(self._complaint(start))
        return _Token(match.lastgroup or "", match[0], start, match.end())

    def _complaint(self, start: int) -> str:
        match self._text[start]:
            case '"':
                return f'{_Token("", self._text[start:], start, len(self._text))}: missing end "'
            case "!" if start + 1 == len(self._text):
                return f"{start}:{start + 1}: unexpected end of input, expected one of '=~'"
            case "!":
                return f"{start}:{start + 1}: !: expected one of '=~'"
            case ch:
                return f"{start}:{start + 1}: {ch}: invalid input"

    def accept(self, kind: str) -> bool:
        """Go past the next token if it is of this kind, and tell whether it was."""
        token = self.peek()
        if token.kind == kind:
            self.at = token.end
        return token.kind == kind

    def expect(self, wanted: str, *kinds: str) -> _Token:
        """Return the next token, which must be of one of these kinds."""
        try:
            token = self.peek()
        except GrammarError as error:
            raise GrammarError(f"{error}: expected {wanted}") from None
        if token.kind not in kinds:
            found = (
                "end of input"
                if token.kind == "end"
                else f"{token.start}:{token.end}: unexpected {token.text}"
            )
            raise GrammarError(f"{found}: expected {wanted}")
        return token

    def take(self, wanted: str, *kinds: str) -> _Token:
        """Go past the next token, which must be of one of these kinds, and return it."""
        token = self.expect(wanted, *kinds)
        self.at = token.end
        return token

    def word(self, wanted: str) -> str:
        """Go past a word, and return what it stands for."""
        token = self.take(wanted, "bare", "quoted")
        try:
            return unquote(token.text) if token.kind == "quoted" else token.text
        except ValueError:
            raise GrammarError(f"{token}: invalid input") from None

    def finish(self) -> None:
        """Make sure that nothing follows."""
        try:
            token = self.peek()
        except GrammarError as error:
            raise GrammarError(f"{error}: expected end of input") from None
        if token.kind != "end":
            raise GrammarError(f"{token}: expected end of input")
