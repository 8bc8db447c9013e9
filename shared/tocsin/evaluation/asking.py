"""Asking: every source at once, each with all that its rules want, none able to hold the others."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial

from tocsin.evaluation.chain import Chain
from tocsin.evaluation.evaluated import Evaluated, evaluate
from tocsin.evaluation.order import Needs
from tocsin.evaluation.records import NOTHING, Record
from tocsin.evaluation.window import Work
from tocsin.ports import Backend, Parallel, Refused, Unanswered

_GRACE_SECONDS = 0.5
"""A source ends by its timeout; one that does not is left behind so much later."""


def ask(
    works: Sequence[Work],
    backends: Callable[[str], Backend | None],
    records: Mapping[str, Record],
    needs: Needs,
    parallel: Parallel,
    left_seconds: Callable[[], float],
    external_url: str = "",
) -> list[Evaluated]:
    """Return what came of each piece of work, in order; what did not come in time is unanswered."""
    found: dict[str, Evaluated] = {}
    by_source: dict[str, list[Work]] = {}
    for work in works:
        by_source.setdefault(work.unit.rule.source, []).append(work)
    chains: list[tuple[list[Work], Callable[[], list[Evaluated]]]] = []
    for name, own in by_source.items():
        backend = backends(name)
        if backend is None:
            refused = Refused("no_source", f"no source named {name!r} is configured")
            found |= {w.unit.id: evaluate(w, records.get(w.unit.id, NOTHING), refused) for w in own}
        else:
            chain = Chain(backend, records, needs, left_seconds, external_url)
            chains.append((own, partial(chain.run, own)))
    results = (
        parallel([run for _, run in chains], max(0.0, left_seconds()) + _GRACE_SECONDS) if chains else ()
    )
    for (own, _), result in zip(chains, results, strict=True):
        late = [Evaluated(work, None, unanswered=Unanswered("no answer in time")) for work in own]
        found |= {done.work.unit.id: done for done in result or late}
    return [found[work.unit.id] for work in works]
