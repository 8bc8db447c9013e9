"""The alerts of one writer in one group: what a change touches, what stays, what no zombie can raise."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.dispatching import alert, at
from tocsin.alert import Alert
from tocsin.dispatch.chunks import Chunk, Merge, merge, merged, prune, read, strays, write, writer_prefix
from tocsin.instants import millis
from tocsin.labels import format_labels
from tocsin.packing import CHUNK_BYTES, address
from tocsin.ports import Database, Outcome, Write
from tocsin.stores.memory import MemoryDatabase

GROUP, WRITER = "group.0123", "rule.abcd"
NOW = at(600)


def put(database: Database, seq: int, *changed: Alert) -> bool:
    """Do what intake does with a commit, and tell whether anything fires."""
    wanted = merge(read(database, GROUP, WRITER), changed, NOW)
    write(database, GROUP, WRITER, wanted, seq, at(0))
    return wanted.fires


def held(database: Database) -> list[Alert]:
    """Return what a flush reads: every alert once."""
    found = [found for chunk in read(database, GROUP, WRITER) for found in chunk.alerts.values()]
    assert len({format_labels(one.labels) for one in found}) == len(found)
    return sorted(found, key=lambda one: format_labels(one.labels))


def large(number: int, until: float | None = None) -> Alert:
    """Return an alert of some 250 bytes however well it is packed."""
    noise = "".join(address(f"{number}/{part}") for part in range(64))
    return replace(alert(number=f"{number:03}", until=until), annotations={"noise": f"{int(noise, 2):x}"})


A, B = alert(job="a"), alert(job="b")
A_OVER = alert(job="a", until=60)


def test_alerts_are_taken_in_and_replaced_by_labels() -> None:
    database = MemoryDatabase()
    assert put(database, 1, A, B)
    assert held(database) == [A, B]
    assert put(database, 2, A_OVER)
    assert held(database) == [A_OVER, B]
    assert put(database, 3, alert(job="a", since=90))
    assert held(database) == [alert(job="a", since=90), B]


def test_a_resolved_alert_stays_until_it_is_pruned() -> None:
    database = MemoryDatabase()
    put(database, 1, A)
    assert not put(database, 2, A_OVER)
    assert put(database, 3, B)
    assert held(database) == [A_OVER, B]


def test_the_end_of_what_is_not_there_is_no_news() -> None:
    assert not merge((), [A_OVER], NOW).writes
    assert merge((), [A_OVER], at(59)).writes, "it fires until then"


def test_of_a_group_that_is_left_all_is_written_though_nothing_changes() -> None:
    database = MemoryDatabase()
    assert merge((), [A_OVER], NOW, left=True).writes == {"": None}
    put(database, 1, A)
    put(database, 2, A_OVER)
    [(prefix, packed)] = merge(read(database, GROUP, WRITER), [], NOW, left=True).writes.items()
    assert (prefix, packed is None) == ("", False)


def test_what_is_known_is_not_written_again() -> None:
    database = MemoryDatabase()
    put(database, 1, A)
    wanted = merge(read(database, GROUP, WRITER), [A], NOW)
    assert (dict(wanted.writes), wanted.fires) == ({}, True)


def test_a_zombie_takes_nothing_back() -> None:
    database = MemoryDatabase()
    put(database, 1, A)
    late = merge(read(database, GROUP, WRITER), [B], NOW)
    put(database, 3, A_OVER)
    write(database, GROUP, WRITER, late, 2, at(0))
    assert held(database) == [A_OVER]


def test_repeating_a_commit_changes_nothing() -> None:
    database = MemoryDatabase()
    put(database, 1, A)
    before = database.query("dispatch", GROUP)
    put(database, 1, A)
    assert database.query("dispatch", GROUP) == before


def test_writers_do_not_touch_each_other() -> None:
    database = MemoryDatabase()
    put(database, 5, A)
    write(database, GROUP, "rule.ab", merge((), [B], NOW), 1, at(0))
    assert held(database) == [A]
    assert [list(found.alerts.values()) for found in read(database, GROUP, "rule.ab")] == [[B]]
    assert writer_prefix("rule.ab") == "W#rule.ab#"


# -- many alerts ----------------------------------------------------------------------------------


def test_many_alerts_are_divided_and_a_change_of_one_touches_one_item() -> None:
    database = MemoryDatabase()
    many = [large(number) for number in range(300)]
    put(database, 1, *many)
    assert held(database) == many
    wanted = merge(read(database, GROUP, WRITER), [large(7, until=60)], NOW)
    [packed] = wanted.writes.values()
    assert packed is not None
    assert len(packed) <= CHUNK_BYTES
    write(database, GROUP, WRITER, wanted, 2, at(0))
    assert held(database) == [*many[:7], large(7, until=60), *many[8:]]


def test_an_item_that_grows_too_large_is_written_in_its_parts_before_it_is_buried() -> None:
    database = MemoryDatabase()
    put(database, 1, *map(large, range(10)))
    writes = merge(read(database, GROUP, WRITER), list(map(large, range(10, 100))), NOW).writes
    *parts, last = writes
    assert last == ""
    assert writes[last] is None
    assert all(parts)
    assert all(writes[part] is not None for part in parts)


class Dying(MemoryDatabase):
    """A database whose user dies after some writes."""

    writes_left = 10**6

    def write(self, write: Write) -> Outcome:
        """Do the write, or die."""
        if self.writes_left == 0:
            raise InterruptedError
        self.writes_left -= 1
        return super().write(write)


def repeat(database: Dying, seq: int, *changed: Alert) -> None:
    """Do a commit, and if its worker dies do it again: that is what a REDO is for."""
    try:
        put(database, seq, *changed)
    except InterruptedError:
        database.writes_left = 10**6
        put(database, seq, *changed)
    database.writes_left = 10**6


@pytest.mark.parametrize("survived", range(12))
def test_a_writer_that_dies_while_it_divides_an_item_is_repeated_and_leaves_nothing_behind(
    survived: int,
) -> None:
    """What had been written of the undivided item must not outlive its parts: it says that a resolved alert fires."""
    database = Dying()
    put(database, 1, *map(large, range(20)))
    changed = [large(0, until=60), *map(large, range(20, 200))]
    database.writes_left = survived
    repeat(database, 2, *changed)
    assert held(database) == [large(0, until=60), *map(large, range(1, 200))]


@pytest.mark.parametrize("survived", range(12))
def test_a_writer_that_dies_while_it_divides_an_item_goes_on_with_its_next_commit(survived: int) -> None:
    database = Dying()
    put(database, 1, *map(large, range(20)))
    database.writes_left = survived
    repeat(database, 2, *map(large, range(20, 200)))
    put(database, 3, *(large(number, until=60) for number in range(200)), *map(large, range(200, 400)))
    ended = [large(number, until=60) for number in range(200)]
    assert held(database) == [*ended, *map(large, range(200, 400))]


histories = st.lists(st.lists(st.tuples(st.integers(0, 150), st.booleans()), max_size=60), max_size=5)


@settings(max_examples=25)
@given(histories)
def test_whatever_fires_and_resolves_what_is_stored_is_what_was_said_last(
    history: list[list[tuple[int, bool]]],
) -> None:
    database = MemoryDatabase()
    known: dict[int, Alert] = {}
    for seq, changes in enumerate(history, start=1):
        changed = {number: large(number, until=None if fires else seq) for number, fires in changes}
        put(database, seq, *changed.values())
        known |= {number: one for number, one in changed.items() if number in known or one.ends_at is None}
        assert held(database) == [known[number] for number in sorted(known)]


# -- pruning and withdrawing ----------------------------------------------------------------------


def only_chunk(database: Database) -> Chunk:
    [found] = read(database, GROUP, WRITER)
    return found


def test_what_is_pruned_is_gone_and_the_rest_stays() -> None:
    database = MemoryDatabase()
    put(database, 1, A, B)
    put(database, 2, A_OVER)
    assert prune(database, only_chunk(database), [format_labels(A_OVER.labels)], "p", at(70))
    assert held(database) == [B]
    assert only_chunk(database).seq == 2


def test_the_last_that_is_pruned_leaves_a_tombstone_that_refuses_the_dead() -> None:
    database = MemoryDatabase()
    put(database, 1, A)
    zombie = merge(read(database, GROUP, WRITER), [B], NOW)
    put(database, 2, A_OVER)
    assert prune(database, only_chunk(database), [format_labels(A_OVER.labels)], "p", at(70))
    write(database, GROUP, WRITER, zombie, 2, at(0))
    assert held(database) == []
    [item] = database.query("dispatch", GROUP)
    assert "expires" in item
    put(database, 3, B)
    assert held(database) == [B]


def test_an_item_that_was_written_since_is_not_pruned() -> None:
    database = MemoryDatabase()
    put(database, 1, A)
    put(database, 2, A_OVER)
    seen = only_chunk(database)
    put(database, 3, alert(job="a", since=90))
    assert not prune(database, seen, [format_labels(A_OVER.labels)], "p", at(95))
    assert held(database) == [alert(job="a", since=90)]


def test_a_prune_that_the_sdk_sends_twice_is_ours() -> None:
    database = MemoryDatabase()
    put(database, 1, A_OVER, B)
    seen = only_chunk(database)
    assert prune(database, seen, [format_labels(B.labels)], "p", at(70))
    assert prune(database, seen, [format_labels(B.labels)], "p", at(70))
    assert not prune(database, seen, [format_labels(B.labels)], "other", at(70))


def test_what_has_moved_elsewhere_ends_where_it_was_and_what_stays_does_not() -> None:
    database = MemoryDatabase()
    put(database, 1, A, B)
    left = strays(read(database, GROUP, WRITER), [B], at(60))
    assert left == [replace(A, ends_at=at(60))]
    put(database, 2, B, *left)
    assert held(database) == [replace(A, ends_at=at(60)), B]
    assert strays(read(database, GROUP, WRITER), [B], at(99)) == []


def test_where_a_writer_has_nothing_nothing_has_moved() -> None:
    assert strays(read(MemoryDatabase(), GROUP, WRITER), [], at(60)) == []


def test_too_much_for_one_item_is_not_pruned_until_its_writer_divides_it() -> None:
    crowded = Chunk(GROUP, WRITER, "", 1, "1", {str(number): large(number) for number in range(200)})
    assert not prune(MemoryDatabase(), crowded, [format_labels(large(0).labels)], "p", at(70))


def test_a_tombstone_lives_for_a_day() -> None:
    database = MemoryDatabase()
    write(database, GROUP, WRITER, Merge({"": None}, fires=False), 1, at(0))
    [item] = database.query("dispatch", GROUP)
    assert item["expires"] == millis(at(86_400)) // 1000


# -- several writers ------------------------------------------------------------------------------


def chunk(seq: int, *alerts: Alert) -> Chunk:
    by_labels = {format_labels(found.labels): found for found in alerts}
    return Chunk(GROUP, f"rule.{seq}", "", seq, str(seq), by_labels)


AGAIN, A_LATER_OVER = alert(job="a", since=90), alert(job="a", until=99)

MERGES: dict[str, tuple[list[Chunk], list[Alert]]] = {
    "nothing": ([], []),
    "different alerts": ([chunk(1, A), chunk(2, B)], [A, B]),
    "an end does not hide what fires elsewhere": ([chunk(1, A), chunk(2, A_OVER)], [A]),
    "nor does an earlier one": ([chunk(2, A), chunk(1, A_OVER)], [A]),
    "of two that fire the newer": ([chunk(2, AGAIN), chunk(1, A)], [AGAIN]),
    "of two ends the newer": ([chunk(2, A_LATER_OVER), chunk(1, A_OVER)], [A_LATER_OVER]),
}


@pytest.mark.parametrize(("chunks", "expected"), MERGES.values(), ids=MERGES)
def test_an_alert_fires_if_any_of_its_writers_says_so(chunks: list[Chunk], expected: list[Alert]) -> None:
    assert list(merged(chunks)) == expected
