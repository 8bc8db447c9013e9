"""Intake: the one door through which alerts enter dispatch.

The order is fixed: the manifest first, which says in which groups a writer has alerts, then the alerts, then
the arming, also where a put was refused as not newer: who put it before us may have died before arming.
"""

from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any, TypeVar

from tocsin.alert import Alert
from tocsin.dispatch import chunks
from tocsin.dispatch.chunks import Merge
from tocsin.dispatch.config import Config
from tocsin.dispatch.group import (
    Placement,
    UnfinishedError,
    arm,
    delay_seconds,
    epoch,
    placements,
    wake,
)
from tocsin.dispatch.sources import by_place, ended_values, is_place, write_begun, write_ended
from tocsin.dispatch.waiting import wake_inhibited
from tocsin.index import INDEX, Index
from tocsin.instants import instant, millis
from tocsin.packing import pack, unpack
from tocsin.ports import (
    Absent,
    Below,
    Clock,
    Database,
    Either,
    Item,
    Key,
    Message,
    Parallel,
    Put,
    Queue,
    Value,
    Won,
    one_by_one,
)

T = TypeVar("T")

SWEEP = timedelta(seconds=70)
"""How far ahead a sweep looks, a minute and some: a group that is due later is the sweep's to wake."""
_SECONDS = 20.0
"""For each of the two rounds of requests that many groups cost: what is unfinished is for who comes next."""
_LIFE = timedelta(days=30)
"""How long the manifest of a writer stays none of whose alerts fires: longer than any end may be owed."""
_MOST_GROUPS = 10_000
_SKEW = timedelta(minutes=1)
"""By how much clocks may differ, and more: a flush at an alert's old end must find what was written before it."""
_FORGET = timedelta(hours=24)
"""How long a group where nothing fires any more stays in a manifest: longer than what a flush may still owe."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """In which groups a writer has alerts: for each when that was last written, and whether any fires there.

    `config` is the configuration under which all of them were placed: under a later one the writer may have
    alerts where its routes no longer lead.
    """

    seq: int = 0
    config: int = 0
    groups: Mapping[str, tuple[datetime, bool]] = field(default_factory=dict)


def manifest_key(writer: str) -> Key:
    """Return where a writer's manifest is."""
    return Key("dispatch", writer, "MANIFEST")


class Intake:
    """Puts alerts into their groups and arms them; repeating a call with the same sequence changes nothing."""

    def __init__(
        self,
        database: Database,
        queue: Queue,
        clock: Clock,
        configuration: Callable[[Index], Config | None],
        parallel: Parallel = one_by_one,
    ) -> None:
        self._database, self._queue, self._clock = database, queue, clock
        self._configuration, self._parallel = configuration, parallel

    def hand_over(
        self,
        writer: str,
        seq: int,
        alerts: Sequence[Alert],
        *,
        everything: bool = False,
        extended: Set[str] = frozenset(),
    ) -> None:
        """Take what changed of a writer by its commit `seq`; with `everything`, withdraw what has moved.

        `extended` are the fingerprints of those that a finished call has handed over, and of which only the end is
        later now: their group is due by their old end anyway, and is not armed if that is still to come.
        Before any configuration is stored nothing is placed: the first one is a change that places everything.
        Raises UnfinishedError if the time did not suffice: to be called again.
        """
        item, index = self._database.get(manifest_key(writer), INDEX)
        config = self._configuration(Index.from_item(index))
        if config is None:
            return
        now, manifest = self._clock.now(), _from_item(item)
        wanted = {**_by_group(config, alerts), **_by_place(config, alerts)}
        ends = [alert for alert in alerts if alert.resolved(now)]
        this = _HandOver(writer, seq, now, config, manifest, wanted, ends, extended, everything=everything)
        reads = [partial(self._merge, this, group) for group in this.concerned]
        merges = dict(zip(this.concerned, self._each(reads), strict=True))
        fires = {group: merge.fires for group, merge in merges.items()}
        standing = self._note(writer, manifest, fires, seq, this.placed, now)
        places = [group for group in merges if group in standing and is_place(group)]
        groups = [group for group in merges if group in standing and not is_place(group)]
        for where in places:
            write_begun(self._database, where, writer, this.changed[where], seq, now)
        dues = self._each([partial(self._settle, this, group, merges[group]) for group in groups])
        self._hint(dict(zip(groups, dues, strict=True)), now)
        for where in places:
            self._end(config, where, writer, this.changed[where], seq, now)

    def _merge(self, this: "_HandOver", group: str) -> Merge:
        """Return what becomes of the writer's chunks in a group, or in a place of inhibiting alerts."""
        found = chunks.read(self._database, group, this.writer) if this.manifest.seq else []
        held = this.wanted[group].alerts if group in this.wanted else this.ends
        strays = chunks.strays(found, held, this.now) if this.everything else []
        changed = this.changed[group] = [*held, *strays]
        if not this.everything and all(alert.fingerprint in this.extended for alert in held):
            this.due_by[group] = chunks.first_end(found, held, this.now)
        return chunks.merge(found, changed, this.now, left=group not in this.wanted, forget=is_place(group))

    def _settle(self, this: "_HandOver", group: str, merge: Merge) -> datetime:
        """Write a group's chunks and see to its due time; return that."""
        chunks.write(self._database, group, this.writer, merge, this.seq, this.now)
        placement = this.wanted[group].placement if group in this.wanted else None
        if placement is None:
            return self._rouse(group, this.writer, this.seq, this.now)
        due = this.due_by.get(group, this.now)
        if due - self._clock.now() > _SKEW and this.manifest.config == this.config.version:
            return due
        first = min(alert.starts_at for alert in this.changed[group])
        return arm(self._database, placement, this.now, first)

    def _end(
        self, config: Config, where: str, writer: str, changed: Sequence[Alert], seq: int, now: datetime
    ) -> None:
        """Remove the sources that have ended, and wake whom they may have held back."""
        if not any(alert.resolved(now) for alert in changed):
            return
        write_ended(self._database, where, writer, changed, seq, now)
        ended = ended_values(config, where, changed, now)
        self._hint(wake_inhibited(self._database, where, ended, now, self._parallel), now)

    def _each(self, jobs: Sequence[Callable[[], T]]) -> list[T]:
        """Do something for each of many groups, several at once."""
        results = self._parallel(jobs, _SECONDS)
        done = [result for result in results if result is not None]
        if len(done) < len(jobs):
            raise UnfinishedError(f"{len(jobs) - len(done)} of {len(jobs)} groups in {_SECONDS:g} s")
        return done

    def _rouse(self, group: str, writer: str, seq: int, now: datetime) -> datetime:
        """Make a group that was left due at its next slot; what nobody there was told of goes at once."""
        due = wake(self._database, group, now, at_slot=True)
        if due is None:
            for chunk in chunks.read(self._database, group, writer):
                if chunk.seq <= seq:
                    chunks.prune(self._database, chunk, chunk.alerts.keys(), f"{seq} left", now)
        return due or now + _FORGET

    def _note(
        self,
        writer: str,
        manifest: Manifest,
        fires: Mapping[str, bool],
        seq: int,
        placed: int,
        now: datetime,
    ) -> Mapping[str, tuple[datetime, bool]]:
        """Write the manifest if it changes; return the groups that stand in it: no other may be written to.

        A zombie whose routes have passed is refused here, and so puts nothing where nobody would look for it.
        """
        noted = {group: (now, firing) for group, firing in fires.items()}
        kept = {
            group: entry for group, entry in manifest.groups.items() if entry[1] or now - entry[0] < _FORGET
        }
        changed = {group: firing for group, (_, firing) in (dict(manifest.groups) | noted).items()}
        same = changed == {group: firing for group, (_, firing) in manifest.groups.items()}
        if manifest.seq and same and placed == manifest.config:
            return manifest.groups
        groups = _fitting(kept | noted)
        newer = Either((Absent("seq"), Below("seq", seq)))
        outcome = self._database.write(Put(manifest_key(writer), _to_item(seq, placed, groups, now), newer))
        return groups if isinstance(outcome, Won) else _from_item(outcome.item).groups

    def _hint(self, dues: Mapping[str, datetime], now: datetime) -> None:
        soon = {group: due for group, due in dues.items() if due - now <= SWEEP}
        if soon:
            self._queue.send([Message({"group": g}, delay_seconds(due, now)) for g, due in soon.items()])


