"""What a worker does at an output: in order, once if all goes well, and nothing lost or unsaid if not."""

from collections.abc import Sequence
from datetime import timedelta
from itertools import pairwise
from threading import Event

import pytest

from tests.unit.shipping import LEASE, START, A, Answer, B, Shelf, Stage, begun, metric, numbers
from tocsin.metric import Metric
from tocsin.parallel import Threads
from tocsin.ports import Delete, Item, Key, Refused, Stored, Unanswered
from tocsin.samples.filters import Filters
from tocsin.shipping.backoff import Later
from tocsin.shipping.cursor import Counts, Lease, Position, read_cursor
from tocsin.shipping.deadletters import MOST_KEPT, DeadLetters
from tocsin.shipping.output import Output
from tocsin.shipping.report import Outcome
from tocsin.shipping.visit import MOST_DIVISIONS
from tocsin.stores.memory import MemoryDatabase

BAD = Refused("bad_data", "field type conflict")
DOWN = Unanswered("no connection", "unreachable")


def down(metrics: Sequence[Metric]) -> Answer:
    return DOWN


def refusing(*bad: int) -> Shelf:
    """Return a shelf that refuses any batch with one of these in it."""
    return Shelf(lambda metrics: BAD if set(bad) & set(numbers(metrics)) else Stored())


# -- what goes well -------------------------------------------------------------------------------


def test_an_output_that_is_new_begins_with_what_is_to_come() -> None:
    stage = Stage()
    stage.gather(1, 2)
    assert stage.ship().outcome is Outcome.CAUGHT_UP
    stage.gather(3)
    assert stage.ship().counts == Counts(written=1)
    assert stage.shelf.stored == [3]


def test_what_all_writers_gathered_is_written_by_time_and_once() -> None:
    stage = begun()
    for number in range(1, 5):
        stage.gather(number, writer=A if number % 2 else B)
        stage.clock.sleep(1)
    report = stage.ship()
    assert stage.shelf.asked == [[1, 2, 3, 4]]
    assert (report.outcome, report.counts, report.writes) == (Outcome.CAUGHT_UP, Counts(written=4), 1)
    assert stage.ship().writes == 0


def test_a_writer_that_came_after_the_output_is_read_from_its_beginning() -> None:
    stage = begun()
    stage.gather(1, writer=B)
    stage.ship()
    assert stage.shelf.stored == [1]


def test_what_nobody_has_noted_yet_is_written_too() -> None:
    stage = begun()
    stage.gather(1)
    stage.gather(2, noted=False)
    stage.ship()
    assert stage.shelf.stored == [1, 2]


def test_batches_have_at_most_so_many_metrics_whatever_entries_have() -> None:
    stage = begun(batch_size=2)
    stage.gather(1)
    stage.gather(2, 3, 4, 5)
    stage.ship()
    assert stage.shelf.asked == [[1, 2], [3, 4], [5]]


def test_more_entries_than_are_in_memory_at_once_are_all_written() -> None:
    stage = begun()
    for number in range(100):
        stage.gather(number)
    stage.ship()
    assert stage.shelf.stored == list(range(100))


def test_a_healthy_output_is_given_more_than_its_buffer_holds() -> None:
    stage = begun(batch_size=2, buffer_limit=4)
    stage.gather(*range(20))
    assert stage.ship().counts == Counts(written=20)


def test_a_write_has_the_timeout_of_its_output() -> None:
    stage = begun(timeout=timedelta(seconds=7))
    stage.gather(1)
    stage.ship()
    assert stage.shelf.timeouts == [7.0]


def test_filters_and_names_are_those_of_the_output() -> None:
    stage = begun(filters=Filters(namepass=("keep*",)), name_prefix="a_", name_suffix="_z")
    taken: list[str] = []

    def take(metrics: Sequence[Metric]) -> Answer:
        taken.extend(each.name for each in metrics)
        return Stored()

    stage.shelf.answer = take
    stage.gather(metric(1, "keep"), metric(2, "drop"), metric(3, "keeps"))
    stage.ship()
    assert taken == ["a_keep_z", "a_keeps_z"]


def test_what_no_filter_lets_through_is_passed_without_a_write() -> None:
    stage = begun(filters=Filters(namedrop=("*",)))
    stage.gather(1)
    assert stage.ship().writes == 0
    assert read_cursor(stage.database, "out").position(A) == Position(1)


