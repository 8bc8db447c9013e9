"""Alerts as people see them: what fires and whom it is told, what is silenced, what is pending."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from tocsin.alert import Alert
from tocsin.dispatch.config import Config
from tocsin.dispatch.inhibition import Sources
from tocsin.dispatch.silence import Silence
from tocsin.dispatch.silences import SilenceIndex
from tocsin.dispatch.sources import read_sources
from tocsin.evaluation.states import State
from tocsin.ports import Database
from tocsin.views.groups import HeldGroup, read_groups
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


@dataclass(slots=True)
class Firing:
    """An alert that fires, the receivers of the groups that hold it, in the groups' order, and its last change."""

    alert: Alert
    fingerprint: str
    receivers: list[str]
    written_at: datetime


def firing(groups: Iterable[HeldGroup], now: datetime) -> list[Firing]:
    """Return what fires in any of the groups."""
    found: dict[str, Firing] = {}
    for held in groups:
        for kept in held.kept_firing(now):
            at = kept.written_at or kept.alert.starts_at
            one = found.get(kept.fingerprint)
            if one is None:
                one = found[kept.fingerprint] = Firing(kept.alert, kept.fingerprint, [], at)
            one.receivers.append(held.meta.receiver)
            one.written_at = max(one.written_at, at)
    return list(found.values())


def read_firing(
    database: Database, config: Config | None, silences: Sequence[Silence], now: datetime
) -> list[AlertView]:
    """Read what dispatch holds in all groups and return what fires, oldest first."""
    found = firing(read_groups(database), now)
    alerts = [one.alert for one in found]
    sources = read_sources(database, config, alerts) if config else Sources()
    index = SilenceIndex(silences)
    return _by_age(_view(one, sources, index, now) for one in found)


def pending(rules: Iterable[RuleView]) -> list[AlertView]:
    """Return the instances that have not been present for long enough to fire, oldest first."""
    return _by_age(
        AlertView(Alert(dict(held.labels), held.annotations or {}, held.active_at), AlertState.PENDING)
        for view in rules
        for held in view.record.instances.values()
        if held.state is State.PENDING
    )


def _view(firing: Firing, sources: Sources, silences: SilenceIndex, now: datetime) -> AlertView:
    silenced = tuple(silence.id for silence in silences.silenced_by(firing.alert.labels, now))
    inhibited = sources.inhibit(firing.alert.labels, now)
    state = AlertState.SUPPRESSED if silenced or inhibited else AlertState.ACTIVE
    receivers = tuple(sorted(set(firing.receivers)))
    return AlertView(firing.alert, state, receivers, silenced, (inhibited.by,) if inhibited else ())


def _by_age(views: Iterable[AlertView]) -> list[AlertView]:
    return sorted(views, key=lambda view: (view.alert.starts_at, sorted(view.alert.labels.items())))
