"""PromQL, checked when a rule is stored; at evaluation Prometheus itself parses it."""

import promql_parser

from tocsin.expressions import ExpressionError

_NO_SERIES = {
    promql_parser.MatrixSelector: "a range of samples",
    promql_parser.SubqueryExpr: "a range of samples",
    promql_parser.StringLiteral: "text",
}


def check(expr: str) -> None:
    """Raise ExpressionError unless `expr` is PromQL and yields what alerts are made of: series, a number."""
    try:
        parsed = promql_parser.parse(expr)
    except ValueError as error:
        raise ExpressionError(f"could not parse expression: {error}") from None
    while isinstance(parsed, promql_parser.ParenExpr):
        parsed = parsed.expr
    if (what := _NO_SERIES.get(type(parsed))) is not None:
        raise ExpressionError(f"could not use expression: it yields {what}, not series or a number")
