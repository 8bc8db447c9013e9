"""The scene of a decision: who exists, what was known, up to when it goes, when it is made."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from tocsin.evaluation.head import Head, Lease, Stretch
from tocsin.evaluation.records import Record
from tocsin.evaluation.unit import Unit


@dataclass(frozen=True, slots=True)
class Scene:
    """What a decision is made in: who exists, what was known, up to when it goes, when it is made."""

    head: Head
    units: Mapping[str, Unit]
    records: Mapping[str, Record]
    until: datetime
    now: datetime
    config: int
    token: str
    lease: Lease | None = None
    """Somebody else's that still runs, and is left standing."""
    stretches: tuple[Stretch, ...] | None = None
    """What is still set aside after a part of it has caught up; None if that is not what is decided."""
    down: frozenset[str] = frozenset()
    """Sources that answer nothing: one alert tells of each, not the health of its rules."""
    back: frozenset[str] = frozenset()
    """Sources that answer again: what waits for them is due."""
    holds: Mapping[str, timedelta | None] = field(default_factory=dict)
    """By source how long what fires is held though its rule cannot be evaluated."""
    digest: bool = False
    """Whether people are told, once, of alerts that came and went unheard."""
    external_url: str = ""
    """What links in alerts begin with; without one there are none."""
