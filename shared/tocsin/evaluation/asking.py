"""Asking: every source at once, each with all of its queries, none able to hold the others."""

from collections.abc import Mapping, Sequence
from functools import partial

from tocsin.evaluation.unit import query
from tocsin.evaluation.window import Work
from tocsin.ports import Answer, Parallel, Refused, Samples, Source, Unanswered

_GRACE_SECONDS = 0.5
"""A source ends by its timeout; one that does not is left behind so much later."""


def ask(
    works: Sequence[Work], sources: Mapping[str, Source], parallel: Parallel, timeout_seconds: float
) -> list[Answer]:
    """Return the answer for each piece of work, in order; what did not come in time is `Unanswered`."""
    answers: list[Answer] = [Refused("no_source", "") for _ in works]
    by_source: dict[str, list[int]] = {}
    for number, work in enumerate(works):
        name = work.unit.rule.source
        if name in sources:
            by_source.setdefault(name, []).append(number)
        else:
            answers[number] = Refused("no_source", f"no source named {name!r} is configured")
    jobs = [
        partial(sources[name].ask, [query(works[n].unit, works[n].at) for n in numbers], timeout_seconds)
        for name, numbers in by_source.items()
    ]
    results = parallel(jobs, timeout_seconds + _GRACE_SECONDS) if jobs else ()
    for numbers, result in zip(by_source.values(), results, strict=True):
        for position, number in enumerate(numbers):
            answers[number] = _checked(result[position], works[number]) if result else Unanswered()
    return answers


def _checked(answer: Answer, work: Work) -> Answer:
    """Return the answer if it has one part for each timestamp asked for."""
    if isinstance(answer, Samples) and len(answer.at) != len(work.at):
        return Refused("garbage", f"{len(answer.at)} answers for {len(work.at)} timestamps")
    return answer
