"""Why an alert is muted, in words that people know: the silences, the alert that inhibits it, the time intervals."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from tocsin.alert import Alert
from tocsin.dispatch.config import Config, Route
from tocsin.dispatch.inhibition import Inhibited, Sources
from tocsin.dispatch.muting import Muted, Mutes, muted_by_time
from tocsin.dispatch.silence import Silence
from tocsin.dispatch.silences import SilenceIndex
from tocsin.dispatch.sources import read_sources
from tocsin.labels import Labels
from tocsin.ports import Database


@dataclass(frozen=True, slots=True)
class Inhibiting:
    """What inhibits an alert, and the alert that does."""

    by: Inhibited
    source: Alert


@dataclass(frozen=True, slots=True)
class Reasons:
    """All that mutes an alert now."""

    silences: tuple[Silence, ...] = ()
    inhibiting: Inhibiting | None = None
    time: Muted | None = None

    @property
    def suppressed(self) -> bool:
        """Whether anything does."""
        return bool(self.silences or self.inhibiting or self.time)


def read_mutes(database: Database, config: Config, silences: SilenceIndex, alerts: Sequence[Alert]) -> Mutes:
    """Read what may mute these alerts."""
    return Mutes(config, read_sources(database, config, alerts), silences)


def reasons(mutes: Mutes, labels: Labels, route: Route | None, now: datetime) -> Reasons:
    """Return all that mutes an alert with these labels; by time only if a route is given."""
    return Reasons(
        tuple(mutes.silences.silenced_by(labels, now)),
        _inhibiting(mutes.sources, labels, now),
        muted_by_time(route, mutes.config, now) if route else None,
    )


def _inhibiting(sources: Sources, labels: Labels, now: datetime) -> Inhibiting | None:
    found = sources.inhibit(labels, now)
    if found is None:
        return None
    several = (alert for rule in sources.rules if rule.rule == found.rule for alert in rule.alerts)
    return Inhibiting(found, next(alert for alert in several if alert.fingerprint == found.by))
