"""Folding: what a rule makes of its instances, timestamp by timestamp, and which samples it writes.

The rules are Prometheus' (`rules/alerting.go`, `rules/recording.go`, `rules/group.go`): labels, duplicates and
limits as there, `ALERTS` and `ALERTS_FOR_STATE` at the timestamp less the query offset, a series that is no
longer there marked stale. An error at one timestamp leaves everything as it was and the next one goes on.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from tocsin.evaluation.states import Instance, Instances, Point, State, renamed, step
from tocsin.evaluation.texts import Look, Texts, nobody, scene_of
from tocsin.evaluation.unit import ended
from tocsin.labels import Labels, LabelSet, label_set
from tocsin.ports import Sample, Written
from tocsin.rules.book import Former
from tocsin.rules.rule import Rule
from tocsin.templates.expand import expand

_LARGEST_LABELS = 64 * 1024
"""Characters: what is stored of an alert has to fit into an item, with others."""
_ACTIVE = (State.PENDING, State.FIRING)


class RuleError(Exception):
    """An evaluation has failed though its source answered; `reason` is a fixed word, the text is for people."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Episode:
    """An alert that fired and ended before dispatch was told of it."""

    labels: LabelSet
    fired_at: datetime
    resolved_at: datetime


@dataclass(frozen=True, slots=True)
class Means:
    """What a fold may use besides the samples: a look at the source, and whether anybody stores what it writes.

    `former` are the instances of the unit that this one was before its labels were edited.
    """

    look: Look = nobody
    writes: bool = False
    external_url: str = ""
    external_labels: Labels = field(default_factory=dict)
    former: Instances = field(default_factory=dict)
    was: Former | None = None


ALONE = Means()


@dataclass(frozen=True, slots=True)
class Folded:
    """What came of it; `failure` is that of the last timestamp."""

    instances: Mapping[LabelSet, Instance]
    written: tuple[Written, ...] = ()
    unheard: tuple[Episode, ...] = ()
    failure: RuleError | None = None


def fold(
    rule: Rule,
    instances: Instances,
    at: Sequence[datetime],
    answer: Sequence[Sequence[Sample]],
    means: Means = ALONE,
) -> Folded:
    """Return the instances after every timestamp in order, and what was written on the way."""
    held: Instances = instances
    written: list[Written] = []
    unheard: list[Episode] = []
    failure: RuleError | None = None
    turn = _record if rule.records else _alert
    for timestamp, samples in zip(at, answer, strict=True):
        failure = None
        try:
            after = (
                turn(rule, held, samples, timestamp, means)
                if rule.open(timestamp)
                else ended(held, timestamp)
            )
        except RuleError as error:
            failure = error
            continue
        if means.writes and not rule.records:
            written += _states(rule, held, after, timestamp)
        elif means.writes:
            written += _series(rule, held, after, timestamp)
        unheard += _unheard(held, after, timestamp)
        held = after
        if means.former:  # What is not taken over at once was over by then.
            means = replace(means, former={})
    if rule.asks and held is not instances:
        held = _settled(instances, held)
    return Folded(held, tuple(written), tuple(unheard), failure)


# -- alerts ---------------------------------------------------------------------------------------


def _alert(
    rule: Rule, before: Instances, samples: Sequence[Sample], at: datetime, means: Means
) -> Mapping[LabelSet, Instance]:
    after = step(before, points(rule, samples, at, means), at, rule, _former(rule, means))
    active = sum(held.state in _ACTIVE for held in after.values())
    if rule.limit and active > rule.limit:
        raise RuleError("limit", f"{active} alerts exceed the rule's limit of {rule.limit}")
    return after


def points(rule: Rule, samples: Sequence[Sample], at: datetime, means: Means = ALONE) -> list[Point]:
    """Return the samples as the alerts they stand for; raises RuleError if two stand for the same one."""
    found: dict[LabelSet, Point] = {}
    for sample in samples:
        labels = label_set(_alert_labels(rule, sample, at, means))
        if labels in found:
            raise RuleError("duplicate", f"two series give the same alert {dict(labels)}")
        texts = Texts(rule, sample, at, means.look, means.external_url, means.external_labels)
        found[labels] = Point(labels, sample.value, texts)
    return list(found.values())


