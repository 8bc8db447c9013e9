"""The operations of Prometheus, as far as there is something to answer without series.

There is no `status/flags`: Grafana takes who answers it for Thanos. `/api/v1/alerts` is Mimir's too (api/mimir).
"""

from pydantic import BaseModel

from tocsin.api.operation import Answer, Body, Handle, NoQuery, Operation
from tocsin.api.problems import prometheus
from tocsin.api.prometheus import rules, status
from tocsin.api.prometheus.envelope import paths
from tocsin.api.prometheus.graph import GraphQuery, get_graph
from tocsin.api.prometheus.models import (
    Alerts,
    BuildInfo,
    Groups,
    Query,
    QueryResult,
    RulesQuery,
    Success,
)
from tocsin.identity.scope import Scope

_Answers = dict[int, Answer]

ALERTS: _Answers = {200: Answer("What is pending and what fires of all rules.", Success[Alerts])}
_BAD = Answer("A parameter is wrong.")
_NO_SERIES = Answer("It needs series, and there are none.")
_RULES = {200: Answer("Rules by group.", Success[Groups]), 400: _BAD}
_BUILD_INFO = {200: Answer("What answers, and what it can do.", Success[BuildInfo])}
_QUERIED = {200: Answer("A number.", Success[QueryResult]), 400: _BAD, 422: _NO_SERIES}
_NO_LIST = {200: Answer("None.", Success[list[str]])}
_NO_METRICS = {200: Answer("None.", Success[dict[str, str]])}
_FORM = Body(Query, ("application/x-www-form-urlencoded",), status.read_form)


def _read(
    name: str,
    places: tuple[str, ...],
    handle: Handle,
    summary: str,
    answers: _Answers,
    query: type[BaseModel] = NoQuery,
) -> Operation:
    return Operation(
        name, "GET", places, Scope.READ, handle, prometheus, summary, "prometheus", answers, query
    )


def _asked(name: str, path: str, handle: Handle, summary: str, answers: _Answers) -> Operation:
    """Return an operation that reads and takes POST, for what is too long for a URL."""
    return Operation(
        name, "POST", paths(path), Scope.READ, handle, prometheus, summary, "prometheus", answers
    )


PROMETHEUS: tuple[Operation, ...] = (
    _read("getRules", paths("/rules"), rules.get_rules, "Rules and what they do", _RULES, RulesQuery),
    _read("getRuleAlerts", paths("/alerts")[1:], rules.get_alerts, "Alerts of rules", ALERTS),
    _read(
        "getBuildInfo",
        (*paths("/status/buildinfo"), "/mimir/api/v1/status/buildinfo"),
        status.get_build_info,
        "What answers",
        _BUILD_INFO,
    ),
    _read("query", paths("/query"), status.query, "Ask for a number", _QUERIED, Query),
    Operation(
        "queryByForm",
        "POST",
        paths("/query"),
        Scope.READ,
        status.query,
        prometheus,
        "Ask for a number",
        "prometheus",
        _QUERIED,
        body=_FORM,
    ),
    _read("queryRange", paths("/query_range"), status.refuse_range, "Refused", {422: _NO_SERIES}),
    _asked("queryRangeByForm", "/query_range", status.refuse_range, "Refused", {422: _NO_SERIES}),
    _read("getLabels", paths("/labels"), status.no_list, "No labels", _NO_LIST),
    _asked("getLabelsByForm", "/labels", status.no_list, "No labels", _NO_LIST),
    _read("getLabelValues", paths("/label/{name}/values"), status.no_list, "No values", _NO_LIST),
    _read("getSeries", paths("/series"), status.no_list, "No series", _NO_LIST),
    _asked("getSeriesByForm", "/series", status.no_list, "No series", _NO_LIST),
    _read("getMetadata", paths("/metadata"), status.no_metadata, "No metrics", _NO_METRICS),
    Operation(
        "getGraph",
        "GET",
        ("/graph",),
        None,
        get_graph,
        prometheus,
        "The rules that ask an expression, on the status page",
        "prometheus",
        {302: Answer("There.")},
        GraphQuery,
    ),
)
