"""Steps in batches, in halves, and given up: nothing is between two of them."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.shipping import metric
from tocsin.ports import Unanswered
from tocsin.shipping.backoff import Later, pause
from tocsin.shipping.batching import batches, halves, metrics_of, passed, trimmed
from tocsin.shipping.cursor import Counts, Cursor, Position
from tocsin.shipping.following import Step

AT = datetime(2026, 3, 1, tzinfo=UTC)


def steps(wanted: list[bool]) -> list[Step]:
    """Return a step for each: with a metric or without one, of two writers by turns."""
    return [
        Step(f"w{n % 2}", Position(n), AT, metric(n) if there else None, gone=0 if there else 1)
        for n, there in enumerate(wanted)
    ]


@given(st.lists(st.booleans()), st.integers(1, 5))
def test_batches_are_the_steps_in_their_order_and_full_but_for_the_last(
    wanted: list[bool], size: int
) -> None:
    given_steps = steps(wanted)
    found = list(batches(given_steps, size))
    assert [step for batch in found for step in batch] == given_steps
    sizes = [len(metrics_of(batch)) for batch in found]
    assert all(each == size for each in sizes[:-1])
    assert all(each <= size for each in sizes)


@given(st.lists(st.booleans()).filter(lambda wanted: sum(wanted) >= 2))
def test_halves_are_the_batch_and_neither_is_without_a_metric(wanted: list[bool]) -> None:
    first, second = halves(steps(wanted))
    assert first + second == steps(wanted)
    assert abs(len(metrics_of(first)) - len(metrics_of(second))) <= 1
    assert metrics_of(first)
    assert metrics_of(second)


@given(st.lists(st.booleans()), st.integers(0, 6))
def test_trimming_leaves_at_most_so_many_and_counts_the_others(wanted: list[bool], limit: int) -> None:
    given_steps = steps(wanted)
    cursor = trimmed(Cursor(), given_steps, limit, lambda: False)
    dropped = max(0, sum(wanted) - limit)
    assert cursor.counts.dropped == dropped
    positions = cursor.positions or {}
    left = [step for step in given_steps if step.after.seq > positions.get(step.writer, Position(-1)).seq]
    assert metrics_of(left) == metrics_of(given_steps)[dropped:]
    passed_over = len(given_steps) - len(left)
    assert cursor.counts.gone == sum(step.gone for step in given_steps[:passed_over])


def test_trimming_that_is_late_keeps_what_it_has_given_up() -> None:
    read: list[Step] = []

    def reading() -> list[Step]:
        return steps([True] * 10)

    def late() -> bool:
        read.append(reading()[len(read)])
        return len(read) == 5

    cursor = trimmed(Cursor(), reading(), 2, late)
    assert cursor.counts == Counts(dropped=3)
    assert cursor.positions == {"w0": Position(2), "w1": Position(1)}


def test_passing_keeps_the_positions_of_other_writers() -> None:
    before = Cursor({"other": Position(7, 1)}, Counts(written=1))
    after = passed(before, steps([True, False]), Counts(written=1))
    assert after.positions == {"other": Position(7, 1), "w0": Position(0), "w1": Position(1)}
    assert after.counts == Counts(written=2, gone=1)


@pytest.mark.parametrize(
    ("tries", "answer", "seconds"),
    [
        (1, Unanswered(), 1),
        (2, Unanswered(), 2),
        (6, Unanswered(), 32),
        (7, Unanswered(), 60),
        (10_000, Unanswered(), 60),
        (1, Later("", "throttled", 30.0), 30),
        (7, Later("", "throttled", 30.0), 60),
        (1, Later("", "throttled", 86_400.0), 600),
    ],
)
def test_pauses_grow_and_are_as_long_as_was_asked_for(tries: int, answer: Unanswered, seconds: float) -> None:
    assert pause(tries, answer) == timedelta(seconds=seconds)
