"""What Alertmanager tells: its status, receivers, alerts, groups."""

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel

from tocsin.api.alertmanager.alerts import get_alert_groups, get_alerts
from tocsin.api.alertmanager.answering import paths
from tocsin.api.alertmanager.general import get_receivers, get_status
from tocsin.api.alertmanager.models import AlertGroup, AlertmanagerStatus, GettableAlert, Receiver
from tocsin.api.alertmanager.selection import AlertsQuery, GroupsQuery, ReceiversQuery
from tocsin.api.operation import Answer, Handle, NoQuery, Operation
from tocsin.api.problems import alertmanager
from tocsin.identity.scope import Scope

_REFUSED = {400: Answer("A parameter cannot be read.", str)}


def _reading(
    name: str,
    path: str,
    handle: Handle,
    summary: str,
    tag: str,
    answers: Mapping[int, Answer],
    query: type[BaseModel] = NoQuery,
) -> Operation:
    return Operation(name, "GET", paths(path), Scope.READ, handle, alertmanager, summary, tag, answers, query)


def _listed(description: str, model: Any) -> Mapping[int, Answer]:
    return {200: Answer(description, list[model]), **_REFUSED}


READING: tuple[Operation, ...] = (
    _reading(
        "getStatus",
        "/status",
        get_status,
        "What runs, and by which configuration",
        "general",
        {200: Answer("The status.", AlertmanagerStatus)},
    ),
    _reading(
        "getReceivers",
        "/receivers",
        get_receivers,
        "The receivers of the configuration",
        "receiver",
        _listed("The receivers.", Receiver),
        ReceiversQuery,
    ),
    _reading(
        "getAlerts",
        "/alerts",
        get_alerts,
        "The alerts that fire",
        "alert",
        _listed("The alerts, by their fingerprints.", GettableAlert),
        AlertsQuery,
    ),
    _reading(
        "getAlertGroups",
        "/alerts/groups",
        get_alert_groups,
        "The alerts that fire, in the groups in which they are told",
        "alertgroup",
        _listed("The groups, by their labels.", AlertGroup),
        GroupsQuery,
    ),
)
