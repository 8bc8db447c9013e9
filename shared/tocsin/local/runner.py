"""Runners: they play EventBridge Scheduler and SQS, in virtual time or as time goes by."""

from collections import Counter
from collections.abc import Collection, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import datetime, timedelta
from threading import Condition

from tocsin.local.agenda import Agenda, Job
from tocsin.local.clocks import FastClock, VirtualClock


class VirtualRunner:
    """Does one thing after the other at its time and skips what is between: a day takes seconds."""

    def __init__(self, agenda: Agenda, clock: VirtualClock) -> None:
        self._agenda, self._clock = agenda, clock
        self.stopped: set[str] = set()
        """Functions that get no messages: they are down, or their trigger is off."""

    def run_until(self, until: datetime) -> None:
        """Do everything up to and including `until`."""
        while (at := self._agenda.next_at(self.stopped)) is not None and at <= until:
            self._clock.advance_to(at)
            job = self._agenda.take(self._clock.now(), self.stopped)
            if job is not None:
                job.run()
        self._clock.advance_to(until)

    def run_for(self, seconds: float) -> None:
        """Do everything of the next `seconds`."""
        self.run_until(self._clock.now() + timedelta(seconds=seconds))


class LiveRunner:
    """Does things as their time comes, several at once: a slow function holds no other."""

    def __init__(self, agenda: Agenda, clock: FastClock, concurrency: Mapping[str, int]) -> None:
        """`concurrency` is how many invocations of a function may run at once; 1 where it says nothing."""
        self._agenda, self._clock, self._concurrency = agenda, clock, concurrency
        self._running: Counter[str] = Counter()
        self._changed = Condition()
        self._again = self._stopping = False
        self._crash: BaseException | None = None

    def wake(self) -> None:
        """Look again: something was sent."""
        with self._changed:
            self._again = True
            self._changed.notify()

    def stop(self) -> None:
        """Begin nothing more, and let `run` return when what was begun is done."""
        with self._changed:
            self._stopping = True
            self._changed.notify()

    def run(self) -> None:
        """Run until stopped."""
        with ThreadPoolExecutor(sum(self._concurrency.values()) + 2, "tocsin") as pool:
            try:
                while not self._stopping:
                    job = self._agenda.take(self._clock.now(), self._busy())
                    if job is None:
                        self._wait()
                    else:
                        self._begin(pool, job)
            finally:
                self._stopping = True
        if self._crash is not None:
            raise self._crash

    def _busy(self) -> Collection[str]:
        with self._changed:
            return {name for name, n in self._running.items() if n >= self._concurrency.get(name, 1)}

    def _begin(self, pool: ThreadPoolExecutor, job: Job) -> None:
        with self._changed:
            self._running[job.function] += 1

        def done(future: Future[object]) -> None:
            with self._changed:
                self._running[job.function] -= 1
                self._again = True
                # A function that fails is its fleet's to note: this is ours.
                self._crash = self._crash or future.exception()
                self._stopping = self._stopping or self._crash is not None
                self._changed.notify()

        pool.submit(job.run).add_done_callback(done)

    def _wait(self) -> None:
        at = self._agenda.next_at(self._busy())
        with self._changed:
            if not self._again and not self._stopping:
                self._changed.wait(None if at is None else self._clock.seconds_until(at))
            self._again = False
