"""Silences where they are stored: set, ended, edited by two at once, read again by what has changed."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest

from tests.unit.dispatching import at
from tocsin.dispatch import silencing
from tocsin.dispatch.controls import BEGIN_NOTE, Controls
from tocsin.dispatch.group import meta_key
from tocsin.dispatch.silence import Silence, SilenceError
from tocsin.dispatch.silenceedit import Change, Limits
from tocsin.dispatch.silencestore import StoredSilences, read_silence, silence_key
from tocsin.dispatch.silencing import UnknownSilenceError, set_silence
from tocsin.dispatch.waiting import wait_for, wake_waiters
from tocsin.index import bump, read_index
from tocsin.matchers import parse_matchers
from tocsin.ports import Database, Delete, Item, Message, Put, Update, Write
from tocsin.stores.counting import CountingDatabase
from tocsin.stores.memory import MemoryDatabase

GROUP = "group.0123456789abcdef01234567"
WANTED = Silence("", parse_matchers("alertname=Down"), at(0), at(3600), "me", "moving", at(0))


class Sent:
    """A queue that remembers what was sent, and which silences were stored by then."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.sent: list[Message] = []
        self.ends: list[dict[str, object]] = []

    def send(self, messages: Sequence[Message]) -> None:
        self.sent += messages
        self.ends.append({s.id: s.ends_at for s in stored(self._database)})


class Interrupted(MemoryDatabase):
    """A database in which somebody else does something just before each of the next transactions."""

    def __init__(self) -> None:
        super().__init__()
        self.others: list[Callable[[], object]] = []

    def transact(self, writes: Sequence[Write]) -> bool:
        if self.others:
            self.others.pop()()
        return super().transact(writes)


@pytest.fixture
def database() -> Interrupted:
    return Interrupted()


@pytest.fixture
def queue(database: Interrupted) -> Sent:
    return Sent(database)


def stored(database: Database) -> tuple[Silence, ...]:
    return Controls(database).silences(read_index(database))


def put(database: Database, wanted: Silence = WANTED, seconds: float = 0, fresh_id: str = "one") -> Silence:
    return set_silence(database, wanted, at(seconds), fresh_id=fresh_id).silence


def waiting(database: Database, silence_id: str) -> None:
    database.write(Update(meta_key(GROUP), set={"grid": 0, "wake": 1}))
    wait_for(database, GROUP, {silence_id: frozenset()}, at(0))


def ends(database: Interrupted) -> list[object]:
    """Return the silences that have a note of their end."""
    return [
        item["sk"] for item in database.query("config", "wake") if not str(item["sk"]).startswith(BEGIN_NOTE)
    ]


def test_a_new_silence_is_stored_under_its_fresh_id(database: Interrupted, queue: Sent) -> None:
    done = silencing.put(database, queue, WANTED, at(0), fresh_id="one")
    assert done.change is Change.CREATED
    assert stored(database) == (replace(WANTED, id="one"),)
    [item] = database.get(silence_key("one"))
    assert item is not None
    assert item["expires"] == int((at(3600) - at(0)).total_seconds() + at(0).timestamp()) + 5 * 86_400
    assert queue.sent == []


EDITS = {
    "an earlier end": (replace(WANTED, id="one", ends_at=at(60)), ["one"]),
    "other matchers": (replace(WANTED, id="one", matchers=parse_matchers("job=x")), ["one", "two"]),
}


@pytest.mark.parametrize(("wanted", "ids"), EDITS.values(), ids=EDITS)
def test_an_edit_that_lets_go_wakes_who_waits_once_it_is_written(
    database: Interrupted, queue: Sent, wanted: Silence, ids: list[str]
) -> None:
    put(database)
    waiting(database, "one")
    silencing.put(database, queue, wanted, at(30), fresh_id="two")
    assert [silence.id for silence in stored(database)] == ids
    assert queue.sent == [Message({"group": GROUP})]
    assert queue.ends[0]["one"] == (at(60) if ids == ["one"] else at(30))
    assert ends(database) == []


def test_an_edit_that_reaches_further_wakes_nobody(database: Interrupted, queue: Sent) -> None:
    put(database)
    waiting(database, "one")
    longer = replace(WANTED, id="one", ends_at=at(7200), annotations={"ticket": "1"})
    done = silencing.put(database, queue, longer, at(30), fresh_id="two")
    assert (done.change, queue.sent) == (Change.UPDATED, [])
    assert stored(database) == (replace(longer, updated_at=at(30)),)


def test_without_a_queue_a_note_is_left_for_the_sweep(database: Interrupted) -> None:
    put(database)
    assert silencing.end(database, None, "one", at(30)) == replace(
        WANTED, id="one", ends_at=at(30), updated_at=at(30)
    )
    assert ends(database) == ["one"]


def test_ending_wakes_who_waits_once_it_is_written(database: Interrupted, queue: Sent) -> None:
    put(database)
    waiting(database, "one")
    silencing.end(database, queue, "one", at(30))
    assert (queue.sent, queue.ends) == ([Message({"group": GROUP})], [{"one": at(30)}])
    assert ends(database) == []


