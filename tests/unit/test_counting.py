"""What a database is asked, and what DynamoDB would bill for it."""

import pytest

from tocsin.ports import Absent, Delete, Equals, Item, Key, Put, Update, Write
from tocsin.stores.counting import CountingDatabase
from tocsin.stores.limits import item_bytes
from tocsin.stores.memory import MemoryDatabase

KEY = Key("state", "p", "s")
META = Key("dispatch", "g", "META")


@pytest.fixture
def counting() -> CountingDatabase:
    return CountingDatabase(MemoryDatabase())


def kilobytes(count: int) -> str:
    return "x" * (count * 1024 - 100)


def test_an_item_has_the_size_of_its_names_and_values() -> None:
    item: Item = {
        "pk": "ab",
        "né": "é",
        "n": -123,
        "none": None,
        "is": True,
        "b": b"12",
        "l": ["a", 1],
        "m": {"k": "v"},
    }
    sizes = [2 + 2, 3 + 2, 1 + 4, 4 + 1, 2 + 1, 1 + 2, 1 + 3 + 2 + 1 + 2, 1 + 3 + 1 + 2]
    assert item_bytes(item) == sum(sizes)


def test_requests_are_counted_by_kind(counting: CountingDatabase) -> None:
    counting.write(Put(KEY, {"n": 1}))
    counting.write(Put(KEY, {}, Absent("pk")))
    counting.write(Update(KEY, add={"n": 1}))
    counting.write(Delete(META))
    counting.get()
    counting.get(KEY)
    counting.get(KEY, META)
    counting.query("state", "p")
    counting.due(0, 9, 9)
    counting.transact([Put(KEY, {}), Put(META, {})])
    assert counting.requests == {
        "put": 2, "update": 1, "delete": 1, "get": 1, "batch_get": 1, "query": 1, "due": 1, "transact": 1
    }  # fmt: skip
    counting.reset()
    assert (counting.requests, counting.read_units, counting.write_units) == ({}, 0, 0)


def test_a_get_costs_a_unit_for_every_4_kb_of_each_item(counting: CountingDatabase) -> None:
    counting.write(Put(KEY, {"packed": kilobytes(9)}))
    counting.get(KEY)
    assert counting.read_units == 3
    counting.get(KEY, KEY, META)
    assert counting.read_units == 3 + 3 + 1


def test_a_query_rounds_its_items_up_together(counting: CountingDatabase) -> None:
    for n in range(6):
        counting.write(Put(Key("state", "p", str(n)), {"packed": kilobytes(1)}))
    counting.query("state", "p")
    assert counting.read_units == 2
    counting.query("state", "empty")
    assert counting.read_units == 2 + 1


def test_the_index_is_read_for_half(counting: CountingDatabase) -> None:
    counting.due(0, 9, 9)
    assert counting.read_units == 0.5


WRITES: dict[str, tuple[Write, int]] = {
    "put of the same size": (Put(KEY, {"packed": kilobytes(3)}), 3),
    "put of a smaller item": (Put(KEY, {}), 3),
    "put of a larger item": (Put(KEY, {"packed": kilobytes(5)}), 5),
    "update that adds": (Update(KEY, set={"more": kilobytes(2)}), 5),
    "update that removes": (Update(KEY, remove=("packed",)), 3),
    "delete": (Delete(KEY), 3),
    "write that is refused": (Put(KEY, {}, Absent("pk")), 3),
    "put elsewhere": (Put(Key("state", "p", "other"), {}), 1),
    "delete of nothing": (Delete(Key("state", "p", "other")), 1),
    "refused where nothing is": (Delete(Key("state", "p", "other"), Equals("n", 1)), 1),
}


@pytest.mark.parametrize(("write", "units"), WRITES.values(), ids=WRITES)
def test_a_write_costs_a_unit_for_every_kb_before_or_after(
    counting: CountingDatabase, write: Write, units: int
) -> None:
    counting.write(Put(KEY, {"packed": kilobytes(3)}))
    counting.reset()
    counting.write(write)
    assert counting.write_units == units
    counting.write(Put(KEY, {"packed": kilobytes(3)}))
    counting.reset()
    counting.transact([write])
    assert counting.write_units == 2 * units


INDEXED: dict[str, tuple[Write, int]] = {
    "stays in its place": (Update(META, set={"claim": "a"}), 1),
    "moves": (Update(META, set={"due": 6}), 3),
    "leaves": (Update(META, remove=("due",)), 2),
    "is deleted": (Delete(META), 2),
    "another enters": (Put(Key("dispatch", "h", "META"), {"slot": 0, "due": 5}), 2),
    "another is not in it": (Put(Key("dispatch", "h", "META"), {"slot": 0}), 1),
}


@pytest.mark.parametrize(("write", "units"), INDEXED.values(), ids=INDEXED)
def test_an_entry_of_the_index_costs_a_unit_to_come_or_go(
    counting: CountingDatabase, write: Write, units: int
) -> None:
    counting.write(Put(META, {"slot": 0, "due": 5}))
    counting.reset()
    counting.write(write)
    assert counting.write_units == units


def test_what_was_read_is_known_before_a_write() -> None:
    inner = MemoryDatabase()
    inner.write(Put(KEY, {"packed": kilobytes(3)}))
    inner.write(Put(Key("state", "q", "s"), {"packed": kilobytes(3)}))
    counting = CountingDatabase(inner)
    counting.get(KEY)
    counting.query("state", "q")
    counting.write(Delete(KEY))
    counting.write(Delete(Key("state", "q", "s")))
    assert counting.write_units == 6
