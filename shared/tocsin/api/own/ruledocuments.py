"""Rules as our own API writes them."""

from datetime import datetime

from tocsin.api.own.administration_shapes import (
    InstanceShape,
    OneRuleShape,
    PausedShape,
    PauseShape,
    RuleShape,
)
from tocsin.api.own.times import maybe_seconds, maybe_time_text, time_text
from tocsin.api.prometheus.numbers import plain
from tocsin.evaluation.states import Instance, State
from tocsin.instants import instant
from tocsin.rules.book import StoredRule
from tocsin.views.rules import RuleView


def paused_document(stored: StoredRule, now: datetime) -> PausedShape:
    """Return a stored rule and its pause, null if it is not paused now."""
    return {"id": stored.id, "key": stored.rule.key, "paused": _pause(stored, now)}


def _pause(stored: StoredRule, now: datetime) -> PauseShape | None:
    if stored.pause is None or not stored.pause.holds(now):
        return None
    return {"until": maybe_time_text(stored.pause.until), "by": stored.pause.by}


def rule_document(view: RuleView, now: datetime) -> RuleShape:
    """Return a rule."""
    rule, record = view.rule, view.record
    return {
        **paused_document(view.stored, now),
        "namespace": rule.namespace,
        "group": rule.group,
        "name": rule.name,
        "kind": rule.kind.value,
        "expr": rule.expr,
        "source": rule.source,
        "intervalSeconds": rule.interval.total_seconds(),
        "forSeconds": rule.hold.total_seconds(),
        "keepFiringForSeconds": rule.keep_firing_for.total_seconds(),
        "labels": dict(rule.labels),
        "annotations": dict(rule.annotations),
        "state": view.state.value,
        "counts": {state.value: view.count(state) for state in State},
        "health": view.health,
        "lastError": record.detail,
        "healthSince": maybe_time_text(record.since),
        "lastEvaluation": maybe_time_text(view.last_evaluation),
        "nextEvaluation": maybe_time_text(view.next_evaluation(now)),
        "lagSeconds": maybe_seconds(view.lag(now)),
        "writtenBy": view.stored.by,
        "writtenAt": time_text(instant(view.stored.at_ms)),
        "revision": view.stored.revision,
    }


def one_rule_document(view: RuleView, now: datetime) -> OneRuleShape:
    """Return a rule with its instances, those that have been active for longest first."""
    held = sorted(view.record.instances.values(), key=lambda one: (one.active_at, one.labels))
    return {**rule_document(view, now), "instances": [_instance(one) for one in held]}


def _instance(held: Instance) -> InstanceShape:
    return {
        "labels": dict(held.labels),
        "state": held.state.value,
        "activeAt": time_text(held.active_at),
        "firedAt": maybe_time_text(held.fired_at),
        "value": plain(held.value),
    }
