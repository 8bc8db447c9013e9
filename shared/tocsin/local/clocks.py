"""Clocks for a Tocsin on this machine: time that somebody sets, and time that runs at a speed."""

import time
from datetime import UTC, datetime, timedelta
from time import monotonic


class VirtualClock:
    """Time that stands still until it is moved; to sleep is to move it."""

    def __init__(self, start: datetime) -> None:
        self._now = start

    def now(self) -> datetime:
        """Return the time as it was last set."""
        return self._now

    def sleep(self, seconds: float) -> None:
        """Let `seconds` pass at once."""
        self._now += timedelta(seconds=seconds)

    def advance_to(self, at: datetime) -> None:
        """Let time pass until `at`; it never goes back."""
        self._now = max(self._now, at)


class FastClock:
    """Time that runs `speed` times as fast as the wall's, from a start on; the wall's own without any."""

    def __init__(self, speed: float = 1.0, start: datetime | None = None) -> None:
        self._speed = speed
        self._start = start or datetime.now(UTC)
        self._started = monotonic()

    def now(self) -> datetime:
        """Return the current time of this clock, aware, in UTC."""
        return self._start + timedelta(seconds=(monotonic() - self._started) * self._speed)

    def sleep(self, seconds: float) -> None:
        """Let `seconds` of this clock pass."""
        time.sleep(seconds / self._speed)

    def seconds_until(self, at: datetime) -> float:
        """Return how many seconds of the wall's time there are until `at`; 0 if it has passed."""
        return max(0.0, (at - self.now()).total_seconds() / self._speed)
