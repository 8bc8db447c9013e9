"""A gathering: what one probe of one run adds, and how much time is left to it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from threading import Lock
from time import monotonic

from tocsin.metric import FieldValue, Metric
from tocsin.samples.bounds import bounded, size

MOST_METRICS, MOST_BYTES = 10_000, 4 << 20
"""Of one run of one probe: what comes after is counted and left out."""
_LONGEST_FAILURE = 300
_MOST_FAILURES = 20


@dataclass(slots=True)
class Gather:
    """Collects from one thread; `ends` is a time of `monotonic`.

    Once closed (its run has ended without it) it takes nothing more.
    """

    ends: float
    now: Callable[[], datetime]
    monotonic: Callable[[], float] = monotonic
    metrics: list[Metric] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    dropped: int = 0
    _bytes: int = 0
    _closed: bool = False
    _lock: Lock = field(default_factory=Lock)

    def left_seconds(self) -> float:
        """Return how much time is left, never less than none."""
        return max(0.0, self.ends - self.monotonic())

    def add(
        self,
        name: str,
        fields: Mapping[str, FieldValue],
        tags: Mapping[str, str] | None = None,
        at: datetime | None = None,
    ) -> None:
        """Add a metric, as of now if no time is given; one without fields, and tags without text, are left out.

        So is, and counted, what is out of all bounds (`samples/bounds.py`).
        """
        if not fields:
            return
        told = {key: value for key, value in (tags or {}).items() if value}
        metric = bounded(Metric(name, fields, told, at=at or self.now()))
        with self._lock:
            if self._closed:
                return
            self._bytes += size(metric) if metric else 0
            if metric is None or len(self.metrics) >= MOST_METRICS or self._bytes > MOST_BYTES:
                self.dropped += 1
            else:
                self.metrics.append(metric)

    def fail(self, text: str) -> None:
        """Note what went wrong, in words for people and without secrets; what was added stays."""
        with self._lock:
            if not self._closed and len(self.failures) < _MOST_FAILURES:
                self.failures.append(text[:_LONGEST_FAILURE].encode(errors="replace").decode())

    def close(self) -> None:
        """Take nothing more."""
        with self._lock:
            self._closed = True
