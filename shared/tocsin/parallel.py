"""Several things at once, and home in time whatever hangs."""

from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from time import monotonic
from typing import TypeVar

T = TypeVar("T")


_FIRST = 4
_LOOK_SECONDS = 0.05
_QUICK = 2
"""Jobs that a thread ends between two looks: then more threads would only fight for the interpreter."""


class Threads:
    """The `Parallel` of the real world: up to `limit` threads for the length of one call.

    It begins with a few, and hires more for as long as jobs take their time: against a server that answers at
    once, four threads do more than thirty-two. A job that hangs beyond the call keeps its thread and nothing
    else: the next call has threads of its own.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit

    def __call__(self, jobs: Sequence[Callable[[], T]], timeout_seconds: float) -> Sequence[T | None]:
        """Run the jobs and return their results in order; None for one that has not ended in time."""
        if not jobs:
            return []
        deadline = monotonic() + timeout_seconds
        results: list[T | None] = [None] * len(jobs)
        waiting = deque(range(len(jobs)))

        def work() -> None:
            while waiting and monotonic() < deadline:
                try:
                    index = waiting.popleft()
                except IndexError:  # another thread took the last one
                    return
                results[index] = jobs[index]()

        executor = ThreadPoolExecutor(self._limit, "tocsin")
        workers = [executor.submit(work) for _ in range(min(_FIRST, self._limit, len(jobs)))]
        taken = 0
        while not _over(workers, deadline):
            before, taken = taken, len(jobs) - len(waiting)
            if taken - before < _QUICK * len(workers):
                hired = min(len(workers), self._limit - len(workers), len(waiting))
                workers += [executor.submit(work) for _ in range(hired)]
        executor.shutdown(wait=False, cancel_futures=True)
        for worker in workers:
            if worker.done():
                worker.result()
        return list(results)


def _over(workers: Sequence[Future[None]], deadline: float) -> bool:
    """Wait a moment; tell whether all has ended, one has failed, or the time has passed."""
    left = deadline - monotonic()
    ended, running = wait(workers, max(0.0, min(left, _LOOK_SECONDS)), FIRST_EXCEPTION)
    return left <= _LOOK_SECONDS or not running or any(worker.exception() for worker in ended)
