"""Alerts as people see them: what fires and whom it is told, what is silenced, what is pending."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from tocsin.alert import Alert
from tocsin.dispatch import chunks, group
from tocsin.dispatch.silence import Silence, silenced_by
from tocsin.evaluation.states import State
from tocsin.instants import instant
from tocsin.ports import Database
from tocsin.views.rules import RuleView

MOST_GROUPS = 10_000
"""A slot's groups that are read: what one answer of DynamoDB holds, with room to spare."""
_END_OF_TIME = 253_402_300_799_000


class AlertState(StrEnum):
    """Where an alert stands (Alertmanager's words, and Prometheus' for what dispatch does not know yet)."""

    ACTIVE = "active"
    SUPPRESSED = "suppressed"
    PENDING = "pending"


@dataclass(frozen=True, slots=True)
class AlertView:
    """An alert, the receivers of its groups, and the silences that mute it now."""

    alert: Alert
    state: AlertState
    receivers: tuple[str, ...] = ()
    silenced_by: tuple[str, ...] = ()


def read_firing(database: Database, silences: Sequence[Silence], now: datetime) -> list[AlertView]:
    """Read what dispatch holds in all groups and return what fires, oldest first."""
    held: dict[str, tuple[Alert, set[str]]] = {}
    for group_id in read_groups(database):
        items = database.query("dispatch", group_id)
        found = tuple(chunks.from_item(item) for item in items if str(item["sk"]).startswith("W#"))
        receivers = {group.from_item(item).receiver for item in items if item["sk"] == "META"}
        for alert in chunks.merged(found):
            if not alert.resolved(now):
                held.setdefault(alert.fingerprint, (alert, set()))[1].update(receivers)
    return _by_age(_view(alert, silences, receivers, now) for alert, receivers in held.values())


def read_groups(database: Database) -> dict[str, datetime]:
    """Read when each group is due; every group that holds an alert is."""
    return {
        str(item["pk"]): instant(item["due"])
        for slot in range(group.DUE_SLOTS)
        for item in database.due(slot, _END_OF_TIME, MOST_GROUPS)
        if isinstance(item["due"], int)
    }


def pending(rules: Iterable[RuleView]) -> list[AlertView]:
    """Return the instances that have not been present for long enough to fire, oldest first."""
    return _by_age(
        AlertView(Alert(dict(held.labels), held.annotations or {}, held.active_at), AlertState.PENDING)
        for view in rules
        for held in view.record.instances.values()
        if held.state is State.PENDING
    )


def _view(alert: Alert, silences: Sequence[Silence], receivers: Iterable[str], now: datetime) -> AlertView:
    muting = tuple(silence.id for silence in silenced_by(silences, alert.labels, now))
    state = AlertState.SUPPRESSED if muting else AlertState.ACTIVE
    return AlertView(alert, state, tuple(sorted(receivers)), muting)


def _by_age(views: Iterable[AlertView]) -> list[AlertView]:
    return sorted(views, key=lambda view: (view.alert.starts_at, sorted(view.alert.labels.items())))
