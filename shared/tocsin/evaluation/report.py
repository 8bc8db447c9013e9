"""The report of a tick: what one message came to."""

from dataclasses import dataclass, field
from datetime import datetime

from tocsin.evaluation.memory import RuleDiff


@dataclass(slots=True)
class Report:
    """What one message came to: one line of the log, and the figures that are counted."""

    shard: str
    tick: datetime
    reason: str = "up to date"
    cursor: datetime | None = None
    behind_seconds: float | None = None
    commits: int = 0
    ticks_replayed: int = 0
    ticks_dropped: int = 0
    rules_evaluated: int = 0
    failures: dict[str, int] = field(default_factory=dict)
    failed_rules: dict[str, str] = field(default_factory=dict)
    lagging: int = 0
    quarantined: int = 0
    rules: RuleDiff = field(default_factory=RuleDiff)
    """How the rules differ from those of the tick before."""
    set_aside: int = 0
    """Rules that are far behind and catch up apart."""
    sources_down: list[str] = field(default_factory=list)
    samples_unwritten: int = 0
    alerts_unheard: int = 0
    """Alerts that fired and ended before anybody could be told."""
    alerts_handed_over: int = 0
    writers: list[str] = field(default_factory=list)
    """The writers whose alerts were handed over: what leads from a tick's line to a flush's."""
