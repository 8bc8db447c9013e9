"""The database in memory does what DynamoDB's emulator does, whatever it is asked."""

from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.engines import dynamodb_client, tables_on
from tocsin.ports import (
    Above,
    Absent,
    AtMost,
    Below,
    Condition,
    Database,
    Delete,
    Either,
    Equals,
    Every,
    Key,
    Present,
    Put,
    Update,
    Value,
    Write,
)
from tocsin.stores.dynamodb import DynamoDatabase
from tocsin.stores.limits import InvalidRequestError
from tocsin.stores.memory import MemoryDatabase

# An attribute keeps its type, and only what is there is compared with null: there moto differs from DynamoDB.
NUMBERS = ("slot", "due", "wake")
OTHERS = ("owner", "packed", "lag")

numbers = st.integers(0, 3)
texts = st.sampled_from(["", "a", "b", "é", "\U0001f514"])
bodies = st.sampled_from([b"", b"\x00", b"\xff"])
lists = st.lists(st.one_of(numbers, texts), max_size=2)
keys = st.builds(
    Key, st.just("dispatch"), st.sampled_from(["g", "h"]), st.sampled_from(["META", "W#é", "W#a"])
)


def attributes() -> st.SearchStrategy[dict[str, Value]]:
    of_numbers = st.dictionaries(st.sampled_from(NUMBERS), numbers)
    of_others = st.fixed_dictionaries({}, optional={"owner": texts, "packed": bodies, "lag": lists})
    return st.builds(lambda some, more: {**some, **more}, of_numbers, of_others)


def simple_conditions() -> st.SearchStrategy[Condition]:
    name = st.sampled_from((*NUMBERS, *OTHERS, "pk"))
    number = st.sampled_from(NUMBERS)
    return st.one_of(
        st.builds(Absent, name),
        st.builds(Present, name),
        st.builds(Equals, number, numbers),
        st.builds(Equals, st.just("owner"), texts),
        st.builds(Equals, st.just("packed"), bodies),
        st.builds(Equals, st.just("lag"), lists),
        *(st.builds(kind, number, numbers) for kind in (Below, AtMost, Above)),
        *(st.builds(kind, st.just("owner"), texts) for kind in (Below, AtMost, Above)),
    )


def both(clauses: st.SearchStrategy[Condition]) -> st.SearchStrategy[Condition]:
    some = st.lists(clauses, min_size=1, max_size=3).map(tuple)
    return st.one_of(st.builds(Every, some), st.builds(Either, some))


conditions = st.none() | st.recursive(simple_conditions(), both, max_leaves=4)
updates = st.builds(
    Update,
    keys,
    attributes(),
    st.dictionaries(st.sampled_from(NUMBERS), st.integers(-2, 2).filter(bool), max_size=2),
    st.lists(st.sampled_from((*NUMBERS, *OTHERS)), max_size=2).map(tuple),
    conditions,
).filter(lambda update: bool(update.set or update.add or update.remove))
writes: st.SearchStrategy[Write] = st.one_of(
    updates, st.builds(Put, keys, attributes(), conditions), st.builds(Delete, keys, conditions)
)


def did(work: Callable[[], object]) -> object:
    """Return what work returns, or that it was refused."""
    try:
        return work()
    except InvalidRequestError:
        return InvalidRequestError


def visible(database: Database) -> list[object]:
    """Return all that can be read; which of two that are due at once comes first is open."""
    partitions = [database.query("dispatch", pk) for pk in ("g", "h")]
    due = [sorted(map(str, database.due(slot, 2, 10))) for slot in range(4)]
    return [partitions, due]


def step(database: Database, work: Write | list[Write]) -> object:
    if isinstance(work, list):
        return did(lambda: database.transact(work))
    return did(lambda: database.write(work))


@settings(
    max_examples=60,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    work=st.lists(st.one_of(writes, writes, writes, st.lists(writes, min_size=1, max_size=3)), max_size=12)
)
@pytest.mark.usefixtures("moto")
def test_memory_and_moto_agree_on_every_outcome_and_item(work: list[Write | list[Write]]) -> None:
    client = dynamodb_client(None)
    memory = MemoryDatabase()
    with tables_on(client) as tables:
        emulated = DynamoDatabase(client, tables)
        for each in work:
            assert step(memory, each) == step(emulated, each)
        assert visible(memory) == visible(emulated)
