"""A stored rule as a row, and as JSON in the words of rule files."""

from datetime import datetime
from typing import Any

from tocsin.cli.changes import title
from tocsin.cli.output import maybe_rfc3339, moment, span
from tocsin.durations import format_duration
from tocsin.evaluation.states import State
from tocsin.instants import instant
from tocsin.intervalfields import interval_document
from tocsin.views.rules import RuleView

HEADERS = ("NAMESPACE", "GROUP", "RULE", "INTERVAL", "STATE", "HEALTH", "LAG", "PAUSED")


def row(view: RuleView, now: datetime) -> tuple[str, ...]:
    """Return the cells of a rule."""
    rule = view.rule
    interval, lag = format_duration(rule.interval), span(view.lag(now))
    cells = (title(rule), interval, _state(view), view.health, lag, _paused(view, now))
    return (rule.namespace, rule.group, *cells)


def _state(view: RuleView) -> str:
    """Return `firing 2, pending 1`, or `inactive`; of a recording rule how many series it writes."""
    if view.rule.records:
        return f"records {view.count(State.RECORDED)}"
    counts = ((state.value, view.count(state)) for state in (State.FIRING, State.PENDING))
    return ", ".join(f"{name} {count}" for name, count in counts if count) or State.INACTIVE.value


def _paused(view: RuleView, now: datetime) -> str:
    if view.stored.pause is None or not view.stored.paused(now):
        return "no"
    return f"until {moment(view.stored.pause.until)}" if view.stored.pause.until else "yes"


def to_json(view: RuleView, now: datetime) -> dict[str, Any]:
    """Return the rule, what it is doing, whether it is well, and who wrote it."""
    return {**_rule(view), **_settings(view), **_condition(view, now)}


def _rule(view: RuleView) -> dict[str, Any]:
    rule = view.rule
    return {
        "key": rule.key,
        "id": view.stored.id,
        "namespace": rule.namespace,
        "group": rule.group,
        rule.kind.value: rule.name,
        "expr": rule.expr,
        "for": format_duration(rule.hold),
        "keep_firing_for": format_duration(rule.keep_firing_for),
        "labels": dict(rule.labels),
        "annotations": dict(rule.annotations),
    }


def _settings(view: RuleView) -> dict[str, Any]:
    rule = view.rule
    return {
        "source": rule.source,
        "interval": format_duration(rule.interval),
        "query_offset": format_duration(rule.query_offset),
        "limit": rule.limit,
        "jitter": rule.jitter.value,
        "gap_policy": rule.gap.value,
        "evaluate_during": [interval_document(window) for window in rule.windows],
    }


def _condition(view: RuleView, now: datetime) -> dict[str, Any]:
    stored, record, lag = view.stored, view.record, view.lag(now)
    paused = stored.paused(now)
    return {
        "paused": paused,
        "pausedUntil": maybe_rfc3339(stored.pause.until) if stored.pause and paused else None,
        "state": view.state.value,
        "firing": view.count(State.FIRING),
        "pending": view.count(State.PENDING),
        "recorded": view.count(State.RECORDED),
        "health": view.health,
        "healthDetail": record.detail,
        "healthSince": maybe_rfc3339(record.since),
        "evaluatedUntil": maybe_rfc3339(view.cursor),
        "lagSeconds": None if lag is None else lag.total_seconds(),
        "revision": stored.revision,
        "writtenBy": stored.by,
        "writtenAt": maybe_rfc3339(instant(stored.at_ms)),
    }
