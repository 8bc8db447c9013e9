"""The operations of Mimir: its ruler's and its Alertmanager's configuration."""

from typing import Any, Literal

from pydantic import BaseModel

from tocsin.api.alertmanager.deprecated import Deprecated
from tocsin.api.mimir import alertspath, configuration, ruler
from tocsin.api.operation import Answer, Body, Handle, NoQuery, Operation
from tocsin.api.problems import mimir
from tocsin.api.prometheus.operations import ALERTS
from tocsin.api.responses import JSON, YAML
from tocsin.identity.scope import Scope

_RULES = ("/prometheus/config/v1/rules", "/config/v1/rules", "/mimir/prometheus/config/v1/rules")
_Answers = dict[int, Answer]


class Accepted(BaseModel):
    """It is stored."""

    status: Literal["success"]
    data: None
    errorType: Literal[""]  # noqa: N815
    error: Literal[""]


_GROUP = Answer("A group.", dict[str, Any], YAML)
_GROUPS = Answer("Groups by namespace.", dict[str, list[dict[str, Any]]], YAML)
_DONE = Answer("Stored, and in force from the next tick on.", Accepted)
_NOT_THERE = Answer("It is not there.")
_WRONG = Answer("Refused whole: what is wrong, and where.")
_OVERTAKEN = Answer("Somebody else has just changed it.")
_CONFIGURATION = Answer("A configuration and its template files.", dict[str, Any], YAML)
_ANY_TEXT = Body(None, (YAML, "*/*"))


def _rules(
    name: str,
    method: str,
    path: str,
    handle: Handle,
    summary: str,
    answers: _Answers,
    query: type[BaseModel] = NoQuery,
    body: Body | None = None,
) -> Operation:
    scope = Scope.READ if method == "GET" else Scope.RULES_WRITE
    places = tuple(f"{base}{path}" for base in _RULES)
    return Operation(name, method, places, scope, handle, mimir, summary, "mimir", answers, query, body)


def _configuration(
    name: str,
    method: str,
    path: str,
    handle: Handle,
    summary: str,
    answers: _Answers,
    body: Body | None = None,
) -> Operation:
    scope = Scope.READ if method == "GET" else Scope.ADMIN
    return Operation(name, method, (path,), scope, handle, mimir, summary, "mimir", answers, body=body)


_READ = {200: _GROUPS, 404: _NOT_THERE, 409: _OVERTAKEN}
_DELETED = {202: _DONE, 404: _NOT_THERE, 409: _OVERTAKEN}
_SET = {201: Answer("Stored and in force."), 400: _WRONG, 409: _OVERTAKEN}
_EMPTIED = {200: Answer("Nobody is told of anything."), 409: _OVERTAKEN}

MIMIR: tuple[Operation, ...] = (
    _rules("listRuleGroups", "GET", "", ruler.list_groups, "All groups", _READ, ruler.Extensions),
    _rules(
        "getRuleNamespace",
        "GET",
        "/{namespace}",
        ruler.list_groups,
        "The groups of a namespace",
        _READ,
        ruler.Extensions,
    ),
    _rules(
        "getRuleGroup",
        "GET",
        "/{namespace}/{group}",
        ruler.get_group,
        "A group",
        _READ | {200: _GROUP},
        ruler.Extensions,
    ),
    _rules(
        "setRuleGroup",
        "POST",
        "/{namespace}",
        ruler.set_group,
        "Store a group",
        {202: _DONE, 400: _WRONG, 409: _OVERTAKEN},
        body=_ANY_TEXT,
    ),
    _rules(
        "deleteRuleGroup", "DELETE", "/{namespace}/{group}", ruler.delete_group, "Delete a group", _DELETED
    ),
    _rules(
        "deleteRuleNamespace",
        "DELETE",
        "/{namespace}",
        ruler.delete_namespace,
        "Delete the groups of a namespace",
        _DELETED,
    ),
    _configuration(
        "getConfiguration",
        "GET",
        "/mimir/api/v1/alerts",
        configuration.get_configuration,
        "The configuration",
        {200: _CONFIGURATION, 404: _NOT_THERE},
    ),
    _configuration(
        "setConfiguration",
        "POST",
        "/mimir/api/v1/alerts",
        configuration.set_configuration,
        "Put a configuration in force",
        _SET,
        _ANY_TEXT,
    ),
    _configuration(
        "deleteConfiguration",
        "DELETE",
        "/mimir/api/v1/alerts",
        configuration.delete_configuration,
        "Tell nobody",
        _EMPTIED,
    ),
    _configuration(
        "getAlertsOrConfiguration",
        "GET",
        "/api/v1/alerts",
        alertspath.get,
        "Alerts of rules; to mimirtool, and with X-Scope-OrgID, the configuration",
        ALERTS | {404: _NOT_THERE},
    ),
    _configuration(
        "setConfigurationAtV1",
        "POST",
        "/api/v1/alerts",
        alertspath.post,
        "Put a configuration in force",
        _SET | {410: Answer("Alerts were posted as to Alertmanager v1: it is gone.", Deprecated, JSON)},
        _ANY_TEXT,
    ),
    _configuration(
        "deleteConfigurationAtV1",
        "DELETE",
        "/api/v1/alerts",
        configuration.delete_configuration,
        "Tell nobody",
        _EMPTIED,
    ),
)
