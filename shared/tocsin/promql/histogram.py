"""Quantiles of classic histograms (Prometheus `quantile.go`)."""

from bisect import bisect_left
from dataclasses import dataclass, field
from math import inf, isnan, nan

from tocsin.labels import Labels
from tocsin.promql.arithmetic import divide
from tocsin.promql.values import NAME, Identity, Moment, Vector, identity, without

BUCKET = "le"


@dataclass(slots=True)
class _Histogram:
    labels: Labels
    counts: dict[float, float] = field(default_factory=dict)
    """By upper bound, each with what lies below."""


def histogram_quantile(_: Moment, q: float, vector: Vector) -> Vector:
    """Return a quantile of each histogram, whose buckets are the series that differ in `le` alone."""
    found: dict[Identity, _Histogram] = {}
    for labels, value in vector:
        bound = _bound(labels.get(BUCKET, ""))
        if bound is not None:
            rest = without(labels, (NAME, BUCKET))
            counts = found.setdefault(identity(rest), _Histogram(rest)).counts
            counts[bound] = counts.get(bound, 0.0) + value
    return [(histogram.labels, _quantile(q, histogram.counts)) for histogram in found.values()]


def _bound(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _quantile(q: float, counts: dict[float, float]) -> float:
    if isnan(q):
        return nan
    if not 0 <= q <= 1:
        return -inf if q < 0 else inf
    bounds = sorted(counts)
    if bounds[-1] != inf or len(bounds) < 2:
        return nan
    below = _rising([counts[bound] for bound in bounds])
    return _within(bounds, below, q * below[-1]) if below[-1] else nan


def _rising(counts: list[float]) -> list[float]:
    """Return counts that never fall: scraped one after the other, they may."""
    highest, found = counts[0], []
    for count in counts:
        highest = max(highest, count)
        found.append(highest)
    return found


def _within(bounds: list[float], below: list[float], rank: float) -> float:
    """Return where a rank lies, as if what is in a bucket were spread evenly."""
    bucket = bisect_left(below, rank, hi=len(below) - 1)
    if bucket == len(bounds) - 1:
        return bounds[-2]
    if bucket == 0 and bounds[0] <= 0:
        return bounds[0]
    start, before = (bounds[bucket - 1], below[bucket - 1]) if bucket else (0.0, 0.0)
    return start + (bounds[bucket] - start) * divide(rank - before, below[bucket] - before)
