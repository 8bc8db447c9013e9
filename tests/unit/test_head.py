"""HEAD: what is stored of it, how small it is, and that of two commits one stands."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.evaluating import at, unit
from tocsin.evaluation.head import (
    Head,
    Lagging,
    Lease,
    RedoKey,
    Stretch,
    clear,
    commit,
    create,
    from_item,
    head_key,
    mark,
    seal,
    to_attributes,
)
from tocsin.instants import instant
from tocsin.ports import Database, Item
from tocsin.schedule.layout import Buckets
from tocsin.stores.limits import item_bytes
from tocsin.stores.memory import MemoryDatabase

moments = st.integers(0, 4102444800000).map(instant)
numbers = st.integers(0, 2**40)
tokens = st.text("0123456789abcdef", min_size=1, max_size=16)
units = st.text("0123456789abcdef", min_size=24, max_size=24)
heads = st.builds(
    Head,
    shard=st.just("2.3"),
    seq=numbers,
    cursor=moments,
    token=tokens,
    version=numbers,
    config=numbers,
    redo=st.none() | st.builds(RedoKey, numbers, tokens, st.integers(1, 9)),
    lagging=st.dictionaries(
        units,
        st.builds(Lagging, moments, st.integers(0, 99), moments, st.booleans(), st.booleans(), numbers),
        max_size=3,
    ),
    stretches=st.lists(
        st.builds(Stretch, st.builds(Buckets, st.integers(0, 9), st.integers(10, 99)), moments), max_size=3
    ).map(tuple),
    lease=st.none() | st.builds(Lease, tokens, moments, st.lists(units, max_size=3).map(tuple)),
    late_since=st.none() | moments.filter(lambda moment: moment > instant(0)),
    sealed=st.booleans(),
)


def stored(database: Database, shard: str = "2.3") -> Head:
    [item] = database.get(head_key(shard))
    assert item is not None
    return from_item(shard, item)


@given(heads)
def test_head_survives_its_attributes(head: Head) -> None:
    assert from_item("2.3", dict(to_attributes(head))) == head


@given(heads.map(lambda head: replace(head, sealed=False)), heads)
def test_a_commit_replaces_all_of_head(before: Head, after: Head) -> None:
    database = MemoryDatabase()
    assert create(database, before)
    assert commit(database, before, after)
    assert stored(database) == after


def quiet_item(head: Head) -> Item:
    return {"pk": head.shard, "sk": "HEAD", **to_attributes(head)}


def test_head_of_a_quiet_shard_is_small() -> None:
    head = Head("12.63", 999_999_999, at(0), "0123456789abcdef", version=999_999_999, config=99_999)
    assert item_bytes(quiet_item(head)) <= 200


def test_head_is_at_most_1_kb_though_some_units_lag_and_a_layout_was_inherited() -> None:
    lagging = {
        unit(f"rule-{number}").id: Lagging(at(-number), number, at(number), True, False, number)
        for number in range(10)
    }
    stretches = tuple(Stretch(Buckets(number, number + 1), at(-number)) for number in range(8))
    lease = Lease("0123456789abcdef", at(8), tuple(lagging)[:2])
    redo = RedoKey(999_999_999, "0123456789abcdef", 1)
    head = Head(
        "12.63", 999_999_999, at(0), "0123456789abcdef", 1, 1, redo, lagging, stretches, lease, at(-99)
    )
    assert item_bytes(quiet_item(head)) <= 1024


# -- commits --------------------------------------------------------------------------------------

BEFORE = Head("2.3", 7, at(0), "mine-7")


def next_of(head: Head, token: str) -> Head:
    return replace(head, seq=head.seq + 1, token=token, cursor=at(10))


@pytest.fixture
def database() -> MemoryDatabase:
    made = MemoryDatabase()
    assert create(made, BEFORE)
    return made


def test_of_two_commits_the_first_stands(database: MemoryDatabase) -> None:
    assert commit(database, BEFORE, next_of(BEFORE, "a"))
    assert not commit(database, BEFORE, replace(next_of(BEFORE, "b"), cursor=at(999)))
    assert stored(database) == next_of(BEFORE, "a")


def test_a_commit_that_the_sdk_sends_twice_stands(database: MemoryDatabase) -> None:
    after = next_of(BEFORE, "a")
    assert commit(database, BEFORE, after)
    assert commit(database, BEFORE, after)


def test_a_commit_after_the_next_one_is_refused_though_the_token_was_ours(database: MemoryDatabase) -> None:
    after = next_of(BEFORE, "a")
    assert commit(database, BEFORE, after)
    assert commit(database, after, replace(after, seq=9))
    assert not commit(database, BEFORE, after)


def test_a_head_is_created_once(database: MemoryDatabase) -> None:
    assert create(database, BEFORE)  # The SDK's second try of our own.
    assert not create(database, replace(BEFORE, token="another"))
    assert stored(database) == BEFORE


def test_a_redo_that_is_applied_is_forgotten_and_the_sequence_stays(database: MemoryDatabase) -> None:
    named = replace(next_of(BEFORE, "a"), redo=RedoKey(8, "a", 1))
    assert commit(database, BEFORE, named)
    clear(database, replace(named, redo=RedoKey(8, "b", 1)))
    assert stored(database) == named
    clear(database, named)
    assert stored(database) == replace(named, redo=None)
    clear(database, named)
    assert stored(database) == replace(named, redo=None)


def test_a_late_clear_does_not_forget_the_next_redo(database: MemoryDatabase) -> None:
    first = replace(next_of(BEFORE, "a"), redo=RedoKey(8, "a", 1))
    second = replace(first, seq=9, redo=RedoKey(9, "b", 2))
    assert commit(database, BEFORE, first)
    assert commit(database, first, second)
    clear(database, first)
    assert stored(database) == second


def test_a_mark_is_no_commit(database: MemoryDatabase) -> None:
    lease = Lease("t", at(8), ("u",))
    assert mark(database, BEFORE, lease)
    assert mark(database, BEFORE, lease)  # The SDK's second try of our own.
    assert stored(database) == replace(BEFORE, lease=lease)
    assert commit(database, BEFORE, next_of(BEFORE, "a"))
    assert not mark(database, BEFORE, lease)
    assert stored(database) == next_of(BEFORE, "a")


# -- sealing --------------------------------------------------------------------------------------


def test_sealing_refuses_the_commit_under_way_and_every_later_one(database: MemoryDatabase) -> None:
    assert seal(database, "2.3", BEFORE, "sealer")
    closed = stored(database)
    assert (closed.sealed, closed.seq, closed.cursor) == (True, 8, at(0))
    assert not commit(database, BEFORE, next_of(BEFORE, "a"))
    assert not commit(database, closed, next_of(closed, "a"))
    assert not mark(database, closed, Lease("t", at(8)))
    assert seal(database, "2.3", BEFORE, "sealer")  # The SDK's second try of our own.
    assert not seal(database, "2.3", closed, "another")


def test_a_head_that_moved_or_owes_a_redo_is_not_sealed(database: MemoryDatabase) -> None:
    named = replace(next_of(BEFORE, "a"), redo=RedoKey(8, "a", 1))
    assert commit(database, BEFORE, named)
    assert not seal(database, "2.3", BEFORE, "sealer")
    assert not seal(database, "2.3", named, "sealer")
    clear(database, named)
    assert seal(database, "2.3", named, "sealer")


def test_an_absent_head_is_sealed_too_and_then_cannot_be_created() -> None:
    database = MemoryDatabase()
    assert seal(database, "2.3", None, "sealer")
    assert not create(database, BEFORE)
    [item] = database.get(head_key("2.3"))
    assert item is not None
    assert (item["sealed"], item["empty"]) == (True, True)
    assert not seal(database, "2.3", None, "another")


def test_a_head_that_is_created_meanwhile_is_not_sealed_as_absent(database: MemoryDatabase) -> None:
    assert not seal(database, "2.3", None, "sealer")
    assert stored(database) == BEFORE


# -- cursors --------------------------------------------------------------------------------------


def test_a_unit_is_where_it_lags_else_where_its_range_is_else_where_the_shard_is() -> None:
    stretches = (Stretch(Buckets(0, 10), at(-60)), Stretch(Buckets(10, 20), at(-30)))
    head = replace(BEFORE, lagging={"late": Lagging(at(-90), 1, at(0))}, stretches=stretches)
    assert [
        head.cursor_of("late", 5),
        head.cursor_of("u", 5),
        head.cursor_of("u", 10),
        head.cursor_of("u", 20),
    ] == [
        at(-90),
        at(-60),
        at(-30),
        at(0),
    ]