def _alert_labels(rule: Rule, sample: Sample, at: datetime, means: Means) -> dict[str, str]:
    labels = {name: value for name, value in sample.labels.items() if name != "__name__"}
    for name, text in rule.labels.items():
        if "{{" in text:
            scene = scene_of(rule, sample, at, means.look, means.external_url, means.external_labels)
            text = expand(text, scene)
            if len(text) > _LARGEST_LABELS:
                raise RuleError("too_large", f"label {name} has more than {_LARGEST_LABELS} characters")
        labels[name] = text
    labels["alertname"] = rule.name
    if sum(map(len, labels.values())) > _LARGEST_LABELS:  # neither its group nor its chunk could hold it
        raise RuleError("too_large", f"the labels of an alert have more than {_LARGEST_LABELS} characters")
    return labels


def _former(rule: Rule, means: Means) -> Callable[[LabelSet], Instance | None]:
    """Return how to find what an alert was under the labels that its rule had before."""
    if means.was is None or not means.former:
        return lambda labels: None  # noqa: ARG005
    edited = {*rule.labels, *means.was.labels}

    def bare(labels: LabelSet) -> LabelSet:
        return tuple(pair for pair in labels if pair[0] not in edited)

    known = {bare(labels): held for labels, held in means.former.items() if held.state in _ACTIVE}

    def find(labels: LabelSet) -> Instance | None:
        held = known.get(bare(labels))
        return None if held is None else renamed(held, labels)

    return find


def _settled(before: Instances, after: Instances) -> dict[LabelSet, Instance]:
    """Return the instances with their texts expanded where they are news, those of before where they are not.

    For texts that ask the source: they cannot be expanded later.
    """
    settled: dict[LabelSet, Instance] = {}
    for labels, held in after.items():
        known = before.get(labels)
        if known is not None and not held.outstanding and held.same_but_for_value(known):
            settled[labels] = replace(held, annotations=known.annotations)
        else:
            settled[labels] = replace(held, annotations=dict(held.annotations or {}))
    return settled


def _unheard(before: Instances, after: Instances, at: datetime) -> Iterator[Episode]:
    for labels, held in before.items():
        if held.fired_at is None or held.handed == held.fired_at:
            continue
        if held.resolved_at is not None and held.resolved_at > held.fired_at:
            continue  # It was told of, and given up since.
        now = after.get(labels)
        if now is None or now.state is not State.FIRING:
            yield Episode(labels, held.fired_at, at)


# -- what is written ------------------------------------------------------------------------------


def ends(rule: Rule, instances: Instances, at: datetime) -> tuple[Written, ...]:
    """Return the ends of all that a rule wrote last, once it is gone (`rules/group.go`: a removed rule's series)."""
    marks = _series if rule.records else _states
    return tuple(marks(rule, instances, {}, at))


def _states(rule: Rule, before: Instances, after: Instances, at: datetime) -> Iterator[Written]:
    """Yield `ALERTS` and `ALERTS_FOR_STATE` of what is active, and the ends of what was before."""
    moment = at - rule.query_offset
    for labels, held in after.items():
        if held.state in _ACTIVE:
            yield Written(_alerts(labels, held.state), 1.0, moment)
            yield Written(_for_state(labels), float(int(held.active_at.timestamp())), moment)
    for labels, held in before.items():
        if held.state not in _ACTIVE:
            continue
        state = after[labels].state if labels in after else State.INACTIVE
        if state is not held.state:
            yield Written(_alerts(labels, held.state), None, moment)
        if state not in _ACTIVE:
            yield Written(_for_state(labels), None, moment)


def _alerts(labels: LabelSet, state: State) -> dict[str, str]:
    return {**dict(labels), "__name__": "ALERTS", "alertstate": state.value}


def _for_state(labels: LabelSet) -> dict[str, str]:
    return {**dict(labels), "__name__": "ALERTS_FOR_STATE"}


def _record(
    rule: Rule,
    before: Instances,
    samples: Sequence[Sample],
    at: datetime,
    means: Means,  # noqa: ARG001 - as for alerts
) -> Mapping[LabelSet, Instance]:
    after: dict[LabelSet, Instance] = {}
    for sample in samples:
        labels = label_set({**sample.labels, "__name__": rule.name, **rule.labels})
        if labels in after:
            raise RuleError("duplicate", f"two series give the same recorded series {dict(labels)}")
        known = before.get(labels) or Instance(labels, State.RECORDED, at)
        after[labels] = known.seen(sample.value, None)
    if rule.limit and len(after) > rule.limit:
        raise RuleError("limit", f"{len(after)} series exceed the rule's limit of {rule.limit}")
    return after


def _series(rule: Rule, before: Instances, after: Instances, at: datetime) -> Iterator[Written]:
    moment = at - rule.query_offset
    for labels, held in after.items():
        yield Written(dict(labels), held.value, moment)
    for labels in before.keys() - after.keys():
        yield Written(dict(labels), None, moment)
