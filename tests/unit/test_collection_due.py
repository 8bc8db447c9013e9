"""When an input is due, and what of it was missed; Telegraf's clock, behaviour by behaviour."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from time import perf_counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.collection.due import LOOKED_BACK, Due, due_between
from tocsin.collection.schedule import JitterBy, Schedule, is_open
from tocsin.timeintervals import TimeInterval, parse_times, parse_weekdays

NIGHTS = TimeInterval((parse_times("00:00", "06:00"), parse_times("22:00", "24:00")))
WORK = TimeInterval(
    (parse_times("09:00", "17:00"),), (parse_weekdays("monday:friday"),), location="Europe/Berlin"
)
WEEKEND = TimeInterval(weekdays=(parse_weekdays("saturday"), parse_weekdays("sunday")))
TICK = timedelta(seconds=10)


def at(text: str) -> datetime:
    """Return a time of 21 November 2026, a Saturday."""
    return datetime.fromisoformat(f"2026-11-21T{text}+00:00")


def seconds(number: float) -> timedelta:
    return timedelta(seconds=number)


@dataclass(frozen=True, slots=True)
class Case:
    """A behaviour of Telegraf's clock: what it does, what we do, and the proof of it."""

    telegraf: str
    ours: str
    schedule: Schedule
    after: datetime
    until: datetime
    due: Due


