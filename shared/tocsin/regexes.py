"""Regular expressions in RE2's syntax, as Prometheus and Alertmanager take them, in time linear in the text.

By google-re2, which the layer holds for templates anyway: a translation to Python's engine could have its syntax, but
not its promise, for Python backtracks on `(a+)+b`. It is imported (8 ms, 3 MB) when a first pattern is compiled.
"""

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

_MAX_MEMORY = 8 << 20
"""Bytes for a pattern's program, and for the states that it has met: RE2's own default."""
_GO_SAYS = {
    "bad repetition operator": "invalid nested repetition operator",
    "invalid named capture group": "invalid named capture",
    "invalid perl operator": "invalid or unsupported Perl syntax",
    "invalid repetition size": "invalid repeat count",
    "missing )": "missing closing )",
    "missing ]": "missing closing ]",
    "no argument for repetition operator": "missing argument to repetition operator",
    "pattern too large - compile failed": "expression too large",
    "trailing \\": "trailing backslash at end of expression",
}
"""What is wrong with a pattern in the words of Go's `regexp/syntax`, where those of C++ are others."""
_TOKEN = re.compile(r"\\Q.*?(?:\\E|\Z)|\\.", re.DOTALL)
_SURROGATE = re.compile("[\ud800-\udfff]")
_REFERENCE = re.compile(r"\$(?:\$|\{(?P<braced>\w+)\}|(?P<plain>\w+))", re.ASCII)


class RegexError(ValueError):
    """The pattern is not one that Go's RE2 takes; the text is Go's."""


class Regex:
    """A compiled pattern: `.` is no newline, `$` the end of the text."""

    __slots__ = ("_compiled",)

    def __init__(self, pattern: str) -> None:
        self._compiled = compiled(pattern)

    def search(self, text: str) -> bool:
        """Tell whether the pattern is found in the text (Go `regexp.MatchString`)."""
        return self._compiled.search(_utf8(text)) is not None


@lru_cache(maxsize=1024)
def compile_re2(pattern: str) -> Regex:
    """Return the pattern compiled. Raises RegexError."""
    return Regex(pattern)


def compiled(pattern: str, *, captures: bool = False, max_memory: int = _MAX_MEMORY) -> Any:
    r"""Return google-re2's own object for a pattern, which remembers groups if it `captures`. Raises RegexError.

    Of what C++ takes and Go does not, `\C` is refused: it matches half a character.
    """
    import re2  # here, for most configurations have no patterns, and most evaluations need none

    options = re2.Options()
    options.log_errors = False
    options.never_capture = not captures
    options.max_mem = max_memory
    try:
        if r"\C" in _TOKEN.findall(pattern):
            raise _refusal("invalid escape sequence", r"\C")
        return re2.compile(pattern, options)
    except UnicodeEncodeError:
        raise _refusal("invalid UTF-8", _SURROGATE.sub("\ufffd", pattern)) from None
    except re2.error as error:
        reason, _, part = error.args[0].decode(errors="replace").partition(": ")
        raise _refusal(_GO_SAYS.get(reason, reason), part) from None


def expanded(template: str, match: Any) -> Iterator[str]:
    """Yield a template part by part, `$1` and `${name}` standing for groups, `$$` for `$` (Go `regexp.Expand`)."""
    at = 0
    for reference in _REFERENCE.finditer(template):
        yield template[at : reference.start()]
        name = reference["braced"] or reference["plain"]
        yield _group(match, name) if name else "$"
        at = reference.end()
    yield template[at:]


def _group(match: Any, name: str) -> str:
    """Return what a group has matched, nothing for one that is not there; `$01` is no number for Go."""
    number = int(name) if re.fullmatch("0|[1-9][0-9]{0,7}", name) else name
    try:
        return match[number] or ""
    except IndexError:
        return ""


def _refusal(reason: str, part: str) -> RegexError:
    return RegexError(f"error parsing regexp: {reason}: `{part}`")


def _utf8(text: str) -> bytes:
    """Return the text's bytes; half a pair, which is no character, becomes U+FFFD, as where Go reads JSON."""
    try:
        return text.encode()
    except UnicodeEncodeError:
        return _SURROGATE.sub("\ufffd", text).encode()
