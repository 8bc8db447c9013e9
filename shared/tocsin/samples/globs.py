r"""Globs as Telegraf's filters take them, compiled to regular expressions that match in linear time.

Source: telegraf `filter/filter.go`, gobwas/glob `syntax/lexer`. Our own, because Python's fnmatch knows neither
`{a,b}` nor `\*`, and backtracks on `*a*a*a*b`.
"""

import re
from collections.abc import Callable, Iterator
from functools import lru_cache

from tocsin.regexes import RegexError, compile_re2

Match = Callable[[str], bool]
_META = re.compile(r"[*?\[]")
_PART = re.compile(r"\*+|\?|\[[^\]]*\]?|[{},]|\\.?|[^*?\[{},\\]+", re.DOTALL)
_RANGE = re.compile(r"\[(!?+)(?:(.)-(.)|([^\]]+))\]", re.DOTALL)


class GlobError(ValueError):
    """A glob is none; the text says what is wrong."""


@lru_cache(maxsize=1024)
def matcher(globs: tuple[str, ...]) -> Match:
    r"""Return what tells whether a text is matched by one of the globs; raises GlobError.

    `*` is any text, `?` one character, `[abc]`, `[a-c]` and `[!a]` are one of some, `{a,b}` is either, `\` takes
    the next character as it is. Only where one of them has a `*`, a `?` or a `[` are they globs at all.
    """
    if not any(map(_META.search, globs)):
        return frozenset(globs).__contains__
    several = "{" + ",".join(globs) + "}" if len(globs) > 1 else globs[0]
    try:
        return compile_re2(f"(?s)^{''.join(_pieces(several))}$").search
    except RegexError:
        raise GlobError(f"{several[:80]}: too large") from None


def _pieces(glob: str) -> Iterator[str]:
    """Yield a glob's parts as regular expressions."""
    depth = 0
    for part in _PART.findall(glob):
        if part == "{":
            depth += 1
            yield "(?:"
        elif part == "}" and depth:
            depth -= 1
            yield ")"
        else:
            yield "|" if part == "," and depth else _piece(part)
    if depth:
        raise GlobError(f"{glob}: a {{ without its }}")


def _piece(part: str) -> str:
    match part[0]:
        case "*":
            return ".*"
        case "?":
            return "."
        case "[":
            return _range(part)
        case "\\" if len(part) == 1:
            raise GlobError("nothing follows the last \\")
        case "\\":
            return re.escape(part[1])
    return re.escape(part)


def _range(part: str) -> str:
    found = _RANGE.fullmatch(part)
    if found is None:
        raise GlobError(f"{part}: expected characters in brackets, like [abc], [a-c] or [!a]")
    negated, low, high, characters = found.groups()
    if low and low > high:
        raise GlobError(f"{part}: {high} comes before {low}")
    inside = f"{re.escape(low)}-{re.escape(high)}" if low else "".join(map(re.escape, characters))
    return f"[{'^' if negated else ''}{inside}]"