CASES = {
    "aligned start": Case(
        "round_interval (the default): the first run is at the next multiple of the interval",
        "the same, wherever and whenever it is started",
        Schedule(seconds(10)),
        at("12:00:03"),
        at("12:00:12"),
        Due(at("12:00:10")),
    ),
    "a start just before a boundary": Case(
        "interval/100 is added first, so that the boundary at hand is left out",
        "the boundary counts: there is no timer that could fire twice for it",
        Schedule(seconds(10)),
        at("12:00:09.950"),
        at("12:00:10"),
        Due(at("12:00:10")),
    ),
    "an interval that does not divide a day": Case(
        "multiples since the year 1",
        "multiples since 1970, as Prometheus and Grafana count",
        Schedule(seconds(7)),
        datetime.fromtimestamp(7 * 256_000_000 - 1, UTC),
        datetime.fromtimestamp(7 * 256_000_000 + 1, UTC),
        Due(datetime.fromtimestamp(7 * 256_000_000, UTC)),
    ),
    "offset": Case(
        "collection_offset after the boundary",
        "the same",
        Schedule(seconds(10), offset=seconds(3)),
        at("12:00:00"),
        at("12:00:10"),
        Due(at("12:00:03")),
    ),
    "nothing between two times": Case(
        "the timer sleeps",
        "nothing is due",
        Schedule(seconds(60)),
        at("12:00:00"),
        at("12:00:59.999"),
        Due(),
    ),
    "a late consumer": Case(
        "its channel holds one tick: the others are lost, and nobody knows how many",
        "the newest is run, the others are counted",
        Schedule(seconds(10)),
        at("12:00:00"),
        at("12:01:00"),
        Due(at("12:01:00"), missed=5),
    ),
    "shorter than our tick": Case(
        "runs every second",
        "runs once a tick, at the newest of its times; the other nine are counted as missed",
        Schedule(seconds(1)),
        at("12:00:00"),
        at("12:00:10"),
        Due(at("12:00:10"), missed=9),
    ),
    "the clock jumps forwards": Case(
        "all times up to now come at once, of which the channel holds one",
        "the newest is run, the others are counted: a year of them in no time",
        Schedule(seconds(10)),
        at("12:00:00"),
        at("12:00:00") + timedelta(days=365),
        Due(at("12:00:00") + timedelta(days=365), missed=365 * 8640 - 1),
    ),
    "the clock jumps backwards": Case(
        "pauses until the clock is where it was",
        "the same: the cursor does not go back, so nothing is run twice",
        Schedule(seconds(10)),
        at("12:00:00"),
        at("11:00:00"),
        Due(),
    ),
    "the clock stands still": Case(
        "nothing", "nothing", Schedule(seconds(10)), at("12:00:00"), at("12:00:00"), Due()
    ),
    "cron": Case(
        "not available",
        "in the local time of the location: 9:30 in Berlin is 8:30 in UTC",
        Schedule(cron="30 9 * * *", location="Europe/Berlin"),
        at("00:00:00"),
        at("12:00:00"),
        Due(at("08:30:00")),
    ),
    "cron with an offset": Case(
        "not available",
        "the offset comes on top",
        Schedule(cron="*/15 * * * *", offset=seconds(20)),
        at("12:00:20"),
        at("12:30:20"),
        Due(at("12:30:20"), missed=1),
    ),
    "inside a window": Case(
        "not available",
        "due as ever",
        Schedule(seconds(600), active=(NIGHTS,)),
        at("05:30:00"),
        at("05:45:00"),
        Due(at("05:40:00")),
    ),
    "outside of the windows": Case(
        "not available",
        "neither due nor missed",
        Schedule(seconds(600), active=(NIGHTS,)),
        at("06:00:00"),
        at("21:59:59"),
        Due(),
    ),
    "across the end of a window": Case(
        "not available",
        "the newest inside; what lies behind the end is not missed, and the end itself is outside",
        Schedule(seconds(600), active=(NIGHTS,)),
        at("05:30:00"),
        at("12:00:00"),
        Due(at("05:50:00"), missed=1),
    ),
    "muted": Case(
        "not available",
        "neither due nor missed, though a window is active",
        Schedule(seconds(600), active=(NIGHTS,), muted=(WEEKEND,)),
        at("00:00:00"),
        at("23:00:00"),
        Due(),
    ),
    "cron in a window": Case(
        "not available",
        "its times inside: from 0 to 5 and at 22",
        Schedule(cron="0 * * * *", active=(NIGHTS,)),
        at("00:00:00"),
        at("22:30:00"),
        Due(at("22:00:00"), missed=5),
    ),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_the_clock_of_telegraf_and_ours(case: Case) -> None:
    assert due_between(case.schedule, "shop", case.after, case.until) == case.due


def runs(schedule: Schedule, after: datetime, until: datetime) -> Iterator[datetime]:
    """Yield every due time as a collector would find it that asks again and again for the newest one."""
    while (last := due_between(schedule, "shop", after, until).last) is not None:
        yield last
        until = last - timedelta(milliseconds=1)


def test_a_random_jitter_moves_each_run_and_never_the_schedule() -> None:
    schedule = Schedule(seconds(10), jitter=seconds(4), jitter_by=JitterBy.RANDOM)
    found = sorted(runs(schedule, at("12:00:00"), at("13:00:09.999")))
    bases = [at("12:00:00") + n * TICK for n in range(361)]
    late = [time - base for time, base in zip(found[-360:], bases[-360:], strict=True)]
    assert all(seconds(0) <= each < seconds(4) for each in late)
    assert len(set(late)) > 300


def test_a_jitter_by_hash_keeps_the_same_distance() -> None:
    schedule = Schedule(seconds(10), jitter=seconds(4))
    found = sorted(runs(schedule, at("12:00:00"), at("12:10:00")))
    assert {later - earlier for earlier, later in pairwise(found)} == {seconds(10)}


INTERVALS = st.sampled_from([seconds(1), seconds(7), seconds(10), seconds(90), timedelta(hours=1)])
WIDTHS = st.sampled_from([seconds(0), seconds(0.5), seconds(3), seconds(10), timedelta(hours=2)])
REGULAR = st.builds(
    Schedule,
    interval=INTERVALS,
    offset=WIDTHS,
    jitter=WIDTHS,
    jitter_by=st.sampled_from(list(JitterBy)),
)
CRONS = st.sampled_from(
    ["* * * * *", "*/7 * * * *", "30 2 * * *", "0 2,3 * * *", "15 */2 * * SUN", "59 23 L * *"]
)
WINDOWS = st.sampled_from([(), (NIGHTS,), (WORK,), (NIGHTS, WORK)])
ANY = st.builds(
    replace,
    REGULAR,
    cron=st.one_of(st.just(""), CRONS),
    location=st.sampled_from(["UTC", "Europe/Berlin", "Australia/Lord_Howe"]),
    active=WINDOWS,
    muted=st.sampled_from([(), (WEEKEND,), (NIGHTS,)]),
)
# Both of Berlin's changes of clocks, and those of Lord Howe (half an hour), lie within a day of these.
CHANGES = [datetime(2026, 3, 29, 1, tzinfo=UTC), datetime(2026, 10, 25, 1, tzinfo=UTC)]
CHANGES += [datetime(2026, 4, 4, 15, tzinfo=UTC), datetime(2026, 10, 3, 15, 30, tzinfo=UTC)]
NEAR = st.builds(
    lambda change, off: change + timedelta(milliseconds=off),
    st.sampled_from(CHANGES),
    st.integers(-5 * 10**7, 5 * 10**7),
)
AFTERS = st.one_of(
    NEAR, st.integers(0, 10**11).map(lambda ms: datetime(2025, 1, 1, tzinfo=UTC) + timedelta(milliseconds=ms))
)
LENGTHS = st.integers(1, LOOKED_BACK // timedelta(milliseconds=1))


def number(due: Due) -> int:
    return due.missed + (due.last is not None)


@given(ANY, AFTERS, LENGTHS, st.floats(0, 1))
def test_a_range_split_anywhere_has_the_same_due_times(
    schedule: Schedule, after: datetime, ms: int, share: float
) -> None:
    until = after + timedelta(milliseconds=ms)
    middle = after + share * timedelta(milliseconds=ms)
    whole = due_between(schedule, "shop", after, until)
    first, second = due_between(schedule, "shop", after, middle), due_between(schedule, "shop", middle, until)
    assert number(whole) == number(first) + number(second)
    assert whole.last == (second.last or first.last)


@given(REGULAR, AFTERS, st.integers(0, 1000))
def test_an_interval_has_one_due_time_for_each_of_its_lengths(
    schedule: Schedule, after: datetime, intervals: int
) -> None:
    schedule = replace(schedule, jitter_by=JitterBy.HASH)
    due = due_between(schedule, "shop", after, after + intervals * schedule.interval)
    assert number(due) == intervals


@given(REGULAR, AFTERS, st.integers(1, 1000))
def test_a_random_jitter_adds_and_loses_no_run(schedule: Schedule, after: datetime, intervals: int) -> None:
    schedule = replace(schedule, jitter_by=JitterBy.RANDOM)
    due = due_between(schedule, "shop", after, after + intervals * schedule.interval)
    assert intervals - 1 <= number(due) <= intervals + 1


@given(REGULAR, AFTERS)
def test_a_due_time_is_a_multiple_of_the_interval_and_the_offset_and_less_than_the_jitter_more(
    schedule: Schedule, after: datetime
) -> None:
    last = due_between(schedule, "shop", after - 2 * schedule.interval, after).last
    assert last is not None
    late = (last - schedule.offset - datetime(1970, 1, 1, tzinfo=UTC)) % schedule.interval
    assert late < max(schedule.jitter, timedelta(milliseconds=1))


@given(ANY, AFTERS, LENGTHS)
def test_what_is_due_lies_in_the_range_and_in_the_windows(
    schedule: Schedule, after: datetime, ms: int
) -> None:
    until = after + timedelta(milliseconds=ms)
    due = due_between(schedule, "shop", after, until)
    assert due.last is None or (after < due.last <= until and is_open(schedule, due.last))
    assert due.last is not None or due.missed == 0


@pytest.mark.parametrize(
    "schedule",
    [Schedule(cron="* * * * *"), Schedule(seconds(60), muted=(WEEKEND,), active=(NIGHTS, WORK))],
    ids=["cron", "windows"],
)
def test_one_by_one_no_more_than_a_day_is_counted(schedule: Schedule) -> None:
    until = datetime(2026, 11, 20, 12, tzinfo=UTC)
    day = due_between(schedule, "shop", until - LOOKED_BACK, until)
    assert due_between(schedule, "shop", until - timedelta(days=400), until) == day
    assert 0 < day.missed < 1440


def test_a_tick_of_500_inputs_is_decided_in_a_fraction_of_it() -> None:
    schedules = [
        Schedule(jitter=seconds(5), jitter_by=JitterBy.RANDOM),
        Schedule(cron="*/5 9-17 * * MON-FRI", location="Europe/Berlin", active=(WORK,), muted=(WEEKEND,)),
    ]
    began = perf_counter()
    for n in range(500):
        due_between(schedules[n % 2], f"input-{n}", at("12:00:00"), at("12:00:10"))
    assert perf_counter() - began < 2
