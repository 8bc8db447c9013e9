"""Clocks: virtual time moves when it is told to, fast time runs from the wall's."""

from datetime import UTC, datetime, timedelta
from time import monotonic

from tocsin.local.clocks import FastClock, VirtualClock

START = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


def test_virtual_time_stands_still_until_somebody_sleeps() -> None:
    clock = VirtualClock(START)
    assert clock.now() == clock.now() == START
    clock.sleep(1.5)
    assert clock.now() == START + timedelta(seconds=1.5)


def test_virtual_time_never_goes_back() -> None:
    clock = VirtualClock(START)
    clock.advance_to(START + timedelta(hours=1))
    clock.advance_to(START)
    assert clock.now() == START + timedelta(hours=1)


def test_fast_time_runs_from_the_present_at_its_speed() -> None:
    began, clock = monotonic(), FastClock(1000)
    first = clock.now()
    assert abs((first - datetime.now(UTC)).total_seconds()) < 60
    clock.sleep(10)
    passed = (clock.now() - first).total_seconds()
    assert 10 <= passed <= (monotonic() - began) * 1000
    assert clock.seconds_until(first) == 0
    assert clock.seconds_until(clock.now() + timedelta(seconds=1000)) <= 1


def test_real_time_is_the_walls() -> None:
    assert abs(FastClock().now() - datetime.now(UTC)) < timedelta(seconds=1)
