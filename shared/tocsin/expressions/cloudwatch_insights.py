"""CloudWatch Metrics Insights: SQL over the metrics of a namespace, one series for each group."""

import re
from typing import Any

from tocsin.expressions import ExpressionError
from tocsin.expressions.comparison import split

EXAMPLE = 'SELECT AVG(CPUUtilization) FROM "AWS/EC2" GROUP BY InstanceId [5m] > 80'
_KEY = r'(?:"(?:[^"\\]|\\.)+"|[A-Za-z_][A-Za-z0-9_]*)(?:\.(?:"(?:[^"\\]|\\.)+"|[A-Za-z_][A-Za-z0-9_]*))*'
_TOKEN = re.compile(rf"""\s+|'(?:[^'\\]|\\.)*'|(?P<key>{_KEY})|[0-9]+|!=|[(),.=*]""")
_SELECT = re.compile(rf"SELECT\s+(?:AVG|COUNT|MAX|MIN|SUM)\s*\(\s*{_KEY}\s*\)\s*FROM\s", re.IGNORECASE)
_CLAUSES = ("FROM", "WHERE", "GROUP BY", "ORDER BY", "LIMIT")


def is_query(expr: str) -> bool:
    """Tell whether an expression is to be read as Metrics Insights: it begins with SELECT."""
    return re.match(r"\s*SELECT\b", expr, re.IGNORECASE) is not None


def compile(expr: str) -> dict[str, Any]:  # noqa: A001 - the field's verb, always used with its module's name
    """Return the plan of a query, its period in brackets and perhaps a comparison with a number.

    That is JSON: insights (the query), by (the keys of its groups), ranked (whether it leaves groups out by
    their rank, so that each timestamp needs a query of its own), period_seconds, op and threshold. CloudWatch
    itself checks the WHERE. Raises ExpressionError.
    """
    ending = split(expr)
    if ending.window is None:
        raise ExpressionError(f"expected a period after the query, e.g. {EXAMPLE}")
    seconds = ending.window.total_seconds()
    if seconds <= 0 or seconds % 60:
        raise ExpressionError(f"period {seconds:g}s is not one of Metrics Insights (allowed: whole minutes)")
    if not _SELECT.match(ending.query):
        raise ExpressionError(
            f"expected SELECT, one of AVG COUNT MAX MIN SUM of a metric, and FROM, e.g. {EXAMPLE}"
        )
    clauses = _clauses(ending.query)
    return {
        "insights": ending.query,
        "by": _keys(clauses.get("GROUP BY")),
        "ranked": "LIMIT" in clauses,
        "period_seconds": int(seconds),
        "op": ending.op,
        "threshold": ending.threshold,
    }


def _clauses(query: str) -> dict[str, list[str]]:
    """Return the tokens of each clause; they must come in CloudWatch's order."""
    found: dict[str, list[str]] = {}
    current: list[str] = []
    tokens = _tokens(query)
    for number, token in enumerate(tokens):
        name = _clause(token, tokens[number + 1] if number + 1 < len(tokens) else "")
        if name is None:
            current.append(token)
            continue
        if found and _CLAUSES.index(name) <= _CLAUSES.index(list(found)[-1]):
            raise ExpressionError(
                f"{name} cannot follow {list(found)[-1]} (the order is {', '.join(_CLAUSES)})"
            )
        current = found[name] = []
    return found


def _clause(token: str, following: str) -> str | None:
    word = token.upper()
    if word in ("GROUP", "ORDER") and following.upper() == "BY":
        return f"{word} BY"
    return word if word in ("FROM", "WHERE", "LIMIT") else None


def _tokens(query: str) -> list[str]:
    tokens, at = [], 0
    while at < len(query):
        match = _TOKEN.match(query, at)
        if match is None:
            raise ExpressionError(f"unexpected {query[at]!r} in the query, e.g. {EXAMPLE}")
        at = match.end()
        if not match.group().isspace():
            tokens.append(match.group())
    return tokens


def _keys(tokens: list[str] | None) -> list[str]:
    """Return the keys of a GROUP BY, as its tokens after the word GROUP give them, without their quotes."""
    if tokens is None:
        return []
    keys, commas = tokens[1::2], tokens[2::2]
    if not keys or len(keys) != len(commas) + 1 or any(comma != "," for comma in commas):
        raise ExpressionError("expected keys with commas between them after GROUP BY")
    if not all(re.fullmatch(_KEY, key) for key in keys):
        raise ExpressionError(
            'a key after GROUP BY is a name, or text in double quotes, e.g. "Load Balancer"'
        )
    return [re.sub(r'"((?:[^"\\]|\\.)+)"', r"\1", key) for key in keys]
