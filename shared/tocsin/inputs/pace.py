"""Pace: so many calls a second at most, over all threads."""

from collections.abc import Callable
from threading import Lock
from time import monotonic


class Pace:
    """Lets calls pass one by one, with equal pauses between them."""

    def __init__(
        self,
        per_second: int,
        sleep: Callable[[float], None],
        monotonic: Callable[[], float] = monotonic,
    ) -> None:
        self._apart, self._sleep, self._monotonic = 1 / per_second, sleep, monotonic
        self._next = 0.0
        self._lock = Lock()

    def __call__(self) -> None:
        """Wait for one's turn."""
        with self._lock:
            now = self._monotonic()
            turn = max(self._next, now)
            self._next = turn + self._apart
        if turn > now:
            self._sleep(turn - now)