@dataclass(frozen=True, slots=True)
class _Wanted:
    """Alerts that belong to a group, or, without a placement, to the place of a rule's sources."""

    alerts: list[Alert]
    placement: Placement | None = None


@dataclass(slots=True)
class _HandOver:
    """One hand-over under way: what is wanted where, and what was found there."""

    writer: str
    seq: int
    now: datetime
    config: Config
    manifest: Manifest
    wanted: Mapping[str, _Wanted]
    ends: Sequence[Alert]
    extended: Set[str]
    everything: bool
    changed: dict[str, Sequence[Alert]] = field(default_factory=dict)
    due_by: dict[str, datetime] = field(default_factory=dict)
    """Groups in which only ends have moved away, and when they are due all the same."""

    @property
    def concerned(self) -> list[str]:
        """Where something is to be done, and where alerts may be though the writer's routes no longer lead there."""
        if self.everything or (self.manifest.seq and self.manifest.config != self.config.version):
            return [*self.wanted, *(group for group in self.manifest.groups if group not in self.wanted)]
        return list(self.wanted)

    @property
    def placed(self) -> int:
        """The configuration under which all of the writer's alerts are placed after this."""
        return self.config.version if self.everything or not self.manifest.seq else self.manifest.config


def _by_group(config: Config, alerts: Sequence[Alert]) -> dict[str, _Wanted]:
    wanted: dict[str, _Wanted] = {}
    for alert in alerts:
        for placement in placements(config, alert.labels):
            wanted.setdefault(placement.id, _Wanted([], placement)).alerts.append(alert)
    return wanted


def _by_place(config: Config, alerts: Sequence[Alert]) -> dict[str, _Wanted]:
    return {where: _Wanted(sources) for where, sources in by_place(config, alerts).items()}


def _fitting(groups: Mapping[str, tuple[datetime, bool]]) -> dict[str, tuple[datetime, bool]]:
    """Return what fits into the manifest's item: of too many the groups that have long held nothing go first."""
    quiet = sorted((at, group) for group, (at, firing) in groups.items() if not firing)
    gone = {group for _, group in quiet[: max(0, len(groups) - _MOST_GROUPS)]}
    return {group: entry for group, entry in groups.items() if group not in gone}


def _from_item(item: Item | None) -> Manifest:
    stored: Mapping[str, Any] = item or {}
    packed = unpack(stored["groups"]) if "groups" in stored else {}
    groups = {group: (instant(ms), bool(firing)) for group, (ms, firing) in packed.items()}
    return Manifest(stored.get("seq", 0), stored.get("config", 0), groups)


def _to_item(
    seq: int, config: int, groups: Mapping[str, tuple[datetime, bool]], now: datetime
) -> dict[str, Value]:
    # When a group that fires was written nobody asks: without it twice as many fit into the item.
    packed = pack({group: [0 if firing else millis(at), firing] for group, (at, firing) in groups.items()})
    item: dict[str, Value] = {"seq": seq, "config": config, "groups": packed}
    if not any(firing for _, firing in groups.values()):
        item["expires"] = epoch(now + _LIFE)
    return item