def test_an_output_that_nobody_knows_is_not_shipped_to() -> None:
    stage = Stage()
    assert stage.ship("gone").outcome is Outcome.UNKNOWN
    assert stage.database.scan("samples") == []


def test_what_the_other_side_has_no_room_for_is_counted() -> None:
    stage = begun()
    stage.shelves["out"] = Shelf(lambda metrics: Stored(dropped=1))
    stage.gather(1, 2)
    assert stage.ship().counts == Counts(written=2, unwritable=1)


# -- an output that does not answer -----------------------------------------------------------------


def test_what_is_not_answered_stays_and_is_written_when_it_can_be() -> None:
    stage = begun(batch_size=2)
    stage.shelf.answer = down
    stage.gather(1, 2, 3)
    report = stage.ship()
    assert (report.outcome, report.reason, report.counts) == (Outcome.UNANSWERED, "unreachable", Counts())
    stage.gather(4)
    stage.shelf.answer = lambda metrics: Stored()
    assert stage.later().counts == Counts(written=4)
    assert stage.shelf.stored == [1, 2, 3, 4]
    assert read_cursor(stage.database, "out").trouble is None


def test_what_was_written_before_an_answer_stays_away_is_not_written_again() -> None:
    stage = begun(batch_size=1)
    stage.shelf.answer = lambda metrics: DOWN if numbers(metrics) == [3] else Stored()
    stage.gather(1, 2, 3)
    assert stage.ship().counts == Counts(written=2)
    stage.shelf.answer = lambda metrics: Stored()
    stage.later()
    assert stage.shelf.stored == [1, 2, 3]


def test_tries_are_further_and_further_apart() -> None:
    stage = begun()
    stage.shelf.answer = down
    stage.gather(1)
    tries = []
    for _ in range(600):
        if stage.ship().outcome is Outcome.UNANSWERED:
            tries.append(round((stage.clock.now() - START).total_seconds()))
        stage.clock.sleep(1)
    apart = [later - earlier for earlier, later in pairwise(tries)]
    assert apart == [1, 2, 4, 8, 16, 32, *[60] * (len(apart) - 6)]
    assert len(apart) > 12


def test_word_of_the_next_try_is_sent_for_its_time() -> None:
    stage = begun()
    stage.shelf.answer = lambda metrics: Later("slow down", "throttled", 30.0)
    stage.gather(1)
    report = stage.ship()
    assert report.retry_at == START + timedelta(seconds=30)
    assert [(dict(sent.body), sent.delay_seconds) for sent in stage.sent.messages] == [
        ({"output": "out"}, 30)
    ]
    assert stage.later(29).outcome is Outcome.NOT_OURS
    assert stage.later(1).outcome is Outcome.UNANSWERED


def test_since_when_it_fails_is_kept_until_it_answers() -> None:
    stage = begun()
    stage.shelf.answer = down
    stage.gather(1)
    stage.ship()
    report = stage.later(60)
    assert report.failing_since == START
    trouble = read_cursor(stage.database, "out").trouble
    assert trouble is not None
    assert (trouble.tries, trouble.detail) == (2, "no connection")


# -- what overflows -----------------------------------------------------------------------------------


def test_of_what_waits_for_an_output_that_fails_the_oldest_is_given_up_and_counted() -> None:
    stage = begun(batch_size=2, buffer_limit=3)
    stage.shelf.answer = down
    stage.gather(1, 2)
    stage.ship()
    for number in (3, 4, 5, 6):
        stage.clock.sleep(1)
        stage.gather(number, writer=B if number % 2 else A)
    assert stage.later(60).counts == Counts(dropped=3)
    stage.shelf.answer = lambda metrics: Stored()
    assert stage.later(60).counts == Counts(written=3)
    assert stage.shelf.stored == [4, 5, 6]
    assert read_cursor(stage.database, "out").counts == Counts(written=3, dropped=3)


def test_an_output_within_its_buffer_loses_nothing() -> None:
    stage = begun(buffer_limit=3)
    stage.shelf.answer = down
    stage.gather(1, 2, 3)
    stage.ship()
    stage.shelf.answer = lambda metrics: Stored()
    assert stage.later().counts == Counts(written=3)


