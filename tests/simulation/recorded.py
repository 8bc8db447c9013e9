"""What rules record, outside: a store of samples with a way in that can go wrong, and what is read of it."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from tests.simulation.baton import Baton, InterruptedCallError, Order
from tests.simulation.database import Seen, Underway
from tocsin.labels import LabelSet, label_set
from tocsin.ports import Refused, Sample, Stored, Unanswered, Won, Written

LOOKBACK = timedelta(minutes=5)
"""For how long a series is there after its last sample, as in Prometheus."""


@dataclass
class Recorded:
    """Samples by series and time: what is there first stands; None ends a series."""

    series: dict[LabelSet, dict[datetime, float | None]] = field(default_factory=dict)

    def put(self, samples: Sequence[Written]) -> Stored:
        """Store what is not there yet."""
        dropped = 0
        for sample in samples:
            points = self.series.setdefault(label_set(sample.labels), {})
            dropped += sample.at in points
            points.setdefault(sample.at, sample.value)
        return Stored(dropped)

    def read(self, name: str, at: datetime) -> Iterator[Sample]:
        """Yield the series of a name that are there at a time, without it."""
        for labels, points in self.series.items():
            if dict(labels)["__name__"] == name:
                latest = max((time for time in points if at - LOOKBACK < time <= at), default=None)
                value = None if latest is None else points[latest]
                if value is not None:
                    yield Sample({key: text for key, text in labels if key != "__name__"}, value)

    def of(self, *names: str) -> dict[LabelSet, dict[datetime, float | None]]:
        """Return the series of some names."""
        return {
            labels: dict(sorted(points.items()))
            for labels, points in self.series.items()
            if dict(labels)["__name__"] in names
        }


class Sink:
    """The way to the store: a write may be refused, get lost, or be stored with its answer lost."""

    def __init__(self, baton: Baton, recorded: Recorded, underway: list[Underway]) -> None:
        self._baton, self._recorded, self._underway = baton, recorded, underway
        self.doubt: Callable[[Sequence[Written]], str] = lambda samples: ""
        self.batches: list[int] = []

    def write(self, seen: Seen, samples: Sequence[Written]) -> Stored | Refused | Unanswered:
        """Store a container's samples, or not, and note down what it was told."""
        outcome = self._outcome(samples)
        for sample in samples:
            seen.stored[sample.labels["__name__"], sample.at] = outcome
        return outcome

    def _outcome(self, samples: Sequence[Written]) -> Stored | Refused | Unanswered:
        try:
            order = self._baton.pause("write samples")
        except InterruptedCallError:
            return Unanswered("no connection", "unreachable")
        if order is Order.DELAY:
            self._underway.append(Underway("write samples", lambda: self._arrive(samples)))
            return Unanswered("no answer in time")
        doubt = self.doubt(samples)
        if doubt == "refused":
            return Refused("bad_data", "a bad sample")
        if doubt == "unanswered":
            return Unanswered("no answer in time")
        self.batches.append(len(samples))
        stored = self._recorded.put(samples)
        if order is Order.AGAIN:
            stored = self._recorded.put(samples)
        return Unanswered("no answer in time") if order is Order.LOSE else stored

    def _arrive(self, samples: Sequence[Written]) -> Won:
        self._recorded.put(samples)
        return Won({})


@dataclass(frozen=True)
class WrittenBy:
    """The sink as one container knows it."""

    sink: Sink
    seen: Seen

    def write(self, samples: Sequence[Written], timeout_seconds: float) -> Stored | Refused | Unanswered:
        return self.sink.write(self.seen, samples)
