"""The decision of a tick: what its answers make of HEAD and of every unit. Pure; the worker commits it."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from tocsin.evaluation.chain import LATE, WAITS
from tocsin.evaluation.evaluated import Evaluated
from tocsin.evaluation.handover import digest, hand_over, placed
from tocsin.evaluation.head import Head, Lagging, Stretch
from tocsin.evaluation.outage import DOWN
from tocsin.evaluation.records import NOTHING, Record, chunk_writes
from tocsin.evaluation.redo import ChunkWrite, Gap, HealthWrite, Missed, Redo
from tocsin.evaluation.scene import Scene
from tocsin.evaluation.unit import Unit, ended
from tocsin.evaluation.window import RECENT, far

_FIRST_BACKOFF = timedelta(seconds=20)
_LONGEST_BACKOFF = timedelta(minutes=5)


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


def decide(scene: Scene, evaluated: Sequence[Evaluated], gap: Gap | None, *, whole: bool = True) -> Decision:
    """Return what a tick commits.

    `whole` is a tick of the whole shard: its cursor moves and what has lost its rule ends. Otherwise only
    the units that were evaluated are touched: those that lag are tried apart from the others.
    """
    head = scene.head
    after = dict(scene.records)
    lagging = {
        unit: replace(held, until=scene.now, tries=0) if _released(scene, unit, held) else held
        for unit, held in head.lagging.items()
        if unit in scene.units
    }
    health = [change for result in evaluated for change in _health(scene, result)]
    for result in evaluated:
        _take(scene, result, after, lagging)
    for unit in orphans(scene.records, scene.units, evaluated, whole=whole):
        known = scene.records[unit]
        after[unit] = Record(ended(known.instances, scene.until), known.prefixes)
        health += [HealthWrite(unit, "", "", scene.now)] if known.health else []
    late_since = _late_since(head, scene) if whole else head.late_since
    placing = whole and head.config != scene.config
    handovers, news_until = hand_over(scene, after, lagging, late_since, placing=placing)
    chunks = _chunks(scene.records, after)
    missed = tuple(
        Missed(result.work.unit.rule.key, result.unheard) for result in evaluated if result.unheard
    )
    if missed and scene.digest:
        handovers.append(digest(head.shard, missed, scene.now))
    redo = Redo(scene.now, tuple(chunks), tuple(health), tuple(handovers), gap, missed)
    seq = head.seq + 1
    committed = replace(
        head,
        seq=seq,
        token=scene.token,
        cursor=max(head.cursor, scene.until) if whole else head.cursor,
        version=head.version if redo.empty else seq,
        config=scene.config if placing and placed(scene, late_since) else head.config,
        lagging=lagging,
        stretches=_stretches(scene, whole=whole),
        lease=scene.lease,
        late_since=late_since,
    )
    return Decision(committed, redo, after, evaluated, news_until)


def _stretches(scene: Scene, *, whole: bool) -> tuple[Stretch, ...]:
    if scene.stretches is not None:
        return scene.stretches
    held = scene.head.stretches
    return tuple(piece for piece in held if far(piece.cursor, scene.until)) if whole else held


def _released(scene: Scene, unit: str, held: Lagging) -> bool:
    return not held.suspect and scene.units[unit].rule.source in scene.back


def orphans(
    records: Mapping[str, Record],
    units: Mapping[str, Unit],
    evaluated: Sequence[Evaluated] = (),
    *,
    whole: bool = True,
) -> list[str]:
    """Return the units that have instances or a health and no rule any more: deleted, paused, renamed.

    One whose rule was relabelled stays until the unit that takes over its alerts has been evaluated; if the
    shard is not `whole`, it is the only one that ends.
    """
    heirs = {unit.id: unit.former.unit for unit in units.values() if unit.former}
    succeeded = {result.work.unit.id for result in evaluated if result.instances is not None}
    awaited = {former for heir, former in heirs.items() if not (heir in succeeded or _held(records, heir))}
    taken_over = {former for heir, former in heirs.items() if heir in succeeded}
    held = (unit for unit, record in records.items() if record.instances or record.health)
    return [
        unit for unit in held if unit not in units and unit not in awaited and (whole or unit in taken_over)
    ]


def _held(records: Mapping[str, Record], unit: str) -> bool:
    return unit in records and bool(records[unit].instances)


def _take(scene: Scene, result: Evaluated, after: dict[str, Record], lagging: dict[str, Lagging]) -> None:
    unit, work = result.work.unit, result.work
    record = scene.records.get(unit.id, NOTHING)
    if result.unanswered:
        lagging[unit.id] = behind(scene.head, unit, scene.now, result.unanswered.reason, down=scene.down)
    else:
        known = lagging.pop(unit.id, None)
        if work.until < scene.until:
            tries = max(0, known.tries - 1) if known else 0  # Twice as much as was answered this time.
            lagging[unit.id] = Lagging(work.until, tries, scene.now, revision=unit.revision)
    for change in _health(scene, result):
        record = replace(record, health=change.reason, detail=change.detail, since=change.since)
    instances = record.instances if result.instances is None else result.instances
    if instances or record.health or unit.id in after:
        after[unit.id] = replace(record, instances=instances)


def behind(head: Head, unit: Unit, now: datetime, reason: str = "", *, down: Collection[str] = ()) -> Lagging:
    """Return how a unit lags that was not answered for a reason: it stays where it is and waits longer each time.

    One that was not asked, for it waits for another or for its source, is due as soon as that is back; one that
    asked for too much is due at once. A source that is down is asked as often as its rules are due.
    """
    known = head.lagging.get(unit.id) or Lagging(head.cursor_of(unit.id, unit.bucket), 0, now)
    asked = reason not in (WAITS, DOWN, LATE)
    longest = max(_FIRST_BACKOFF, unit.rule.interval) if unit.rule.source in down else _LONGEST_BACKOFF
    wait = min(longest, _LONGEST_BACKOFF, _FIRST_BACKOFF * 2 ** min(known.tries, 8))
    return replace(
        known,
        tries=known.tries + asked,
        until=now + wait if asked and reason != "too_large" else now,
        quarantined=False,
        revision=unit.revision,
        since=known.since or now,
    )


def _health(scene: Scene, result: Evaluated) -> Iterable[HealthWrite]:
    """Yield the write of a unit's health if its reason has changed."""
    unit = result.work.unit.id
    record = scene.records.get(unit, NOTHING)
    known = record.health
    silence = result.unanswered
    unasked = silence is not None and silence.reason in (DOWN, LATE)
    if not result.work.at or (silence and (known or unasked or result.work.unit.rule.source in scene.down)):
        return
    failure = result.failure or result.unanswered
    reason, detail = (failure.reason, failure.detail or "no answer in time") if failure else ("", "")
    if reason != known:
        since = record.since if known and reason else None  # It is as long unwell as it was, of whatever.
        yield HealthWrite(unit, reason, detail[:500], since or scene.now)


def _late_since(head: Head, scene: Scene) -> datetime | None:
    """Return since when the shard has been committing late; None while it is on time."""
    return (head.late_since or scene.now) if scene.now - scene.until > RECENT else None


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
