"""Metric math: arithmetic and functions over CloudWatch metrics, parsed here and computed by CloudWatch.

A parser of our own, because no package knows this language. What is left of it when each metric is written as
one statistic: the functions whose value at a timestamp follows from the datapoints of that timestamp, so that
one call for an hour answers what sixty calls would have.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from math import isfinite

from tocsin.expressions import ExpressionError
from tocsin.expressions.cloudwatch_metric import EXAMPLE, QUANTILE, STATS
from tocsin.expressions.comparison import COMPARISONS

_ARGUMENTS = {
    **dict.fromkeys(("ABS", "CEIL", "FLOOR", "LOG", "LOG10", "PERIOD", "SERVICE_QUOTA"), 1),
    **dict.fromkeys(("EPOCH", "MINUTE", "HOUR", "DAY", "DATE", "MONTH", "YEAR"), 1),
    "FILL": 2,
    "IF": 3,
}
_OF_ARRAYS = ("AVG", "MAX", "MIN", "STDDEV", "SUM")
_OF_METRICS = ("PERIOD", "SERVICE_QUOTA")
_OF_THE_PAST = (
    *("DATAPOINT_COUNT", "DIFF", "DIFF_TIME", "FIRST", "LAST", "LINEAR", "RATE", "REPEAT", "RUNNING_SUM"),
)
_OF_MANY_SERIES = (
    *("ANOMALY_DETECTION_BAND", "DB_PERF_INSIGHTS", "INSIGHT_RULE_METRIC", "LAMBDA", "METRICS"),
    *("METRIC_COUNT", "REMOVE_EMPTY", "SEARCH", "SLICE", "SORT", "TIME_SERIES"),
)
_STATISTICS = (*STATS, QUANTILE)
_LEVELS = (("OR", "||"), ("AND", "&&"), tuple(COMPARISONS), ("+", "-"), ("*", "/"))
"""Operators from the weakest to the strongest; `^` is stronger than a sign, and right-associative."""
_LOGICAL = (*_LEVELS[0], *_LEVELS[1])
_MAX_DEPTH = 30
_MAX_CHARS = 1000  # CloudWatch takes 2,048, and a metric's name in a call may be longer than ours

_TOKEN = re.compile(
    r"(?P<space>(?:\s|#[^\n]*)+)|(?P<number>(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?)"
    r"|(?P<name>[A-Za-z_][A-Za-z0-9_]*)|(?P<text>\"[^\"]*\"|'[^']*')|(?P<op>>=|<=|==|!=|&&|\|\||[-+*/^<>()\[\],])"
)
_STOPS = re.compile(
    r'"(?:\\.|[^"\\])*"|'
    r"'(?:\\.|[^'\\])*'|`[^`]*`|#[^\n]*|(?P<bracket>[()])"
)


@dataclass(frozen=True, slots=True)
class Node:
    """A part of an expression: what CloudWatch is told, and what is known of it."""

    text: str
    number: float | None = None
    compared: "tuple[Node, str, Node] | None" = None
    truth: bool = False
    """Whether its values are only 0 and 1."""
    array: bool = False


@dataclass(frozen=True, slots=True)
class Formula:
    """A whole expression: metric math in which `m0`, `m1`, … stand for the statistics, in this order."""

    text: str
    statistics: tuple[str, ...]
    op: str | None = None
    threshold: float | None = None


def parse(expr: str) -> Formula:
    """Return the formula of an expression; raises ExpressionError saying what was expected."""
    parser = _Parser(list(_tokens(expr)))
    root = _operand(parser.whole())
    if not parser.statistics:
        raise ExpressionError(f"expected at least one metric, e.g. {EXAMPLE}")
    if len(root.text) > _MAX_CHARS:
        raise ExpressionError(
            f"the expression is too long: {len(root.text)} characters of at most {_MAX_CHARS}"
        )
    left, op, threshold = _ending(root)
    return Formula(left.text, tuple(parser.statistics), op, threshold)


def _ending(root: Node) -> tuple[Node, str | None, float | None]:
    """Return the formula without its last comparison, which is ours: it keeps values, CloudWatch's yields 0 or 1."""
    if root.compared is None:
        if root.truth:
            raise ExpressionError("AND and OR yield 0 or 1, which are both values: write (… AND …) == 1")
        return root, None, None
    left, op, right = root.compared
    if right.number is None:
        raise ExpressionError(f"expected a number right of {op}, e.g. {EXAMPLE}")
    return left, op, right.number


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str


_END = _Token("end", "the end")


def _tokens(expr: str) -> Iterator[_Token]:
    at = 0
    while at < len(expr):
        match = _TOKEN.match(expr, at)
        if match is None:
            raise ExpressionError(f"unexpected {expr[at]!r}: {_expected()}")
        kind, text = str(match.lastgroup), match.group()
        if kind == "name" and text in _STATISTICS:
            kind, text = "statistic", _call(expr, at)
        at += len(text)
        if kind != "space":
            yield _Token(kind, text)


def _call(expr: str, start: int) -> str:
    """Return the text of a call that begins at `start`; all that is left if it never ends."""
    depth = 0
    for stop in _STOPS.finditer(expr, start):
        depth += {"(": 1, ")": -1, None: 0}[stop["bracket"]]
        if depth == 0 and stop["bracket"]:
            return expr[start : stop.end()]
    return expr[start:]


