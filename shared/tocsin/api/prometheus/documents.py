"""Rules and alerts as Prometheus' API writes them."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from tocsin.api.prometheus.numbers import scientific
from tocsin.evaluation.states import Instance, State
from tocsin.instants import rfc3339
from tocsin.views.rules import OK, RuleView

NEVER = "0001-01-01T00:00:00Z"
"""Go's zero time."""
UNKNOWN = "unknown"
"""The health, and the state, of what was never evaluated."""
_ACTIVE = (State.PENDING, State.FIRING)


def rule_document(view: RuleView, *, alerts: bool = True) -> dict[str, Any]:
    """Return a rule; without `alerts` an alerting rule does not list them.

    How long an evaluation took is not kept: it is 0.
    """
    rule, evaluated = view.rule, view.last_evaluation
    document = {
        "name": rule.name,
        "query": rule.expr,
        "labels": dict(rule.labels),
        **_health(view, evaluated),
        "evaluationTime": 0,
        "lastEvaluation": _time(evaluated),
        "type": "recording" if rule.records else "alerting",
    }
    return document if rule.records else document | _of_alerting(view, evaluated, alerts=alerts)


def _health(view: RuleView, evaluated: datetime | None) -> dict[str, str]:
    if view.health == OK:
        return {"health": UNKNOWN if evaluated is None else "ok"}
    detail = f": {view.record.detail}" if view.record.detail else ""
    return {"health": "err", "lastError": f"{view.health}{detail}"}


def _of_alerting(view: RuleView, evaluated: datetime | None, *, alerts: bool) -> dict[str, Any]:
    rule, state = view.rule, view.state
    never = evaluated is None and state is State.INACTIVE
    return {
        "state": UNKNOWN if never else state.value,
        "duration": rule.hold.total_seconds(),
        "keepFiringFor": rule.keep_firing_for.total_seconds(),
        "annotations": dict(rule.annotations),
        "alerts": alert_documents(view) if alerts else [],
    }


def alert_documents(view: RuleView) -> list[dict[str, Any]]:
    """Return what is pending and what fires of a rule."""
    return [_alert(held) for held in view.record.instances.values() if held.state in _ACTIVE]


def _alert(held: Instance) -> dict[str, Any]:
    kept = {"keepFiringSince": rfc3339(held.keep_firing_since)} if held.keep_firing_since else {}
    return {
        "labels": dict(held.labels),
        "annotations": dict(held.annotations or {}),
        "state": held.state.value,
        "activeAt": rfc3339(held.active_at),
        **kept,
        "value": scientific(held.value),
    }


def group_document(views: Iterable[RuleView], *, alerts: bool = True) -> dict[str, Any]:
    """Return some rules of one group, in their order; its file is its namespace."""
    members = sorted(views, key=lambda view: (view.rule.position, view.rule.ordinal))
    rule = members[0].rule
    return {
        "name": rule.group,
        "file": rule.namespace,
        "rules": [rule_document(view, alerts=alerts) for view in members],
        "interval": rule.interval.total_seconds(),
        "limit": rule.limit,
        "evaluationTime": 0,
        "lastEvaluation": _time(max(filter(None, (view.last_evaluation for view in members)), default=None)),
    }


def _time(at: datetime | None) -> str:
    return NEVER if at is None else rfc3339(at)