def test_what_filters_leave_out_does_not_fill_the_buffer() -> None:
    stage = begun(buffer_limit=2, filters=Filters(namepass=("keep",)))
    stage.shelf.answer = down
    stage.gather(metric(1, "keep"), *map(metric, range(2, 9)), metric(9, "keep"))
    stage.ship()
    assert stage.later(60).counts == Counts()


def test_an_output_slower_than_what_is_gathered_overflows_too() -> None:
    stage = begun(batch_size=1, buffer_limit=2, timeout=timedelta(seconds=30))

    def slow(metrics: Sequence[Metric]) -> Answer:
        stage.clock.sleep(25)
        return Stored()

    stage.shelf.answer = slow
    stage.gather(1, 2, 3, 4, 5)
    report = stage.ship()
    assert (report.outcome, report.counts) == (Outcome.BEHIND, Counts(written=1))
    assert [dict(sent.body) for sent in stage.sent.messages] == [{"output": "out"}]
    assert stage.ship().counts == Counts(written=1, dropped=2)


def test_what_expired_in_the_log_is_counted_as_entries() -> None:
    stage = begun()
    stage.shelf.answer = down
    for number in range(5):
        stage.gather(number)
    stage.ship()
    stage.clock.sleep(stage.log.retention.total_seconds())
    stage.gather(9)
    stage.shelf.answer = lambda metrics: Stored()
    assert stage.ship().counts == Counts(written=1, gone=5)
    assert stage.shelf.stored == [9]


@pytest.mark.parametrize("number", [3, 70, 200])
def test_what_the_database_deleted_is_counted_as_entries(number: int) -> None:
    stage = begun()
    for each in range(number):
        stage.gather(each)
    for seq in range(1, number + 1):
        stage.database.write(Delete(Key("samples", A, f"{seq:012d}")))
    assert stage.ship().counts == Counts(gone=number)
    stage.gather(7)
    assert stage.ship().counts == Counts(written=1)


def test_a_visit_that_read_for_long_still_writes_once() -> None:
    class Slow(MemoryDatabase):
        def query(
            self, table: str, pk: str, *, prefix: str = "", between: tuple[str, str] | None = None
        ) -> list[Item]:
            stage.clock.sleep(1)
            return super().query(table, pk, prefix=prefix, between=between)

    stage = Stage(
        Slow(), outputs={"out": Output("out", "shelf", batch_size=1, timeout=timedelta(seconds=50))}
    )
    stage.ship()
    stage.gather(1, 2)
    assert (stage.ship().counts, stage.ship().counts) == (Counts(written=1), Counts(written=1))


# -- what is refused ---------------------------------------------------------------------------------


def test_what_is_refused_is_found_put_aside_and_the_rest_goes_on() -> None:
    stage = begun()
    stage.shelves["out"] = refusing(3, 7)
    stage.gather(*range(10))
    assert stage.ship().counts == Counts(written=8, refused=2)
    assert stage.shelf.stored == [0, 1, 2, 4, 5, 6, 8, 9]
    letters = DeadLetters(stage.database).read("out", stage.clock.now())
    assert [numbers(letter.metrics) for letter in letters] == [[3], [7]]
    assert {(letter.reason, letter.detail) for letter in letters} == {("bad_data", "field type conflict")}


def test_where_everything_is_refused_the_rest_is_put_aside_whole() -> None:
    stage = begun()
    stage.shelves["out"] = Shelf(lambda metrics: BAD)
    stage.gather(*range(1000))
    report = stage.ship()
    assert report.counts == Counts(refused=1000)
    assert report.writes <= 2 * MOST_DIVISIONS + 1
    letters = DeadLetters(stage.database).read("out", stage.clock.now())
    assert sum(len(letter.metrics) for letter in letters) == 1000


