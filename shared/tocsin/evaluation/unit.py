"""One unit of work: a rule where it lives, when it is due, what it asks, what dispatch is told of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from tocsin.alert import Alert
from tocsin.evaluation.states import Instance, end
from tocsin.labels import Labels, LabelSet
from tocsin.ports import Query
from tocsin.rules.book import Former
from tocsin.rules.rule import Jitter, Rule
from tocsin.schedule.buckets import bucket, offset
from tocsin.templates.functions import link


@dataclass(frozen=True, slots=True)
class Unit:
    """A rule where it lives: its id, its bucket, its offset inside the interval, the revision of its row."""

    id: str
    rule: Rule
    bucket: int
    offset: timedelta
    revision: int = 0
    former: Former | None = None
    """The unit that it was before its labels were edited, whose alerts it takes over."""


def unit_of(unit: str, rule: Rule, revision: int = 0, former: Former | None = None) -> Unit:
    """Return the unit that evaluates a rule."""
    return Unit(unit, rule, bucket(unit), offset(rule.interval, _spread_by(rule)), revision, former)


def _spread_by(rule: Rule) -> Labels:
    """Return what the offset is taken from: the labels Grafana hashes, the rule's key standing for its uid."""
    group = {"name": rule.group, "file": rule.namespace, "orgId": "1"}
    return group | {"uid": rule.key} if rule.jitter is Jitter.RULE else group


def spread(unit: Unit) -> timedelta:
    """Return the unit's offset, none if its rule wants no jitter."""
    return timedelta(0) if unit.rule.jitter is Jitter.NEVER else unit.offset


def query(rule: Rule, at: Sequence[datetime]) -> Query:
    """Return what to ask for some timestamps: each looks `query_offset` into the past."""
    shifted = tuple(timestamp - rule.query_offset for timestamp in at)
    return Query(rule.expr, shifted, rule.interval.total_seconds(), rule.plan, rule.singly)


def ended(instances: Mapping[LabelSet, Instance], at: datetime) -> dict[LabelSet, Instance]:
    """Return the instances of a rule that is deleted or paused: all over, those told of still to be resolved."""
    left = ((labels, end(instance, at)) for labels, instance in instances.items())
    return {labels: instance for labels, instance in left if instance is not None}


def generator_url(unit: Unit | None, external_url: str) -> str:
    """Return the link to what an alert comes from, as Prometheus writes it; empty if nothing is known of that."""
    if unit is None or not external_url or not unit.rule.expr:
        return ""
    return external_url.rstrip("/") + link(unit.rule.expr, 1)


def alert_of(instance: Instance, url: str = "") -> Alert:
    """Return what dispatch is told of an instance: that it fires, or that what it was told of has ended."""
    labels, annotations = dict(instance.labels), dict(instance.annotations or {})
    if instance.fired_at is not None:
        return Alert(labels, annotations, instance.fired_at, generator_url=url)
    began = instance.handed or instance.active_at
    return Alert(labels, annotations, began, instance.resolved_at or began, url)
