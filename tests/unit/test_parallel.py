"""Several things at once, and home in time."""

import threading
from functools import partial
from time import monotonic

import pytest

from tocsin.parallel import Threads


def test_results_come_in_the_order_of_the_jobs() -> None:
    jobs = [partial(pow, n, 2) for n in range(10)]
    assert Threads(3)(jobs, 5) == [n * n for n in range(10)]


def test_no_jobs_are_no_work() -> None:
    jobs: list[type[int]] = []
    assert Threads(3)(jobs, 5) == []


def test_jobs_run_at_once_up_to_the_limit() -> None:
    barrier = threading.Barrier(4)
    arrived = Threads(4)([lambda: barrier.wait(5)] * 4, 5)
    assert set(arrived) == {0, 1, 2, 3}


def test_as_many_threads_are_hired_as_jobs_that_take_their_time() -> None:
    barrier = threading.Barrier(32)
    arrived = Threads(32)([lambda: barrier.wait(5)] * 32, 5)
    assert set(arrived) == set(range(32))


def test_a_job_that_hangs_is_left_behind_and_holds_no_other() -> None:
    release = threading.Event()
    started = monotonic()
    try:
        results = Threads(2)([release.wait, lambda: True, lambda: False], 1)
    finally:
        release.set()
    assert results == [None, True, False]
    assert monotonic() - started < 10


def test_after_the_time_no_job_is_begun() -> None:
    begun: list[int] = []
    assert Threads(1)([lambda: begun.append(1)], 0) == [None]
    assert begun == []


def test_an_exception_in_a_job_is_raised() -> None:
    def fail() -> int:
        raise ZeroDivisionError("one")

    with pytest.raises(ZeroDivisionError, match="one"):
        Threads(2)([lambda: 1, fail], 5)


def test_one_that_takes_longer_than_it_may_is_given_up_and_another_thread_takes_its_place() -> None:
    release = threading.Event()
    given_up: list[int] = []
    started = monotonic()
    try:
        jobs = [release.wait, release.wait, *[lambda: True] * 10]
        results = Threads(2)(jobs, 30, [0.1] * 12, given_up.append)
    finally:
        release.set()
    assert results == [None, None, *[True] * 10]
    assert given_up == [0, 1]
    assert monotonic() - started < 15


def test_what_ends_after_it_was_given_up_begins_nothing_more() -> None:
    release, ended = threading.Event(), threading.Event()

    def late() -> bool:
        release.wait(30)
        ended.set()
        return True

    def other() -> bool:
        release.set()
        return ended.wait(30)

    results = Threads(1)([late, other], 30, [0.1, 30])
    assert results[1] is True


def test_as_many_as_are_said_begin() -> None:
    begun = threading.Semaphore(0)
    release = threading.Event()

    def job() -> bool:
        begun.release()
        return release.wait(30)

    def look() -> bool:
        found = [begun.acquire(timeout=30) for _ in range(7)]
        release.set()
        return all(found)

    assert Threads(8, first=8)([job] * 7 + [look], 30) == [True] * 8
