"""The samples of the log as series: by name, then by labels."""

from array import array
from bisect import bisect_left
from collections.abc import Hashable, Iterable, Sequence
from operator import itemgetter

from tocsin.instants import millis
from tocsin.labels import Labels, LabelSet, label_set
from tocsin.matchers import Matcher, MatchOp
from tocsin.metric import Metric
from tocsin.promql.series import Series
from tocsin.samples.naming import series_of

_NAME = "__name__"
SERIES_LOAD = 160
"""As many samples take the memory that a series takes: 2.5 KB, its labels above all."""
_RAN = "tocsin_input_up"
"""There is a sample of it for every run of an input (`collection/running.py`)."""


class SeriesStore:
    """Series in memory: `samples` is how many samples they have, and none is wanted from before `since` (ms)."""

    def __init__(self, since: int) -> None:
        self.since = since
        self.samples = 0
        self._named: dict[str, dict[LabelSet, Series]] = {}
        self._runs: dict[tuple[str, str], array[int]] = {}
        """When each input ran, at each location."""
        self._known: dict[Hashable, list[Series]] = {}  # of metrics that are alike, for naming them is slow

    @property
    def load(self) -> int:
        """Tell how much memory is taken, in samples (16 bytes)."""
        return self.samples + SERIES_LOAD * sum(map(len, self._named.values()))

    def add(self, metrics: Iterable[Metric]) -> None:
        """Add the series of metrics; of two samples of a series at one time the first one stands."""
        for metric in metrics:
            at = millis(metric.at)
            fields = [(name, value) for name, value in metric.fields.items() if not isinstance(value, str)]
            if not fields:
                continue
            alike = (metric.name, frozenset(metric.tags.items()), tuple(name for name, _ in fields))
            if alike not in self._known:
                self._known[alike] = [self._series(labels) for labels, _ in series_of(metric)]
            for series, (_, value) in zip(self._known[alike], fields, strict=True):
                self.samples += series.add(at, float(value))
                if series.labels[_NAME] == _RAN and series.runs is not None:
                    _insert(series.runs, at)

    def _series(self, labels: Labels) -> Series:
        series, key = self._named.setdefault(labels[_NAME], {}), label_set(labels)
        if key not in series:
            series[key] = Series(labels, runs=self._runs_of(labels))
        return series[key]

    def _runs_of(self, labels: Labels) -> "array[int] | None":
        """Return the times of the runs of the input that a series says it comes from."""
        name = labels.get("input")
        return self._runs.setdefault((name, labels.get("location", "")), array("q")) if name else None

    def drop_before(self, at: int) -> None:
        """Forget all samples older than `at` ms, and the series that have no others."""
        self.since = max(self.since, at)
        for runs in self._runs.values():
            del runs[: bisect_left(runs, at)]
        for name, series in list(self._named.items()):
            self.samples -= sum(one.drop_before(at) for one in series.values())
            kept = {key: one for key, one in series.items() if one.times}
            if len(kept) < len(series):
                self._known.clear()
                self._named[name] = kept
            if not kept:
                del self._named[name]

    def select(self, matchers: Sequence[Matcher]) -> list[Series]:
        """Return the series that all matchers match, in the order of their labels."""
        names = [
            matcher.value for matcher in matchers if (matcher.name, matcher.op) == (_NAME, MatchOp.EQUAL)
        ]
        named = [self._named.get(names[0], {})] if names else self._named.values()
        found = [
            (key, one)
            for series in named
            for key, one in series.items()
            if all(matcher.matches(one.labels) for matcher in matchers)
        ]
        return [one for _, one in sorted(found, key=itemgetter(0))]


def _insert(times: "array[int]", at: int) -> None:
    place = bisect_left(times, at)
    if place == len(times) or times[place] != at:
        times.insert(place, at)
