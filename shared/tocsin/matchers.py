"""Matchers: tests of one label, and how they are read and written."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from enum import StrEnum

from tocsin.gostrings import is_utf8
from tocsin.labels import Labels, quote
from tocsin.matchergrammars import RESERVED, GrammarError, Term, classic_term, classic_terms, utf8_terms
from tocsin.regexes import Regex, RegexError, compile_re2


class MatchOp(StrEnum):
    """How a label's value is compared, in the order in which Alertmanager sorts."""

    EQUAL = "="
    NOT_EQUAL = "!="
    REGEX = "=~"
    NOT_REGEX = "!~"


class Mode(StrEnum):
    """By which grammar matchers are read, under the names of Alertmanager's feature flags.

    By default the classic one counts wherever it can read a text, and the other one reads the rest
    (`matcher/compat`); what neither can read is told in the words of the classic one.
    """

    FALLBACK = ""
    CLASSIC = "classic-mode"
    UTF8 = "utf8-strict-mode"


class MatcherError(ValueError):
    """The text is no matcher, or its regular expression is none."""


_ORDER = tuple(MatchOp)
_REGEX_OPS = (MatchOp.REGEX, MatchOp.NOT_REGEX)
_ESCAPES = str.maketrans({"\\": "\\\\", "\n": "\\n", '"': '\\"'})


@dataclass(frozen=True, slots=True)
class Matcher:
    """A test of the label `name`; a regular expression is RE2's and must match the whole value.

    Raises MatcherError for a regular expression that is none, in Go's words.
    """

    name: str
    op: MatchOp
    value: str
    _regex: Regex | None = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        try:
            regex = compile_re2(f"^(?:{self.value})$") if self.op in _REGEX_OPS else None
        except RegexError as error:
            raise MatcherError(str(error)) from None
        object.__setattr__(self, "_regex", regex)

    def matches(self, labels: Labels) -> bool:
        """Tell whether the labels pass; a label that is missing counts as empty, whatever the comparison."""
        value = labels.get(self.name, "")
        equal = value == self.value if self._regex is None else self._regex.search(value)
        return equal is (self.op in (MatchOp.EQUAL, MatchOp.REGEX))

    def __str__(self) -> str:
        """Return the matcher as Alertmanager writes it: `name=~"value"`, in group keys too."""
        if RESERVED.search(self.name):
            return f"{quote(self.name)}{self.op}{quote(self.value)}"
        return f'{self.name}{self.op}"{self.value.translate(_ESCAPES)}"'


def sort_matchers(matchers: Iterable[Matcher]) -> tuple[Matcher, ...]:
    """Return the matchers by name, then value, then comparison (Alertmanager `labels.Matchers.Less`)."""
    return tuple(sorted(matchers, key=lambda m: (m.name, m.value, _ORDER.index(m.op))))


def format_matchers(matchers: Iterable[Matcher]) -> str:
    """Return `{a="b",c=~"d"}`, sorted: a part of a route's key."""
    return "{" + ",".join(str(matcher) for matcher in sort_matchers(matchers)) + "}"


def parse_matchers(text: str, mode: Mode = Mode.FALLBACK) -> tuple[Matcher, ...]:
    """Return the matchers of `{a="b",c=~"d"}`, the braces optional, in their order. Raises MatcherError."""
    _check_utf8(text)
    return _read(text, mode, _classic, _utf8)


def parse_matcher(text: str, mode: Mode = Mode.FALLBACK) -> Matcher:
    """Return the one matcher that `text` holds, without braces. Raises MatcherError."""
    _check_utf8(text)
    if mode is not Mode.CLASSIC and (text.startswith("{") or text.endswith("}")):
        raise MatcherError(f"unexpected open or close brace: {text}")
    [matcher] = _read(text, mode, _one_classic, _one_utf8)
    return matcher


_Reader = Callable[[str], tuple[Matcher, ...]]


def _read(text: str, mode: Mode, classic: _Reader, utf8: _Reader) -> tuple[Matcher, ...]:
    """Return what the first grammar that can reads; if none can, it is the first one's complaint that counts."""
    readers = {Mode.FALLBACK: (classic, utf8), Mode.CLASSIC: (classic,), Mode.UTF8: (utf8,)}
    complaints = []
    for read in readers[mode]:
        try:
            return read(text)
        except (GrammarError, MatcherError) as error:
            complaints.append(str(error))
    raise MatcherError(complaints[0])


def _check_utf8(text: str) -> None:
    if not is_utf8(text):
        raise MatcherError(f"matcher value not valid UTF-8: {quote(text)}")


def _classic(text: str) -> tuple[Matcher, ...]:
    return tuple(map(_matcher, classic_terms(text)))


def _one_classic(text: str) -> tuple[Matcher, ...]:
    return (_matcher(classic_term(text)),)


def _utf8(text: str) -> tuple[Matcher, ...]:
    try:
        return tuple(map(_matcher, utf8_terms(text)))
    except MatcherError as error:
        raise MatcherError(f"failed to create matcher: {error}") from None


def _one_utf8(text: str) -> tuple[Matcher, ...]:
    found = _utf8(text)
    if len(found) != 1:
        raise MatcherError(f"expected 1 matcher, found {len(found)}" if found else "no matchers")
    return found


def _matcher(term: Term) -> Matcher:
    return Matcher(term.name, MatchOp(term.op), term.value)
