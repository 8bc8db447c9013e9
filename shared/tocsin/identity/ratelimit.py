"""How often somebody may do something: a bucket that fills with time, for each of them (token bucket)."""

from collections import OrderedDict
from datetime import datetime
from math import ceil

_MOST_NAMES = 10_000


class RateLimit:
    """So many times a second, and as many at once as ten seconds allow; 0 is no limit.

    It is kept in memory, so it holds for each of the function's containers: a limit in the database would cost a
    write for every request.
    """

    def __init__(self, per_second: float = 0.0) -> None:
        self._per_second, self._most = per_second, max(10 * per_second, 1.0)
        self._buckets: OrderedDict[str, tuple[float, datetime]] = OrderedDict()

    def wait_seconds(self, name: str, now: datetime) -> int:
        """Return how long somebody has to wait before they may do it again; 0 if they may now."""
        left = self._left(name, now)
        return 0 if left >= 1 or self._per_second <= 0 else ceil((1 - left) / self._per_second)

    def count(self, name: str, now: datetime) -> None:
        """Count what somebody does."""
        if self._per_second <= 0:
            return
        self._buckets[name] = (self._left(name, now) - 1, now)
        self._buckets.move_to_end(name)
        if len(self._buckets) > _MOST_NAMES:
            self._buckets.popitem(last=False)

    def _left(self, name: str, now: datetime) -> float:
        left, at = self._buckets.get(name, (self._most, now))
        return min(self._most, left + max((now - at).total_seconds(), 0.0) * self._per_second)