def _expected() -> str:
    functions = ", ".join(sorted((*_ARGUMENTS, *_OF_ARRAYS)))
    return f"expected one of {', '.join(_STATISTICS)} over one metric, e.g. {EXAMPLE}; or of {functions}"


@dataclass(slots=True)
class _Parser:
    tokens: Sequence[_Token]
    statistics: list[str] = field(default_factory=list)
    at: int = 0
    depth: int = 0

    @property
    def next(self) -> _Token:
        return self.tokens[self.at] if self.at < len(self.tokens) else _END

    def take(self, *texts: str) -> str | None:
        """Return the next token and step over it, if it is one of these."""
        if self.next.kind in ("op", "name") and self.next.text in texts:
            self.at += 1
            return self.tokens[self.at - 1].text
        return None

    def expect(self, text: str) -> None:
        if self.take(text) is None:
            raise ExpressionError(f"expected {text}, got {self.next.text}")

    def whole(self) -> Node:
        root = self.binary(0)
        if self.next is not _END:
            raise ExpressionError(f"expected an operator, got {self.next.text}")
        return root

    def binary(self, level: int) -> Node:
        if level == len(_LEVELS):
            return self.signed()
        left = self.binary(level + 1)
        while op := self.take(*_LEVELS[level]):
            left = _binary(left, op, self.binary(level + 1))
        return left

    def signed(self) -> Node:
        sign = self.take("-", "+")
        node = self.power() if sign is None else self.nested(self.signed)
        if sign != "-":
            return node
        if node.number is None:
            return Node(f"(-{_operand(node).text})")
        return Node(repr(-node.number), -node.number)

    def power(self) -> Node:
        base = self.primary()
        return _binary(base, "^", self.nested(self.signed)) if self.take("^") else base

    def primary(self) -> Node:
        token = self.next
        self.at += 1
        if token.kind == "number":
            return _number(token.text)
        if token.kind == "statistic":
            return self.statistic(token.text)
        if token.kind == "name":
            return self.function(token.text)
        if token.text == "(":
            return self.parenthesis()
        if token.text == "[":
            return Node(f"[{','.join(_operand(node).text for node in self.items(']'))}]", array=True)
        raise ExpressionError(f"unexpected {token.text}: {_expected()}")

    def statistic(self, text: str) -> Node:
        if text not in self.statistics:
            self.statistics.append(text)
        return Node(f"m{self.statistics.index(text)}")

    def parenthesis(self) -> Node:
        node = self.nested(lambda: self.binary(0))
        self.expect(")")
        return node

    def items(self, end: str) -> list[Node]:
        found = [self.nested(lambda: self.binary(0))]
        while self.take(","):
            found.append(self.nested(lambda: self.binary(0)))
        self.expect(end)
        return found

    def function(self, name: str) -> Node:
        if name in _OF_THE_PAST:
            raise ExpressionError(
                f"{name} is not allowed here: its value depends on how much one call asks for"
            )
        if name in _OF_MANY_SERIES:
            raise ExpressionError(
                f"{name} is not allowed here: it yields no single series (SELECT … yields many)"
            )
        if name not in _ARGUMENTS and name not in _OF_ARRAYS:
            raise ExpressionError(f"unexpected {name}: {_expected()}")
        self.expect("(")
        arguments = self.items(")")
        _check_arguments(name, arguments)
        return Node(f"{name}({','.join(node.text for node in arguments)})")

    def nested(self, parse: Callable[[], Node]) -> Node:
        self.depth += 1
        if self.depth > _MAX_DEPTH:
            raise ExpressionError(f"the expression is nested more than {_MAX_DEPTH} deep")
        node = parse()
        self.depth -= 1
        return node


def _number(text: str) -> Node:
    number = float(text)
    if not isfinite(number):
        raise ExpressionError(f"expected a number of at most 1.8e308, got {text}")
    return Node(text, number)


def _operand(node: Node) -> Node:
    if node.array:
        raise ExpressionError(f"an array is only allowed in {', '.join(_OF_ARRAYS)}")
    return node


def _binary(left: Node, op: str, right: Node) -> Node:
    text = f"({_operand(left).text} {op} {_operand(right).text})"
    if op in COMPARISONS:
        if left.compared is not None:
            raise ExpressionError(f"expected one comparison, got {left.compared[1]} and then {op}")
        return Node(text, compared=(left, op, right), truth=True)
    return Node(text, truth=op in _LOGICAL)


def _check_arguments(name: str, arguments: Sequence[Node]) -> None:
    if name in _OF_ARRAYS:
        if len(arguments) != 1 or not arguments[0].array:
            raise ExpressionError(f"{name} expects an array, e.g. {name}([…, …])")
        return
    if len(arguments) != _ARGUMENTS[name]:
        raise ExpressionError(f"{name} expects {_ARGUMENTS[name]} arguments, got {len(arguments)}")
    for argument in arguments:
        _operand(argument)
    if name in _OF_METRICS and not re.fullmatch("m[0-9]+", arguments[0].text):
        raise ExpressionError(f"{name} expects one metric, e.g. {name}(sum_over_time(…))")
    if name == "FILL" and arguments[1].number is None:
        raise ExpressionError("FILL expects a number as what to fill with")
