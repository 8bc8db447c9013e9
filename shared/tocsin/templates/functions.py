"""The functions that Prometheus gives to the templates of rules (template/template.go)."""

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote_plus, urlsplit

from tocsin.durations import DurationError, parse_duration
from tocsin.instants import millis
from tocsin.templates import patterns, text
from tocsin.templates.builtins import BUILTINS
from tocsin.templates.content import Html
from tocsin.templates.hosts import strip_domain, strip_port
from tocsin.templates.humanize import humanize, humanize1024, humanize_duration, humanize_percentage
from tocsin.templates.numbers import parse_float
from tocsin.templates.queries import QUERY_RESULT, SAMPLE, first, query, sort_by_label
from tocsin.templates.run import Run
from tocsin.templates.source import TemplateError
from tocsin.templates.times import Duration, duration, humanize_timestamp, time_of
from tocsin.templates.values import ANY, STRING, AnyMap, Function, Value, type_of


def to_float(value: Value) -> float:
    """Return a number, or the number that a text stands for; raises TemplateError."""
    if isinstance(value, Duration):
        return value / 10**9
    if type(value) in (int, float):
        return float(value)
    if type(value) is not str:
        raise TemplateError(f"can't convert {type_of(value)} to float")
    try:
        return parse_float(value)
    except ValueError as error:
        raise TemplateError(str(error)) from None


def _of_number(call: Callable[[float], Value]) -> Function:
    return Function(lambda value: call(to_float(value)), (ANY,))


def _of_text(call: Callable[[str], Value]) -> Function:
    return Function(call, (STRING,))


def _of_run(call: Callable[[Run], Value]) -> Function:
    return Function(call, in_run=True)


def seconds(written: str) -> float:
    """Return the seconds of a duration such as `1h30m`; raises TemplateError."""
    try:
        return parse_duration(written).total_seconds()
    except DurationError as error:
        raise TemplateError(str(error)) from None


def path_prefix(url: str) -> str:
    """Return the path of a URL; raises TemplateError if it is none."""
    try:
        return urlsplit(url).path
    except ValueError as error:
        raise TemplateError(f"the external URL is none: {error}") from None


def link(expr: str, tab: int) -> str:
    """Return where below Prometheus' URL an expression is shown, as a graph (0) or as a table (1)."""
    return f"/graph?g0.expr={escape_query(expr)}&g0.tab={tab}"


def escape_query(value: str) -> str:
    """Return a text escaped for the query of a URL (Go `url.QueryEscape`)."""
    return quote_plus(value, errors="replace")


def _args(*values: Any) -> AnyMap:
    return AnyMap((f"arg{number}", value) for number, value in enumerate(values))


FUNCTIONS: Mapping[str, Function] = {
    **BUILTINS,
    "query": Function(query, (STRING,), in_run=True),
    "first": Function(first, (QUERY_RESULT,)),
    "label": Function(lambda name, sample: sample.labels.get(name, ""), (STRING, SAMPLE)),
    "value": Function(lambda sample: sample.value, (SAMPLE,)),
    "strvalue": Function(lambda sample: sample.labels.get("__value__", ""), (SAMPLE,)),
    "sortByLabel": Function(sort_by_label, (STRING, QUERY_RESULT)),
    "args": Function(_args, rest=ANY),
    "match": Function(patterns.matches, (STRING, STRING), in_run=True),
    "reReplaceAll": Function(patterns.replace_all, (STRING, STRING, STRING), in_run=True),
    "safeHtml": _of_text(Html),
    "title": _of_text(text.title),
    "toUpper": _of_text(text.upper),
    "toLower": _of_text(text.lower),
    "graphLink": _of_text(lambda expr: link(expr, 0)),
    "tableLink": _of_text(lambda expr: link(expr, 1)),
    "stripPort": _of_text(strip_port),
    "stripDomain": _of_text(strip_domain),
    "urlQueryEscape": _of_text(escape_query),
    "parseDuration": _of_text(seconds),
    "humanize": _of_number(humanize),
    "humanize1024": _of_number(humanize1024),
    "humanizeDuration": _of_number(humanize_duration),
    "humanizePercentage": _of_number(humanize_percentage),
    "humanizeTimestamp": _of_number(humanize_timestamp),
    "toTime": _of_number(time_of),
    "toDuration": _of_number(lambda passed: duration(passed * 10**9)),
    "now": _of_run(lambda run: millis(run.context.at) / 1000),
    "pathPrefix": _of_run(lambda run: path_prefix(run.context.external_url)),
    "externalURL": _of_run(lambda run: run.context.external_url),
}
