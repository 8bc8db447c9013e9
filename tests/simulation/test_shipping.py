"""Shipping whatever happens: seeds, each call struck in turn, and safeguards that the seeds miss if they are gone."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import count
from typing import Any
from unittest.mock import patch

import pytest

from tests.simulation.baton import Order
from tests.simulation.shipments import WRITERS, Shipments
from tests.unit.shipping import Shelf, Stage
from tocsin.metric import Metric
from tocsin.ports import Refused, Stored, Unanswered
from tocsin.samples.log import Entry, SampleLog
from tocsin.shipping import cursor as cursors
from tocsin.shipping import following, shipper
from tocsin.shipping.batching import trimmed
from tocsin.shipping.cursor import Counts, Cursor, Position, read_cursor
from tocsin.shipping.deadletters import DeadLetters
from tocsin.shipping.following import Step
from tocsin.shipping.output import Output
from tocsin.shipping.report import Outcome
from tocsin.shipping.visit import Visit

SEEDS = range(60)
NOTICING = (16, 0, 8, *range(40))
"""Of which one must notice that a safeguard is gone; the first ones do today."""


@pytest.mark.parametrize("first", SEEDS[::10])
def test_each_metric_is_stored_or_put_aside_or_counted_as_given_up(first: int) -> None:
    found = {seed: faults for seed in range(first, first + 10) if (faults := Shipments(seed).run())}
    assert found == {}


@pytest.mark.parametrize("order", list(Order), ids=lambda order: order.name.lower())
def test_a_visit_may_be_struck_at_any_of_its_calls(order: Order) -> None:
    for number in range(1000):
        struck = Shipments(seed=3)  # batches of three, and what waits is more than two of them
        struck.places["ill"].trouble = 0.0
        for writer in WRITERS:
            struck.gather(writer, 4)
        struck.places["ill"].bad.add(struck.gathered[5])
        actor = struck.visit("ill").calls(number)
        if actor.done:
            break
        if order is Order.CRASH:
            actor.crash()
        else:
            actor.end(order)
        assert struck.peace() == [], f"{order} at call {number}: {actor.at}"
    assert number > 20


# -- safeguards -----------------------------------------------------------------------------------------

_put, _document, _written = DeadLetters.put, cursors._document, Visit._write
_fresh = count()


def _hopeful(self: Visit, metrics: list[Metric]) -> Stored | Refused | Unanswered:
    """Take no answer for a good one."""
    answer = _written(self, metrics)
    return Stored() if isinstance(answer, Unanswered) else answer


def _elsewhere(
    self: DeadLetters, output: str, metrics: Sequence[Metric], refused: Refused, place: str, now: datetime
) -> None:
    """Put what is refused aside at another place each time."""
    _put(self, output, metrics, refused, f"{place}{next(_fresh)}", now)


def _in_silence(cursor: Cursor, waiting: Iterable[Step], limit: int, late: Callable[[], bool]) -> Cursor:
    """Give up without a count."""
    return replace(trimmed(cursor, waiting, limit, late), counts=cursor.counts)


def _as_noted(log: SampleLog, writer: str, after: int, end: int) -> Iterator[Entry]:
    """Read no further than somebody has noted."""
    return iter(log.read(writer, after, end)) if end > after else iter(())


def _whole_entries(cursor: Cursor) -> dict[str, Any]:
    """Forget how far into an entry the cursor is."""
    positions = {writer: Position(place.seq) for writer, place in (cursor.positions or {}).items()}
    return _document(replace(cursor, positions=positions))


def _never_divided(self: Visit, part: list[Step]) -> bool:
    """Put aside whole batches."""
    return False


GONE: Mapping[str, Any] = {
    "no answer is no good answer": patch.object(Visit, "_write", _hopeful),
    "a dead letter replaces itself": patch.object(DeadLetters, "put", _elsewhere),
    "what is given up is counted": patch.object(shipper, "trimmed", _in_silence),
    "what nobody has noted is read": patch.object(following, "_entries", _as_noted),
    "a position inside an entry is kept": patch.object(cursors, "_document", _whole_entries),
    "what is refused is divided": patch.object(Visit, "_divided", _never_divided),
}


@pytest.mark.parametrize("safeguard", list(GONE))
def test_a_safeguard_that_is_gone_is_noticed(safeguard: str) -> None:
    with GONE[safeguard]:
        assert any(Shipments(seed).run() for seed in NOTICING)


# -- isolation --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("ill", ["dead", "slow", "losing its answers"])
def test_whatever_one_output_does_the_other_has_everything_at_once(ill: str) -> None:
    stage = Stage(
        outputs={name: Output(name, "shelf", batch_size=2, buffer_limit=50) for name in ("ill", "well")},
        shelves={"ill": Shelf(), "well": Shelf()},
    )

    def answer(metrics: Sequence[Metric]) -> Stored | Unanswered:
        if ill == "slow":
            stage.clock.sleep(4.9)
            return Stored()
        return Unanswered("", "unreachable")

    stage.shelves["ill"].answer = answer
    for name in stage.outputs:
        stage.ship(name)
    for tick in range(100):
        gathered = stage.clock.now()
        stage.gather(*range(10 * tick, 10 * tick + 10))
        # Each output has workers of its own: what one of them takes is no time of the other's.
        assert stage.ship("well").outcome is Outcome.CAUGHT_UP
        assert stage.clock.now() == gathered
        assert stage.shelves["well"].stored == list(range(10 * tick + 10))
        stage.ship("ill")
        stage.clock.time = max(gathered, stage.clock.now())
        stage.clock.sleep(10)
    assert read_cursor(stage.database, "well").counts == Counts(written=1000)


def test_a_lost_acknowledgement_only_repeats() -> None:
    stage = Stage()
    stage.ship()
    kept: list[int] = []

    def losing(metrics: Sequence[Metric]) -> Unanswered:
        kept.extend(int(each.tags["n"]) for each in metrics)
        return Unanswered()

    stage.shelf.answer = losing
    stage.gather(1, 2, 3)
    stage.ship()
    stage.shelf.answer = lambda metrics: Stored()
    stage.later()
    assert (kept, stage.shelf.stored) == ([1, 2, 3], [1, 2, 3])
    assert read_cursor(stage.database, "out").counts == Counts(written=3)
