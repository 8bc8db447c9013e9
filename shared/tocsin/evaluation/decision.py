"""The decision of a tick: what its answers make of HEAD and of every unit. Pure; the worker commits it.

Hand-over is a difference: between what dispatch was last told of each instance and what is. Only a recent
commit makes it, so that replay does not page about the past as if it were now.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from tocsin.alert import Alert
from tocsin.evaluation.head import Head, Lagging, Lease
from tocsin.evaluation.records import NOTHING, Record, chunk_writes
from tocsin.evaluation.redo import ChunkWrite, Gap, HandOver, HealthWrite, Redo
from tocsin.evaluation.states import Instance, settled, shift
from tocsin.evaluation.unit import RuleError, Unit, alert_of, ended, fold
from tocsin.evaluation.window import RECENT, Work, recent
from tocsin.labels import LabelSet
from tocsin.ports import Answer, Refused, Unanswered

ALWAYS_LATE = timedelta(minutes=5)
"""A shard that has been late for so long hands over all the same: late pages beat none."""
_FIRST_BACKOFF = timedelta(seconds=20)
_LONGEST_BACKOFF = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Evaluated:
    """What one piece of work came to: new instances, or a failure that leaves them as they were."""

    work: Work
    instances: Mapping[LabelSet, Instance] | None
    failure: Refused | None = None
    unanswered: bool = False


def evaluate(work: Work, record: Record, answer: Answer) -> Evaluated:
    """Return what an answer makes of a unit."""
    if isinstance(answer, Unanswered):
        return Evaluated(work, None, unanswered=True)
    before = record.instances
    if work.skipped:
        before = {labels: shift(held, work.skipped) for labels, held in before.items()}
    unchanged = before if work.skipped else None
    if isinstance(answer, Refused):
        return Evaluated(work, unchanged, answer)
    try:
        return Evaluated(work, fold(work.unit.rule, before, work.at, answer.at))
    except RuleError as error:
        return Evaluated(work, unchanged, Refused(error.reason, str(error)))


@dataclass(frozen=True, slots=True)
class Decision:
    """What to commit: the next HEAD, its REDO, the records as they will be.

    `news_until` is when the hand-overs stop being news: a commit after that is decided again.
    """

    head: Head
    redo: Redo
    records: Mapping[str, Record]
    evaluated: Sequence[Evaluated]
    news_until: datetime | None


@dataclass(frozen=True, slots=True)
class Scene:
    """What a decision is made in: who exists, what was known, up to when it goes, when it is made."""

    head: Head
    units: Mapping[str, Unit]
    records: Mapping[str, Record]
    until: datetime
    now: datetime
    config: int
    token: str
    lease: Lease | None = None
    """Somebody else's that still runs, and is left standing."""


def decide(scene: Scene, evaluated: Sequence[Evaluated], gap: Gap | None, *, whole: bool = True) -> Decision:
    """Return what a tick commits.

    `whole` is a tick of the whole shard: its cursor moves and what has lost its rule ends. Otherwise only
    the units that were evaluated are touched: those that lag are tried apart from the others.
    """
    head = scene.head
    after = dict(scene.records)
    lagging = {unit: held for unit, held in head.lagging.items() if unit in scene.units}
    health = [change for result in evaluated for change in _health(scene, result)]
    for result in evaluated:
        _take(scene, result, after, lagging)
    if whole:
        for unit in orphans(scene.records, scene.units):
            known = scene.records[unit]
            after[unit] = Record(ended(known.instances, scene.until), known.prefixes)
            health += [HealthWrite(unit, "", "", scene.now)] if known.health else []
    late_since = _late_since(head, scene) if whole else head.late_since
    placing = whole and head.config != scene.config
    handovers, news_until = _hand_over(scene, after, lagging, late_since, placing=placing)
    chunks = _chunks(scene.records, after)
    redo = Redo(scene.now, tuple(chunks), tuple(health), tuple(handovers), gap)
    seq = head.seq + 1
    committed = replace(
        head,
        seq=seq,
        token=scene.token,
        cursor=max(head.cursor, scene.until) if whole else head.cursor,
        version=head.version if redo.empty else seq,
        config=scene.config if placing and _placed(scene, late_since) else head.config,
        lagging=lagging,
        inherited=() if whole else head.inherited,
        lease=scene.lease,
        late_since=late_since,
    )
    return Decision(committed, redo, after, evaluated, news_until)


def orphans(records: Mapping[str, Record], units: Mapping[str, Unit]) -> list[str]:
    """Return the units that have instances or a health and no rule any more: deleted, paused, renamed."""
    held = (unit for unit, record in records.items() if record.instances or record.health)
    return [unit for unit in held if unit not in units]


