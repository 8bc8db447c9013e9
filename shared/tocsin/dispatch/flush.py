"""A flush: one due group is claimed, its receivers are told what is news, and its next due is stored.

claim → read → mute → (decide → intend → send → log) for each integration → prune → finish
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial

from tocsin.alert import Alert, sort_alerts
from tocsin.dispatch import chunks, nflog
from tocsin.dispatch.chunks import Chunk
from tocsin.dispatch.config import Config, Integration
from tocsin.dispatch.controls import Controls
from tocsin.dispatch.delivery import Deliverer, Delivery, Told, View
from tocsin.dispatch.group import Meta, claim, delay_seconds, finish, route_of
from tocsin.dispatch.intake import SWEEP
from tocsin.dispatch.lognames import log_names
from tocsin.dispatch.muting import MuteReason, Mutes, mute, next_boundary
from tocsin.dispatch.nflog import Entry, label_hash, owed
from tocsin.dispatch.sources import KeptSources
from tocsin.dispatch.waiting import wait_for, waits_of
from tocsin.index import Index, read_index
from tocsin.ports import Clock, Database, Item, Message, Parallel, Queue, Receiver

Receivers = Callable[[Integration, Config], Receiver]
"""Makes the receiver of an integration from its settings and the configuration's templates."""

_DELIVERY_SECONDS = 30.0
_ROUNDS = 5
_MOST_ALERTS = 20_000
"""Of one group, in the order of a notification: those beyond are told when these have ended; a log takes 400 KB."""
_LONGEST_SLEEP = timedelta(days=7)
"""Shorter than a waiter is remembered: it registers again."""


@dataclass(slots=True)
class Report:
    """What one flush came to: one line of the log, and the figures that are counted."""

    group: str
    reason: str = "flushed"
    key: str = ""
    receiver: str = ""
    alerts: int = 0
    muted: dict[str, int] = field(default_factory=dict)
    told: list[Told] = field(default_factory=list)
    due: datetime | None = None


@dataclass(frozen=True, slots=True)
class Contents:
    """A group's items as they were read, its alerts merged, and the controls in force then."""

    chunks: tuple[Chunk, ...]
    alerts: tuple[Alert, ...]
    entries: Mapping[tuple[str, str], Entry]
    config: Config | None
    index: Index


