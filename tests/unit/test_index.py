"""The index: the versions in force, and the layout, which changes by wish."""

from tocsin.index import INDEX, Index, bump, read_index, settle_layout
from tocsin.ports import Outcome, Update, Write
from tocsin.schedule.buckets import SLOTS
from tocsin.schedule.layout import Layout
from tocsin.stores.memory import MemoryDatabase


def test_before_anything_is_stored_every_version_is_0() -> None:
    index = read_index(MemoryDatabase())
    assert index == Index(Layout(1, 1), (0,) * SLOTS, 0, 0)


def test_versions_are_counted_up_each_for_itself() -> None:
    database = MemoryDatabase()
    assert database.transact([bump("slot3", "silences")])
    assert database.transact([bump("slot3")])
    index = read_index(database)
    assert index.slots == (0, 0, 0, 2, 0, 0, 0, 0)
    assert (index.silences, index.config) == (1, 0)


def test_a_wish_for_what_is_there_writes_nothing() -> None:
    database = MemoryDatabase()
    assert settle_layout(database, read_index(database), 1) == Layout(1, 1)
    assert database.get(INDEX) == [None]


def test_a_wish_for_another_number_of_shards_is_the_next_layout() -> None:
    database = MemoryDatabase()
    settled = settle_layout(database, read_index(database), 4)
    assert settled == Layout(2, 4, {1: 1})
    assert read_index(database).layout == settled
    again = settle_layout(database, read_index(database), 2)
    assert again == Layout(3, 2, {1: 1, 2: 4})
    assert read_index(database).layout == again


class Overtaken(MemoryDatabase):
    """A database in which somebody else settles the layout just before we do."""

    rivals = 1

    def write(self, write: Write) -> Outcome:
        """Do a rival's write first, once."""
        if self.rivals and isinstance(write, Update) and "layout" in write.set:
            self.rivals -= 1
            settle_layout(self, read_index(self), 8)
        return super().write(write)


def test_a_race_is_settled_by_who_comes_first() -> None:
    database = Overtaken()
    assert settle_layout(database, read_index(database), 4) == Layout(2, 8, {1: 1})
    assert read_index(database).layout == Layout(2, 8, {1: 1})


def test_a_version_that_moves_meanwhile_does_not_disturb_the_layout() -> None:
    database = MemoryDatabase()
    stale = read_index(database)
    database.transact([bump("config")])
    assert settle_layout(database, stale, 3) == Layout(2, 3, {1: 1})
    assert read_index(database).config == 1
