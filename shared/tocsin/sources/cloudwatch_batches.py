"""Which metrics are asked for in one `GetMetricData`, and for which time."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tocsin.instants import millis

# The limits of one GetMetricData (CloudWatch API reference).
MAX_METRICS = 500
MAX_DATAPOINTS = 100_800
SHORT_MS = 15 * 60 * 1000
"""Windows that fit in this together are asked for together: what the shorter ones do not need is little."""


@dataclass(frozen=True, slots=True, order=True)
class Metric:
    """What is asked of CloudWatch; queries that agree in it are asked once."""

    namespace: str
    name: str
    dimensions: tuple[tuple[str, str], ...]
    stat: str
    period_seconds: int

    @classmethod
    def of(cls, plan: Mapping[str, Any]) -> "Metric":
        """Return the metric of a rule's plan; KeyError, TypeError or ValueError if it is not one."""
        dimensions = tuple(sorted((str(k), str(v)) for k, v in plan["dimensions"].items()))
        period_seconds = int(plan["period_seconds"])
        if period_seconds <= 0:
            raise ValueError("period_seconds is not positive")
        return cls(plan["namespace"], plan["metric"], dimensions, plan["stat"], period_seconds)

    @property
    def period_ms(self) -> int:
        """The period in milliseconds."""
        return self.period_seconds * 1000

    def query(self, id: str) -> dict[str, Any]:  # noqa: A002  the API's name
        """Return the metric as one of `MetricDataQueries`."""
        metric = {
            "Namespace": self.namespace,
            "MetricName": self.name,
            "Dimensions": [{"Name": name, "Value": value} for name, value in self.dimensions],
        }
        stat = {"Metric": metric, "Period": self.period_seconds, "Stat": self.stat}
        return {"Id": id, "MetricStat": stat, "ReturnData": True}


def datapoint_ms(metric: Metric, at: Sequence[datetime]) -> list[int]:
    """Return for each timestamp when the last period began that is complete by then."""
    period = metric.period_ms
    return [millis(instant) // period * period - period for instant in at]


@dataclass(frozen=True, slots=True)
class Batch:
    """Metrics of one period asked for in one call, from `start_ms` until before `end_ms`."""

    metrics: tuple[Metric, ...]
    start_ms: int
    end_ms: int

    def halves(self) -> tuple["Batch", "Batch"]:
        """Return the same in two calls."""
        middle = len(self.metrics) // 2
        return (
            Batch(self.metrics[:middle], self.start_ms, self.end_ms),
            Batch(self.metrics[middle:], self.start_ms, self.end_ms),
        )


def batches(wanted: Mapping[Metric, set[int]]) -> Iterator[Batch]:
    """Yield calls that together ask for every wanted datapoint.

    One period to a call, because CloudWatch counts periods from the call's start; similar windows to a call,
    because each metric is returned for the whole of the call's window.
    """
    windows = [
        Batch((metric,), min(times), max(times) + metric.period_ms)
        for metric, times in wanted.items()
        if times
    ]
    windows.sort(key=lambda one: (one.metrics[0].period_seconds, _length(one) > SHORT_MS, one.start_ms))
    while windows:
        batch, shortest, count = windows[0], _length(windows[0]), 1
        for one in windows[1:]:
            union = _union(batch, one)
            shortest = min(shortest, _length(one))
            if not _fits(union, shortest):
                break
            batch, count = union, count + 1
        yield batch
        del windows[:count]


def _length(batch: Batch) -> int:
    return batch.end_ms - batch.start_ms


def _union(batch: Batch, one: Batch) -> Batch:
    start, end = min(batch.start_ms, one.start_ms), max(batch.end_ms, one.end_ms)
    return Batch(batch.metrics + one.metrics, start, end)


def _fits(batch: Batch, shortest_ms: int) -> bool:
    period = batch.metrics[-1].period_ms
    return (
        batch.metrics[0].period_ms == period
        and len(batch.metrics) <= MAX_METRICS
        and _length(batch) <= max(SHORT_MS, 2 * shortest_ms)
        and _length(batch) // period * len(batch.metrics) <= MAX_DATAPOINTS
    )
