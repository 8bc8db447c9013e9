"""What shipping asks of a database, on every engine."""

from collections.abc import Sequence

import pytest

from tests.unit.shipping import LEASE, START, Answer, Shelf, Stage, metric, numbers
from tocsin.metric import Metric
from tocsin.ports import Database, Refused, Stored, Unanswered
from tocsin.shipping.cursor import Counts, Lease, Trouble, read_cursor
from tocsin.shipping.deadletters import DeadLetters
from tocsin.shipping.output import Output
from tocsin.shipping.report import Outcome


@pytest.fixture
def stage(database: Database) -> Stage:
    found = Stage(database)
    found.outputs["out"] = Output("out", "shelf", batch_size=2, buffer_limit=3)
    found.ship()
    return found


def test_what_is_gathered_is_shipped_once_and_counted(stage: Stage) -> None:
    stage.gather(1, 2, 3)
    assert stage.ship().counts == Counts(written=3)
    assert stage.ship().writes == 0
    assert stage.shelf.asked == [[1, 2], [3]]
    assert read_cursor(stage.database, "out").counts == Counts(written=3)


def test_trouble_is_kept_bounds_what_waits_and_ends(stage: Stage) -> None:
    stage.shelf.answer = lambda metrics: Unanswered("down", "unreachable")
    stage.gather(1, 2, 3, 4, 5)
    retry_at = stage.ship().retry_at
    assert retry_at is not None
    assert stage.ship().outcome is Outcome.NOT_OURS
    trouble = read_cursor(stage.database, "out").trouble
    assert trouble == Trouble(START, 1, retry_at, "unreachable", "down")
    stage.shelf.answer = lambda metrics: Stored()
    assert stage.later().counts == Counts(written=3, dropped=2)
    assert read_cursor(stage.database, "out").trouble is None


def test_what_is_refused_is_put_aside_and_read_back(stage: Stage) -> None:
    refusal = Refused("bad_data", "no")

    def answer(metrics: Sequence[Metric]) -> Answer:
        return refusal if 2 in numbers(metrics) else Stored()

    stage.shelves["out"] = Shelf(answer)
    stage.gather(1, 2, 3)
    assert stage.ship().counts == Counts(written=2, refused=1)
    [letter] = DeadLetters(stage.database).read("out", stage.clock.now())
    assert letter.metrics == (metric(2),)


def test_one_of_two_workers_has_the_lease_until_it_ends(stage: Stage) -> None:
    first, second = (Lease(stage.database, "out", token) for token in "ab")
    held = first.take(START, START + LEASE)
    assert held is not None
    assert second.take(START + LEASE / 2, START + 2 * LEASE) is None
    assert second.take(START + LEASE, START + 2 * LEASE) is not None
    assert not first.move(held, START + LEASE)
    assert not first.release(held, START + LEASE)
    assert second.release(held, START + LEASE)
    assert first.take(START + LEASE, START + 2 * LEASE) is not None
