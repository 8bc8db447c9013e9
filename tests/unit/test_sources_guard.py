"""The guard before a source: what is tried again, when, and for how long."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta

import pytest

from tocsin.ports import Answer, Refused, Samples, Unanswered
from tocsin.sources.definition import Definition
from tocsin.sources.guard import Attempt, Guard, Pace, Spare, pause_seconds, persist

GOOD = Attempt(Samples(((),)))
GONE = Attempt(Unanswered("gone", "unreachable"))
BUSY = Attempt(Unanswered("busy", "throttled"), retry_after_seconds=3.0)


@dataclass
class Time:
    """Time that passes when somebody sleeps, or asks."""

    at: float = 100.0
    slept: list[float] = field(default_factory=list)

    @property
    def pace(self) -> Pace:
        """Return the pace at which it passes; the longest pauses."""
        return Pace(lambda: self.at, self.sleep, lambda: 1.0)

    def sleep(self, seconds: float) -> None:
        """Let time pass."""
        self.slept.append(seconds)
        self.at += seconds


@dataclass
class Asked:
    """Answers one attempt after the other, each after so many seconds, and notes how long it was given."""

    time: Time
    attempts: list[Attempt]
    took_seconds: float = 0.0
    given: list[float] = field(default_factory=list)

    def __call__(self, timeout_seconds: float) -> Attempt:
        """Answer."""
        self.given.append(timeout_seconds)
        self.time.at += self.took_seconds
        return self.attempts[min(len(self.given), len(self.attempts)) - 1]


def ask(
    *attempts: Attempt, guard: Guard | None = None, budget: float = 8.0, took: float = 0.0, spare: int = 100
) -> tuple[Answer, Asked]:
    time = Time()
    asked = Asked(time, list(attempts), took)
    answer = persist(asked, guard or Guard(), time.pace, Spare(spare), time.at + budget)
    return answer, asked


def test_a_good_answer_is_asked_for_once() -> None:
    answer, asked = ask(GOOD)
    assert (answer, len(asked.given), asked.time.slept) == (GOOD.answer, 1, [])


def test_what_may_be_over_in_a_moment_is_tried_again_after_growing_pauses() -> None:
    answer, asked = ask(GONE, GONE, GOOD)
    assert answer == GOOD.answer
    assert asked.time.slept == pytest.approx([0.1, 0.2])


def test_no_more_tries_than_the_guard_allows() -> None:
    answer, asked = ask(GONE, guard=Guard(retries=3))
    assert (answer, len(asked.given)) == (GONE.answer, 4)


def test_retry_after_is_honoured_where_it_fits() -> None:
    answer, asked = ask(BUSY, GOOD)
    assert (answer, asked.time.slept) == (GOOD.answer, [3.0])


def test_retry_after_that_does_not_fit_ends_it_at_once() -> None:
    answer, asked = ask(BUSY, GOOD, budget=2.5)
    assert (answer, len(asked.given), asked.time.slept) == (BUSY.answer, 1, [])


def test_another_try_that_would_take_as_long_must_fit() -> None:
    answer, asked = ask(GONE, GOOD, budget=8, took=4.5)
    assert (answer, len(asked.given)) == (GONE.answer, 1)


def test_a_query_has_its_timeout_or_what_is_left_of_the_budget() -> None:
    _, asked = ask(GONE, guard=Guard(timeout_seconds=3, retries=1), budget=4, took=1.5)
    assert asked.given == pytest.approx([3.0, 2.4])


def test_without_time_nothing_is_asked() -> None:
    answer, asked = ask(GOOD, budget=0)
    assert (answer, asked.given) == (Unanswered("no time left to ask"), [])


FOR_GOOD: dict[str, Answer] = {
    "a good answer": GOOD.answer,
    "a bad query": Refused("bad_data", ""),
    "an answer too large": Refused("too_large", ""),
    "no answer in time": Unanswered("late"),
    "a wrong password": Unanswered("HTTP 401", "auth"),
    "no such page": Unanswered("HTTP 404", "http_4xx"),
}


@pytest.mark.parametrize("answer", FOR_GOOD.values(), ids=FOR_GOOD)
def test_what_the_next_moment_does_not_change_is_not_tried_again(answer: Answer) -> None:
    assert pause_seconds(Attempt(answer, retry_after_seconds=1.0), 1, 0.5) is None


@pytest.mark.parametrize("reason", ["unreachable", "throttled", "http_5xx"])
def test_pauses_double_between_half_and_all_of_their_length(reason: str) -> None:
    attempt = Attempt(Unanswered("", reason))
    bounds = [(pause_seconds(attempt, n, 0.0), pause_seconds(attempt, n, 1.0)) for n in (1, 2, 3)]
    assert bounds == [pytest.approx((0.05, 0.1)), pytest.approx((0.1, 0.2)), pytest.approx((0.2, 0.4))]


@pytest.mark.parametrize(("queries", "spare"), [(1, 10), (100, 10), (1000, 100)])
def test_all_queries_of_a_round_share_a_tenth_of_further_tries(queries: int, spare: int) -> None:
    shared = Spare(queries)
    assert sum(shared.take() for _ in range(5000)) == spare


def test_who_finds_no_spare_try_does_without() -> None:
    spare, time = Spare(1), Time()
    while spare.take():
        pass
    asked = Asked(time, [GONE])
    assert persist(asked, Guard(), time.pace, spare, time.at + 8) == GONE.answer
    assert len(asked.given) == 1


LIMITS: dict[str, tuple[Callable[[], Definition], Guard]] = {
    "none set": (lambda: Definition("a", "b"), Guard(1.0, 2, 3)),
    "all set": (
        lambda: Definition("a", "b", timeout=timedelta(seconds=7), retries=0, max_concurrency=5),
        Guard(7.0, 0, 5),
    ),
}


@pytest.mark.parametrize(("definition", "expected"), LIMITS.values(), ids=LIMITS)
def test_a_definition_sets_limits_and_the_kind_the_others(
    definition: Callable[[], Definition], expected: Guard
) -> None:
    assert Guard(1.0, 2, 3).of(definition()) == expected
