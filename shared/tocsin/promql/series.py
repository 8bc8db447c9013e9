"""Series as they lie in memory, and how a selector finds them."""

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from tocsin.labels import Labels
from tocsin.matchers import Matcher
from tocsin.promql.values import Window
from tocsin.staleness import is_stale

LOOKBACK_MS = 300_000
"""How long a sample counts; also Prometheus' default."""


@dataclass(slots=True)
class Series:
    """One series: times in ms, oldest first, and their values; 16 bytes a sample."""

    labels: Labels
    times: "array[int]" = field(default_factory=lambda: array("q"))
    values: "array[float]" = field(default_factory=lambda: array("d"))
    runs: "array[int] | None" = None
    """When what the series comes from was looked at: a sample of one look ends with the next one that has none."""

    def add(self, at: int, value: float) -> bool:
        """Add a sample; tell whether it is new. Of two at the same time the first one stands, as in Prometheus."""
        if not self.times or at > self.times[-1]:
            self.times.append(at)
            self.values.append(value)
            return True
        place = bisect_left(self.times, at)
        if self.times[place] == at:
            return False
        self.times.insert(place, at)
        self.values.insert(place, value)
        return True

    def drop_before(self, at: int) -> int:
        """Forget what is older than `at`; return how many samples that were."""
        gone = bisect_left(self.times, at)
        if gone:
            del self.times[:gone], self.values[:gone]
        return gone

    def last(self, at: int) -> tuple[int, float] | None:
        """Return the newest sample at a moment, None if it is too old or the series has ended."""
        place = bisect_right(self.times, at) - 1
        if place < 0 or self.times[place] < at - LOOKBACK_MS or is_stale(self.values[place]):
            return None
        if self.runs is not None and _is_over(self.times[place], self.runs, at):
            return None
        return self.times[place], self.values[place]

    def between(self, start: int, end: int) -> Window | None:
        """Return the samples from `start` to `end`, both included; None if there are none."""
        first, last = bisect_left(self.times, start), bisect_right(self.times, end)
        times, values = self.times[first:last].tolist(), self.values[first:last].tolist()
        if any(map(is_stale, values)):
            kept = [(at, value) for at, value in zip(times, values, strict=True) if not is_stale(value)]
            times, values = [at for at, _ in kept], [value for _, value in kept]
        return Window(self.labels, times, values) if times else None


Select = Callable[[Sequence[Matcher]], Iterable[Series]]
"""Returns the series that all of the matchers match, in the order of their labels: so sums round as Prometheus' do."""


def _is_over(time: int, runs: "array[int]", at: int) -> bool:
    """Tell whether a sample is of a run after which there was another by `at`, as a target's series end in Prometheus.

    A sample with a time of its own, at which there was no run, lasts as long as any.
    """
    place = bisect_right(runs, at) - 1
    if place < 0 or runs[place] <= time:
        return False
    own = bisect_left(runs, time)
    return runs[own] == time