class Dispatcher:
    """Flushes groups; safe to run twice, late, beside others, and to kill."""

    def __init__(
        self,
        database: Database,
        queue: Queue,
        receivers: Receivers,
        clock: Clock,
        parallel: Parallel,
        token: Callable[[], str],
        lifetime: timedelta,
        external_url: str = "",
        muted_ends: bool = False,
    ) -> None:
        """`lifetime` is how long a claim lasts: longer than its worker can live, both clocks' skew included.

        With `muted_ends` the end of what a receiver was told is told under a silence too, not after it.
        """
        self._database, self._queue, self._receivers, self._clock = database, queue, receivers, clock
        self._parallel, self._token, self._lifetime = parallel, token, lifetime
        self._external_url, self._muted_ends = external_url, muted_ends
        self._controls, self._sources = Controls(database), KeptSources(database)
        self._deliverer = Deliverer(database, clock)

    def flush(self, group: str) -> Report:
        """Flush a group if it is due and nobody else does."""
        now, token = self._clock.now(), self._token()
        meta = claim(self._database, group, token, now, now + self._lifetime)
        if meta is None:
            return Report(group, "not due, or claimed")
        report = Report(group, key=meta.key, receiver=meta.receiver)
        contents = self._read(meta.id)
        config = contents.config
        if config is None:
            return self._finish(meta, report, meta.next_slot(now), now)
        view = self._view(meta, config, contents, now, token)
        report.alerts = len(view.alerts)
        for muted in view.muted.values():
            report.muted[muted.reason] = report.muted.get(muted.reason, 0) + 1
        deliveries = self._deliver(view, config, contents.entries)
        report.receiver = view.route.receiver
        report.told = [told for delivery in deliveries for told in delivery.told]
        heeded = [delivery.entry for delivery in deliveries if delivery.heeds_ends]
        left, pruned = self._prune(view, contents, heeded)
        done = pruned and len(view.alerts) < _MOST_ALERTS
        due = next_due(view, deliveries, left) if done else view.meta.next_slot(now)
        if due is None:
            known = {delivery.entry.key for delivery in deliveries}
            nflog.forget(self._database, (e for e in contents.entries.values() if e.key not in known), now)
        return self._finish(view.meta, report, due, now)

    def _read(self, group: str) -> Contents:
        """Read the group, then what is in force: read after the claim, so that no wake is missed."""
        items = self._database.query("dispatch", group)
        index = read_index(self._database)
        by_name = {str(item["sk"]): item for item in items}
        entries = [nflog.from_item(item, by_name) for item in _under(items, nflog.PREFIX)]
        held = tuple(chunks.from_item(item) for item in _under(items, "W#"))
        merged = chunks.merged(held)
        return Contents(
            chunks=held,
            alerts=merged if len(merged) <= _MOST_ALERTS else tuple(sort_alerts(merged)[:_MOST_ALERTS]),
            entries={(entry.receiver, entry.integration): entry for entry in entries},
            config=self._controls.config(index),
            index=index,
        )

    def _view(self, meta: Meta, config: Config, contents: Contents, now: datetime, token: str) -> View:
        """Return the group with what mutes it; a group that sleeps by it is registered as its waiter.

        After registering, what is in force is read again: what ended in between woke nobody.
        """
        route = route_of(config, meta)
        index, registered = contents.index, dict[str, frozenset[str]]()
        for _ in range(_ROUNDS):
            sources = self._sources.read(config, contents.alerts)
            mutes = Mutes(config, sources, self._controls.silence_index(index))
            muted = mute(route, mutes, contents.alerts, now)
            waits = waits_of(muted.values())
            if all(what in registered and which <= registered[what] for what, which in waits.items()):
                break
            wait_for(self._database, meta.id, waits, now)
            registered = dict(waits)
            index = read_index(self._database)
        meta = replace(meta, interval=route.group_interval)
        return View(
            meta,
            route,
            contents.alerts,
            muted,
            now,
            token,
            self._external_url,
            self._muted_ends,
            next_boundary(route, config, now),
        )

    def _deliver(
        self, view: View, config: Config, entries: Mapping[tuple[str, str], Entry]
    ) -> list[Delivery]:
        """Tell every integration of the route's receiver, at once, so that a slow one holds no other."""
        receiver = config.receivers.get(view.route.receiver)
        jobs = []
        known = []
        integrations = receiver.integrations if receiver else ()
        for integration, logged in zip(integrations, log_names(integrations), strict=True):
            name = (view.route.receiver, logged)
            entry = entries.get(name) or Entry(view.meta.id, *name)
            known.append(entry)
            send = self._receivers(integration, config)
            jobs.append(partial(self._deliverer.deliver, view, entry, integration, send))
        results = self._parallel(jobs, _DELIVERY_SECONDS) if jobs else ()
        return [
            result or Delivery(entry, interrupted=True) for entry, result in zip(known, results, strict=True)
        ]

    def _prune(self, view: View, contents: Contents, entries: Sequence[Entry]) -> tuple[list[Alert], bool]:
        """Remove what has resolved and is owed to nobody; return what is left, and whether all of it went."""
        left: list[Alert] = []
        complete = True
        kept = owed(entries)
        for chunk in contents.chunks:
            gone = {
                text
                for text, alert in chunk.alerts.items()
                if alert.resolved(view.now) and label_hash(alert) not in kept
            }
            left += [alert for text, alert in chunk.alerts.items() if text not in gone]
            if gone and not chunks.prune(self._database, chunk, gone, self._token(), view.now):
                complete = False
        return left, complete

    def _finish(self, meta: Meta, report: Report, due: datetime | None, now: datetime) -> Report:
        counted = replace(meta, muted=meta.muted.plus(report.muted, now))
        report.due = finish(self._database, counted, due, now)
        if report.due is not None and report.due - now <= SWEEP:
            self._queue.send([Message({"group": meta.id}, delay_seconds(report.due, self._clock.now()))])
        return report


def _under(items: Iterable[Item], prefix: str) -> list[Item]:
    return [item for item in items if str(item["sk"]).startswith(prefix)]


def _heard(meta: Meta, reason: MuteReason, until: datetime) -> datetime:
    """Return when to look again at a mute that ends by itself: at once, but after a recovery at the next slot."""
    return meta.slot_from(until) if reason is MuteReason.INHIBITION else until


def next_due(view: View, deliveries: Sequence[Delivery], left: Sequence[Alert]) -> datetime | None:
    """Return when the group is due again: the earliest of all that may change what is to be told.

    None if it holds nothing any more; as long as it holds an alert it has a due time.
    """
    if not left and not any(delivery.again_at or delivery.interrupted for delivery in deliveries):
        return None
    meta, now = view.meta, view.now
    times = [delivery.again_at for delivery in deliveries if delivery.again_at is not None]
    times += [_heard(meta, muted.reason, muted.until) for muted in view.muted.values() if muted.until]
    times += [view.boundary] if view.boundary is not None and left else []
    times += [meta.slot_from(alert.ends_at) for alert in left if alert.ends_at and alert.ends_at > now]
    heard = any(not alert.resolved(now) and alert.fingerprint not in view.muted for alert in left)
    for delivery in deliveries:
        if heard:  # what is muted is not repeated: then only what ends the mute matters
            told = delivery.entry.at or now
            times.append(meta.next_slot(max(now, told + view.route.repeat_interval)))
        if delivery.interrupted:
            times.append(meta.next_slot(now))
    return min(min(times, default=meta.next_slot(now + view.route.repeat_interval)), now + _LONGEST_SLEEP)
