"""A template's text cut into tokens, as Go's text/template/parse cuts it."""

import re
from collections.abc import Generator, Iterator
from enum import Enum, auto
from typing import NamedTuple

from tocsin.labels import quote
from tocsin.templates.printable import code_point

SPACES = " \t\r\n"


class Kind(Enum):
    """What a token is."""

    TEXT = auto()
    OPEN = auto()
    CLOSE = auto()
    SPACE = auto()
    DECLARE = auto()
    ASSIGN = auto()
    PIPE = auto()
    LEFT = auto()
    RIGHT = auto()
    STRING = auto()
    RAW = auto()
    CHARACTER = auto()
    NUMBER = auto()
    DOT = auto()
    FIELD = auto()
    VARIABLE = auto()
    IDENTIFIER = auto()
    BOOL = auto()
    NIL = auto()
    KEYWORD = auto()
    OTHER = auto()
    ERROR = auto()
    END = auto()


class Token(NamedTuple):
    """A piece of the text; that of an ERROR is the reason why the text cannot be cut here."""

    kind: Kind
    text: str
    at: int

    def __str__(self) -> str:
        """Return the token as errors show it."""
        if self.kind is Kind.END:
            return "EOF"
        if self.kind in (Kind.KEYWORD, Kind.DOT, Kind.NIL):
            return f"<{self.text}>"
        return quote(self.text) if len(self.text) <= 10 else quote(self.text[:10]) + "..."


_KEYWORDS = ("block", "break", "continue", "define", "else", "end", "if", "range", "template", "with")
_WORDS = {"true": Kind.BOOL, "false": Kind.BOOL, "nil": Kind.NIL} | dict.fromkeys(_KEYWORDS, Kind.KEYWORD)
_TOKEN = re.compile(
    r"""
      (?P<close>      [ \t\r\n] -\}\} | \}\} )
    | (?P<space>      [ \t\r\n]+? (?= [ \t\r\n] -\}\} ) | [ \t\r\n]+ )
    | (?P<string>     "(?:[^"\\\n]|\\[^\n])*" )
    | (?P<raw>        `[^`]*` )
    | (?P<character>  '(?:[^'\\\n]|\\[^\n])*' )
    | (?P<number>     [-+]?+ (?= \.?[0-9] )
          (?: 0[xX][0-9a-fA-F_]*+ (?:\.[0-9a-fA-F_]*+)? (?:[pP][-+]?[0-9_]*+)?
            | 0[oO][0-7_]*+ (?:\.[0-7_]*+)?
            | 0[bB][01_]*+ (?:\.[01_]*+)?
            | [0-9_]*+ (?:\.[0-9_]*+)? (?:[eE][-+]?[0-9_]*+)? ) i?+
        | [-+] )
    | (?P<field>      \.\w+ )
    | (?P<dot>        \. )
    | (?P<variable>   \$\w* )
    | (?P<identifier> \w+ )
    | (?P<declare>    := )
    | (?P<assign>     = )
    | (?P<pipe>       \| )
    | (?P<left>       \( )
    | (?P<right>      \) )
    | (?P<other>      [!-~] )
    """,
    re.VERBOSE,
)
_KINDS = {name: Kind[name.upper()] for name in _TOKEN.groupindex}
_NAMES = {Kind.FIELD, Kind.DOT, Kind.VARIABLE, Kind.IDENTIFIER}
_AFTER_NAME = re.compile(r"[ \t\r\n.,|:)(]|\}\}")
_UNTERMINATED = {
    '"': "unterminated quoted string",
    "`": "unterminated raw quoted string",
    "'": "unterminated character constant",
    ":": "expected :=",
}
_SPACES = re.compile(r"[ \t\r\n]*")
_SIGNED = re.compile(r"[-+][0-9a-fA-FxXpP._]*i?")


def lex(text: str) -> Iterator[Token]:
    """Yield the tokens of the text, the last of them END or an ERROR."""
    at = 0
    while (start := text.find("{{", at)) >= 0:
        trims = text[start + 2 : start + 3] == "-" and text[start + 3 : start + 4] in tuple(SPACES)
        before = text[at:start].rstrip(SPACES) if trims else text[at:start]
        if before:
            yield Token(Kind.TEXT, before, at)
        inside = start + (4 if trims else 2)
        if text.startswith("/*", inside):
            end = yield from _comment(text, inside)
        else:
            yield Token(Kind.OPEN, "{{", start)
            end = yield from _action(text, inside)
        if end is None:
            return
        at = end
    if at < len(text):
        yield Token(Kind.TEXT, text[at:], at)
    yield Token(Kind.END, "", len(text))


def _comment(text: str, at: int) -> Generator[Token, None, int | None]:
    end = text.find("*/", at + 2)
    if end < 0:
        yield Token(Kind.ERROR, "unclosed comment", at)
        return None
    close = _TOKEN.match(text, end + 2)
    if close is None or not close["close"]:
        yield Token(Kind.ERROR, "comment ends before closing delimiter", at)
        return None
    return _after(close)


def _after(close: re.Match[str]) -> int:
    """Return where the text goes on after the end of an action, past the spaces that it trims."""
    if close.group() == "}}":
        return close.end()
    spaces = _SPACES.match(close.string, close.end())
    return spaces.end() if spaces else close.end()


def _action(text: str, at: int) -> Generator[Token, None, int | None]:
    """Yield the tokens of an action up to its end; return where the text goes on, None after an error."""
    depth = 0
    while match := _TOKEN.match(text, at):
        kind = _KINDS[match.lastgroup or ""]
        depth += (kind is Kind.LEFT) - (kind is Kind.RIGHT)
        reason = _mistake(match, kind, depth)
        if reason:
            yield Token(Kind.ERROR, reason, at)
            return None
        word = match.group()
        yield Token(_WORDS.get(word, kind) if kind is Kind.IDENTIFIER else kind, word, at)
        if kind is Kind.CLOSE:
            return _after(match)
        at = match.end()
    yield Token(Kind.ERROR, _no_token(text, at), at)
    return None


def _mistake(match: re.Match[str], kind: Kind, depth: int) -> str | None:
    """Return what is wrong with a token where it stands."""
    following = match.string[match.end() : match.end() + 1]
    if kind in _NAMES and following and not _AFTER_NAME.match(match.string, match.end()):
        return f"bad character {code_point(following)}"
    if kind is Kind.NUMBER:
        return _bad_number(match, following)
    if kind is Kind.RIGHT and depth < 0:
        return f"unexpected right paren {code_point(')')}"
    if kind is Kind.CLOSE and depth:
        return "unclosed left paren"
    return _UNTERMINATED.get(match.group()) if kind is Kind.OTHER else None


def _bad_number(match: re.Match[str], following: str) -> str | None:
    number = match.group()
    if following == "_" or following.isalnum():
        return f"bad number syntax: {quote(number + following)}"
    second = _SIGNED.match(match.string, match.end())
    if second is not None and not second.group().endswith("i"):
        return f"bad number syntax: {quote(number + second.group())}"
    if second is not None or number.endswith("i"):
        return f"imaginary numbers are not supported: {quote(number + (second.group() if second else ''))}"
    return None


def _no_token(text: str, at: int) -> str:
    if at == len(text):
        return "unclosed action"
    return f"unrecognized character in action: {code_point(text[at])}"
