"""Ticks: wall-aligned, never dropped; and the timestamps at which a unit is due between them."""

from datetime import datetime, timedelta

from tocsin.instants import instant, millis

TICK = timedelta(seconds=10)
_TICK_MS = 10_000
_SKEW = timedelta(seconds=2)


def floor_tick(at: datetime) -> datetime:
    """Return the last tick that is not after `at`: ticks are the wall-clock multiples of 10 s (Grafana's ticker)."""
    ms = millis(at)
    return instant(ms - ms % _TICK_MS)


def target_tick(now: datetime, tick: datetime) -> datetime:
    """Return the tick to work up to: the latest, or the message's own if our clock is just behind it."""
    latest = floor_tick(now)
    return max(latest, tick) if tick - now <= _SKEW else latest


def ticks_between(after: datetime, until: datetime) -> list[datetime]:
    """Return every tick in (after, until], oldest first."""
    first = millis(after) // _TICK_MS + 1
    last = millis(until) // _TICK_MS
    return [instant(n * _TICK_MS) for n in range(first, last + 1)]


def due_between(
    after: datetime, until: datetime, interval: timedelta, offset: timedelta
) -> tuple[datetime, ...]:
    """Return every timestamp in (after, until] that is congruent to `offset` modulo `interval`, oldest first.

    Any interval works, those that do not divide by the tick and those shorter than it included.
    """
    step = interval // timedelta(milliseconds=1)
    phase = offset // timedelta(milliseconds=1)
    first = (millis(after) - phase) // step + 1
    last = (millis(until) - phase) // step
    return tuple(instant(n * step + phase) for n in range(first, last + 1))


def last_due(until: datetime, interval: timedelta, offset: timedelta) -> datetime:
    """Return the latest timestamp not after `until` at which a unit is due."""
    step = interval // timedelta(milliseconds=1)
    phase = offset // timedelta(milliseconds=1)
    return instant((millis(until) - phase) // step * step + phase)
