"""How often somebody may ask: a bucket that fills with time, for each of them (token bucket)."""

from collections import OrderedDict
from datetime import datetime
from math import ceil

_MOST_NAMES = 10_000


class RateLimit:
    """So many requests a second, and as many at once as ten seconds allow; 0 is no limit.

    It is kept in memory, so it holds for each of the function's containers: a limit in the database would cost a
    write for every request.
    """

    def __init__(self, per_second: float = 0.0) -> None:
        self._per_second, self._most = per_second, max(10 * per_second, 1.0)
        self._buckets: OrderedDict[str, tuple[float, datetime]] = OrderedDict()

    def wait_seconds(self, name: str, now: datetime) -> int:
        """Count one request of somebody, and return how long they have to wait before it may be done; 0 if not."""
        if self._per_second <= 0:
            return 0
        left, at = self._buckets.pop(name, (self._most, now))
        left = min(self._most, left + max((now - at).total_seconds(), 0.0) * self._per_second)
        allowed = left >= 1
        self._buckets[name] = (left - 1 if allowed else left, now)
        if len(self._buckets) > _MOST_NAMES:
            self._buckets.popitem(last=False)
        return 0 if allowed else ceil((1 - left) / self._per_second)
