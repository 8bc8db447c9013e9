"""CloudWatch Logs Insights: a query whose last `stats` makes one number for each group, and its window.

    filter level = "error" | stats count(*) as errors by service [5m] > 100

asks at every timestamp about the five minutes before it. The groups' columns become labels. A group without log
lines has no row, so it is absent and not 0.
"""

import re
from collections.abc import Iterator
from typing import Any

from tocsin.expressions import ExpressionError
from tocsin.expressions.comparison import TIMESTAMPS, split

EXAMPLE = 'filter level = "error" | stats count(*) as errors by service [5m] > 100'
USD_PER_GB = 0.005
"""What a query costs for each GB that it scans, at every timestamp: nobody knows before how much that is."""
_MAX_CHARS = 10_000
_AFTER_STATS = ("filter", "sort", "limit")
_LITERALS = (
    r'"(?:\\.|[^"\\])*"',
    r"'(?:\\.|[^'\\])*'",
    r"`[^`]*`",
    r"#[^\n]*",
    r"(?:\blike|=~)\s*/(?:\\.|[^/\\])*/",
    r"\bparse\s+\S+\s+/(?:\\.|[^/\\])*/",
)
_STOPS = re.compile(f"{'|'.join(_LITERALS)}|(?P<stop>[|,()]|\\bby\\b)", re.IGNORECASE)
_NAMED = re.compile(r".*\S\s+as\s+([A-Za-z_@][A-Za-z0-9_.@]*)", re.IGNORECASE | re.DOTALL)


def compile(expr: str) -> dict[str, Any]:  # noqa: A001 - the field's verb, always used with its module's name
    """Return the plan of a query with its window, and perhaps a comparison with a number.

    That is JSON: query, value (the column that holds the number), names_groups (whether SOURCE in the query says
    which log groups are read, rather than the source's settings), chunk (how many timestamps at once),
    window_seconds, op and threshold. CloudWatch itself checks the rest. Raises ExpressionError.
    """
    ending = split(expr)
    if ending.window is None:
        raise ExpressionError(f"expected a window after the query, e.g. {EXAMPLE}")
    seconds = ending.window.total_seconds()
    if seconds < 1 or seconds % 1:
        raise ExpressionError(f"window {seconds:g}s: expected whole seconds, at least one")
    if len(ending.query) > _MAX_CHARS:
        raise ExpressionError(
            f"the query is too long: {len(ending.query)} characters of at most {_MAX_CHARS}"
        )
    commands = [command.strip() for command in _parts(ending.query, "|")]
    return {
        "query": ending.query,
        "value": _value(commands),
        "names_groups": _word(commands[0]) == "source",
        "window_seconds": int(seconds),
        "chunk": TIMESTAMPS,
        "op": ending.op,
        "threshold": ending.threshold,
    }


def _value(commands: list[str]) -> str:
    """Return the column that the last `stats` computes, refusing what would leave more than one number a group."""
    places = [place for place, command in enumerate(commands) if _word(command) == "stats"]
    if not places:
        raise ExpressionError(f"expected a stats command, e.g. {EXAMPLE}")
    for command in commands[places[-1] + 1 :]:
        if _word(command) not in _AFTER_STATS:
            raise ExpressionError(
                f"after stats only {', '.join(_AFTER_STATS)} may follow, got {_word(command)}"
            )
    computed, *groups = _parts(commands[places[-1]][len("stats") :], "by")
    numbers = list(_parts(computed, ","))
    if len(numbers) != 1 or len(groups) > 1:
        raise ExpressionError(f"expected one number after stats, got {len(numbers)}, e.g. {EXAMPLE}")
    if any(re.search(r"\bbin\s*\(", group, re.IGNORECASE) for group in groups):
        raise ExpressionError("bin() is not allowed here: the window in brackets is the time, e.g. [5m]")
    named = _NAMED.fullmatch(numbers[0].strip())
    if named is None:
        raise ExpressionError(f"expected a name for the number, e.g. {EXAMPLE}")
    return named[1]


def _word(command: str) -> str:
    """Return the first word of a command, without the comments before it."""
    found = re.match(r"(?:\s|#[^\n]*\n)*([A-Za-z]+)", command)
    return found[1].lower() if found else command[:20]


def _parts(text: str, separator: str) -> Iterator[str]:
    """Yield what stands between separators outside of quotes, patterns, comments and parentheses."""
    start, depth = 0, 0
    for stop in _STOPS.finditer(text):
        depth += {"(": 1, ")": -1}.get(stop["stop"] or "", 0)
        if depth == 0 and (stop["stop"] or "").lower() == separator:
            yield text[start : stop.start()]
            start = stop.end()
    yield text[start:]
