"""Evaluated: what one piece of work came to, whole or step by step."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from tocsin.evaluation.fold import ALONE, Episode, Means, fold
from tocsin.evaluation.records import Record
from tocsin.evaluation.states import Instance, pass_over
from tocsin.evaluation.window import Work
from tocsin.labels import LabelSet
from tocsin.ports import Answer, Refused, Unanswered, Written


@dataclass(frozen=True, slots=True)
class Evaluated:
    """What one piece of work came to: new instances, or a failure that leaves them as they were.

    `unanswered` says that nothing is known yet and its timestamps stay due. `written` is what is to be stored
    of it, `unwritten` how much of that was not; `unheard` are alerts that came and went before anybody was told.
    """

    work: Work
    instances: Mapping[LabelSet, Instance] | None
    failure: Refused | None = None
    unanswered: Unanswered | None = None
    written: tuple[Written, ...] = ()
    unwritten: int = 0
    unheard: tuple[Episode, ...] = ()


def evaluate(work: Work, record: Record, answer: Answer, means: Means = ALONE) -> Evaluated:
    """Return what an answer makes of a unit."""
    if isinstance(answer, Unanswered):
        return Evaluated(work, None, unanswered=answer)
    if isinstance(answer, Refused) and answer.reason == "too_large" and len(work.at) > 1:
        return Evaluated(work, None, unanswered=Unanswered(answer.detail, "too_large"))
    rule, before = work.unit.rule, record.instances
    if work.skipped:
        before = {labels: pass_over(held, work.skipped, rule.gap) for labels, held in before.items()}
    if isinstance(answer, Refused):
        return Evaluated(work, before if work.skipped else None, answer)
    folded = fold(rule, before, work.at, answer.at, means)
    failure = Refused(folded.failure.reason, str(folded.failure)) if folded.failure else None
    changed = folded.instances is not record.instances
    return Evaluated(
        work,
        folded.instances if changed or failure is None else None,
        failure,
        written=folded.written,
        unheard=folded.unheard,
    )


def joined(before: Evaluated | None, after: Evaluated) -> Evaluated:
    """Return what two steps of one work came to: as far as the second if it was answered, else as the first."""
    if before is None:
        return after
    if after.unanswered:
        return replace(before, work=replace(before.work, until=before.work.at[-1]))
    return replace(
        after,
        work=replace(after.work, at=before.work.at + after.work.at, skipped=before.work.skipped),
        instances=before.instances if after.instances is None else after.instances,
        unwritten=before.unwritten + after.unwritten,
        unheard=before.unheard + after.unheard,
    )
