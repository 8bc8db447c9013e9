"""Groups as people see them: what each holds, whom it tells, what mutes its alerts now.

All of it is read in a few requests however many groups there are: a table that is read whole costs a unit for every
4 KB, where groups read one by one cost at least one each.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial

from tocsin.alert import Alert
from tocsin.dispatch import chunks, group, nflog
from tocsin.dispatch.chunks import Chunk
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
class HeldGroup:
    """A group as it is stored; `log` are the items of its notification log, one an integration."""

    meta: Meta
    chunks: tuple[Chunk, ...] = ()
    log: tuple[Item, ...] = ()

    @property
    def alerts(self) -> tuple[Alert, ...]:
        """What it holds, merged; some may have ended and be kept until that is told."""
        return chunks.merged(self.chunks)

    def firing(self, now: datetime) -> list[Alert]:
        """Return what fires."""
        return [alert for alert in self.alerts if not alert.resolved(now)]

    @property
    def updated_at(self) -> Mapping[str, datetime]:
        """When each alert was last written, by the text of its labels."""
        return {
            text: chunk.written_at
            for chunk in sorted(self.chunks, key=lambda chunk: chunk.seq)
            if chunk.written_at
            for text in chunk.alerts
        }


def read_groups(database: Database, parallel: Parallel = one_by_one) -> list[HeldGroup]:
    """Read every group that is stored, those included that hold nothing by now, in the order of their ids.

    Raises UnreadError.
    """
    jobs = [partial(database.scan, "dispatch", segment, _SEGMENTS) for segment in range(_SEGMENTS)]
    found = parallel(jobs, _SECONDS)
    by_group: dict[str, list[Item]] = {}
    for items in found:
        if items is None:
            raise UnreadError(f"not all groups were read in {_SECONDS:g} s")
        for item in items:
            if str(item["pk"]).startswith("group."):
                by_group.setdefault(str(item["pk"]), []).append(item)
    return [held for _, items in sorted(by_group.items()) if (held := from_items(items)) is not None]


def from_items(items: Sequence[Item]) -> HeldGroup | None:
    """Return the group of a partition's items; None if its own item is gone."""
    metas = [group.from_item(item) for item in items if item["sk"] == "META"]
    if not metas:
        return None
    held = tuple(chunks.from_item(item) for item in items if str(item["sk"]).startswith("W#"))
    log = tuple(item for item in items if str(item["sk"]).startswith(nflog.PREFIX))
    return HeldGroup(metas[0], held, log)


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

    def of(self, alert: Alert, route: Route) -> Standing:
        """Return what mutes an alert of a route."""
        if route.id not in self._by_time:
            self._by_time[route.id] = muted_by_time(route, self.mutes.config, self.now)
        return Standing(
            _by(muted_by_silence(self.mutes.silences, alert.labels, self.now)),
            _by(muted_by_inhibition(self.mutes.sources, alert.labels, self.now)),
            _by(self._by_time[route.id]),
        )


def _by(muted: Muted | None) -> tuple[str, ...]:
    return muted.by if muted else ()


def standings(
    database: Database, config: Config, silences: SilenceIndex, alerts: Sequence[Alert], now: datetime
) -> Standings:
    """Return what tells the standing of these alerts: their inhibiting alerts are read."""
    return Standings(Mutes(config, read_sources(database, config, alerts), silences), now)
