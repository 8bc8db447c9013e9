"""The sink in memory: for tests, simulations and virtual time."""

from collections.abc import Sequence
from datetime import datetime
from threading import Lock
from typing import TYPE_CHECKING

from tocsin.instants import instant
from tocsin.ports import Stored, Written
from tocsin.sinks.points import points

if TYPE_CHECKING:
    from tocsin.labels import LabelSet


class MemorySink:
    """A `Sink` that keeps what is written as Prometheus does: the first write wins, and the past is closed.

    `series` holds the times and values of each, earliest first; None is the end of a series. Threads may
    share it.
    """

    def __init__(self) -> None:
        self.series: dict[LabelSet, list[tuple[datetime, float | None]]] = {}
        self._lock = Lock()

    def write(self, samples: Sequence[Written], timeout_seconds: float) -> Stored:  # noqa: ARG002
        """Store what is newer than the newest of its series."""
        stored = 0
        with self._lock:
            for labels, ms, value in points(samples):
                kept, at = self.series.setdefault(labels, []), instant(ms)
                if not kept or at > kept[-1][0]:
                    kept.append((at, value))
                    stored += 1
        return Stored(len(samples) - stored)