def test_each_batch_is_divided_as_often_as_it_may_be(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tocsin.shipping.visit.MOST_DIVISIONS", 2)
    stage = begun(batch_size=4)
    stage.shelves["out"] = refusing(0, 5, 11)
    stage.gather(*range(12))
    assert stage.ship().counts == Counts(written=9, refused=3)


def test_what_is_put_aside_again_after_a_crash_is_there_once() -> None:
    stage = begun()
    stage.shelves["out"] = refusing(1)
    stage.gather(0, 1)
    stage.ship()
    stage.database.write(Delete(Key("samples", "output.out", "HEAD")))
    lease = Lease(stage.database, "out", "other")
    cursor = lease.take(stage.clock.now(), stage.clock.now())
    assert cursor is not None
    assert lease.release(cursor, stage.clock.now())
    stage.ship()
    letters = DeadLetters(stage.database).read("out", stage.clock.now())
    assert [numbers(letter.metrics) for letter in letters] == [[1]]


def test_of_dead_letters_the_newest_are_kept() -> None:
    stage = begun()
    stage.shelves["out"] = Shelf(lambda metrics: BAD)
    for number in range(MOST_KEPT + 5):
        stage.gather(metric(number, at=START + timedelta(seconds=number)))
    stage.outputs["out"] = Output("out", "shelf", batch_size=1)
    stage.ship()
    letters = DeadLetters(stage.database).read("out", stage.clock.now())
    assert [numbers(letter.metrics) for letter in letters] == [[n] for n in range(5, MOST_KEPT + 5)]


# -- several workers -------------------------------------------------------------------------------


def test_of_two_workers_one_ships() -> None:
    stage = begun()
    stage.gather(1)
    found: list[Outcome] = []

    def write(metrics: Sequence[Metric]) -> Answer:
        found.append(stage.ship().outcome)
        return Stored()

    stage.shelf.answer = write
    stage.ship()
    assert found == [Outcome.NOT_OURS]
    assert stage.shelf.stored == [1]


def test_who_was_overtaken_moves_nothing_and_counts_nothing() -> None:
    stage = begun()
    stage.gather(1)

    def freeze(metrics: Sequence[Metric]) -> Answer:
        stage.shelf.answer = lambda metrics: Stored()
        stage.clock.sleep(LEASE.total_seconds())
        assert stage.ship().counts == Counts(written=1)
        return Stored()

    stage.shelf.answer = freeze
    report = stage.ship()
    assert (report.outcome, report.counts) == (Outcome.OVERTAKEN, Counts())
    assert read_cursor(stage.database, "out").counts == Counts(written=1)


def test_the_lease_of_a_dead_worker_ends() -> None:
    stage = begun()
    stage.gather(1)
    Lease(stage.database, "out", "dead").take(START, START + LEASE)
    assert stage.later(LEASE.total_seconds() - 1).outcome is Outcome.NOT_OURS
    assert stage.later(1).counts == Counts(written=1)


def test_a_position_inside_an_entry_is_kept() -> None:
    stage = begun(batch_size=2)
    stage.shelf.answer = lambda metrics: DOWN if 3 in numbers(metrics) else Stored()
    stage.gather(1, 2, 3, 4)
    stage.ship()
    assert read_cursor(stage.database, "out").position(A) == Position(0, 2)
    stage.shelf.answer = lambda metrics: Stored()
    stage.later()
    assert stage.shelf.stored == [1, 2, 3, 4]


# -- isolation ---------------------------------------------------------------------------------------


def test_an_output_that_fails_leaves_others_as_they_are() -> None:
    stage = Stage(
        outputs={name: Output(name, "shelf", buffer_limit=1) for name in ("bad", "good")},
        shelves={"bad": Shelf(down), "good": Shelf()},
    )
    for name in ("bad", "good"):
        stage.ship(name)
    for number in range(20):
        stage.gather(number)
        stage.ship("bad")
        stage.ship("good")
        stage.clock.sleep(10)
    assert stage.shelves["good"].stored == list(range(20))
    assert read_cursor(stage.database, "good").counts == Counts(written=20)


def test_a_write_that_hangs_is_left_behind() -> None:
    stage = begun(timeout=timedelta(seconds=0))
    ended = Event()

    class Hanging:
        def write(self, metrics: Sequence[Metric], timeout_seconds: float) -> Answer:
            ended.wait()
            return Stored()

    stage.shipper = type(stage.shipper)(
        stage.database,
        stage.log,
        lambda version: stage.outputs,
        lambda output: Hanging(),
        stage.clock,
        stage.sent,
        Threads(1),
        lambda: "t",
        LEASE,
    )
    stage.gather(1)
    report = stage.ship()
    ended.set()
    assert (report.outcome, report.reason) == (Outcome.UNANSWERED, "unanswered")
    assert "no answer within" in report.detail
