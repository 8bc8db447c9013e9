"""PromQL, read when a rule is stored; at evaluation Prometheus itself parses it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import promql_parser
from promql_parser import AtModifierType, Call, MatchOp, VectorSelector

from tocsin.expressions import ExpressionError
from tocsin.labels import quote

LANGUAGE = "promql"

_NO_SERIES = {
    promql_parser.MatrixSelector: "a range of samples",
    promql_parser.SubqueryExpr: "a range of samples",
    promql_parser.StringLiteral: "text",
}
_NAME = "__name__"
_INFO = "target_info"
_CHILDREN = ("expr", "lhs", "rhs", "param", "vector_selector")
_SAID = (
    *("name", "op", "val", "range", "step", "offset", "func.name"),
    *("modifier.type", "modifier.labels", "modifier.matching.type", "modifier.matching.labels"),
    *("modifier.card", "modifier.group_labels", "modifier.return_bool"),
)
_SUCCESSOR = "double_exponential_smoothing"
"""What Prometheus 3 calls `holt_winters`; a server may still be one of version 2."""
_OF_THE_RANGE = frozenset({"start", "end", "step", "range"})
"""Functions (Prometheus 3, `promql-duration-expr`) that tell what range query they are in."""
_MAX_OPERATORS = 500
"""The parser recurses in Rust: some thousands nested in each other would end the process."""
_LITERAL = re.compile(
    r"""
      (?P<raw>     `[^`]*` )
    | (?P<text>    "(?:[^"\\\n]|\\.)*" | '(?:[^'\\\n]|\\.)*' )
    | (?P<comment> \#[^\n]* )
    | (?P<number>  (?<![\w:.]) [0-9]+ (?:_[0-9]+)+ )
    | (?P<old>     \bholt_winters(?=\s*\() )
    """,
    re.VERBOSE,
)
_OPERATOR = re.compile(r"[-+*/%^<>=(\[]|\b(?:and|or|unless|atan2)\b", re.IGNORECASE)
_ENDLESS = re.compile(
    r"(?:\[[^\]]*|\boffset\s*[-+]?\s*\w*?)"
    r"(?:[0-9]{14}|[0-9]{10}m|[0-9]{8}h|[0-9]{7}d|[0-9]{6}w|[0-9]{4}y|[0-9.]+e|0x|inf|nan)",
    re.IGNORECASE,
)
"""Durations beyond Go's 292 years, at some of which the parser would panic: no exception that can be caught."""
_SELECTION = re.compile(r"\{[^{}]*\}")


@dataclass(frozen=True, slots=True)
class Facts:
    """What an expression tells of itself.

    `reads` are the names of the series that it selects, sorted; None if one of its selectors does not tell its
    name (`{job="x"}`). `singly`: a range query would answer something else than a query for each timestamp.
    """

    reads: tuple[str, ...] | None
    singly: bool


def check(expr: str) -> None:
    """Raise ExpressionError unless `expr` is PromQL and yields what alerts are made of: series, a number."""
    parsed = parse(expr)
    if any(_said(node, "matchers.or_matchers") for node in _nodes(parsed)):
        raise ExpressionError("could not parse expression: or is not allowed between matchers")
    while isinstance(parsed, promql_parser.ParenExpr):
        parsed = parsed.expr
    if (what := _NO_SERIES.get(type(parsed))) is not None:
        raise ExpressionError(f"could not use expression: it yields {what}, not series or a number")


def facts(expr: str) -> Facts:
    """Return what an expression reads and how it may be asked; raises ExpressionError."""
    nodes = list(_nodes(parse(expr)))
    names = [name for node in nodes for name in _names(node)]
    reads = None if None in names else tuple(sorted({name for name in names if name is not None}))
    return Facts(reads, any(_singly(node) for node in nodes))


def pretty(expr: str) -> str:
    """Return the expression as Prometheus formats it; as it is if comments or its meaning could be lost.

    One with an `@` is left alone too (the library cannot read a time before 1970 back), and with a function that
    Prometheus has renamed. Raises ExpressionError.
    """
    parsed = parse(expr)
    formatted = str(parsed.prettify())
    special = any(match.lastgroup in ("comment", "old") for match in _LITERAL.finditer(expr))
    if special or "@" in _LITERAL.sub("", expr) or _shape(parsed) != _shape(parse(formatted)):
        return expr
    return formatted


def place(expr: str, word: str) -> str:
    """Return where a word of an expression first stands outside of texts, as `line:column`; else where it begins."""
    blank = _LITERAL.sub(lambda literal: re.sub(r"[^\n]", " ", literal.group()), expr)
    at = found.start() if (found := re.search(rf"(?<!\w){re.escape(word)}(?!\w)", blank)) else 0
    return f"{expr.count(chr(10), 0, at) + 1}:{at - expr.rfind(chr(10), 0, at)}"


def _shape(parsed: Any) -> list[Any]:
    """Return all that the parts of an expression say, but for the order of matchers: it means nothing."""
    return [
        (
            type(node).__name__,
            [str(_said(node, path)) for path in _SAID],
            sorted(str(matcher) for matcher in _said(node, "matchers.matchers") or ()),
        )
        for node in _nodes(parsed)
    ]


def _said(node: Any, path: str) -> Any:
    for name in path.split("."):
        node = getattr(node, name, None)
    return node


def _nodes(parsed: Any) -> Iterator[Any]:
    """Yield the parts of an expression; the library's own `walk` takes minutes for some hundred of them."""
    todo = [parsed]
    while todo:
        node = todo.pop()
        yield node
        todo += [child for name in _CHILDREN if (child := getattr(node, name, None)) is not None]
        todo += getattr(node, "args", ())


def _names(node: Any) -> list[str | None]:
    """Return the names of the series that a part of an expression selects by itself, None for any name."""
    if isinstance(node, Call) and node.func.name == "info" and len(node.args) == 1:
        return [_INFO]
    if not isinstance(node, VectorSelector):
        return []
    equal = [each.value for each in node.matchers.matchers if each.name == _NAME and each.op == MatchOp.Equal]
    return [node.name or next(iter(equal), None)]


def _singly(node: Any) -> bool:
    if isinstance(node, Call):
        return node.func.name in _OF_THE_RANGE
    return _said(node, "at.type") in (AtModifierType.Start, AtModifierType.End)


@lru_cache(maxsize=4096)
def parse(expr: str) -> Any:
    """Return the tree of an expression, as `promql_parser` has it; raises ExpressionError."""
    plain = _LITERAL.sub(_plain, expr)
    _refuse_bombs(plain)
    try:
        return promql_parser.parse(plain)
    except ValueError as error:
        raise ExpressionError(f"could not parse expression: {error}") from None


def _refuse_bombs(plain: str) -> None:
    bare = _SELECTION.sub("", _LITERAL.sub("", plain))
    if len(_OPERATOR.findall(bare)) > _MAX_OPERATORS:
        raise ExpressionError(
            f"could not use expression: it has more than {_MAX_OPERATORS} operators and calls"
        )
    if _ENDLESS.search(bare):
        raise ExpressionError("could not parse expression: duration out of range")


def _plain(literal: re.Match[str]) -> str:
    """Return a literal as the parser takes it: it reads escapes in raw text too, and no `_` in a number."""
    text = literal.group()
    match literal.lastgroup:
        case "raw":
            return quote(text[1:-1])
        case "number":
            return text.replace("_", "")
        case "old":
            return _SUCCESSOR
        case _:
            return text
