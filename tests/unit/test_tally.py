"""Tallies: counts of a day that only rise within it, wherever they are kept."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.dispatch.tally import BUCKETS, Tally, bucket, from_document, of_try, total
from tocsin.notification import Delivered, Failed, Failure, Sent

MIDNIGHT = datetime(2026, 3, 5, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def test_counts_add_up_within_a_day_and_begin_anew_with_the_first_of_the_next() -> None:
    tally = Tally().plus({"a": 1}, MIDNIGHT).plus({"a": 2, "b": 1}, MIDNIGHT + 86_399 * SECOND)
    assert tally.today(MIDNIGHT) == {"a": 3, "b": 1}
    assert tally.plus({"b": 1}, MIDNIGHT + 86_400 * SECOND).counts == {"b": 1}


def test_what_was_counted_yesterday_is_nothing_today() -> None:
    assert Tally().plus({"a": 1}, MIDNIGHT - SECOND).today(MIDNIGHT) == {}


def test_who_counts_nothing_changes_nothing() -> None:
    yesterday = Tally().plus({"a": 1}, MIDNIGHT - SECOND)
    assert yesterday.plus({}, MIDNIGHT) is yesterday


def test_a_clock_that_is_behind_at_midnight_takes_nothing_back() -> None:
    assert Tally().plus({"a": 1}, MIDNIGHT).plus({"a": 1}, MIDNIGHT - SECOND).today(MIDNIGHT) == {"a": 2}


TRIES: dict[str, tuple[Sent, tuple[float, ...], dict[str, int]]] = {
    "taken at once": (Delivered(), (0.2,), {"total": 1, "requests": 1, "ms": 200, "le.1": 1}),
    "taken in no time": (Delivered(), (0.0,), {"total": 1, "requests": 1, "le.1": 1}),
    "taken at the third time": (
        Delivered(),
        (7.0, 0.5, 1.0),
        {"total": 1, "requests": 3, "requests_failed": 2, "ms": 8500, "le.10": 1, "le.1": 2},
    ),
    "refused": (
        Failed(Failure.AUTH_ERROR, retry=False),
        (30.0,),
        {
            "total": 1,
            "requests": 1,
            "requests_failed": 1,
            "failed.authError": 1,
            "ms": 30_000,
            "le.+Inf": 1,
        },
    ),
    "too late to be tried": (
        Failed(Failure.DEADLINE, retry=True),
        (),
        {"total": 1, "failed.contextDeadlineExceeded": 1},
    ),
}


@pytest.mark.parametrize(("sent", "seconds", "counts"), TRIES.values(), ids=TRIES)
def test_a_notification_counts_once_and_each_of_its_requests(
    sent: Sent, seconds: tuple[float, ...], counts: dict[str, int]
) -> None:
    assert of_try(sent, seconds) == counts


@pytest.mark.parametrize("bound", BUCKETS)
def test_a_bucket_holds_its_bound(bound: int) -> None:
    assert bucket(bound) == f"le.{bound}" != bucket(bound + 0.001)


NAMES = st.sampled_from(["a", "b"])
COUNTS = st.dictionaries(NAMES, st.integers(1, 9))
STEPS = st.lists(st.tuples(st.integers(0, 2), st.integers(0, 200_000), COUNTS), max_size=30)


@given(STEPS)
def test_the_sum_over_all_items_only_rises_within_a_day(steps: list[tuple[int, int, dict[str, int]]]) -> None:
    """That is what `rate` needs: a value that falls anywhere else than at midnight would count twice."""
    items = [Tally()] * 3
    at, before, day = MIDNIGHT, 0, MIDNIGHT.date()
    expected = 0
    for number, seconds, counts in steps:
        at += seconds * SECOND
        if at.date() != day:
            before, expected, day = 0, 0, at.date()
        items[number] = from_document(json.loads(json.dumps(items[number].to_document()))).plus(counts, at)
        expected += sum(counts.values())
        now = sum(total(item.today(at) for item in items).values())
        assert before <= now == expected
        before = now
