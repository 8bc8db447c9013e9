"""The crew: runs probes side by side, each with a deadline of its own; one that hangs or breaks hurts only itself."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from threading import Lock
from time import monotonic
from traceback import extract_tb
from typing import Protocol, TypeVar

from tocsin.collection.gather import Gather
from tocsin.collection.health import Outcome
from tocsin.metric import Metric

T = TypeVar("T")
Probe = Callable[[Gather], None]
GRACE_SECONDS = 0.25
"""So long after its deadline a probe may still tell that its target did not answer in time."""
LEAST_SHARE = 0.5
"""A probe is begun only while so much of its deadline is left of the pass: what is cut short looks like a timeout."""


class InTime(Protocol):
    """A way to do several things at once, each of which is given up after a time of its own (`parallel.Threads`)."""

    def __call__(
        self,
        jobs: Sequence[Callable[[], T]],
        timeout_seconds: float,
        each_seconds: Sequence[float],
        give_up: Callable[[int], None],
    ) -> Sequence[T | None]:
        """Run the jobs, begun in this order; `give_up` is told the number of one that has not ended in its time."""
        ...


def in_turn(
    jobs: Sequence[Callable[[], T]],
    timeout_seconds: float,  # noqa: ARG001
    each_seconds: Sequence[float],  # noqa: ARG001
    give_up: Callable[[int], None],  # noqa: ARG001
) -> Sequence[T | None]:
    """Run the jobs in order in this thread: the `InTime` of simulations and virtual time."""
    return [job() for job in jobs]


@dataclass(frozen=True, slots=True)
class Job:
    """One probe to be run within `seconds`; those of the lowest `order` are begun first."""

    probe: Probe
    seconds: float
    order: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class Result:
    """How a probe did; what it gathered until its deadline counts whatever became of it.

    `began` is None if it never did.
    """

    outcome: Outcome
    metrics: tuple[Metric, ...] = ()
    failures: tuple[str, ...] = ()
    dropped: int = 0
    began: datetime | None = None
    took_seconds: float = 0.0


_NO_ROOM = Result(Outcome.NO_ROOM)


class Crew:
    """Runs jobs; what hangs is left behind with its thread, which ends when its socket does.

    A probe that was left behind is not begun again before it has ended, so it holds one thread however long it hangs.
    Where `ceiling` of them hang, nothing is begun until one of them has ended: so a crew has at most twice its ceiling
    of threads, whatever plug-ins do.
    """

    def __init__(
        self,
        in_time: InTime,
        ceiling: int,
        now: Callable[[], datetime],
        monotonic: Callable[[], float] = monotonic,
    ) -> None:
        self._in_time, self._now, self._monotonic = in_time, now, monotonic
        self._left = _Left(ceiling)

    def __call__(
        self, jobs: Sequence[Job], timeout_seconds: float, at: datetime | None = None
    ) -> list[Result]:
        """Run the jobs and return their results, in the order of `jobs`, after `timeout_seconds` at the latest.

        What is gathered without a time of its own is as of `at`; if that is None as of when it is gathered.
        """
        stamp = self._now if at is None else lambda: at
        ends = self._monotonic() + timeout_seconds - GRACE_SECONDS
        runs = [_Run(job, ends, self._now, stamp, self._monotonic, self._left) for job in jobs]
        begun = sorted(runs, key=lambda run: run.job.order)
        limits = [run.job.seconds + GRACE_SECONDS for run in begun]
        self._in_time(begun, timeout_seconds, limits, lambda number: begun[number].give_up())
        for run in runs:
            run.give_up()
        return [run.result() for run in runs]


@dataclass(slots=True)
class _Left:
    """The runs that were left behind and have not ended yet."""

    most: int
    _runs: "set[_Run]" = field(default_factory=set)
    _lock: Lock = field(default_factory=Lock)

    def add(self, run: "_Run") -> None:
        with self._lock:
            self._runs.add(run)

    def remove(self, run: "_Run") -> None:
        with self._lock:
            self._runs.remove(run)

    def refusal(self, probe: Probe) -> Result | None:
        """Return why a probe may not begin, None if it may."""
        with self._lock:
            if any(run.job.probe is probe for run in self._runs):
                return Result(Outcome.TIMEOUT, failures=("its run before has not ended",))
            return _NO_ROOM if len(self._runs) >= self.most else None


@dataclass(slots=True, eq=False)
class _Run:
    """One job while it is run: in a thread of its own, until it ends or is given up."""

    job: Job
    latest: float
    now: Callable[[], datetime]
    stamp: Callable[[], datetime]
    monotonic: Callable[[], float]
    left: _Left
    gather: Gather | None = None
    began: datetime | None = None
    outcome: Outcome = Outcome.TIMEOUT
    took_seconds: float = 0.0
    _refused: Result | None = None
    _start: float = 0.0
    _ended: bool = False
    _given_up: bool = False
    _lock: Lock = field(default_factory=Lock)

    def __call__(self) -> None:
        gather = self._begin()
        if gather is not None:
            self._end(_gathered(self.job.probe, gather))

    def _begin(self) -> Gather | None:
        """Return a gathering; None if there is no room for one, or too little time to tell slow from dead."""
        with self._lock:
            start = self.monotonic()
            self._refused = self.left.refusal(self.job.probe)
            late = self.latest - start < self.job.seconds * LEAST_SHARE
            if self._given_up or self._refused or late:
                return None
            self._start, self.began = start, self.now()
            self.gather = Gather(min(start + self.job.seconds, self.latest), self.stamp, self.monotonic)
            return self.gather

    def _end(self, outcome: Outcome) -> None:
        with self._lock:
            if self._given_up:
                self.left.remove(self)
            else:
                self._ended, self.outcome = True, outcome
                self.took_seconds = self.monotonic() - self._start

    def give_up(self) -> None:
        """Close what is not over."""
        with self._lock:
            if self._ended or self._given_up:
                return
            self._given_up = True
            if self.gather is None:
                return
            self.gather.close()
            self.left.add(self)
            self.took_seconds = self.monotonic() - self._start

    def result(self) -> Result:
        gather = self.gather
        if gather is None:
            return self._refused or _NO_ROOM
        metrics, failures = tuple(gather.metrics), tuple(gather.failures)
        return Result(self.outcome, metrics, failures, gather.dropped, self.began, self.took_seconds)


def _gathered(probe: Probe, gather: Gather) -> Outcome:
    try:
        probe(gather)
    except (Exception, SystemExit) as error:  # noqa: BLE001 -- the boundary to plug-ins: they may raise anything
        # Where it broke and not what it says: the text of a foreign exception may hold a secret.
        place = extract_tb(error.__traceback__)[-1]
        gather.fail(f"{type(error).__name__} at {place.filename.rpartition('/')[2]}:{place.lineno}")
        return Outcome.CRASHED
    return Outcome.FAILED if gather.failures else Outcome.SUCCESS
