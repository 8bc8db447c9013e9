"""A chain: what one source is asked in a pass, round by round, so that rules read what those before them wrote.

What a round records is written before the next one asks. Writing comes before the commit, as asking does: a
sample that is written again changes nothing, and of two workers that answer differently the first one's stands.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from tocsin.evaluation.evaluated import Evaluated, evaluate, joined
from tocsin.evaluation.fold import Means
from tocsin.evaluation.order import Needs, Step, rounds
from tocsin.evaluation.records import NOTHING, Record
from tocsin.evaluation.unit import Unit, query
from tocsin.evaluation.window import Work
from tocsin.labels import Labels
from tocsin.ports import Answer, Backend, Query, Refused, Sample, Samples, Stored, Unanswered, Written
from tocsin.rules.rule import Rule
from tocsin.templates.source import TemplateError

WAITS = "waits"
"""Why a rule was not asked: what it reads is behind."""
LATE = "late"
"""Why a rule was not asked: the rounds before its own took all the time there was."""


class Chain:
    """The works of one source in one pass."""

    def __init__(
        self,
        backend: Backend,
        records: Mapping[str, Record],
        needs: Needs,
        left_seconds: Callable[[], float],
        external_url: str = "",
        external_labels: Labels | None = None,
    ) -> None:
        self._backend, self._records, self._needs = backend, records, needs
        self._left, self._external_url = left_seconds, external_url
        self._external_labels = external_labels or {}
        self._done: dict[str, Evaluated] = {}
        self._stopped: set[str] = set()
        """Units with a step that was not answered: what comes after it, theirs or others', has to wait."""

    def run(self, works: Sequence[Work]) -> list[Evaluated]:
        """Ask, evaluate and write round by round; return what came of each work, in order."""
        for steps in rounds(works, self._needs, writes=self._backend.sink is not None):
            self._round(steps)
        return [
            self._done.get(work.unit.id) or evaluate(work, self._record(work.unit), _silence(work))
            for work in works
        ]

    def _round(self, steps: Sequence[Step]) -> None:
        blocked = [self._blocked(step.work.unit) for step in steps]
        ready = [step for step, waits in zip(steps, blocked, strict=True) if not waits]
        answered = list(zip(ready, self._ask(ready), strict=True))
        results = [
            self._evaluated(step, answer) for step, answer in answered if not _failed_somewhere(step, answer)
        ]
        waiting = Unanswered("what it reads was not recorded", WAITS)
        results += [
            Evaluated(step.work, None, unanswered=waiting)
            for step, waits in zip(steps, blocked, strict=True)
            if waits
        ]
        for result in self._written(results):
            unit = result.work.unit.id
            if result.unanswered:
                self._stopped.add(unit)
            self._done[unit] = joined(self._done.get(unit), result)
        self._one_by_one([step for step, answer in answered if _failed_somewhere(step, answer)])

    def _one_by_one(self, steps: Sequence[Step]) -> None:
        """Take steps timestamp by timestamp: what fails at one fails there alone, as it would have live."""
        for moment in sorted({at for step in steps for at in step.at}):
            self._round([Step(step.work, (moment,)) for step in steps if moment in step.at])

    def _blocked(self, unit: Unit) -> bool:
        return not self._stopped.isdisjoint((unit.id, *self._needs.get(unit.id, ())))

    def _ask(self, steps: Sequence[Step]) -> list[Answer]:
        """Return an answer for every step; one that is closed at every timestamp asks nothing."""
        asks = [any(map(step.work.unit.rule.open, step.at)) for step in steps]
        queries = [
            query(step.work.unit.rule, step.at) for step, open_ in zip(steps, asks, strict=True) if open_
        ]
        left = self._left()
        if queries and left <= 0:
            return [Unanswered("no time left to ask", LATE) for _ in steps]
        answers = iter(self._backend.source.ask(queries, left) if queries else ())
        return [
            _checked(next(answers), step) if open_ else Samples(((),) * len(step.at))
            for step, open_ in zip(steps, asks, strict=True)
        ]

    def _evaluated(self, step: Step, answer: Answer) -> Evaluated:
        unit = step.work.unit
        known = self._done.get(unit.id)
        record = self._record(unit)
        work = replace(step.work, at=step.at)
        if known is not None:
            work = replace(work, skipped=timedelta(0))
            record = replace(
                record, instances=record.instances if known.instances is None else known.instances
            )
        return evaluate(work, record, answer, self._means(unit))

    def _record(self, unit: Unit) -> Record:
        return self._records.get(unit.id, NOTHING)

    def _means(self, unit: Unit) -> Means:
        known = self._done.get(unit.id)
        new = not self._record(unit).instances and (known is None or known.instances is None)
        former = self._records.get(unit.former.unit, NOTHING) if unit.former and new else NOTHING
        return Means(
            self._look,
            self._backend.sink is not None,
            self._external_url,
            self._external_labels,
            former.instances,
            unit.former,
        )

    def _look(self, rule: Rule, expr: str, at: datetime) -> Sequence[Sample]:
        """Return what the source says to a query in a template."""
        asked, left = Query(expr, (at - rule.query_offset,), rule.interval.total_seconds()), self._left()
        if left <= 0:
            raise TemplateError("query: no time left to ask")
        [answer] = self._backend.source.ask([asked], left)
        if isinstance(answer, Samples):
            return answer.at[0]
        raise TemplateError(f"query: {answer.detail or answer.reason}")

    # -- writing --------------------------------------------------------------------------------

    def _written(self, results: Sequence[Evaluated]) -> list[Evaluated]:
        """Return the results once what they record is stored, or failed where it is not."""
        if self._backend.sink is None:
            return [_nowhere(result) for result in results]
        writing = [result for result in results if result.written]
        outcome = self._store(sample for result in writing for sample in result.written)
        if isinstance(outcome, Refused) and len(writing) > 1:  # One of them spoils it: which?
            outcomes = {result.work.unit.id: self._store(result.written) for result in writing}
        else:
            outcomes = {result.work.unit.id: outcome for result in writing}
        return [_after_writing(result, outcomes.get(result.work.unit.id, Stored())) for result in results]

    def _store(self, samples: Iterable[Written]) -> Stored | Refused | Unanswered:
        batch = list(samples)
        if not batch or self._backend.sink is None:
            return Stored()
        left = self._left()
        return self._backend.sink.write(batch, left) if left > 0 else Unanswered("no time left to write")