def test_a_note_that_was_written_again_meanwhile_is_left(database: Interrupted, queue: Sent) -> None:
    put(database)
    put(database, replace(WANTED, id="one", ends_at=at(600)), 10)
    put(database, replace(WANTED, id="one", ends_at=at(60)), 30)
    wake_waiters(database, queue, "one", at(10))
    assert ends(database) == ["one"]
    wake_waiters(database, queue, "one", at(30))
    assert ends(database) == []


def test_ending_what_has_passed_changes_nothing(database: Interrupted) -> None:
    passed = put(database)
    before = read_index(database)
    assert silencing.end(database, None, "one", at(3600)) == passed
    assert (read_index(database), stored(database)) == (before, (passed,))


def test_what_is_not_there_cannot_be_edited_nor_ended(database: Interrupted, queue: Sent) -> None:
    with pytest.raises(UnknownSilenceError, match=r"^silence not found$"):
        put(database, replace(WANTED, id="one"))
    assert silencing.end(database, queue, "one", at(0)) is None
    assert (stored(database), queue.sent) == ((), [])


def test_what_is_refused_is_not_stored_and_leaves_the_old_one_untouched(database: Interrupted) -> None:
    kept = put(database)
    replaced = replace(WANTED, id="one", matchers=parse_matchers("job=x"))
    with pytest.raises(SilenceError, match="exceeded maximum number"):
        set_silence(database, replaced, at(30), fresh_id="two", limits=Limits(silences=1))
    with pytest.raises(SilenceError, match="at least one matcher required"):
        put(database, replace(replaced, matchers=()))
    assert stored(database) == (kept,)


def test_an_edit_and_an_end_at_once_are_done_one_after_the_other(database: Interrupted) -> None:
    put(database)
    database.others = [lambda: silencing.end(database, None, "one", at(20))]
    put(database, replace(WANTED, id="one", ends_at=at(7200)), 30, fresh_id="two")
    assert {silence.id: silence.ends_at for silence in stored(database)} == {"one": at(20), "two": at(7200)}


def test_two_new_ones_at_once_are_both_stored(database: Interrupted) -> None:
    database.others = [lambda: put(database, fresh_id="two")]
    put(database, fresh_id="one")
    assert [silence.id for silence in stored(database)] == ["one", "two"]
    assert read_index(database).silences == 2


def test_an_end_that_was_removed_meanwhile_is_none(database: Interrupted) -> None:
    put(database)
    database.others = [lambda: database.write(Delete(silence_key("one")))]
    assert silencing.expire_silence(database, "one", at(30)) is None
    assert read_silence(database, "one") is None


def test_a_reader_reads_what_has_changed_and_nothing_else(database: Interrupted) -> None:
    for number in range(200):
        put(database, fresh_id=f"s{number:03}")
    counting = CountingDatabase(database)
    reader = StoredSilences(counting)
    assert len(reader.at(read_index(database).silences).all) == 200
    put(database, replace(WANTED, id="s007", matchers=parse_matchers("job=x")), 30, "fresh")
    silencing.end(database, None, "s100", at(40))
    counting.reset()
    found = reader.at(read_index(database).silences)
    assert counting.requests == {"query": 1, "batch_get": 1}
    assert counting.read_units < 5
    assert found.all == stored(database)
    assert [one.id for one in found.silenced_by({"job": "x"}, at(50))] == ["fresh"]


def test_a_reader_that_is_too_far_behind_reads_all(database: Interrupted) -> None:
    reader = StoredSilences(database)
    put(database, fresh_id="one")
    reader.at(1)
    for number in range(60):
        put(database, fresh_id=f"s{number:03}")
    assert reader.at(61).all == stored(database)


def test_a_reader_reads_all_where_the_log_has_a_hole(database: Interrupted) -> None:
    reader = StoredSilences(database)
    put(database, fresh_id="one")
    reader.at(1)
    put(database, fresh_id="two")
    database.transact([Delete(silence_key("one")), bump("silences")])
    assert [silence.id for silence in reader.at(3).all] == ["two"]


def test_a_reader_whose_tables_were_restored_reads_all(database: Interrupted) -> None:
    put(database, fresh_id="one")
    put(database, fresh_id="two")
    reader = StoredSilences(database)
    reader.at(2)
    database.write(Delete(silence_key("two")))
    assert [silence.id for silence in reader.at(1).all] == ["one"]


def test_a_silence_of_the_first_form_is_read(database: Interrupted) -> None:
    item: Item = {"matchers": ['alertname="Down"'], "starts_at": 0, "ends_at": 1, "updated_at": 0}
    database.write(Put(silence_key("old"), item | {"created_by": "me", "comment": ""}))
    [silence] = stored(database)
    assert (silence.matchers, silence.annotations) == (WANTED.matchers, {})
