"""Hand-over: what dispatch is told, as the difference between what it was told last and what is.

Only a recent commit makes it, so that replay does not page about the past as if it were now; a shard that is
always late makes it all the same. What a failing rule fires is held for a while, then told as ended.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from tocsin.alert import Alert
from tocsin.evaluation.dialect import PROMETHEUS
from tocsin.evaluation.head import Lagging
from tocsin.evaluation.records import Record
from tocsin.evaluation.redo import HandOver, Missed
from tocsin.evaluation.scene import Scene
from tocsin.evaluation.states import Instance, settled
from tocsin.evaluation.unit import alert_of, generator_url
from tocsin.evaluation.window import RECENT, far, recent
from tocsin.labels import LabelSet, format_labels
from tocsin.ports import HOLD

ALWAYS_LATE = timedelta(minutes=5)
"""A shard that has been late for so long hands over all the same: late pages beat none."""
FIRED_WHILE_LATE = "FiredWhileLate"
_DIGEST_LIFE = timedelta(minutes=5)
_MOST_TOLD = 50
_ANSWERED = ("duplicate", "limit")
"""Failures with an answer behind them: what fires goes on, for it is there and more than there should be."""


def _always_late(late_since: datetime | None, now: datetime) -> bool:
    return late_since is not None and now - late_since >= ALWAYS_LATE


def placed(scene: Scene, late_since: datetime | None) -> bool:
    """Tell whether a commit is recent enough to place alerts anew after a change of the configuration."""
    return scene.now - scene.until <= RECENT or _always_late(late_since, scene.now)


def hand_over(
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
    placing = placing and placed(scene, late_since)
    for unit, record in list(after.items()):
        if _given_up(scene, unit, record, lagging):
            after[unit], given_up = _withdrawn(unit, record, scene.now)
            handovers += given_up
            continue
        held_back = unit in lagging or _aside(scene, unit)
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
        url = generator_url(scene.units.get(unit), scene.external_url)
        handovers.append(_of_unit(unit, record, tell, url, everything=placing))
        after[unit] = replace(record, instances=_told(record.instances, tell))
    return handovers, min(deadlines, default=None)


def _aside(scene: Scene, unit: str) -> bool:
    """Tell whether a unit is set aside and has not caught up yet."""
    stretches = scene.head.stretches if scene.stretches is None else scene.stretches
    if not stretches or unit not in scene.units:
        return False
    bucket = scene.units[unit].bucket
    return any(bucket in piece.buckets for piece in stretches if far(piece.cursor, scene.until))


def _given_up(scene: Scene, unit: str, record: Record, lagging: Mapping[str, Lagging]) -> bool:
    """Tell whether a unit has not been evaluated for longer than what fires of it is held."""
    failing = record.health not in ("", *_ANSWERED)
    since = lagging[unit].since if unit in lagging else record.since if failing else None
    if since is None or unit not in scene.units or not record.instances:
        return False
    rule = scene.units[unit].rule
    bound = scene.holds.get(rule.source, HOLD)
    return scene.now - since > (PROMETHEUS.validity(rule.interval) if bound is None else bound)


def _withdrawn(unit: str, record: Record, now: datetime) -> tuple[Record, list[HandOver]]:
    """Return a unit's record once dispatch is told that nothing of it fires; its alerts go on as they were."""
    told = [held for held in record.instances.values() if held.handed is not None]
    if not told:
        return record, []
    ends = tuple(
        Alert(dict(held.labels), dict(held.annotations or {}), held.handed or now, now) for held in told
    )
    after = dict(record.instances)
    for held in told:
        known = settled(replace(held, handed=None, resolved_at=now))
        after.pop(held.labels) if known is None else after.update({held.labels: known})
    return replace(record, instances=after), [HandOver(f"rule.{unit}", ends)]


def digest(shard: str, missed: Sequence[Missed], now: datetime) -> HandOver:
    """Return the one alert that tells of those that fired and ended before anybody could be told."""
    told = [
        f"{format_labels(dict(episode.labels))} from {episode.fired_at:%H:%M:%S} to {episode.resolved_at:%H:%M:%S}"
        for rule in missed
        for episode in rule.episodes
    ]
    more = [f"and {len(told) - _MOST_TOLD} more"] if len(told) > _MOST_TOLD else []
    labels = {"alertname": FIRED_WHILE_LATE, "shard": shard}
    texts = {
        "summary": f"{len(told)} alerts fired and ended before anybody could be told",
        "description": "\n".join(told[:_MOST_TOLD] + more),
    }
    return HandOver(f"digest.{shard}", (Alert(labels, texts, now, now + _DIGEST_LIFE),))


def _news(scene: Scene, unit: str) -> datetime | None:
    if unit in scene.units:
        return recent(scene.units[unit], scene.until, scene.now)
    expires = scene.until + RECENT
    return expires if scene.now <= expires else None


def _of_unit(unit: str, record: Record, tell: Sequence[Instance], url: str, *, everything: bool) -> HandOver:
    told = {held.labels for held in tell}
    standing = [
        Alert(dict(held.labels), dict(held.annotations or {}), held.handed, generator_url=url)
        for held in record.instances.values()
        if everything and held.handed is not None and held.labels not in told
    ]
    return HandOver(f"rule.{unit}", (*(alert_of(held, url) for held in tell), *standing), everything)


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
