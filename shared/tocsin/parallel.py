"""Several things at once, and home in time whatever hangs."""

from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from time import monotonic
from typing import TypeVar

T = TypeVar("T")


class Threads:
    """The `Parallel` of the real world: up to `limit` threads for the length of one call.

    A job that hangs beyond the call keeps its thread and nothing else: the next call has threads of its own.
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

        executor = ThreadPoolExecutor(min(self._limit, len(jobs)), "tocsin")
        workers = [executor.submit(work) for _ in range(min(self._limit, len(jobs)))]
        ended = wait(workers, deadline - monotonic(), FIRST_EXCEPTION).done
        executor.shutdown(wait=False, cancel_futures=True)
        for worker in ended:
            worker.result()
        return list(results)