def _take(scene: Scene, result: Evaluated, after: dict[str, Record], lagging: dict[str, Lagging]) -> None:
    unit, work = result.work.unit, result.work
    record = scene.records.get(unit.id, NOTHING)
    if result.unanswered:
        lagging[unit.id] = behind(scene.head, unit, scene.now)
    else:
        lagging.pop(unit.id, None)
        if work.until < scene.until:
            lagging[unit.id] = Lagging(work.until, 0, scene.now, revision=unit.revision)
    for change in _health(scene, result):
        record = replace(record, health=change.reason, detail=change.detail, since=change.since)
    instances = record.instances if result.instances is None else result.instances
    if instances or record.health or unit.id in after:
        after[unit.id] = replace(record, instances=instances)


def behind(head: Head, unit: Unit, now: datetime) -> Lagging:
    """Return how a unit lags that was asked once more in vain: it stays where it is and waits longer."""
    known = head.lagging.get(unit.id)
    tries = known.tries if known else 0
    wait = min(_LONGEST_BACKOFF, _FIRST_BACKOFF * 2 ** min(tries, 8))
    cursor = head.cursor_of(unit.id, unit.bucket)
    return Lagging(cursor, tries + 1, now + wait, known.suspect if known else False, revision=unit.revision)


def _health(scene: Scene, result: Evaluated) -> Iterable[HealthWrite]:
    """Yield the write of a unit's health if its reason has changed."""
    unit = result.work.unit.id
    known = scene.records.get(unit, NOTHING).health
    if not result.work.at or (result.unanswered and known):
        return
    failure = result.failure or (Refused("unanswered", "no answer in time") if result.unanswered else None)
    reason, detail = (failure.reason, failure.detail) if failure else ("", "")
    if reason != known:
        yield HealthWrite(unit, reason, detail[:500], scene.now)


def _late_since(head: Head, scene: Scene) -> datetime | None:
    """Return since when the shard has been committing late; None while it is on time."""
    return (head.late_since or scene.now) if scene.now - scene.until > RECENT else None


def _always_late(late_since: datetime | None, now: datetime) -> bool:
    return late_since is not None and now - late_since >= ALWAYS_LATE


def _placed(scene: Scene, late_since: datetime | None) -> bool:
    return scene.now - scene.until <= RECENT or _always_late(late_since, scene.now)


def _hand_over(
    scene: Scene,
    after: dict[str, Record],
    lagging: Mapping[str, Lagging],
    late_since: datetime | None,
    *,
    placing: bool,
) -> tuple[list[HandOver], datetime | None]:
    """Return what dispatch is to be told, and until when it is news; `after` is updated as if it were told."""
    forced = _always_late(late_since, scene.now)
    handovers: list[HandOver] = []
    deadlines: list[datetime] = []
    placing = placing and _placed(scene, late_since)
    for unit, record in list(after.items()):
        held_back = unit in lagging
        tell = () if held_back else tuple(held for held in record.instances.values() if held.outstanding)
        known = tuple(held for held in record.instances.values() if held.handed is not None)
        if not forced and tell:
            expires = _news(scene, unit)
            if expires is None:
                tell = ()
            else:
                deadlines.append(expires)
        if not tell and not (placing and known):
            continue
        handovers.append(_of_unit(unit, record, tell, everything=placing))
        after[unit] = replace(record, instances=_told(record.instances, tell))
    return handovers, min(deadlines, default=None)


def _news(scene: Scene, unit: str) -> datetime | None:
    if unit in scene.units:
        return recent(scene.units[unit], scene.until, scene.now)
    expires = scene.until + RECENT
    return expires if scene.now <= expires else None


def _of_unit(unit: str, record: Record, tell: Sequence[Instance], *, everything: bool) -> HandOver:
    told = {held.labels for held in tell}
    standing = [
        Alert(dict(held.labels), dict(held.annotations or {}), held.handed)
        for held in record.instances.values()
        if everything and held.handed is not None and held.labels not in told
    ]
    return HandOver(f"rule.{unit}", (*map(alert_of, tell), *standing), everything)


def _told(instances: Mapping[LabelSet, Instance], tell: Sequence[Instance]) -> dict[LabelSet, Instance]:
    """Return the instances as they are once dispatch knows: what is over and told is gone."""
    after = dict(instances)
    for held in tell:
        known = settled(replace(held, handed=held.wanted))
        if known is None:
            del after[held.labels]
        else:
            after[held.labels] = known
    return after


def _chunks(before: Mapping[str, Record], after: dict[str, Record]) -> list[ChunkWrite]:
    """Return the chunks to write; `after` learns the prefixes that there will be."""
    chunks: list[ChunkWrite] = []
    for unit, record in after.items():
        known = before.get(unit, NOTHING)
        if known.instances is record.instances or not (known.instances or record.instances):
            continue
        writes, prefixes = chunk_writes(unit, known, record.instances)
        chunks += writes
        after[unit] = replace(record, prefixes=prefixes)
    return chunks
