"""Muting: why an alert is not told of now, and until when that may last. It acts at the moment of sending."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from tocsin.alert import Alert
from tocsin.dispatch.config import Config, Route
from tocsin.dispatch.inhibition import Sources, Values, place
from tocsin.dispatch.silences import SilenceIndex
from tocsin.labels import Labels
from tocsin.timeintervals import TimeInterval, next_change


class MuteReason(StrEnum):
    """Why (the values of Alertmanager's `notifications_suppressed_total`)."""

    INHIBITION = "inhibition"
    ACTIVE_TIME = "active_time_interval"
    MUTE_TIME = "mute_time_interval"
    SILENCE = "silence"


@dataclass(frozen=True, slots=True)
class Muted:
    """The first thing that mutes an alert: by what, and when to look again; None if nothing tells.

    `by` are fingerprints, names of time intervals or ids of silences; `waits` is what an inhibited alert waits for.
    """

    reason: MuteReason
    by: tuple[str, ...]
    until: datetime | None
    waits: tuple[str, Values] | None = None


@dataclass(frozen=True, slots=True)
class Mutes:
    """Everything in force that may mute an alert."""

    config: Config
    sources: Sources
    silences: SilenceIndex


def mute(route: Route, mutes: Mutes, alerts: Iterable[Alert], now: datetime) -> dict[str, Muted]:
    """Return by fingerprint what mutes alerts of a route now, in Alertmanager's order; none for those it does not."""
    all_of_it = muted_by_time(route, mutes.config, now)
    verdicts = (
        (
            alert.fingerprint,
            muted_by_inhibition(mutes.sources, alert.labels, now)
            or all_of_it
            or muted_by_silence(mutes.silences, alert.labels, now),
        )
        for alert in alerts
    )
    return {fingerprint: muted for fingerprint, muted in verdicts if muted is not None}


def muted_by_inhibition(sources: Sources, labels: Labels, now: datetime) -> Muted | None:
    """Return the alert that inhibits one with these labels, and which rule's sources have to end first."""
    found = sources.inhibit(labels, now)
    if found is None:
        return None
    waits = (place(found.rule), found.values)
    return Muted(MuteReason.INHIBITION, (found.by,), found.until, waits)


def muted_by_time(route: Route, config: Config, now: datetime) -> Muted | None:
    """Return whether the route's time intervals mute all of it: outside its active ones, inside its mute ones."""
    active = [name for name in route.active_time_intervals if _contains(config, name, now)]
    if route.active_time_intervals and not active:
        names = route.active_time_intervals
        return Muted(MuteReason.ACTIVE_TIME, names, _change(config, names, now))
    muting = tuple(name for name in route.mute_time_intervals if _contains(config, name, now))
    return Muted(MuteReason.MUTE_TIME, muting, _change(config, muting, now)) if muting else None


def next_boundary(route: Route, config: Config, now: datetime) -> datetime | None:
    """Return when the time intervals of a route that they do not mute may begin to; None if it has none."""
    several = (route.active_time_intervals, route.mute_time_intervals)
    changes = [_change(config, names, now) for names in several if names]
    return min((change for change in changes if change is not None), default=None)


def muted_by_silence(silences: SilenceIndex, labels: Labels, now: datetime) -> Muted | None:
    """Return the silences that mute an alert; it is muted at least until the first of them ends."""
    found = silences.silenced_by(labels, now)
    if not found:
        return None
    ids = tuple(silence.id for silence in found)
    return Muted(MuteReason.SILENCE, ids, min(silence.ends_at for silence in found))


def _intervals(config: Config, names: Sequence[str]) -> list[TimeInterval]:
    return [interval for name in names for interval in config.time_intervals.get(name, ())]


def _contains(config: Config, name: str, now: datetime) -> bool:
    return any(interval.contains(now) for interval in config.time_intervals.get(name, ()))


def _change(config: Config, names: Sequence[str], now: datetime) -> datetime | None:
    return next_change(_intervals(config, names), now)
