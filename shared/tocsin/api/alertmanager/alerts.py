"""Alerts and their groups, as they are now."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from operator import attrgetter
from typing import Any

from tocsin.alert import Alert, label_order
from tocsin.api.alertmanager.answering import time_text
from tocsin.api.alertmanager.paging import paged
from tocsin.api.alertmanager.selection import GroupsQuery, Narrowed, Selection, select
from tocsin.api.operation import Call
from tocsin.api.responses import Response
from tocsin.api.services import Services
from tocsin.dispatch.config import Config, Route
from tocsin.dispatch.silences import SilenceIndex
from tocsin.index import read_index
from tocsin.ports import Database
from tocsin.views.alerts import Firing, firing
from tocsin.views.groups import HeldGroup, Kept, Standing, Standings, in_tree_order, standings


@dataclass(frozen=True, slots=True)
class _Scene:
    """What there is at a moment, the groups in the order of their routes, and what of it is asked for."""

    wanted: Selection
    database: Database
    config: Config
    silences: SilenceIndex
    groups: Sequence[tuple[HeldGroup, Route]]
    now: datetime

    def standings(self, alerts: Sequence[Alert]) -> Standings:
        return standings(self.database, self.config, self.silences, alerts, self.now)

    def gettable(self, kept: Kept | Firing, standing: Standing, receivers: Iterable[str]) -> dict[str, Any]:
        """Return an alert as it is answered; one that its rule holds ends when that falls silent for too long."""
        alert = kept.alert
        document = {
            "annotations": alert.annotations,
            "endsAt": time_text(alert.ends_at or self.now + self.config.resolve_timeout),
            "fingerprint": kept.fingerprint,
            "receivers": [{"name": name} for name in receivers],
            "startsAt": time_text(alert.starts_at),
            "status": {
                "inhibitedBy": standing.inhibited_by,
                "mutedBy": standing.muted_by,
                "silencedBy": standing.silenced_by,
                "state": "suppressed" if standing.suppressed else "active",
            },
            "updatedAt": time_text(kept.written_at or alert.starts_at),
            "labels": alert.labels,
        }
        if alert.generator_url:
            document["generatorURL"] = alert.generator_url
        return document


def _look(services: Services, query: Narrowed) -> _Scene | None:
    """Return what there is; None before a configuration is stored: no alert has found its place yet."""
    index = read_index(services.database)
    config = services.controls.config(index)
    wanted = select(query, config)
    if config is None:
        return None
    silences = services.controls.silence_index(index)
    groups = in_tree_order(services.groups.read(), config)
    return _Scene(wanted, services.database, config, silences, groups, services.now())


def get_alerts(services: Services, call: Call) -> Response:
    """Return what fires by its fingerprint, each alert once, with the receivers of all its groups."""
    scene = _look(services, call.query)
    if scene is None:
        return paged(call, (), str)
    wanted = scene.wanted
    found = [
        one
        for one in firing((held for held, _ in scene.groups), scene.now)
        if wanted.has(one.alert.labels) and any(map(wanted.tells, one.receivers))
    ]
    known = scene.standings([one.alert for one in found])
    standing = [(one, known.of(one.alert)) for one in sorted(found, key=attrgetter("fingerprint"))]
    taken = [(one, stands) for one, stands in standing if wanted.takes(stands)]
    return paged(call, taken, lambda one: scene.gettable(*one, one[0].receivers))


@dataclass(frozen=True, slots=True)
class _Group:
    """A group with those of its alerts that are asked for."""

    held: HeldGroup
    route: Route
    alerts: Sequence[tuple[Kept, Standing]]
    muted: bool

    @property
    def order(self) -> tuple[object, ...]:
        return (*label_order(self.held.meta.labels), self.held.meta.receiver)


def get_alert_groups(services: Services, call: Call) -> Response:
    """Return what fires as it is told, by the labels of the groups; those that hold nothing are left out."""
    scene = _look(services, call.query)
    if scene is None:
        return paged(call, (), str)
    query: GroupsQuery = call.query
    groups = _groups(scene)
    told: dict[str, list[str]] = {}
    for one in groups:
        for kept, _ in one.alerts:
            told.setdefault(kept.fingerprint, []).append(one.held.meta.receiver)
    found = sorted((one for one in groups if query.muted or not one.muted), key=lambda one: one.order)
    return paged(call, found, lambda one: _gettable(scene, one, told))


def _groups(scene: _Scene) -> list[_Group]:
    wanted = scene.wanted
    chosen = [
        (held, route, [kept for kept in held.kept_firing(scene.now) if wanted.has(kept.alert.labels)])
        for held, route in scene.groups
        if wanted.tells(held.meta.receiver)
    ]
    known = scene.standings([kept.alert for _, _, alerts in chosen for kept in alerts])
    found = []
    for held, route, alerts in chosen:
        standing = [(kept, known.of(kept.alert, route)) for kept in alerts]
        taken = [(kept, stands) for kept, stands in standing if wanted.takes(stands)]
        if taken:
            found.append(_Group(held, route, taken, muted=bool(known.muted_by_time(route))))
    return found


def _gettable(scene: _Scene, group: _Group, told: Mapping[str, list[str]]) -> dict[str, Any]:
    return {
        "alerts": [
            scene.gettable(kept, standing, sorted(told[kept.fingerprint])) for kept, standing in group.alerts
        ],
        "labels": group.held.meta.labels,
        "receiver": {"name": group.held.meta.receiver},
        "routeLabels": group.route.labels,
    }
