"""Groups as people see them: what each holds, whom it tells, what mutes its alerts now.

All of it is read in a few requests however many groups there are: a table that is read whole costs a unit for every
4 KB, where groups read one by one cost at least one each.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from operator import itemgetter

from tocsin.alert import Alert, sort_alerts
from tocsin.dispatch import chunks, group, nflog
from tocsin.dispatch.config import Config, Route
from tocsin.dispatch.group import Meta
from tocsin.dispatch.muting import Muted, Mutes, muted_by_inhibition, muted_by_silence, muted_by_time
from tocsin.dispatch.silences import SilenceIndex
from tocsin.dispatch.sources import read_sources
from tocsin.ports import Database, Item, Parallel, one_by_one

_SEGMENTS = 4
_SECONDS = 20.0


class UnreadError(RuntimeError):
    """The time did not suffice to read all groups."""


@dataclass(frozen=True, slots=True)
class Kept:
    """An alert as a group keeps it; `written_at` is when it was last changed, None if an earlier release did that."""

    alert: Alert
    fingerprint: str
    written_at: datetime | None


@dataclass(frozen=True, slots=True)
class HeldGroup:
    """A group as it is stored; `log` are the items of its notification log, one an integration.

    `kept` is what it holds, merged, in the order of a notification; some may have ended and be kept until that is told.
    """

    meta: Meta
    kept: tuple[Kept, ...] = ()
    log: tuple[Item, ...] = ()

    @property
    def alerts(self) -> list[Alert]:
        """The alerts it holds."""
        return [one.alert for one in self.kept]

    def firing(self, now: datetime) -> list[Alert]:
        """Return the alerts that fire."""
        return [one.alert for one in self.kept_firing(now)]

    def kept_firing(self, now: datetime) -> list[Kept]:
        """Return the same with what is known of them."""
        return [one for one in self.kept if not one.alert.resolved(now)]


class Groups:
    """Reads all groups, again and again: what a group holds is unpacked again only when one of its items has changed.

    An item's content goes with its revision.
    """

    def __init__(self, database: Database, parallel: Parallel = one_by_one) -> None:
        self._database, self._parallel = database, parallel
        self._known: Mapping[str, tuple[_Revisions, tuple[Kept, ...]]] = {}

    def read(self, scanned: Mapping[str, Sequence[Item]] | None = None) -> list[HeldGroup]:
        """Read every group that is stored, those included that hold nothing by now, in the order of their ids.

        `scanned` is what `scan` has just returned, if it was called. Raises UnreadError.
        """
        known, read = self._known, {}
        found = []
        for name, items in sorted((self.scan() if scanned is None else scanned).items()):
            if not name.startswith("group."):
                continue
            revisions = tuple((str(item["sk"]), str(item["rev"])) for item in _packed(items))
            before, kept = known.get(name, (None, ()))
            held = from_items(items, kept if before == revisions else None)
            if held is not None:
                read[name] = revisions, held.kept
                found.append(held)
        self._known = read
        return found

    def scan(self) -> Mapping[str, Sequence[Item]]:
        """Read all that dispatch keeps, by partition: groups, and what else it knows. Raises UnreadError."""
        jobs = [partial(self._database.scan, "dispatch", segment, _SEGMENTS) for segment in range(_SEGMENTS)]
        by_partition: dict[str, list[Item]] = {}
        for items in self._parallel(jobs, _SECONDS):
            if items is None:
                raise UnreadError(f"not all groups were read in {_SECONDS:g} s")
            for item in items:
                by_partition.setdefault(str(item["pk"]), []).append(item)
        return by_partition


_Revisions = tuple[tuple[str, str], ...]


def read_groups(database: Database, parallel: Parallel = one_by_one) -> list[HeldGroup]:
    """Read all groups once. Raises UnreadError."""
    return Groups(database, parallel).read()


def from_items(items: Sequence[Item], kept: tuple[Kept, ...] | None = None) -> HeldGroup | None:
    """Return the group of a partition's items; None if its own item is gone. `kept` is what they hold, if known."""
    metas = [group.from_item(item) for item in items if item["sk"] == "META"]
    if not metas:
        return None
    log = tuple(item for item in items if str(item["sk"]).startswith(nflog.PREFIX))
    return HeldGroup(metas[0], _unpacked(items) if kept is None else kept, log)


def _packed(items: Iterable[Item]) -> list[Item]:
    return [item for item in items if str(item["sk"]).startswith("W#")]


def _unpacked(items: Iterable[Item]) -> tuple[Kept, ...]:
    found = sorted(map(chunks.from_item, _packed(items)), key=lambda chunk: chunk.seq)
    written = {alert.fingerprint: chunk.written_at for chunk in found for alert in chunk.alerts.values()}
    kept = [(alert, alert.fingerprint) for alert in sort_alerts(chunks.merged(found))]
    return tuple(Kept(alert, fingerprint, written[fingerprint]) for alert, fingerprint in kept)


def in_tree_order(groups: Iterable[HeldGroup], config: Config) -> list[tuple[HeldGroup, Route]]:
    """Return the groups with their routes as the tree has them; those of routes that are gone come last."""
    routes = {(route.id, route.receiver): (at, route) for at, route in enumerate(config.route.walk())}
    gone = len(routes), None
    found = [(*routes.get((held.meta.route_id, held.meta.receiver), gone), held) for held in groups]
    found.sort(key=itemgetter(0))
    return [(held, route or group.route_of(config, held.meta)) for _, route, held in found]


@dataclass(frozen=True, slots=True)
class Standing:
    """What mutes an alert now, all of it: ids of silences, fingerprints of alerts, names of time intervals."""

    silenced_by: tuple[str, ...] = ()
    inhibited_by: tuple[str, ...] = ()
    muted_by: tuple[str, ...] = ()

    @property
    def suppressed(self) -> bool:
        """Whether anything mutes it."""
        return bool(self.silenced_by or self.inhibited_by or self.muted_by)


@dataclass(frozen=True)
class Standings:
    """Tells what mutes alerts, by everything that is in force at a time."""

    mutes: Mutes
    now: datetime
    _by_time: dict[str, Muted | None] = field(default_factory=dict)

    def of(self, alert: Alert, route: Route | None = None) -> Standing:
        """Return what mutes an alert, in a group of a route or, without one, wherever it is."""
        return Standing(
            _by(muted_by_silence(self.mutes.silences, alert.labels, self.now)),
            _by(muted_by_inhibition(self.mutes.sources, alert.labels, self.now)),
            self.muted_by_time(route) if route else (),
        )

    def muted_by_time(self, route: Route) -> tuple[str, ...]:
        """Return the time intervals that mute all of a route."""
        if route.id not in self._by_time:
            self._by_time[route.id] = muted_by_time(route, self.mutes.config, self.now)
        return _by(self._by_time[route.id])


def _by(muted: Muted | None) -> tuple[str, ...]:
    return muted.by if muted else ()


def standings(
    database: Database, config: Config, silences: SilenceIndex, alerts: Sequence[Alert], now: datetime
) -> Standings:
    """Return what tells the standing of these alerts: their inhibiting alerts are read."""
    return Standings(Mutes(config, read_sources(database, config, alerts), silences), now)
