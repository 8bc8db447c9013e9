"""What is asked for in one `GetMetricData`, and for which time."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tocsin.instants import instant
from tocsin.sources.cloudwatch_series import Insights, Metric, Wanted, period_ms

# The limits of one GetMetricData (CloudWatch API reference) and of one query in it (Metrics Insights quotas).
MAX_QUERIES = 500
MAX_DATAPOINTS = 100_800
MAX_GROUPS = 500
SHORT_MS = 15 * 60 * 1000
"""Windows that fit in this together are asked for together: what the shorter ones do not need is little."""


@dataclass(frozen=True, slots=True)
class Batch:
    """What is asked for in one call, all of one period, from `start_ms` until before `end_ms`."""

    wanted: tuple[Wanted, ...]
    start_ms: int
    end_ms: int

    @property
    def ids(self) -> dict[Wanted, str]:
        """What everything is called in the call: what is wanted, and the metrics that formulas read."""
        metrics = dict.fromkeys(metric for one in self.wanted for metric in one.reads)
        others = [one for one in self.wanted if not isinstance(one, Metric)]
        ids: dict[Wanted, str] = {metric: f"m{number}" for number, metric in enumerate(metrics)}
        return ids | {one: f"e{number}" for number, one in enumerate(others)}

    def request(self, token: str) -> dict[str, Any]:
        """Return the call, or that for the page after `token`."""
        ids, wanted = self.ids, set(self.wanted)
        request = {
            "MetricDataQueries": [
                {"Id": name, **one.query(ids), "ReturnData": one in wanted} for one, name in ids.items()
            ],
            "StartTime": instant(self.start_ms),
            "EndTime": instant(self.end_ms),
            "ScanBy": "TimestampAscending",
        }
        return {**request, "NextToken": token} if token else request

    def halves(self) -> "tuple[Batch, Batch]":
        """Return the same in two calls."""
        middle = len(self.wanted) // 2
        return (
            Batch(self.wanted[:middle], self.start_ms, self.end_ms),
            Batch(self.wanted[middle:], self.start_ms, self.end_ms),
        )


def batches(wanted: Mapping[Wanted, set[int]]) -> Iterator[Batch]:
    """Yield calls that together ask for every wanted datapoint.

    One period to a call, because CloudWatch counts periods from the call's start; similar windows to a call,
    because everything is returned for the whole of the call's window; a query of Metrics Insights alone,
    because there may be only one.
    """
    windows = [window for one, times in wanted.items() for window in _windows(one, sorted(times))]
    windows.sort(key=_order)
    gathered: _Gathered | None = None
    for window in windows:
        if gathered is None or not gathered.take(window):
            if gathered is not None:
                yield gathered.batch()
            gathered = _Gathered(window)
    if gathered is not None:
        yield gathered.batch()


def _order(window: Batch) -> tuple[bool, int, bool, int]:
    """Return what puts windows that fit together one after the other."""
    [one] = window.wanted
    return isinstance(one, Insights), one.period_seconds, _length(window) > SHORT_MS, window.start_ms


def _windows(one: Wanted, times: Sequence[int]) -> Iterator[Batch]:
    """Yield the times as windows; those of a query so short that all groups it can have fit in one answer."""
    most = len(times)
    if isinstance(one, Insights):
        most = 1 if one.ranked else MAX_DATAPOINTS // MAX_GROUPS
    first = 0
    while first < len(times):
        end = first + 1
        while end < len(times) and (times[end] - times[first]) // period_ms(one) < most:
            end += 1
        yield Batch((one,), times[first], times[end - 1] + period_ms(one))
        first = end


class _Gathered:
    """Windows that are asked for together."""

    def __init__(self, window: Batch) -> None:
        self._wanted = list(window.wanted)
        self._queries = {*window.wanted, *window.wanted[0].reads}
        self._start_ms, self._end_ms, self._shortest_ms = window.start_ms, window.end_ms, _length(window)

    def batch(self) -> Batch:
        """Return the call."""
        return Batch(tuple(self._wanted), self._start_ms, self._end_ms)

    def take(self, window: Batch) -> bool:
        """Add a window, unless it does not fit."""
        [one] = window.wanted
        period, first = period_ms(one), self._wanted[0]
        if isinstance(one, Insights) or isinstance(first, Insights) or period_ms(first) != period:
            return False
        start_ms, end_ms = min(self._start_ms, window.start_ms), max(self._end_ms, window.end_ms)
        queries = len(self._queries | {one, *one.reads})
        length, shortest_ms = end_ms - start_ms, min(self._shortest_ms, _length(window))
        if queries > MAX_QUERIES or length > max(SHORT_MS, 2 * shortest_ms):
            return False
        if length // period * queries > MAX_DATAPOINTS:
            return False
        self._wanted.append(one)
        self._queries.update((one, *one.reads))
        self._start_ms, self._end_ms, self._shortest_ms = start_ms, end_ms, shortest_ms
        return True


def _length(batch: Batch) -> int:
    return batch.end_ms - batch.start_ms
