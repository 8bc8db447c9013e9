"""Ticks and due timestamps: none lost, none doubled, whatever the interval and the offset."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.instants import millis
from tocsin.schedule.ticks import TICK, due_between, floor_tick, last_due, ticks_between

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)
ZERO = timedelta(0)


def after_noon(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


FLOORS = {
    "a tick": (0.0, 0.0),
    "just after": (0.001, 0.0),
    "just before": (9.999, 0.0),
    "the next": (10.0, 10.0),
}


@pytest.mark.parametrize(("seconds", "expected"), FLOORS.values(), ids=FLOORS)
def test_the_tick_of_a_time_is_the_last_that_is_not_after_it(seconds: float, expected: float) -> None:
    assert floor_tick(after_noon(seconds)) == after_noon(expected)


def test_ticks_are_the_multiples_of_10_s_without_the_start_and_with_the_end() -> None:
    assert ticks_between(NOON, after_noon(30)) == [after_noon(10), after_noon(20), after_noon(30)]
    assert ticks_between(after_noon(0.5), after_noon(9.5)) == []
    assert ticks_between(after_noon(30), NOON) == []


DUE: dict[str, tuple[float, float, tuple[float, ...]]] = {  # interval, offset, due in (12:00:00, 12:01:00]
    "a minute": (60, 0, (60,)),
    "a minute, with an offset": (60, 40, (40,)),
    "shorter than a tick": (4, 1, tuple(range(1, 61, 4))),
    "a second": (1, 0, tuple(range(1, 61))),
    "no divisor of a tick": (15, 5, (5, 20, 35, 50)),
    "no divisor of a minute": (7, millis(NOON) // 1000 % 7, (7, 14, 21, 28, 35, 42, 49, 56)),
    "a fraction of a second": (22.5, 0, (22.5, 45)),
    "an hour": (3600, 0, ()),
    "an hour, with an offset": (3600, 1, (1,)),
}


@pytest.mark.parametrize(("interval", "offset", "expected"), DUE.values(), ids=DUE)
def test_a_unit_is_due_at_its_offset_in_every_interval(
    interval: float, offset: float, expected: tuple[float, ...]
) -> None:
    due = due_between(NOON, after_noon(60), timedelta(seconds=interval), timedelta(seconds=offset))
    assert due == tuple(after_noon(second) for second in expected)


intervals = st.one_of(
    st.sampled_from([1_000, 4_000, 10_000, 15_000, 60_000, 300_000, 3_600_000]), st.integers(1, 100_000)
).map(lambda ms: timedelta(milliseconds=ms))
phases = st.integers(0, 100_000).map(lambda ms: timedelta(milliseconds=ms))
steps = st.lists(st.integers(0, 30_000).map(lambda ms: timedelta(milliseconds=ms)), max_size=8)


@given(intervals.filter(lambda interval: interval >= timedelta(milliseconds=50)), phases, steps)
def test_windows_that_meet_lose_no_timestamp_and_double_none(
    interval: timedelta, offset: timedelta, widths: list[timedelta]
) -> None:
    edges = [NOON]
    for width in widths:
        edges.append(edges[-1] + width)
    apart = [at for after, until in pairwise(edges) for at in due_between(after, until, interval, offset)]
    assert tuple(apart) == due_between(NOON, edges[-1], interval, offset)
    assert all(late - early == interval for early, late in pairwise(apart))
    assert all(
        (millis(at) - offset // timedelta(milliseconds=1)) % (interval // timedelta(milliseconds=1)) == 0
        for at in apart
    )


@given(intervals, phases, st.integers(0, 10**7).map(lambda ms: NOON + timedelta(milliseconds=ms)))
def test_the_last_due_is_the_last_in_any_window_that_reaches_back_an_interval(
    interval: timedelta, offset: timedelta, until: datetime
) -> None:
    last = last_due(until, interval, offset)
    assert until - interval < last <= until
    assert due_between(until - interval, until, interval, offset) == (last,)


@given(st.integers(0, 10**7).map(lambda ms: NOON + timedelta(milliseconds=ms)))
def test_a_tick_is_due_at_every_tick(at: datetime) -> None:
    assert last_due(at, TICK, ZERO) == floor_tick(at)
    assert list(due_between(NOON, at, TICK, ZERO)) == ticks_between(NOON, at)
