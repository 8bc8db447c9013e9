"""The guard before a source: how often a query is tried, and for how long."""

import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from threading import Semaphore

from tocsin.ports import Answer, Samples, Unanswered
from tocsin.sources.definition import Definition

PASSING = frozenset({"unreachable", "throttled", "http_5xx"})
"""What may be over in a moment. A query that was not answered in time would take the same time again."""
_FIRST_PAUSE_SECONDS = 0.1
_LEAST_SPARE, _SPARE_PART = 10, 0.1


@dataclass(frozen=True, slots=True)
class Pace:
    """How time passes while a source is asked; tests bring their own."""

    monotonic: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    jitter: Callable[[], float] = random.random


@dataclass(frozen=True, slots=True)
class Guard:
    """The limits of one source: the time for one query, tries beside the first, queries at once."""

    timeout_seconds: float = 5.0
    retries: int = 2
    max_concurrency: int = 32

    def of(self, definition: Definition) -> "Guard":
        """Return the limits that a definition sets, these where it sets none."""
        timeout, retries, most = definition.timeout, definition.retries, definition.max_concurrency
        return Guard(
            self.timeout_seconds if timeout is None else timeout.total_seconds(),
            self.retries if retries is None else retries,
            self.max_concurrency if most is None else most,
        )


@dataclass(frozen=True, slots=True)
class Attempt:
    """What came of asking once, and how long the source asks to be left alone."""

    answer: Answer
    retry_after_seconds: float | None = None


class Spare:
    """The tries that all queries of one round share: one in ten, at least ten.

    A source that is down fails every query; to try each again would only make the round longer.
    """

    def __init__(self, queries: int) -> None:
        self._left = Semaphore(max(_LEAST_SPARE, round(queries * _SPARE_PART)))

    def take(self) -> bool:
        """Take one; False if none is left."""
        return self._left.acquire(blocking=False)


def pause_seconds(attempt: Attempt, failures: int, jitter: float) -> float | None:
    """Return how long to wait before a query is tried again after so many failures; None for never.

    Pauses double, each between half and all of its length, and are never shorter than the source asks for.
    """
    answer = attempt.answer
    if not isinstance(answer, Unanswered) or answer.reason not in PASSING:
        return None
    pause: float = _FIRST_PAUSE_SECONDS * 2 ** (failures - 1) * (1 + jitter) / 2
    return max(pause, attempt.retry_after_seconds or 0.0)


def persist(
    ask: Callable[[float], Attempt], guard: Guard, pace: Pace, spare: Spare, deadline: float
) -> Answer:
    """Ask, and again after what may be over in a moment, if another try as long as the last one still fits.

    `ask` gets the seconds it may take. `deadline` is on the clock of `pace`.
    """
    answer: Answer = Unanswered("no time left to ask")
    for tries in range(1, guard.retries + 2):
        began = pace.monotonic()
        if began >= deadline:
            break
        attempt = ask(min(deadline - began, guard.timeout_seconds))
        answer = attempt.answer
        if isinstance(answer, Samples):
            break
        pause = pause_seconds(attempt, tries, pace.jitter())
        if pause is None or tries > guard.retries:
            break
        ended = pace.monotonic()
        if ended + pause + (ended - began) > deadline or not spare.take():
            break
        pace.sleep(pause)
    return answer
