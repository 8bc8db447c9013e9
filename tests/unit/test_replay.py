"""Replay: what is set aside catches up batch by batch, what is furthest behind first, no bucket divided."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

import pytest

from tests.unit.evaluating import at, unit
from tocsin.evaluation import replay
from tocsin.evaluation.head import Head, Lagging, Stretch
from tocsin.evaluation.replay import next_batch
from tocsin.evaluation.unit import Unit
from tocsin.evaluation.window import lagging_work, set_aside, work_of
from tocsin.rules.rule import Jitter
from tocsin.schedule.layout import Buckets

HOUR = timedelta(hours=1)


def lives(bucket: int, name: str = "R", every: float = 10) -> Unit:
    return replace(unit(f"{name}{bucket}", every=every, jitter=Jitter.NEVER), bucket=bucket)


def head(
    *stretches: tuple[int, int, float], cursor: float = 1000, lagging: Mapping[str, Lagging] | None = None
) -> Head:
    pieces = tuple(Stretch(Buckets(first, end), at(since)) for first, end, since in stretches)
    return Head("1.0", 1, at(cursor), stretches=pieces, lagging=lagging or {})


def left(found: replay.Batch) -> list[tuple[int, int, float]]:
    return [(p.buckets.first, p.buckets.end, (p.cursor - at(0)).total_seconds()) for p in found.left]


def test_what_is_furthest_behind_comes_first() -> None:
    units = [lives(bucket) for bucket in (1, 5, 9)]
    found = next_batch(head((0, 4, 300), (4, 8, 100), (8, 10, 200)), units)
    assert ([made.bucket for made in found.units], left(found)) == ([5], [(0, 4, 300), (8, 10, 200)])


def test_of_what_is_behind_alike_the_first_buckets() -> None:
    units = [lives(bucket) for bucket in (9, 1, 5)]
    found = next_batch(head((4, 10, 0), (0, 4, 0)), units)
    assert ([made.bucket for made in found.units], left(found)) == ([1], [(4, 10, 0)])


def test_a_stretch_is_taken_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replay, "_UNITS", 2)
    units = [lives(bucket) for bucket in (7, 1, 5, 3)]
    found = next_batch(head((0, 10, 0)), units)
    assert ([made.bucket for made in found.units], left(found)) == ([1, 3], [(5, 10, 0)])
    rest = next_batch(head(*left(found)), units)
    assert ([made.bucket for made in rest.units], left(rest)) == ([5, 7], [])


def test_a_bucket_is_never_divided(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replay, "_UNITS", 2)
    group = [lives(4, name) for name in "ABCDE"]
    found = next_batch(head((0, 10, 0)), [*group, lives(5)])
    assert ({made.bucket for made in found.units}, len(found.units), left(found)) == ({4}, 5, [(5, 10, 0)])
    found = next_batch(head((0, 10, 0)), [lives(3), *group])
    assert ([made.bucket for made in found.units], left(found)) == ([3], [(4, 10, 0)])


@pytest.mark.parametrize(("behind", "units"), [(1000, 20), (3600, 5), (36000, 1)])
def test_a_batch_has_as_many_rules_as_its_timestamps_allow(behind: float, units: int) -> None:
    rules = [lives(bucket) for bucket in range(50)]
    assert len(next_batch(head((0, 50, 0), cursor=behind), rules).units) == units


def test_what_lags_catches_up_by_itself() -> None:
    late = lives(2)
    held = {late.id: Lagging(at(-500), 1, at(1000))}
    found = next_batch(head((0, 10, 0), lagging=held), [late, lives(3)])
    assert ([made.bucket for made in found.units], left(found)) == ([3], [])


def test_a_stretch_with_nobody_in_it_is_over() -> None:
    found = next_batch(head((0, 10, 0)), [lives(12)])
    assert (found.units, left(found)) == ((), [])


def test_who_is_elsewhere_is_not_in_it() -> None:
    found = next_batch(head((2, 4, 0)), [lives(1), lives(2), lives(3), lives(4)])
    assert [made.bucket for made in found.units] == [2, 3]


# -- with the window ------------------------------------------------------------------------------


def test_an_outage_during_a_replay_leaves_each_its_own_cursor() -> None:
    aside = set_aside(head((5, 10, 0), cursor=1000), Buckets(0, 10), at(1700))
    assert [(p.buckets, p.cursor) for p in aside.stretches] == [
        (Buckets(5, 10), at(0)),
        (Buckets(0, 5), at(1000)),
    ]
    assert aside.cursor == at(1700)
    assert [aside.cursor_of("u", bucket) for bucket in (2, 7)] == [at(1000), at(0)]


def test_a_unit_of_a_stretch_goes_from_its_cursor_to_the_present() -> None:
    made = lives(2, every=60)
    aside = head((0, 10, 100), cursor=1000)
    work = work_of(made, aside.cursor_of(made.id, made.bucket), aside.cursor, at(1005), HOUR)
    assert [(moment - at(0)).total_seconds() for moment in work.at] == list(range(120, 1000, 60))
    assert (work.until, work.skipped) == (at(1000), timedelta(0))


def test_what_is_beyond_the_limit_is_given_up() -> None:
    made = lives(2, every=60)
    work = work_of(made, at(0), at(7200), at(7205), HOUR)
    assert (work.skipped, work.at[0], len(work.at)) == (timedelta(seconds=3600), at(3660), 60)


def test_a_rule_that_is_asked_for_too_much_is_asked_for_half() -> None:
    made = lives(2, every=1)
    parts = [
        lagging_work(made, head(cursor=3600, lagging={made.id: Lagging(at(0), tries, at(0))}), at(3600), HOUR)
        for tries in range(14)
    ]
    assert [len(work.at) for work in parts] == [3600, *(4096 >> tries for tries in range(1, 13)), 1]


def test_how_far_back_is_replayed_counts_from_when_it_was_set_aside(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replay, "_UNITS", 1)
    aside = set_aside(Head("1.0", 1, at(0)), Buckets(0, 10), at(3600))
    found = next_batch(aside, [lives(1), lives(2)])
    assert (found.since, [piece.since for piece in found.left]) == (at(3600), [at(3600)])
    work = work_of(found.units[0], at(0), at(3700), found.since or at(3700), HOUR)
    assert (work.skipped, work.at[0]) == (timedelta(0), at(10))


def test_of_what_lags_so_much_is_tried_as_fits_and_what_belongs_together_together(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(replay, "_UNITS", 3)
    a, b, c, d = (work_of(lives(n), at(0), at(100), at(100), HOUR) for n in range(4))
    assert replay.first_of([[a], [b], [c], [d]]) == [a, b, c]
    assert replay.first_of([[a], [b], [c, d]]) == [a, b]
    assert replay.first_of([[a, b, c, d]]) == [a, b, c, d]
    assert replay.first_of([]) == []
    monkeypatch.setattr(replay, "_TIMESTAMPS", 25)
    assert replay.first_of([[a], [b], [c]]) == [a, b]
