"""One unit of work: its timestamps, its samples, and what it makes of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from tocsin.alert import Alert
from tocsin.evaluation.states import Instance, Point, State, end, step
from tocsin.labels import Labels, LabelSet, label_set
from tocsin.ports import Query, Sample
from tocsin.rules.rule import Jitter, Rule
from tocsin.schedule.buckets import bucket, offset
from tocsin.templates.expand import expand

_LARGEST_ALERT = 64 * 1024
"""Characters of labels and annotations: what is stored of an alert has to fit into an item, with others."""


@dataclass(frozen=True, slots=True)
class Unit:
    """A rule where it lives: its id, its bucket, its offset inside the interval, the revision of its row."""

    id: str
    rule: Rule
    bucket: int
    offset: timedelta
    revision: int = 0


class RuleError(Exception):
    """An evaluation has failed though its source answered; `reason` is a fixed word, the text is for people."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason


def unit_of(unit: str, rule: Rule, revision: int = 0) -> Unit:
    """Return the unit that evaluates a rule."""
    return Unit(unit, rule, bucket(unit), offset(rule.interval, _spread_by(rule)), revision)


def _spread_by(rule: Rule) -> Labels:
    """Return what the offset is taken from: the labels Grafana hashes, the rule's key standing for its uid."""
    group = {"name": rule.group, "file": rule.namespace, "orgId": "1"}
    return group | {"uid": rule.key} if rule.jitter is Jitter.RULE else group


def spread(unit: Unit) -> timedelta:
    """Return the unit's offset, none if its rule wants no jitter."""
    return timedelta(0) if unit.rule.jitter is Jitter.NEVER else unit.offset


def query(unit: Unit, at: Sequence[datetime]) -> Query:
    """Return what to ask for some timestamps: each looks `query_offset` into the past."""
    rule = unit.rule
    shifted = tuple(timestamp - rule.query_offset for timestamp in at)
    return Query(rule.expr, shifted, rule.interval.total_seconds(), rule.plan)


def fold(
    rule: Rule,
    instances: Mapping[LabelSet, Instance],
    at: Sequence[datetime],
    answer: Sequence[Sequence[Sample]],
) -> dict[LabelSet, Instance]:
    """Return the instances after every timestamp in order; raises RuleError and then nothing has changed."""
    after = dict(instances)
    for timestamp, samples in zip(at, answer, strict=True):
        after = step(after, points(rule, samples), timestamp, rule)
        active = sum(instance.state is not State.INACTIVE for instance in after.values())
        if rule.limit and active > rule.limit:
            raise RuleError("limit", f"{active} alerts exceed the rule's limit of {rule.limit}")
    return after


def points(rule: Rule, samples: Sequence[Sample]) -> list[Point]:
    """Return the samples as the alerts they stand for; raises RuleError if two stand for the same one."""
    found: dict[LabelSet, Point] = {}
    for sample in samples:
        labels = label_set(_alert_labels(rule, sample))
        if labels in found:
            raise RuleError("duplicate", f"two series give the same alert {dict(labels)}")
        texts = {name: expand(text, sample.labels, sample.value) for name, text in rule.annotations.items()}
        found[labels] = Point(labels, sample.value, texts)
        if _length(labels, texts) > _LARGEST_ALERT:
            raise RuleError("too_large", f"an alert has more than {_LARGEST_ALERT} characters of text")
    return list(found.values())


def _length(labels: LabelSet, texts: Mapping[str, str]) -> int:
    return sum(len(name) + len(text) for name, text in (*labels, *texts.items()))


def _alert_labels(rule: Rule, sample: Sample) -> dict[str, str]:
    labels = {name: value for name, value in sample.labels.items() if name != "__name__"}
    for name, text in rule.labels.items():
        labels[name] = expand(text, sample.labels, sample.value)
    labels["alertname"] = rule.alert
    return labels


def ended(instances: Mapping[LabelSet, Instance], at: datetime) -> dict[LabelSet, Instance]:
    """Return the instances of a rule that is deleted or paused: all over, those told of still to be resolved."""
    left = ((labels, end(instance, at)) for labels, instance in instances.items())
    return {labels: instance for labels, instance in left if instance is not None}


def alert_of(instance: Instance) -> Alert:
    """Return what dispatch is told of an instance: that it fires, or that what it was told of has ended."""
    labels, annotations = dict(instance.labels), dict(instance.annotations or {})
    if instance.fired_at is not None:
        return Alert(labels, annotations, instance.fired_at)
    began = instance.handed or instance.active_at
    return Alert(labels, annotations, began, instance.resolved_at or began)
