"""Instants: exact in milliseconds, printed as Go prints them."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.instants import instant, maybe_instant, maybe_millis, millis, rfc3339


@given(st.integers(-62135596800000, 253402300799999))
def test_milliseconds_survive(ms: int) -> None:
    assert millis(instant(ms)) == ms


def test_the_epoch_is_1970() -> None:
    assert instant(0) == datetime(1970, 1, 1, tzinfo=UTC)


def test_less_than_a_millisecond_is_cut_off_towards_the_past() -> None:
    assert millis(datetime(2026, 1, 1, 0, 0, 0, 1999, tzinfo=UTC)) % 1000 == 1
    assert millis(datetime(1969, 12, 31, 23, 59, 59, 999999, tzinfo=UTC)) == -1


def test_the_zone_of_a_time_does_not_matter() -> None:
    east = timezone(timedelta(hours=2))
    assert millis(datetime(1970, 1, 1, 2, tzinfo=east)) == 0


def test_what_is_missing_stays_missing() -> None:
    assert (maybe_millis(None), maybe_instant(None)) == (None, None)
    assert (maybe_millis(instant(5)), maybe_instant(5)) == (5, instant(5))


PRINTED = {
    "whole seconds": (datetime(2026, 1, 2, 3, 4, 50, tzinfo=UTC), "2026-01-02T03:04:50Z"),
    "milliseconds": (datetime(2026, 1, 2, 3, 4, 5, 120000, tzinfo=UTC), "2026-01-02T03:04:05.12Z"),
    "microseconds": (datetime(2026, 1, 2, 3, 4, 5, 1, tzinfo=UTC), "2026-01-02T03:04:05.000001Z"),
    "another zone": (
        datetime(2026, 1, 2, 3, 4, 5, tzinfo=timezone(timedelta(hours=-5))),
        "2026-01-02T08:04:05Z",
    ),
    "Go's zero time": (datetime(1, 1, 1, tzinfo=UTC), "0001-01-01T00:00:00Z"),
}


@pytest.mark.parametrize(("at", "expected"), PRINTED.values(), ids=PRINTED)
def test_an_instant_is_printed_as_go_does(at: datetime, expected: str) -> None:
    assert rfc3339(at) == expected


@given(st.datetimes(timezones=st.just(UTC)))
def test_what_is_printed_can_be_read_back(at: datetime) -> None:
    assert datetime.fromisoformat(rfc3339(at)) == at
