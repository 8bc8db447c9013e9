"""A visit: one worker at one output, for as long as its time lasts."""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial

from tocsin.metric import Metric
from tocsin.ports import Clock, Parallel, Refused, Stored, Unanswered
from tocsin.shipping.backoff import pause
from tocsin.shipping.batching import halves, metrics_of, passed
from tocsin.shipping.cursor import Counts, Cursor, Lease, Trouble
from tocsin.shipping.deadletters import DeadLetters
from tocsin.shipping.following import Step
from tocsin.shipping.output import Writer
from tocsin.shipping.report import Outcome, Report

GRACE_SECONDS = 1.0
"""How much longer than its timeout a write is waited for; then it is left behind."""
MOST_DIVISIONS = 128
"""Of one batch: what of it is refused after so many is put aside whole."""

Answer = Stored | Refused | Unanswered


@dataclass(slots=True)
class Visit:
    """Writes batch after batch, beginning none after `last_start`; the cursor is stored after each of them."""

    lease: Lease
    cursor: Cursor
    batches: Iterator[list[Step]]
    writer: Writer
    timeout_seconds: float
    last_start: datetime
    clock: Clock
    parallel: Parallel
    dead: DeadLetters
    was: Counts
    """What was counted before the visit."""
    _stored: Counts = field(init=False)
    """What was counted when the cursor was last stored."""
    _parts: deque[list[Step]] = field(default_factory=deque)
    _writes: int = 0
    _divisions: int = 0
    _refused: bool = False

    def __post_init__(self) -> None:
        self._stored = self.was

    def run(self) -> Report:
        """Write what waits, oldest first."""
        while (part := self._next()) is not None:
            metrics = metrics_of(part)
            if not metrics:
                self.cursor = passed(self.cursor, part, Counts())
            if self.clock.now() >= self.last_start and (self._writes or not metrics):
                return self._leave(Outcome.BEHIND)
            if not metrics:
                continue
            answer = self._write(metrics)
            if isinstance(answer, Unanswered):
                return self._give_up(answer)
            if isinstance(answer, Refused) and self._divided(part):
                continue
            self._take(part, answer)
            if not self.lease.move(self.cursor, self.clock.now()):
                return self._report(Outcome.OVERTAKEN)
            self._stored = self.cursor.counts
        return self._leave(Outcome.CAUGHT_UP)

    def _next(self) -> list[Step] | None:
        if self._parts:
            return self._parts.popleft()
        self._divisions = 0
        return next(self.batches, None)

    def _write(self, metrics: list[Metric]) -> Answer:
        self._writes += 1
        job = partial(self.writer.write, metrics, self.timeout_seconds)
        [answer] = self.parallel([job], self.timeout_seconds + GRACE_SECONDS)
        return answer or Unanswered(f"no answer within {self.timeout_seconds:.3g} s")

    def _divided(self, part: list[Step]) -> bool:
        """Divide what is refused, to find what of it is; False if it cannot be, or has been often enough."""
        if len(metrics_of(part)) < 2 or self._divisions >= MOST_DIVISIONS:
            return False
        self._divisions += 1
        self._parts.extendleft(reversed(halves(part)))
        return True

    def _take(self, part: list[Step], answer: Stored | Refused) -> None:
        metrics = metrics_of(part)
        if isinstance(answer, Refused):
            first = next(step for step in part if step.metric is not None)
            place = f"{first.writer}.{first.after.seq}.{first.after.offset}"
            self.dead.put(self.lease.output, metrics, answer, place, self.clock.now())
            self._refused = True
            counts = Counts(refused=len(metrics))
        else:
            counts = Counts(written=len(metrics), unwritable=answer.dropped)
        self.cursor = replace(passed(self.cursor, part, counts), trouble=None)

    def _give_up(self, answer: Unanswered) -> Report:
        """Leave everything where it is, until the time of the next try."""
        now, before = self.clock.now(), self.cursor.trouble
        tries = 1 + (before.tries if before else 0)
        trouble = Trouble(
            before.since if before else now, tries, now + pause(tries, answer), answer.reason, answer.detail
        )
        self.cursor = replace(self.cursor, trouble=trouble)
        return self._leave(Outcome.UNANSWERED)

    def _leave(self, outcome: Outcome) -> Report:
        if self._refused:
            self.dead.prune(self.lease.output)
        self.cursor = replace(self.cursor, behind=outcome is Outcome.BEHIND)
        if not self.lease.release(self.cursor, self.clock.now()):
            return self._report(Outcome.OVERTAKEN)
        self._stored = self.cursor.counts
        return self._report(outcome)

    def _report(self, outcome: Outcome) -> Report:
        report = Report(self.lease.output, outcome, self._stored - self.was, self._writes)
        trouble = self.cursor.trouble
        if outcome is not Outcome.UNANSWERED or trouble is None:
            return report
        return replace(
            report,
            reason=trouble.reason,
            detail=trouble.detail,
            failing_since=trouble.since,
            retry_at=trouble.retry_at,
        )
