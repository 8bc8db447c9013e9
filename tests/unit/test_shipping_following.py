"""Following the log: every metric once, writer by writer in order, whatever the log looks like."""

from datetime import timedelta

import pytest

from tests.unit.shipping import START, A, B, metric, numbers
from tocsin.samples.filters import Filters
from tocsin.samples.log import Entry, SampleLog
from tocsin.shipping.batching import metrics_of
from tocsin.shipping.cursor import Cursor, Position
from tocsin.shipping.following import ENTRIES_AT_ONCE, Step, steps
from tocsin.shipping.output import Output
from tocsin.stores.memory import MemoryDatabase

NOW = START + timedelta(hours=1)
OUTPUT = Output("out", "shelf")


def log_of(*entries: tuple[str, int, float, tuple[int, ...]]) -> SampleLog:
    """Return a log of entries: writer, number, seconds after the start, metrics."""
    log = SampleLog(MemoryDatabase())
    for writer, seq, seconds, found in entries:
        at = START + timedelta(seconds=seconds)
        log.append(Entry(writer, seq, at, f"{writer}{seq}", tuple(map(metric, found))))
    return log


def followed(
    log: SampleLog, cursor: Cursor | None = None, ends: dict[str, int] | None = None, output: Output = OUTPUT
) -> list[Step]:
    """Return all steps from a cursor on."""
    return list(steps(log, cursor or Cursor(), ends or {A: 0, B: 0}, output, NOW))


def test_steps_are_in_the_order_of_time() -> None:
    log = log_of((A, 1, 0, (1,)), (A, 2, 20, (3,)), (B, 1, 10, (2,)), (B, 2, 30, (4,)))
    assert numbers(metrics_of(followed(log))) == [1, 2, 3, 4]


def test_a_writer_whose_times_go_back_keeps_its_order() -> None:
    log = log_of((A, 1, 20, (1,)), (A, 2, 5, (2,)), (B, 1, 10, (3,)), (A, 3, 30, (4,)))
    found = followed(log)
    assert [step.after.seq for step in found if step.writer == A] == [1, 2, 3]
    assert [step.at for step in found] == sorted(step.at for step in found)


def test_the_last_step_of_an_entry_is_past_it() -> None:
    log = log_of((A, 1, 0, (1, 2, 3)), (A, 2, 1, ()))
    keep = Output("out", "shelf", filters=Filters(tagpass={"n": ("1", "2")}))
    assert [step.after for step in followed(log, output=keep)] == [Position(0, 1), Position(1), Position(2)]


@pytest.mark.parametrize(
    ("position", "left"),
    [(Position(), [1, 2, 3, 4]), (Position(0, 2), [3, 4]), (Position(1), [4]), (Position(2), [])],
)
def test_what_is_done_is_not_read_again(position: Position, left: list[int]) -> None:
    log = log_of((A, 1, 0, (1, 2, 3)), (A, 2, 1, (4,)))
    assert numbers(metrics_of(followed(log, Cursor({A: position})))) == left


@pytest.mark.parametrize("number", [1, ENTRIES_AT_ONCE, ENTRIES_AT_ONCE + 1, 3 * ENTRIES_AT_ONCE + 5])
@pytest.mark.parametrize("noted", [0, 1, 10, None], ids=lambda noted: f"noted to {noted}")
def test_all_is_read_however_much_and_however_far_it_is_noted(number: int, noted: int | None) -> None:
    log = log_of(*((A, seq, seq, (seq,)) for seq in range(1, number + 1)))
    end = number if noted is None else min(noted, number)
    assert numbers(metrics_of(followed(log, ends={A: end}))) == list(range(1, number + 1))


@pytest.mark.parametrize(
    ("ages", "expected"),
    [
        ((7, 7, 0), [(Position(1), 1), (Position(2), 1), (Position(3), 0)]),
        ((None, 7, 0), [(Position(2), 2), (Position(3), 0)]),
        ((None, None, 0), [(Position(2), 2), (Position(3), 0)]),
        ((None, None, None), [(Position(3), 3)]),
        ((7, 0, None), [(Position(1), 1), (Position(2), 0), (Position(3), 1)]),
    ],
    ids=["expired", "deleted, expired", "deleted", "all deleted", "last one deleted"],
)
def test_what_is_gone_is_counted_and_passed(
    ages: tuple[int | None, ...], expected: list[tuple[Position, int]]
) -> None:
    entries = [(A, seq, 3600.0 - 3600 * age, (seq,)) for seq, age in enumerate(ages, 1) if age is not None]
    found = followed(log_of(*entries), ends={A: 3})
    assert [(step.after, step.gone) for step in found] == expected


def test_an_entry_that_was_half_done_and_is_gone_is_counted_as_one() -> None:
    log = log_of((A, 2, 3600, (9,)))
    found = followed(log, Cursor({A: Position(0, 5)}), {A: 2})
    assert [(step.after, step.gone) for step in found] == [(Position(1), 1), (Position(2), 0)]
    assert numbers(metrics_of(found)) == [9]
