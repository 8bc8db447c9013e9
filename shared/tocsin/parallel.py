"""Several things at once, and home in time whatever hangs."""

from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from math import inf
from threading import Lock
from time import monotonic
from typing import Generic, TypeVar

T = TypeVar("T")


_FIRST = 4
_LOOK_SECONDS = 0.05
_QUICK = 2
"""Jobs that a thread ends between two looks: then more threads would only fight for the interpreter."""


def _nothing(_: int) -> None:
    pass


class Threads:
    """The `Parallel` and the `InTime` of the real world: up to `limit` threads for the length of one call.

    It begins with `first`, and hires more for as long as jobs take their time: against a server that answers at
    once, four threads do more than thirty-two. A job that hangs beyond its time, or the call, keeps its thread and
    nothing else: another one is hired in its place, and the next call has threads of its own.
    """

    def __init__(self, limit: int, first: int = _FIRST) -> None:
        self._limit, self._first = limit, min(first, limit)

    def __call__(
        self,
        jobs: Sequence[Callable[[], T]],
        timeout_seconds: float,
        each_seconds: Sequence[float] = (),
        give_up: Callable[[int], None] = _nothing,
    ) -> Sequence[T | None]:
        """Run the jobs and return their results in order; None for one that has not ended in time.

        `each_seconds` says how long each of them may take, `give_up` is told the number of one that takes longer.
        """
        if not jobs:
            return []
        shift = _Shift(jobs, monotonic() + timeout_seconds, each_seconds or [inf] * len(jobs))
        executor = ThreadPoolExecutor(self._limit + len(jobs), "tocsin")
        wanted, begun = self._first, 0
        while True:
            shift.hire(executor, wanted)
            if shift.over():
                break
            for number in shift.leave_behind():
                give_up(number)
            before, begun = begun, len(jobs) - len(shift.waiting)
            if begun - before < _QUICK * wanted:
                wanted = min(2 * wanted, self._limit)
        executor.shutdown(wait=False, cancel_futures=True)
        return shift.results()


@dataclass(slots=True, eq=False)
class _Worker:
    """One thread: which job it is at, and until when it may be."""

    job: int = -1
    until: float = inf
    left_behind: bool = False


@dataclass(slots=True)
class _Shift(Generic[T]):
    """One call: its jobs, those of them that wait, and who works at them."""

    jobs: Sequence[Callable[[], T]]
    ends: float
    each_seconds: Sequence[float]
    waiting: deque[int] = field(init=False)
    workers: dict[Future[None], _Worker] = field(default_factory=dict)
    _results: list[T | None] = field(init=False)
    _lock: Lock = field(default_factory=Lock)

    def __post_init__(self) -> None:
        self.waiting = deque(range(len(self.jobs)))
        self._results = [None] * len(self.jobs)

    def hire(self, executor: ThreadPoolExecutor, wanted: int) -> None:
        """Have as many at work as are wanted and find something to do."""
        at_work = sum(not future.done() for future in self.workers)
        for _ in range(min(wanted - at_work, len(self.waiting))):
            worker = _Worker()
            self.workers[executor.submit(self._work, worker)] = worker

    def _work(self, worker: _Worker) -> None:
        while self._take(worker):
            result = self.jobs[worker.job]()
            with self._lock:
                self._results[worker.job], worker.until = result, inf

    def _take(self, worker: _Worker) -> bool:
        """Give a worker its next job; False if there is none for it."""
        with self._lock:
            now = monotonic()
            if worker.left_behind or not self.waiting or now >= self.ends:
                return False
            worker.job = self.waiting.popleft()
            worker.until = now + self.each_seconds[worker.job]
            return True

    def over(self) -> bool:
        """Wait a moment; tell whether all has ended, one has failed, or the time has passed."""
        left = self.ends - monotonic()
        ended, running = wait(self.workers, max(0.0, min(left, _LOOK_SECONDS)), FIRST_EXCEPTION)
        if left <= _LOOK_SECONDS or any(worker.exception() for worker in ended):
            return True
        return not running and not self.waiting

    def leave_behind(self) -> list[int]:
        """Wait no longer for those whose job takes longer than it may; return the numbers of the jobs."""
        with self._lock:
            now = monotonic()
            late = [future for future, worker in self.workers.items() if worker.until < now]
            left = [self.workers.pop(future) for future in late]
            for worker in left:
                worker.left_behind = True
        return [worker.job for worker in left]

    def results(self) -> list[T | None]:
        """Return what there is; raises what a job raised."""
        for future in self.workers:
            if future.done():
                future.result()
        with self._lock:
            return list(self._results)
