"""How often somebody may do something."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from tocsin.identity.ratelimit import RateLimit

NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)


def test_as_many_at_once_as_ten_seconds_allow_then_one_by_one() -> None:
    limit = RateLimit(2)
    for _ in range(20):
        assert limit.wait_seconds("ada", NOW) == 0
        limit.count("ada", NOW)
    assert limit.wait_seconds("ada", NOW) == 1
    assert limit.wait_seconds("bob", NOW) == 0
    assert limit.wait_seconds("ada", NOW + timedelta(milliseconds=500)) == 0


def test_a_clock_that_goes_back_gives_nothing_and_takes_nothing() -> None:
    limit = RateLimit(1)
    for _ in range(10):
        limit.count("ada", NOW)
    assert limit.wait_seconds("ada", NOW - timedelta(hours=1)) == 1


def test_no_limit_counts_nobody() -> None:
    limit = RateLimit()
    for _ in range(1000):
        limit.count("ada", NOW)
    assert limit.wait_seconds("ada", NOW) == 0


@given(st.lists(st.floats(0, 5), max_size=200), st.floats(0.1, 20))
def test_never_more_than_the_rate_and_its_ten_seconds(pauses: list[float], rate: float) -> None:
    limit, now, done = RateLimit(rate), NOW, 0
    for pause in pauses:
        now += timedelta(seconds=pause)
        if limit.wait_seconds("ada", now) == 0:
            limit.count("ada", now)
            done += 1
    assert done <= max(10 * rate, 1) + (now - NOW).total_seconds() * rate + 1e-3
