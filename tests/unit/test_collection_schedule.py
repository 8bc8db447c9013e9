"""The schedule of an input: cron in local time, jitter, windows."""

from datetime import UTC, datetime, timedelta
from itertools import islice
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.collection.schedule import (
    CronError,
    JitterBy,
    Schedule,
    check_cron,
    cron_times,
    is_open,
    jitter,
    open_spans,
)
from tocsin.timeintervals import TimeInterval, parse_times, parse_weekdays

BERLIN = ZoneInfo("Europe/Berlin")
WORK = TimeInterval((parse_times("09:00", "17:00"),), (parse_weekdays("monday:friday"),), location="UTC")
LUNCH = TimeInterval((parse_times("12:00", "13:00"),))
INSTANTS = st.integers(0, 10**11).map(
    lambda ms: datetime(2025, 1, 1, tzinfo=UTC) + timedelta(milliseconds=ms)
)


def berlin(text: str, fold: int = 0) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN, fold=fold).astimezone(UTC)


@pytest.mark.parametrize("text", ["*/5 9-17 * * MON-FRI", "0 0 1,15 * *", "30 2 29 2 *", "0 0 L * *"])
def test_a_cron_expression_is_taken_as_it_is(text: str) -> None:
    assert check_cron(text) == text


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "five fields"),
        ("* * * *", "five fields"),
        ("*/10 * * * * *", "five fields"),
        ("60 * * * *", "Bad minute"),
        ("* 24 * * *", "Bad hour"),
        ("* * 0 * *", "Bad day-of-month"),
        ("* * * JANUARY *", "Bad month"),
        ("* * * * 8", "Bad day-of-week"),
        ("0 0 31 2 *", "Bad day-of-month"),
        ("*/0 * * * *", "Bad minute"),
    ],
)
def test_what_is_no_cron_expression_is_refused_with_its_field(text: str, why: str) -> None:
    with pytest.raises(CronError, match=why):
        check_cron(text)


FORWARD = "2026-03-29"  # 02:00 becomes 03:00 in Berlin
BACK = "2026-10-25"  # 03:00 becomes 02:00


@pytest.mark.parametrize(
    ("cron", "after", "expected"),
    [
        pytest.param(
            "30 9 * * *",
            berlin("2026-03-28 12:00"),
            [berlin("2026-03-29 09:30"), berlin("2026-03-30 09:30")],
            id="the local time of day stays while its distance in UTC changes",
        ),
        pytest.param(
            "30 2 * * *",
            berlin(f"{FORWARD} 01:00"),
            [berlin(f"{FORWARD} 03:00"), berlin("2026-03-30 02:30")],
            id="a time that is skipped comes as the clocks are put forward",
        ),
        pytest.param(
            "30 2 * * *",
            berlin(f"{BACK} 01:00"),
            [berlin(f"{BACK} 02:30", fold=0), berlin("2026-10-26 02:30")],
            id="a time that is there twice comes once",
        ),
        pytest.param(
            "30 2 * * *",
            berlin(f"{BACK} 02:10", fold=1),
            [berlin("2026-10-26 02:30")],
            id="asked in the second of the two hours it has been",
        ),
        pytest.param(
            "0 * * * *",
            berlin(f"{BACK} 01:30"),
            [berlin(f"{BACK} 02:00", fold=0), berlin(f"{BACK} 02:00", fold=1), berlin(f"{BACK} 03:00")],
            id="what comes every hour comes in both of the two hours",
        ),
        pytest.param(
            "0 * * * *",
            berlin(f"{FORWARD} 00:30"),
            [berlin(f"{FORWARD} 01:00"), berlin(f"{FORWARD} 03:00"), berlin(f"{FORWARD} 04:00")],
            id="what comes every hour leaves the skipped hour out",
        ),
    ],
)
def test_cron_keeps_daylight_saving(cron: str, after: datetime, expected: list[datetime]) -> None:
    schedule = Schedule(cron=cron, location="Europe/Berlin")
    assert list(islice(cron_times(schedule, after), len(expected))) == expected


