"""Alerts as people see them: what fires and whom it is told, what is silenced, what is pending."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from tocsin.alert import Alert
from tocsin.dispatch import chunks, group
from tocsin.dispatch.config import Config
from tocsin.dispatch.inhibition import Sources
from tocsin.dispatch.silence import Silence, silenced_by
from tocsin.dispatch.sources import read_sources
from tocsin.evaluation.states import State
from tocsin.ports import Database
from tocsin.views.rules import RuleView


class AlertState(StrEnum):
    """Where an alert stands (Alertmanager's words, and Prometheus' for what dispatch does not know yet)."""

    ACTIVE = "active"
    SUPPRESSED = "suppressed"
    PENDING = "pending"


@dataclass(frozen=True, slots=True)
class AlertView:
    """An alert, the receivers of its groups, and the silences and the alert that mute it now."""

    alert: Alert
    state: AlertState
    receivers: tuple[str, ...] = ()
    silenced_by: tuple[str, ...] = ()
    inhibited_by: tuple[str, ...] = ()


def read_firing(
    database: Database, config: Config | None, silences: Sequence[Silence], now: datetime
) -> list[AlertView]:
    """Read what dispatch holds in all groups and return what fires, oldest first."""
    held: dict[str, tuple[Alert, set[str]]] = {}
    for group_id in group.held_groups(database):
        items = database.query("dispatch", group_id)
        found = tuple(chunks.from_item(item) for item in items if str(item["sk"]).startswith("W#"))
        receivers = {group.from_item(item).receiver for item in items if item["sk"] == "META"}
        for alert in chunks.merged(found):
            if not alert.resolved(now):
                held.setdefault(alert.fingerprint, (alert, set()))[1].update(receivers)
    firing = [alert for alert, _ in held.values()]
    sources = read_sources(database, config, firing) if config else Sources()
    return _by_age(_view(alert, sources, silences, receivers, now) for alert, receivers in held.values())


def pending(rules: Iterable[RuleView]) -> list[AlertView]:
    """Return the instances that have not been present for long enough to fire, oldest first."""
    return _by_age(
        AlertView(Alert(dict(held.labels), held.annotations or {}, held.active_at), AlertState.PENDING)
        for view in rules
        for held in view.record.instances.values()
        if held.state is State.PENDING
    )


def _view(
    alert: Alert, sources: Sources, silences: Sequence[Silence], receivers: Iterable[str], now: datetime
) -> AlertView:
    silenced = tuple(silence.id for silence in silenced_by(silences, alert.labels, now))
    inhibited = sources.inhibit(alert.labels, now)
    state = AlertState.SUPPRESSED if silenced or inhibited else AlertState.ACTIVE
    return AlertView(alert, state, tuple(sorted(receivers)), silenced, (inhibited.by,) if inhibited else ())


def _by_age(views: Iterable[AlertView]) -> list[AlertView]:
    return sorted(views, key=lambda view: (view.alert.starts_at, sorted(view.alert.labels.items())))
