"""The window of a commit: how far it goes, what each unit is due at, what is too old, what is still news."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.evaluating import at, unit
from tocsin.evaluation.head import Head, Lagging, Stretch
from tocsin.evaluation.redo import Gap
from tocsin.evaluation.replay import next_batch
from tocsin.evaluation.unit import Unit
from tocsin.evaluation.window import (
    gap,
    lagging_work,
    plan,
    recent,
    set_aside,
    work_of,
)
from tocsin.rules.rule import Jitter
from tocsin.schedule.buckets import BUCKETS
from tocsin.schedule.layout import Buckets
from tocsin.schedule.ticks import TICK, floor_tick, target_tick

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
    assert target_tick(at(now), at(tick)) == at(expected)


def test_what_is_near_is_not_set_aside() -> None:
    whole = Buckets(0, BUCKETS)
    assert set_aside(head(0), whole, at(600)) == head(0)
    aside = set_aside(head(0), whole, at(610))
    assert (aside.cursor, aside.stretches) == (at(610), (Stretch(whole, at(0), at(610)),))


def test_what_was_set_aside_before_keeps_its_own_cursor() -> None:
    older = Stretch(Buckets(100, 200), at(-900))
    aside = set_aside(replace(head(0), stretches=(older,)), Buckets(0, 300), at(900))
    assert aside.stretches == (
        older,
        Stretch(Buckets(0, 100), at(0), at(900)),
        Stretch(Buckets(200, 300), at(0), at(900)),
    )


@given(
    st.lists(st.tuples(st.integers(0, 9), st.sampled_from([1, 10, 60, 3600])), max_size=30),
    st.integers(61, 720),
)
def test_what_is_set_aside_catches_up_once_and_a_group_together(
    groups: list[tuple[int, int]], ticks: int
) -> None:
    units = [
        replace(unit(f"Rule{n}", every=every, jitter=Jitter.NEVER), bucket=bucket)
        for n, (bucket, every) in enumerate(groups)
    ]
    aside = set_aside(head(0), Buckets(0, 10), at(10 * ticks))
    caught_up: list[Unit] = []
    while aside.stretches:
        batch = next_batch(aside, units)
        left = {made.bucket for made in units} - {made.bucket for made in (*caught_up, *batch.units)}
        assert not {made.bucket for made in batch.units} & {made.bucket for made in caught_up}
        assert all(any(bucket in piece.buckets for piece in batch.left) for bucket in left)
        caught_up += batch.units
        aside = replace(aside, stretches=batch.left)
    assert sorted(made.id for made in caught_up) == sorted(made.id for made in units)


def test_a_batch_holds_so_many_timestamps_and_at_least_one_bucket() -> None:
    units = [replace(unit(f"R{n}", every=10, jitter=Jitter.NEVER), bucket=n // 8) for n in range(64)]
    aside = set_aside(head(0), Buckets(0, 8), at(3600))
    sizes = []
    while aside.stretches:
        batch = next_batch(aside, units)
        sizes.append(len(batch.units))
        aside = replace(aside, stretches=batch.left)
    assert sizes == [8] * 8


def test_what_lags_asks_for_less_after_every_try_in_vain() -> None:
    made = steady(1)
    for tries, points in ((0, 3600), (1, 2048), (5, 128), (12, 1), (40, 1)):
        late = head(3600, **{made.id: Lagging(at(0), tries, at(0))})
        work = lagging_work(made, late, at(3600), HOUR)
        assert (len(work.at), work.until) == (points, at(points))


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
    inherited = Stretch(Buckets(made.bucket, made.bucket + 1), at(-20))
    shard = Head("2.0", 5, at(0), stretches=(inherited,))
    [work] = plan([made], shard, at(10), at(10), HOUR)
    assert work.at == (at(-10), at(0), at(10))


def test_what_is_set_aside_is_left_out_of_a_commit() -> None:
    made = steady()
    shard = Head("2.0", 5, at(0), stretches=(Stretch(Buckets(0, BUCKETS), at(-700)),))
    assert plan([made], shard, at(10), at(10), HOUR) == []
    assert gap(shard, at(10), at(10), HOUR) is None


# -- gaps -----------------------------------------------------------------------------------------


def test_a_tick_on_time_closes_no_gap() -> None:
    assert gap(head(0), at(10), at(10), HOUR) is None
    assert gap(head(0), at(60), at(69), HOUR) is None


def test_a_gap_counts_the_ticks_that_came_late_and_those_given_up() -> None:
    assert gap(head(0), at(600), at(600), HOUR) == Gap(at(0), at(540), replayed=54, dropped=0)
    assert gap(head(0), at(4200), at(7200), HOUR) == Gap(at(0), at(4200), replayed=60, dropped=360)
    assert gap(head(0), at(70), at(71), HOUR) == Gap(at(0), at(10), replayed=1, dropped=0)


def test_a_gap_begins_where_the_oldest_of_what_was_inherited_does() -> None:
    shard = Head("2.0", 5, at(0), stretches=(Stretch(Buckets(0, 9), at(-100)),))
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
    assert ZERO <= now - floor_tick(now) < TICK
