"""What is to be written, in the form that writers want: each sample once, earliest first, in batches."""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from tocsin.instants import millis
from tocsin.labels import LabelSet, label_set
from tocsin.ports import Refused, Stored, Unanswered, Written

Outcome = Stored | Refused | Unanswered


class Point(NamedTuple):
    """One sample of one series, at milliseconds since 1970; a value of None marks the end of the series."""

    labels: LabelSet
    ms: int
    value: float | None


def points(samples: Iterable[Written]) -> list[Point]:
    """Return the samples, earliest first; of several that a series has at one time the first counts."""
    found: dict[tuple[LabelSet, int], Point] = {}
    for sample in samples:
        point = Point(label_set(sample.labels), millis(sample.at), sample.value)
        found.setdefault((point.labels, point.ms), point)
    return sorted(found.values(), key=lambda point: point.ms)


def lanes(found: Iterable[Point], count: int) -> list[list[Point]]:
    """Deal the points to so many lanes, so that each series has its points in one lane, in their order."""
    lane_of: dict[LabelSet, int] = {}
    dealt: list[list[Point]] = [[] for _ in range(count)]
    for point in found:
        dealt[lane_of.setdefault(point.labels, len(lane_of) % count)].append(point)
    return [lane for lane in dealt if lane]


def batches(lane: Iterable[Point], max_points: int, max_bytes: int) -> Iterator[list[Point]]:
    """Cut a lane into batches of so many points and about so many bytes."""
    batch: list[Point] = []
    size = 0
    for point in lane:
        size += _size(point)
        if batch and (len(batch) == max_points or size > max_bytes):
            yield batch
            batch, size = [], _size(point)
        batch.append(point)
    if batch:
        yield batch


def _size(point: Point) -> int:
    return 32 + sum(len(name) + len(value) + 8 for name, value in point.labels)


def combined(outcomes: Sequence[Outcome]) -> Outcome:
    """Return what became of a whole whose parts went so: what may be tried again goes before what is refused."""
    for kind in (Unanswered, Refused):
        for outcome in outcomes:
            if isinstance(outcome, kind):
                return outcome
    return Stored(sum(outcome.dropped for outcome in outcomes if isinstance(outcome, Stored)))