@given(INSTANTS, st.sampled_from(list(JitterBy)), st.integers(1, 600_000))
def test_a_jitter_is_below_its_width_and_the_same_if_asked_again(at: datetime, by: JitterBy, ms: int) -> None:
    schedule = Schedule(timedelta(minutes=10), jitter=timedelta(milliseconds=ms), jitter_by=by)
    found = jitter(schedule, "shop", at)
    assert timedelta(0) <= found < schedule.jitter
    assert found == jitter(schedule, "shop", at)


@pytest.mark.parametrize("by", list(JitterBy))
def test_jitters_are_spread_over_the_whole_width(by: JitterBy) -> None:
    schedule = Schedule(timedelta(seconds=10), jitter=timedelta(seconds=10), jitter_by=by)
    start = datetime(2026, 11, 21, tzinfo=UTC)
    found = [jitter(schedule, f"input-{n}", start + timedelta(seconds=10 * n)) for n in range(1000)]
    tenths = [found_in // timedelta(seconds=1) for found_in in found]
    assert all(60 < tenths.count(tenth) < 140 for tenth in range(10))


def test_by_hash_a_jitter_is_the_inputs_own_and_by_random_the_runs() -> None:
    start = datetime(2026, 11, 21, tzinfo=UTC)
    times = [start + timedelta(seconds=10 * n) for n in range(50)]
    by_hash = Schedule(jitter=timedelta(seconds=5))
    by_run = Schedule(jitter=timedelta(seconds=5), jitter_by=JitterBy.RANDOM)
    assert len({jitter(by_hash, "shop", at) for at in times}) == 1
    assert len({jitter(by_run, "shop", at) for at in times}) > 40
    assert len({jitter(by_hash, f"shop-{n}", start) for n in range(50)}) > 40


def test_a_jitter_counts_as_no_longer_than_the_interval() -> None:
    schedule = Schedule(timedelta(seconds=10), jitter=timedelta(hours=1), jitter_by=JitterBy.RANDOM)
    start = datetime(2026, 11, 21, tzinfo=UTC)
    assert all(
        jitter(schedule, "shop", start + timedelta(seconds=n)) < timedelta(seconds=10) for n in range(200)
    )


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        ("2026-11-20T09:00:00Z", True),
        ("2026-11-20T08:59:59.999Z", False),
        ("2026-11-20T12:30:00Z", False),
        ("2026-11-20T16:59:59.999Z", True),
        ("2026-11-20T17:00:00Z", False),
        ("2026-11-21T10:00:00Z", False),
    ],
)
def test_a_schedule_is_open_in_its_active_windows_and_not_in_muted_ones(at: str, expected: bool) -> None:
    assert is_open(Schedule(active=(WORK,), muted=(LUNCH,)), datetime.fromisoformat(at)) is expected


def test_the_open_spans_of_a_day_lie_between_the_windows() -> None:
    day = datetime(2026, 11, 20, tzinfo=UTC)
    schedule = Schedule(active=(WORK,), muted=(LUNCH,))
    spans = list(open_spans(schedule, day, day + timedelta(days=1)))
    almost = timedelta(milliseconds=-1)
    assert spans == [
        (day + timedelta(hours=9) + almost, day + timedelta(hours=12) + almost),
        (day + timedelta(hours=13) + almost, day + timedelta(hours=17) + almost),
    ]


@given(INSTANTS, st.integers(1, 10**8), st.integers(0, 10**8))
def test_spans_hold_a_time_exactly_if_the_schedule_is_open_then(after: datetime, ms: int, into: int) -> None:
    schedule = Schedule(active=(WORK,), muted=(LUNCH,))
    after = after.replace(microsecond=0)
    until = after + timedelta(milliseconds=ms)
    at = after + timedelta(milliseconds=1 + into % ms)
    held = any(start < at <= end for start, end in open_spans(schedule, after, until))
    assert held is is_open(schedule, at)
