"""A toy time series database: a source that answers from the series that were written to it, and their sink.

An expression is the names of the series that it reads. It answers one series, whose value comes from theirs as
of the timestamp and from the timestamp itself, so that who reads too early, or too late, reads something else.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from tests.unit.evaluating import START
from tocsin.evaluation.unit import Unit, unit_of
from tocsin.labels import LabelSet, label_set
from tocsin.ports import Answer, Query, Refused, Sample, Samples, Stored, Unanswered, Written
from tocsin.rules.rule import Jitter, Kind, Rule

LOOKBACK = timedelta(minutes=5)
_MODULUS = 1009


@dataclass
class ToyDatabase:
    """Series by their labels; `trouble` may turn the answer to an expression at some timestamps, or a write, bad."""

    series: dict[LabelSet, dict[datetime, float | None]] = field(default_factory=dict)
    asked: list[tuple[str, tuple[datetime, ...]]] = field(default_factory=list)
    writes: list[int] = field(default_factory=list)
    trouble: Callable[[Query], Refused | Unanswered | None] = lambda query: None
    write_trouble: Callable[[Sequence[Written]], Refused | Unanswered | None] = lambda samples: None

    def ask(self, queries: Sequence[Query], timeout_seconds: float) -> Sequence[Answer]:
        """Answer each query from what was written before."""
        return [self._answer(query) for query in queries]

    def _answer(self, query: Query) -> Answer:
        self.asked.append((query.expr, query.at))
        return self.trouble(query) or Samples(
            tuple((Sample({"job": "a"}, self.value(query.expr, at)),) for at in query.at)
        )

    def value(self, expr: str, at: datetime) -> float:
        """Return what an expression comes to."""
        read = sum(self._read(name, at) * (n + 2) for n, name in enumerate(expr.split()))
        return (7 * read + (at - START).total_seconds()) % _MODULUS

    def _read(self, name: str, at: datetime) -> float:
        """Return the sum of the latest samples, none of them an end, of the series with a name."""
        found = [points for labels, points in self.series.items() if dict(labels)["__name__"] == name]
        latest = [max((t for t in points if at - LOOKBACK < t <= at), default=None) for points in found]
        return sum(points[t] or 0 for points, t in zip(found, latest, strict=True) if t is not None)

    def write(self, samples: Sequence[Written], timeout_seconds: float) -> Stored | Refused | Unanswered:
        """Store what is not there yet."""
        if trouble := self.write_trouble(samples):
            return trouble
        self.writes.append(len(samples))
        dropped = 0
        for sample in samples:
            points = self.series.setdefault(label_set(sample.labels), {})
            dropped += sample.at in points
            points.setdefault(sample.at, sample.value)
        return Stored(dropped)

    def recorded(self, name: str) -> dict[float, float | None]:
        """Return the samples of the one series with a name by seconds after the start."""
        [points] = [points for labels, points in self.series.items() if dict(labels)["__name__"] == name]
        return {(at - START).total_seconds(): value for at, value in sorted(points.items())}


def recording(
    name: str, *reads: str, group: str = "g", position: int = 0, every: float = 10, blind: bool = False
) -> Unit:
    """Return the unit of a rule that records `name` from the series it reads; a `blind` one does not tell which."""
    made = Rule(
        "ns",
        group,
        name,
        " ".join(reads) or "up",
        kind=Kind.RECORD,
        interval=timedelta(seconds=every),
        jitter=Jitter.NEVER,
        reads=None if blind else tuple(reads) or ("up",),
        position=position,
    )
    return unit_of(made.id, made)


def alerting(
    name: str, *reads: str, group: str = "g", position: int = 0, every: float = 10, hold: float = 0
) -> Unit:
    """Return the unit of a rule that alerts on the series it reads."""
    made = Rule(
        "ns",
        group,
        name,
        " ".join(reads),
        interval=timedelta(seconds=every),
        hold=timedelta(seconds=hold),
        jitter=Jitter.NEVER,
        reads=reads,
        position=position,
    )
    return unit_of(made.id, made)
