"""Intake: the one door through which alerts enter dispatch.

The order is fixed: the manifest first, which says in which groups a writer has alerts, then the alerts, then
the arming, also where a put was refused as not newer: who put it before us may have died before arming.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from tocsin.alert import Alert
from tocsin.dispatch import chunks
from tocsin.dispatch.config import Config
from tocsin.dispatch.group import Placement, arm, delay_seconds, placements, wake
from tocsin.index import INDEX, Index
from tocsin.instants import instant, millis
from tocsin.ports import Absent, Below, Clock, Database, Either, Item, Key, Message, Put, Queue, Value, Won

SWEEP = timedelta(seconds=70)
"""How far ahead a sweep looks, a minute and some: a group that is due later is the sweep's to wake."""
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
        self, database: Database, queue: Queue, clock: Clock, configuration: Callable[[Index], Config | None]
    ) -> None:
        self._database, self._queue, self._clock = database, queue, clock
        self._configuration = configuration

    def hand_over(self, writer: str, seq: int, alerts: Sequence[Alert], *, everything: bool = False) -> None:
        """Take what changed of a writer by its commit `seq`; with `everything`, withdraw what has moved.

        Before any configuration is stored nothing is placed: the first one is a change that places everything.
        """
        item, index = self._database.get(manifest_key(writer), INDEX)
        config = self._configuration(Index.from_item(index))
        if config is None:
            return
        now = self._clock.now()
        wanted = _by_group(config, alerts)
        manifest = _from_item(item)
        merged = {
            group: chunks.merge(
                chunks.read(self._database, group, writer) if group in manifest.groups else (), held
            )
            for group, (_, held) in wanted.items()
        }
        elsewhere = [group for group in manifest.groups if group not in wanted]
        gone = elsewhere if everything else []
        fires = {group: merge.fires for group, merge in merged.items()} | dict.fromkeys(gone, False)
        placed = config.version if everything or not manifest.seq else manifest.config
        standing = self._note(writer, manifest, fires, seq, placed, now)
        for group in gone:
            self._withdraw(group, writer, seq, now)
        if not everything and manifest.seq and manifest.config != config.version:
            self._end_elsewhere(elsewhere, writer, [a for a in alerts if a.ends_at is not None], seq, now)
        for group, merge in merged.items():
            if group in standing:
                chunks.write(self._database, group, writer, merge, seq, now)
        self._arm([wanted[group] for group in wanted if group in standing], now)

    def _withdraw(self, group: str, writer: str, seq: int, now: datetime) -> None:
        """Take a writer's alerts out of a group; where nobody was told of them, as it was never armed, at once."""
        if not chunks.withdraw(self._database, group, writer, seq, now):
            return
        if wake(self._database, group, now, at_slot=True) is None:
            for chunk in chunks.read(self._database, group, writer):
                chunks.prune(self._database, chunk, list(chunk.alerts.values()), f"{seq} withdrawn", now)

    def _end_elsewhere(
        self, groups: Sequence[str], writer: str, ended: Sequence[Alert], seq: int, now: datetime
    ) -> None:
        """Bring ends to where alerts were placed under an earlier configuration: the routes lead there no more."""
        for group in groups if ended else ():
            merge = chunks.merge(chunks.read(self._database, group, writer), ended)
            chunks.write(self._database, group, writer, merge, seq, now)
            wake(self._database, group, now, at_slot=True)

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
        groups = kept | noted
        newer = Either((Absent("seq"), Below("seq", seq)))
        outcome = self._database.write(Put(manifest_key(writer), _to_item(seq, placed, groups), newer))
        return groups if isinstance(outcome, Won) else _from_item(outcome.item).groups

    def _arm(self, placed: Sequence[tuple[Placement, list[Alert]]], now: datetime) -> None:
        messages = []
        for placement, held in placed:
            due = arm(self._database, placement, now, min(alert.starts_at for alert in held))
            if due - now <= SWEEP:
                messages.append(Message({"group": placement.id}, delay_seconds(due, now)))
        if messages:
            self._queue.send(messages)


def _by_group(config: Config, alerts: Sequence[Alert]) -> dict[str, tuple[Placement, list[Alert]]]:
    wanted: dict[str, tuple[Placement, list[Alert]]] = {}
    for alert in alerts:
        for placement in placements(config, alert.labels):
            wanted.setdefault(placement.id, (placement, []))[1].append(alert)
    return wanted


def _from_item(item: Item | None) -> Manifest:
    stored: Mapping[str, Any] = item or {}
    groups = {group: (instant(ms), bool(firing)) for group, (ms, firing) in stored.get("groups", {}).items()}
    return Manifest(stored.get("seq", 0), stored.get("config", 0), groups)


def _to_item(seq: int, config: int, groups: Mapping[str, tuple[datetime, bool]]) -> dict[str, Value]:
    return {
        "seq": seq,
        "config": config,
        "groups": {group: [millis(at), firing] for group, (at, firing) in groups.items()},
    }
