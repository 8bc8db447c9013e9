"""Layouts: every bucket belongs to one shard, and every new shard finds whom it inherits from."""

import json
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.schedule.buckets import BUCKETS, SLOTS, bucket, slot
from tocsin.schedule.layout import Buckets, Layout

counts = st.integers(1, 300)


@given(counts)
def test_the_shards_divide_all_buckets_in_order_and_evenly(shards: int) -> None:
    ranges = [Layout(1, shards).shard(index).buckets for index in range(shards)]
    assert (ranges[0].first, ranges[-1].end) == (0, BUCKETS)
    assert all(one.end == other.first for one, other in pairwise(ranges))
    widths = {found.end - found.first for found in ranges}
    assert max(widths) - min(widths) <= 1


@given(counts, st.integers(0, BUCKETS - 1))
def test_a_bucket_is_in_one_shard_only_and_in_one_of_its_partitions(shards: int, number: int) -> None:
    owners = [Layout(1, shards).shard(index).buckets for index in range(shards)]
    [owner] = [found for found in owners if number in found]
    unit = f"{number:04x}{'0' * 20}"
    assert bucket(unit) == number
    assert slot(unit) in owner.slots()
    first, last = (f"{at:04x}{'0' * 20}" for at in (owner.first, owner.end - 1))
    assert owner.slots() == range(slot(first), slot(last) + 1)
    assert set(owner.slots()) <= set(range(SLOTS))


@given(st.lists(counts, min_size=2, max_size=4))
def test_a_new_shard_overlaps_exactly_the_old_ones_it_inherits_from(history: list[int]) -> None:
    layout = Layout(1, history[0])
    for shards in history[1:]:
        layout = layout.changed(shards)
    assert (layout.version, layout.shards) == (len(history), history[-1])
    for version, index in ((version, i) for version in layout.before for i in range(min(layout.shards, 5))):
        mine = layout.shard(index).buckets
        pieces = list(layout.overlapping(mine, version))
        assert [old.layout for old, _ in pieces] == [version] * len(pieces)
        assert (pieces[0][1].first, pieces[-1][1].end) == (mine.first, mine.end)
        assert all(one.end == other.first for (_, one), (_, other) in pairwise(pieces))
        assert all(old.buckets.overlap(mine) == shared for old, shared in pieces)
        assert all(old == layout.shard(old.index, version) for old, _ in pieces)


@given(st.lists(counts, min_size=1, max_size=4))
def test_a_layout_survives_its_document(history: list[int]) -> None:
    layout = Layout(1, history[0])
    for shards in history[1:]:
        layout = layout.changed(shards)
    assert Layout.from_document(json.loads(json.dumps(layout.to_document()))) == layout


OVERLAPS: dict[str, tuple[Buckets, Buckets | None]] = {
    "the same": (Buckets(10, 20), Buckets(10, 20)),
    "inside": (Buckets(12, 13), Buckets(12, 13)),
    "around": (Buckets(0, 99), Buckets(10, 20)),
    "a part": (Buckets(15, 99), Buckets(15, 20)),
    "beside": (Buckets(20, 30), None),
    "apart": (Buckets(0, 5), None),
}


@pytest.mark.parametrize(("other", "expected"), OVERLAPS.values(), ids=OVERLAPS)
def test_ranges_overlap_where_both_hold_a_bucket(other: Buckets, expected: Buckets | None) -> None:
    assert Buckets(10, 20).overlap(other) == other.overlap(Buckets(10, 20)) == expected


def test_a_range_holds_its_first_bucket_and_not_its_end() -> None:
    assert [number in Buckets(10, 12) for number in (9, 10, 11, 12)] == [False, True, True, False]
    assert "10" not in Buckets(10, 12)


def test_a_shard_is_named_after_its_layout() -> None:
    assert Layout(3, 4, {1: 1, 2: 2}).shard(2).id == "3.2"


def test_an_earlier_layout_that_is_not_known_has_no_shards() -> None:
    assert list(Layout(2, 4).overlapping(Buckets(0, BUCKETS), 1)) == []
