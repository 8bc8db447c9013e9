"""Outages: whether a source answers at all, told once for all of its rules, and what is asked of it meanwhile.

A source is down if nothing that it was asked in a pass was answered. That is the circuit breaker too, and it
survives its worker: what is stored of the alert is the state of the circuit. While it is open one rule a tick
is the probe and the others wait; the first answer closes it and all that waits is due at once.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

from tocsin.evaluation.chain import LATE, WAITS
from tocsin.evaluation.evaluated import Evaluated, evaluate
from tocsin.evaluation.order import Needs, clusters
from tocsin.evaluation.records import NOTHING, Record
from tocsin.evaluation.states import State
from tocsin.evaluation.unit import Unit
from tocsin.evaluation.window import Work
from tocsin.ports import Sample, Samples, Unanswered
from tocsin.rules.rule import Jitter, Rule
from tocsin.schedule.layout import Shard
from tocsin.schedule.ticks import TICK

SOURCE_DOWN = "SourceDown"
DOWN = "down"
"""Why a rule was not asked: its source is known not to answer."""
_HOLD = timedelta(minutes=1)
_OWN = (WAITS, DOWN, LATE, "too_large")
"""What an unanswered rule may say that tells nothing of its source; so does a sink that does not answer."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a pass found out about a source; `reason` is empty if it answered."""

    source: str
    reason: str = ""
    waiting: int = 0

    @property
    def down(self) -> bool:
        """Whether it answered nothing."""
        return bool(self.reason)


def verdicts(evaluated: Iterable[Evaluated], on_time: Collection[str]) -> dict[str, Verdict]:
    """Return what the answers of a pass tell of each source that was asked something.

    `on_time` are sources with rules that were not asked in this pass and are on time: such a source is not
    condemned for one rule that hangs.
    """
    answered: set[str] = set()
    reasons: dict[str, Counter[str]] = {}
    waiting: Counter[str] = Counter()
    for result in evaluated:
        if not result.work.asks:
            continue
        source, silence = result.work.unit.rule.source, result.unanswered
        if silence is None or silence.reason == "too_large" or silence.reason.startswith("write_"):
            answered.add(source)
        else:
            waiting[source] += 1
            if silence.reason not in _OWN:
                reasons.setdefault(source, Counter())[silence.reason] += 1
    found = {source: Verdict(source) for source in answered}
    return found | {
        source: Verdict(source, counted.most_common(1)[0][0], waiting[source])
        for source, counted in reasons.items()
        if source not in answered and source not in on_time
    }


def unit_of(shard: Shard, verdict: Verdict) -> Unit:
    """Return the unit that keeps the state of a source, among those of the shard that asks it."""
    rule = Rule(
        namespace="tocsin",
        group="sources",
        name=SOURCE_DOWN,
        expr="",
        source=verdict.source,
        interval=TICK,
        hold=_HOLD,
        jitter=Jitter.NEVER,
        labels={"source": verdict.source},
        annotations={
            "summary": f"Source {verdict.source} answers nothing ({verdict.reason}): "
            f"{verdict.waiting} rules wait for it, and what fires is held."
        },
    )
    return Unit(unit_id(shard, verdict.source), rule, shard.buckets.first, timedelta(0))


def units(shard: Shard, sources: Iterable[str], found: Mapping[str, Verdict]) -> dict[str, Unit]:
    """Return the units that keep the states of a shard's sources."""
    made = (unit_of(shard, found.get(source, Verdict(source))) for source in sources)
    return {unit.id: unit for unit in made}


def unit_id(shard: Shard, source: str) -> str:
    """Return where a shard keeps the state of a source."""
    return f"{shard.buckets.first:04x}{sha256(f'tocsin/sources/{source}'.encode()).hexdigest()[:20]}"


def witness(shard: Shard, verdict: Verdict, records: Mapping[str, Record], at: datetime) -> Evaluated | None:
    """Return the evaluation of the source itself at the time of the pass; None if it answers, as ever."""
    unit = unit_of(shard, verdict)
    record = records.get(unit.id, NOTHING)
    if not verdict.down and not record.instances:
        return None
    sample = (Sample({}, float(verdict.waiting)),) if verdict.down else ()
    return evaluate(Work(unit, (at,), at), record, Samples((sample,)))


def known_down(shard: Shard, sources: Iterable[str], records: Mapping[str, Record]) -> set[str]:
    """Return the sources whose last pass found that they answer nothing."""
    return {
        source
        for source in sources
        if any(
            held.state in (State.PENDING, State.FIRING)
            for held in records.get(unit_id(shard, source), NOTHING).instances.values()
        )
    }


def sift(
    works: Sequence[Work], down: Set[str], probed: Collection[str], needed: Needs
) -> tuple[list[Work], list[Evaluated]]:
    """Return the works to ask, of a source that is down the first unless it is probed, and the others unasked.

    What has to be asked as a whole probes as a whole; a rule that asks nothing (it is closed) is no probe.
    """
    asked: list[Work] = []
    held: list[Evaluated] = []
    tried = set(probed)
    for cluster in clusters(works, needed):
        for work in cluster:
            if work.asks and work.unit.rule.source in down & tried:
                held.append(Evaluated(work, None, unanswered=Unanswered("its source is down", DOWN)))
            else:
                asked.append(work)
        tried.update(work.unit.rule.source for work in cluster if work.asks)
    return asked, held
