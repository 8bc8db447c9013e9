"""Time intervals: when they hold, when that changes, how users write them."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tocsin.timeintervals import (
    Range,
    TimeInterval,
    TimeIntervalError,
    from_document,
    next_change,
    parse_days_of_month,
    parse_location,
    parse_months,
    parse_times,
    parse_weekdays,
    parse_years,
    to_document,
)

MINUTE = timedelta(minutes=1)
WORKING_HOURS = TimeInterval(times=((540, 1020),), weekdays=((1, 5),))


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("interval", "when", "expected"),
    [
        (TimeInterval(), "2026-11-21 12:00", True),
        (TimeInterval(times=((540, 1020),)), "2026-11-21 09:00", True),
        (TimeInterval(times=((540, 1020),)), "2026-11-21 08:59:59", False),
        (TimeInterval(times=((540, 1020),)), "2026-11-21 16:59:59", True),
        (TimeInterval(times=((540, 1020),)), "2026-11-21 17:00", False),
        (TimeInterval(times=((1320, 1440), (0, 360))), "2026-11-21 23:59", True),
        (TimeInterval(weekdays=((0, 0),)), "2026-11-22 00:00", True),
        (TimeInterval(weekdays=((1, 5),)), "2026-11-21 12:00", False),
        (TimeInterval(days_of_month=((-3, -1),)), "2026-02-26 12:00", True),
        (TimeInterval(days_of_month=((-3, -1),)), "2026-02-25 12:00", False),
        (TimeInterval(days_of_month=((-1, -1),)), "2024-02-29 12:00", True),
        (TimeInterval(days_of_month=((-31, -31),)), "2026-02-01 12:00", False),
        (TimeInterval(days_of_month=((-31, -28),)), "2026-02-01 12:00", True),
        (TimeInterval(days_of_month=((29, 31),)), "2026-02-28 12:00", False),
        (TimeInterval(days_of_month=((25, 31),)), "2026-02-28 12:00", True),
        (TimeInterval(days_of_month=((15, -1),)), "2026-02-28 12:00", True),
        (TimeInterval(months=((6, 8), (12, 12))), "2026-12-01 12:00", True),
        (TimeInterval(months=((6, 8),)), "2026-09-01 00:00", False),
        (TimeInterval(months=((12, 13),)), "2026-12-01 00:00", True),
        (TimeInterval(months=((13, 13),)), "2026-01-01 00:00", False),
        (TimeInterval(years=((2025, 2026),)), "2026-12-31 23:59", True),
        (TimeInterval(years=((2025, 2026),)), "2027-01-01 00:00", False),
        (WORKING_HOURS, "2026-11-20 12:00", True),
        (WORKING_HOURS, "2026-11-20 18:00", False),
        (TimeInterval(times=((540, 1020),), location="Europe/Berlin"), "2026-07-01 07:00", True),
        (TimeInterval(times=((540, 1020),), location="Europe/Berlin"), "2026-12-01 07:30", False),
        (TimeInterval(weekdays=((0, 0),), location="Asia/Tokyo"), "2026-11-21 15:00", True),
    ],
)
def test_every_field_given_must_hold(interval: TimeInterval, when: str, expected: bool) -> None:
    assert interval.contains(at(when)) is expected


def test_an_instant_in_another_zone_is_the_same_instant() -> None:
    interval = TimeInterval(times=((540, 1020),))
    assert not interval.contains(datetime(2026, 11, 21, 9, 0, tzinfo=ZoneInfo("Asia/Tokyo")))


@pytest.mark.parametrize(
    ("intervals", "now", "expected"),
    [
        ([WORKING_HOURS], "2026-11-20 12:00", "2026-11-20 17:00"),
        ([WORKING_HOURS], "2026-11-20 17:00", "2026-11-23 09:00"),
        ([WORKING_HOURS], "2026-11-20 08:59:59", "2026-11-20 09:00"),
        ([TimeInterval(times=((541, 542),))], "2026-11-20 12:00", "2026-11-21 09:01"),
        (
            [TimeInterval(times=((0, 600),)), TimeInterval(times=((600, 720),))],
            "2026-11-20 05:00",
            "2026-11-20 12:00",
        ),
        ([TimeInterval(years=((2027, 2027),))], "2026-12-31 12:00", "2027-01-01 00:00"),
        ([TimeInterval(years=((2030, 2030),))], "2026-12-31 12:00", "2027-01-08 12:00"),
        (
            [TimeInterval(weekdays=((0, 0),), location="Asia/Kathmandu")],
            "2026-11-21 12:00",
            "2026-11-21 18:15",
        ),
        # New York goes from 02:00 to 03:00 at 07:00 UTC: half past two never comes.
        (
            [TimeInterval(times=((150, 240),), location="America/New_York")],
            "2026-03-08 06:00",
            "2026-03-08 07:00",
        ),
        # And from 02:00 back to 01:00 at 06:00 UTC: half past one comes twice.
        (
            [TimeInterval(times=((0, 90),), location="America/New_York")],
            "2026-11-01 05:30",
            "2026-11-01 06:00",
        ),
    ],
)
def test_the_next_change_is_when_being_inside_changes(
    intervals: list[TimeInterval], now: str, expected: str
) -> None:
    assert next_change(intervals, at(now)) == at(expected)


@pytest.mark.parametrize("intervals", [[], [TimeInterval()], [TimeInterval(location="Asia/Tokyo")]])
def test_what_never_changes_has_no_next_change(intervals: list[TimeInterval]) -> None:
    assert next_change(intervals, at("2026-11-21 12:00")) is None


def pairs(low: int, high: int) -> st.SearchStrategy[tuple[Range, ...]]:
    number = st.integers(low, high)
    pair = st.tuples(number, number).filter(lambda ends: ends[0] < ends[1])
    return st.lists(pair, max_size=2).map(tuple)


INTERVALS = st.builds(
    TimeInterval,
    times=pairs(0, 1440),
    weekdays=pairs(0, 6),
    days_of_month=pairs(1, 31),
    months=pairs(1, 12),
    years=pairs(2025, 2028),
    location=st.sampled_from(
        ["UTC", "Europe/Berlin", "Australia/Lord_Howe", "Asia/Kathmandu", "America/St_Johns"]
    ),
)
INSTANTS = st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001


@settings(max_examples=30)
@given(st.lists(INTERVALS, max_size=2), INSTANTS)
def test_nothing_changes_before_the_next_change(intervals: list[TimeInterval], now: datetime) -> None:
    change = next_change(intervals, now)
    until = now + timedelta(days=2) if change is None else min(change, now + timedelta(days=2))

    def inside(when: datetime) -> bool:
        return any(interval.contains(when) for interval in intervals)

    minute = now.replace(second=0, microsecond=0) + MINUTE
    while minute < until:
        assert inside(minute) is inside(now)
        minute += MINUTE
    if change is not None and change < now + timedelta(days=8):
        assert inside(change) is not inside(now)


@given(INTERVALS)
def test_an_interval_survives_being_stored(interval: TimeInterval) -> None:
    assert from_document(to_document(interval)) == interval


@pytest.mark.parametrize(
    ("parse", "text", "expected"),
    [
        (parse_weekdays, "sunday", (0, 0)),
        (parse_weekdays, "Monday:FRIDAY", (1, 5)),
        (parse_days_of_month, "1:15", (1, 15)),
        (parse_days_of_month, "-1", (-1, -1)),
        (parse_days_of_month, "31", (31, 31)),
        (parse_days_of_month, "-3:-1", (-3, -1)),
        (parse_days_of_month, "15:-1", (15, -1)),
        (parse_months, "january:march", (1, 3)),
        (parse_months, "June:8", (6, 8)),
        (parse_months, "12", (12, 12)),
        (parse_years, "2026:2030", (2026, 2030)),
        (parse_years, "2026", (2026, 2026)),
        # As in Alertmanager no mistakes, though they never come.
        (parse_months, "0:13", (0, 13)),
        (parse_years, "-1:0", (-1, 0)),
        (parse_years, "99999", (99999, 99999)),
        (parse_location, "Local", "UTC"),
        (parse_location, "Europe/Berlin", "Europe/Berlin"),
        (parse_location, "", "UTC"),
    ],
)
def test_what_users_write_is_read(parse: Callable[[str], object], text: str, expected: object) -> None:
    assert parse(text) == expected


@pytest.mark.parametrize(
    ("parse", "text"),
    [
        (parse_weekdays, ""),
        (parse_weekdays, "1"),
        (parse_weekdays, "friday:monday"),
        (parse_weekdays, "monday:tuesday:friday"),
        (parse_days_of_month, "0"),
        (parse_days_of_month, "32"),
        (parse_days_of_month, "-32"),
        (parse_days_of_month, "5:1"),
        (parse_days_of_month, "-1:-3"),
        (parse_days_of_month, "-3:3"),
        (parse_days_of_month, "28:-28"),
        (parse_days_of_month, "x"),
        (parse_months, "march:january"),
        (parse_months, "9" * 20),
        (parse_months, "foo"),
        (parse_years, "2027:2026"),
        (parse_years, "MMXXVI"),
        (parse_location, "Mars/Base"),
        (parse_location, "../etc/passwd"),
        (parse_location, "Europe"),
    ],
)
def test_what_is_no_range_is_refused_and_quoted(parse: Callable[[str], Any], text: str) -> None:
    with pytest.raises(TimeIntervalError):
        parse(text)


def test_times_of_day_are_read() -> None:
    assert parse_times("09:00", "17:30") == (540, 1050)
    assert parse_times("00:00", "24:00") == (0, 1440)


@pytest.mark.parametrize(
    ("start", "end"),
    [
        ("9:00", "10:00"),
        ("09:00", "24:01"),
        ("09:60", "10:00"),
        ("17:00", "09:00"),
        ("09:00", "09:00"),
        ("", "1"),
    ],
)
def test_what_are_no_times_of_day_is_refused(start: str, end: str) -> None:
    with pytest.raises(TimeIntervalError):
        parse_times(start, end)


def test_the_next_change_is_looked_for_no_further_than_is_said() -> None:
    night = TimeInterval((parse_times("22:00", "24:00"),))
    assert next_change([night], at("2026-11-21 12:00"), timedelta(hours=9)) == at("2026-11-21 21:00")
    assert next_change([night], at("2026-11-21 12:00"), timedelta(hours=10)) == at("2026-11-21 22:00")
    assert next_change([night], at("2026-11-21 12:00"), timedelta(hours=11)) == at("2026-11-21 22:00")
