"""A stored rule as a row, and as JSON in the words of rule files."""

from typing import Any

from tocsin.cli.changes import title
from tocsin.cli.output import maybe_rfc3339
from tocsin.durations import format_duration
from tocsin.evaluation.states import State
from tocsin.instants import instant
from tocsin.views.rules import RuleView

HEADERS = ("NAMESPACE", "GROUP", "ALERT", "INTERVAL", "STATE", "HEALTH", "PAUSED")


def row(view: RuleView) -> tuple[str, ...]:
    """Return the cells of a rule."""
    rule = view.rule
    interval = format_duration(rule.interval)
    paused = "yes" if rule.paused else "no"
    return (rule.namespace, rule.group, title(rule), interval, _state(view), view.health, paused)


def _state(view: RuleView) -> str:
    """Return `firing 2, pending 1`, or `inactive`."""
    counts = ((state.value, view.count(state)) for state in (State.FIRING, State.PENDING))
    return ", ".join(f"{name} {count}" for name, count in counts if count) or State.INACTIVE.value


def to_json(view: RuleView) -> dict[str, Any]:
    """Return the rule, what it is doing, whether it is well, and who wrote it."""
    rule, record, stored = view.rule, view.record, view.stored
    return {
        "key": rule.key,
        "id": stored.id,
        "namespace": rule.namespace,
        "group": rule.group,
        "alert": rule.alert,
        "expr": rule.expr,
        "source": rule.source,
        "interval": format_duration(rule.interval),
        "query_offset": format_duration(rule.query_offset),
        "limit": rule.limit,
        "for": format_duration(rule.hold),
        "keep_firing_for": format_duration(rule.keep_firing_for),
        "labels": dict(rule.labels),
        "annotations": dict(rule.annotations),
        "paused": rule.paused,
        "state": view.state.value,
        "firing": view.count(State.FIRING),
        "pending": view.count(State.PENDING),
        "health": view.health,
        "healthDetail": record.detail,
        "healthSince": maybe_rfc3339(record.since),
        "revision": stored.revision,
        "writtenBy": stored.by,
        "writtenAt": maybe_rfc3339(instant(stored.at_ms)),
    }
