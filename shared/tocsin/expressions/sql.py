"""SQL for Aurora: one SELECT whose rows are samples, and perhaps a window.

    SELECT queue, count(*) AS value FROM jobs WHERE at > :from AND at <= :at GROUP BY queue [5m] > 10

`:at` is the timestamp asked about and `:from` the window's start, both in UTC. A query without `:at` asks about now.
"""

import re
from collections.abc import Iterator
from typing import Any

from tocsin.expressions import ExpressionError
from tocsin.expressions.comparison import TIMESTAMPS, split

EXAMPLE = "SELECT queue, count(*) AS value FROM jobs WHERE at > :from AND at <= :at GROUP BY queue [5m] > 10"
_PARAMETERS = ("at", "from")
_FIRST_WORDS = ("SELECT", "WITH")
_WRITES = ("DELETE", "INSERT", "INTO", "MERGE", "UPDATE")
_MAX_CHARS = 64_000  # the Data API takes 65,536
_TOKEN = re.compile(
    r"(?P<space>\s+|--[^\n]*|/\*(?!!).*?\*/)|(?P<quoted>'(?:[^'\\]|\\[^']|'')*'|\"[^\"]*\"|`[^`]*`|"
    r"\$(?P<tag>\w*)\$.*?\$(?P=tag)\$)|::|:(?P<parameter>[A-Za-z_]\w*)|(?P<word>[A-Za-z_]\w*)"
    r"|(?P<open>/\*|['\"`]|\$\w*\$)|.",
    re.DOTALL,
)


def compile(expr: str) -> dict[str, Any]:  # noqa: A001 - the field's verb, always used with its module's name
    """Return the plan of a query, perhaps with a window and then a comparison with a number.

    That is JSON: sql, parameters (those of at and from that it uses), replayable (whether it uses at: else it
    cannot be asked about the past), chunk (how many timestamps at once), window_seconds, op
    and threshold. Statements that write are refused by their
    words, against mistakes only: what protects the database are the rights of the user in the secret. Raises
    ExpressionError.
    """
    ending = split(expr)
    sql = ending.query.removesuffix(";").rstrip()
    if len(sql) > _MAX_CHARS:
        raise ExpressionError(f"the statement is too long: {len(sql)} characters of at most {_MAX_CHARS}")
    used = _checked(sql)
    if "from" in used and ending.window is None:
        raise ExpressionError(f":from needs a window after the statement, e.g. {EXAMPLE}")
    if "from" not in used and ending.window is not None:
        raise ExpressionError("the window in brackets is not used: write :from for its start")
    return {
        "sql": sql,
        "parameters": [name for name in _PARAMETERS if name in used],
        "replayable": "at" in used,
        "chunk": TIMESTAMPS,
        "window_seconds": None if ending.window is None else ending.window.total_seconds(),
        "op": ending.op,
        "threshold": ending.threshold,
    }


def _checked(sql: str) -> set[str]:
    """Return the parameters that a statement uses, if it is one that only reads."""
    tokens = list(_tokens(sql))
    words = [token["word"].upper() for token in tokens if token["word"]]
    if not words or words[0] not in _FIRST_WORDS:
        raise ExpressionError(f"expected a statement that begins with SELECT or WITH, e.g. {EXAMPLE}")
    for word in words:
        if word in _WRITES:
            raise ExpressionError(
                f"{word} is not allowed here: a rule only reads (a column of that name needs quotes)"
            )
    if any(token.group() == ";" for token in tokens):
        raise ExpressionError("expected one statement, got ; inside it")
    used = {token["parameter"] for token in tokens if token["parameter"]}
    for name in sorted(used.difference(_PARAMETERS)):
        raise ExpressionError(f"unknown parameter :{name} (known: {', '.join(f':{p}' for p in _PARAMETERS)})")
    return used


def _tokens(sql: str) -> Iterator[re.Match[str]]:
    for token in _TOKEN.finditer(sql):
        if token["open"]:
            raise ExpressionError(
                f"expected an end to what begins with {token['open']} (a quote inside text is written twice)"
            )
        yield token