def _silence(work: Work) -> Answer:
    return Samples(((),) * len(work.at))


def _failed_somewhere(step: Step, answer: Answer) -> bool:
    """Tell whether a query for many timestamps failed because of one (two series match, too many are loaded)."""
    return isinstance(answer, Refused) and answer.reason == "execution" and len(step.at) > 1


def _checked(answer: Answer, step: Step) -> Answer:
    """Return the answer if it has one part for each timestamp asked for."""
    if isinstance(answer, Samples) and len(answer.at) != len(step.at):
        return Refused("garbage", f"{len(answer.at)} answers for {len(step.at)} timestamps")
    return answer


def _nowhere(result: Evaluated) -> Evaluated:
    if not result.work.unit.rule.records or result.instances is None:
        return result
    refused = Refused("no_sink", f"source {result.work.unit.rule.source} has nowhere to record to")
    return replace(result, instances=None, failure=refused)


def _after_writing(result: Evaluated, outcome: Stored | Refused | Unanswered) -> Evaluated:
    """Return what an evaluation is once its samples were written, or not.

    A recording that is not written has not happened. Alerts do not depend on `ALERTS` being written.
    """
    if isinstance(outcome, Stored):
        return replace(result, unwritten=outcome.dropped)
    if not result.work.unit.rule.records:
        return replace(result, unwritten=len(result.written))
    if isinstance(outcome, Refused):
        return replace(result, instances=None, failure=Refused("write", outcome.detail))
    lost = Unanswered(outcome.detail, f"write_{outcome.reason}")
    return replace(result, instances=None, unanswered=lost)
