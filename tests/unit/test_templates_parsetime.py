"""Times read in Go's layouts: what they write they read, and what is no time says why."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.templates.layout import format_time
from tocsin.templates.parsetime import parse_time
from tocsin.templates.source import TemplateError

ZONES = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
TIMES = st.datetimes(datetime(1, 1, 3), datetime(9999, 12, 29), timezones=ZONES)  # noqa: DTZ001 -- with zones


@pytest.mark.parametrize(
    "layout",
    [
        "2006-01-02T15:04:05.999999999Z07:00",
        "Mon, 2 Jan 2006 3:04:05.000000 PM -0700",
        "2006 __2 15h4m5,000000s -07:00:00",
        "Monday January _2 03:04:05.000000pm 2006 Z0700",
        "20060102150405.000000-070000",
    ],
)
@given(at=TIMES)
def test_what_a_layout_writes_it_reads(layout: str, at: datetime) -> None:
    read = parse_time(layout, format_time(at, layout)).at
    assert (read, read.utcoffset()) == (at, at.utcoffset())


@pytest.mark.parametrize(
    ("layout", "written", "expected"),
    [
        ("06-1-2", "69-3-04", datetime(1969, 3, 4, tzinfo=UTC)),
        ("06-1-2", "68-12-31", datetime(2068, 12, 31, tzinfo=UTC)),
        ("15:04:05", "7:08:09.25", datetime(1, 1, 1, 7, 8, 9, 250_000, tzinfo=UTC)),
        ("3PM", "12AM", datetime(1, 1, 1, 0, tzinfo=UTC)),
        ("3pm", "12pm", datetime(1, 1, 1, 12, tzinfo=UTC)),
        ("2006-01-02 MST", "2026-02-03 UTC", datetime(2026, 2, 3, tzinfo=UTC)),
        ("Jan 2  2006", "MARCH"[:3] + " 1 2026", datetime(2026, 3, 1, tzinfo=UTC)),
        ("", "", datetime(1, 1, 1, tzinfo=UTC)),
    ],
)
def test_a_time_is_read(layout: str, written: str, expected: datetime) -> None:
    assert parse_time(layout, written).at == expected


def test_a_zone_that_only_has_a_name_keeps_it() -> None:
    time = parse_time("2006-01-02 15:04 MST", "2026-07-01 10:00 CEST")
    assert time.text() == "2026-07-01 10:00:00 +0000 CEST"


@pytest.mark.parametrize(
    ("layout", "written", "reason"),
    [
        ("2006-01-02", "2026-01", ' as "2006-01-02": cannot parse "" as "-"'),
        ("2006-01-02", "26-01-02", ' as "2006-01-02": cannot parse "26-01-02" as "2006"'),
        ("2006-01-02", "2026-00-02", ": month out of range"),
        ("2006-01-02", "2026-02-29", ": day out of range"),
        ("15:04:05", "10:60:00", ": minute out of range"),
        ("2006 002", "2025 366", ": day out of range"),
        ("2006", "0000", ": day out of range"),
        ("Mon", "Foo", ' as "Mon": cannot parse "Foo" as "Mon"'),
        ("05.000", "10.25", ' as "05.000": cannot parse ".25" as ".000"'),
        ("Z07:00", "+2", ' as "Z07:00": cannot parse "+2" as "Z07:00"'),
        ("-07:00", "+99:00", ": day out of range"),
        ("2006", "2026x", ': extra text: "x"'),
    ],
)
def test_what_is_no_time_says_why(layout: str, written: str, reason: str) -> None:
    with pytest.raises(TemplateError) as failed:
        parse_time(layout, written)
    assert str(failed.value) == f'parsing time "{written}"{reason}'
