"""Waking many groups: several at once, and further with every try."""

from collections.abc import Callable, Sequence
from typing import TypeVar

import pytest

from tests.unit.dispatching import at
from tocsin.dispatch.group import UnfinishedError, meta_key, wake_all
from tocsin.instants import millis
from tocsin.ports import Outcome, Update, Value, Write, one_by_one
from tocsin.stores.memory import MemoryDatabase

T = TypeVar("T")
GROUPS = [f"group.{number:024x}" for number in range(250)]


class Counting(MemoryDatabase):
    """A database that counts what is written."""

    def __init__(self) -> None:
        super().__init__()
        self.writes = 0

    def write(self, write: Write) -> Outcome:
        """Count, and write."""
        self.writes += 1
        return super().write(write)


def asleep(**more: Value) -> Counting:
    database = Counting()
    for group in GROUPS:
        due: dict[str, Value] = {
            "grid": millis(at(0)),
            "interval": 300_000,
            "due": millis(at(9000)),
            "wake": 1,
        }
        database.write(Update(meta_key(group), set=due | more))
    database.writes = 0
    return database


def test_each_is_due_at_once_or_at_its_next_slot() -> None:
    for at_slot, due in ((False, at(10)), (True, at(300))):
        assert wake_all(asleep(), GROUPS, at(10), at_slot=at_slot) == dict.fromkeys(GROUPS, due)


def test_one_that_holds_nothing_is_left_out() -> None:
    assert wake_all(asleep(), ["group.none", GROUPS[0]], at(10)) == {GROUPS[0]: at(10)}


def test_who_does_not_get_through_them_in_time_gets_further_with_every_try() -> None:
    def some(jobs: Sequence[Callable[[], T]], timeout_seconds: float) -> Sequence[T | None]:
        return [*one_by_one(jobs[:100], timeout_seconds), *[None] * len(jobs[100:])]

    database = asleep()
    for left in (150, 50):
        with pytest.raises(UnfinishedError, match=f"^{left} of "):
            wake_all(database, GROUPS, at(10), parallel=some)
    assert len(wake_all(database, GROUPS, at(10), parallel=some)) == len(GROUPS)
    assert database.writes == len(GROUPS)


def test_one_that_is_being_flushed_is_woken_though_it_is_due() -> None:
    """Its flush may have looked already: what it counts tells it to look again."""
    database = asleep(claim="somebody", claimed_until=millis(at(80)), due=millis(at(5)))
    wake_all(database, GROUPS[:1], at(10))
    [item] = database.get(meta_key(GROUPS[0]))
    assert item is not None
    assert item["wake"] == 2
