"""The window of a commit: how far it goes, what each unit is due at, what is too old, what is still news."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.evaluating import at, unit
from tocsin.evaluation.head import Head, Inherited, Lagging
from tocsin.evaluation.redo import Gap
from tocsin.evaluation.unit import Unit
from tocsin.evaluation.window import CHUNK, end_of_commit, floor_tick_of, gap, plan, recent, target, work_of
from tocsin.rules.rule import Jitter
from tocsin.schedule.layout import Buckets
from tocsin.schedule.ticks import TICK, ticks_between

HOUR = timedelta(hours=1)
ZERO = timedelta(0)


def steady(every: float = 10) -> Unit:
    return unit(every=every, jitter=Jitter.NEVER)


def head(cursor: float = 0, **rest: Lagging) -> Head:
    return Head("1.0", 1, at(cursor), lagging=rest)


TARGETS = {
    "on time": (12, 10, 10),
    "a message that waited": (47, 10, 40),
    "our clock is just behind the message": (9, 10, 10),
    "our clock is 2 s behind the message": (8, 10, 10),
    "our clock is more than that behind": (7.9, 10, 0),
    "a message from the future": (12, 600, 10),
}


@pytest.mark.parametrize(("now", "tick", "expected"), TARGETS.values(), ids=TARGETS)
def test_a_worker_goes_to_the_latest_tick(now: float, tick: float, expected: float) -> None:
    assert target(at(now), at(tick)) == at(expected)


COMMITS = {
    "the next tick": (0, 10, 10),
    "a few ticks": (0, 60, 60),
    "just a chunk": (0, 600, 600),
    "a chunk of a long outage": (0, 1800, 600),
    "older than the limit: the chunk after that": (0, 7200, 4200),
    "nothing to do": (10, 10, 10),
}


@pytest.mark.parametrize(("cursor", "now", "until"), COMMITS.values(), ids=COMMITS)
def test_a_commit_goes_one_chunk_on_at_most(cursor: float, now: float, until: float) -> None:
    assert end_of_commit(head(cursor), at(now), at(now), HOUR) == at(until)


@given(st.integers(0, 20_000), st.integers(0, 20_000), st.integers(0, 7200))
def test_commits_come_to_the_target_and_skip_nothing_within_the_limit(
    cursor: int, ahead: int, limit: int
) -> None:
    now, start = at(10 * (cursor + ahead)), head(10 * cursor)
    passes = 0
    reached: list[datetime] = []
    while start.cursor < floor_tick_of(now):
        until = end_of_commit(start, floor_tick_of(now), now, timedelta(seconds=limit))
        work = work_of(steady(), start.cursor, until, now, timedelta(seconds=limit))
        assert start.cursor < until <= now
        assert until - start.cursor - work.skipped <= CHUNK
        reached += work.at
        start = head((until - at(0)).total_seconds())
        passes += 1
    oldest = max(at(10 * cursor), floor_tick_of(now - timedelta(seconds=limit)))
    assert reached == ticks_between(oldest, now)
    assert passes <= limit // 600 + 2


WORKS: dict[
    str, tuple[float, float, float, tuple[float, ...], float]
] = {  # every, cursor, until, due, skipped
    "at every tick": (10, 0, 30, (10, 20, 30), 0),
    "at some": (20, 0, 50, (20, 40), 0),
    "between two ticks": (4, 0, 10, (4, 8), 0),
    "not now": (60, 0, 50, (), 0),
    "up to date": (10, 30, 30, (), 0),
    "ahead": (10, 50, 30, (), 0),
    "beyond the limit": (600, 0, 4200, (4200,), 3600),
    "beyond the limit, all of it": (10, 0, 600, (), 600),
}


@pytest.mark.parametrize(("every", "cursor", "until", "due", "skipped"), WORKS.values(), ids=WORKS)
def test_a_unit_is_due_from_its_cursor_or_the_limit_on(
    every: float, cursor: float, until: float, due: tuple[float, ...], skipped: float
) -> None:
    now = at(until) if until < 600 else at(7200)
    work = work_of(steady(every), at(cursor), at(until), now, HOUR)
    assert (work.at, work.until) == (tuple(map(at, due)), at(until))
    assert work.skipped == timedelta(seconds=skipped)


def test_what_lags_is_left_out_of_a_commit() -> None:
    late, well = steady(), unit("Other", every=10, jitter=Jitter.NEVER)
    units = [late, well]
    planned = plan(units, head(0, **{late.id: Lagging(at(-60), 1, at(30))}), at(10), at(10), HOUR)
    assert [work.unit for work in planned] == [well]


def test_a_unit_that_was_inherited_begins_at_the_cursor_it_had() -> None:
    made = steady()
    inherited = Inherited(Buckets(made.bucket, made.bucket + 1), at(-20))
    shard = Head("2.0", 5, at(0), inherited=(inherited,))
    [work] = plan([made], shard, at(10), at(10), HOUR)
    assert work.at == (at(-10), at(0), at(10))


# -- gaps -----------------------------------------------------------------------------------------


def test_a_tick_on_time_closes_no_gap() -> None:
    assert gap(head(0), at(10), at(10), HOUR) is None
    assert gap(head(0), at(60), at(69), HOUR) is None


def test_a_gap_counts_the_ticks_that_came_late_and_those_given_up() -> None:
    assert gap(head(0), at(600), at(600), HOUR) == Gap(at(0), at(540), replayed=54, dropped=0)
    assert gap(head(0), at(4200), at(7200), HOUR) == Gap(at(0), at(4200), replayed=60, dropped=360)
    assert gap(head(0), at(70), at(71), HOUR) == Gap(at(0), at(10), replayed=1, dropped=0)


def test_a_gap_begins_where_the_oldest_of_what_was_inherited_does() -> None:
    shard = Head("2.0", 5, at(0), inherited=(Inherited(Buckets(0, 9), at(-100)),))
    assert gap(shard, at(10), at(10), HOUR) == Gap(at(-100), at(-50), replayed=5, dropped=0)


# -- news -----------------------------------------------------------------------------------------

RECENTS: dict[str, tuple[float, float, float, float | None]] = {  # every, until, now, news until
    "on time": (10, 60, 61, 120),
    "an interval later than due": (60, 110, 119, 120),
    "just old": (60, 110, 121, None),
    "a minute late": (10, 60, 120, 120),
    "more than a minute late": (10, 60, 121, None),
    "a long interval is news for as long": (3600, 3650, 7200, 7200),
    "and no longer": (3600, 3650, 7201, None),
}


@pytest.mark.parametrize(("every", "until", "now", "expected"), RECENTS.values(), ids=RECENTS)
def test_a_state_is_news_for_a_minute_or_its_interval(
    every: float, until: float, now: float, expected: float | None
) -> None:
    assert recent(steady(every), at(until), at(now)) == (None if expected is None else at(expected))


@given(st.integers(-100_000, 100_000).map(lambda ms: at(ms / 1000)))
def test_a_tick_of_a_time_is_never_after_it(now: datetime) -> None:
    assert ZERO <= now - floor_tick_of(now) < TICK
