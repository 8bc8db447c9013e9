"""The state machine of an alerting rule: what one evaluation makes of one series.

The rules are Prometheus' (`rules/alerting.go`, AlertingRule.Eval): present means pending and, once held for
`for`, firing; absent means gone, a firing one only after `keep_firing_for`. State is a function of timestamps,
never of counts, so evaluating a timestamp twice from the same state leaves the same state.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from tocsin.labels import LabelSet
from tocsin.rules.rule import GapPolicy, Rule


class State(StrEnum):
    """Where an instance of a rule stands."""

    PENDING = "pending"
    FIRING = "firing"
    INACTIVE = "inactive"
    RECORDED = "recorded"
    """A series that a recording rule wrote last: known, so that its end can be marked."""


@dataclass(frozen=True, slots=True)
class Instance:
    """One label set of one rule.

    `handed` is the activation (`fired_at`) that dispatch was last told of as firing, None if it was told of
    none or of its end: hand-over is the difference between this and what is.
    """

    labels: LabelSet
    state: State
    active_at: datetime
    fired_at: datetime | None = None
    resolved_at: datetime | None = None
    keep_firing_since: datetime | None = None
    handed: datetime | None = None
    value: float = 0.0
    annotations: Mapping[str, str] | None = None

    @property
    def wanted(self) -> datetime | None:
        """The activation that dispatch should know of as firing."""
        return self.fired_at if self.state is State.FIRING else None

    @property
    def outstanding(self) -> bool:
        """Whether dispatch has yet to be told something."""
        return self.handed != self.wanted

    def same_but_for_value(self, other: "Instance") -> bool:
        """Tell whether nothing changed that is worth a write: a value and its texts ride on the next change."""
        return self._lasting() == other._lasting()

    def seen(self, value: float, annotations: Mapping[str, str] | None) -> "Instance":
        """Return the instance, present with a value: much cheaper than `replace`, and by far the most frequent."""
        return Instance(
            self.labels,
            self.state,
            self.active_at,
            self.fired_at,
            self.resolved_at,
            None,
            self.handed,
            value,
            annotations,
        )

    def _lasting(self) -> tuple[object, ...]:
        times = (self.active_at, self.fired_at, self.resolved_at, self.keep_firing_since, self.handed)
        return (self.labels, self.state, *times)


@dataclass(frozen=True, slots=True)
class Point:
    """A series that is present: its alert's labels, its value, and the texts for people."""

    labels: LabelSet
    value: float
    annotations: Mapping[str, str]


Instances = Mapping[LabelSet, Instance]


def step(
    instances: Instances,
    points: Iterable[Point],
    at: datetime,
    rule: Rule,
    former: Callable[[LabelSet], Instance | None] = lambda labels: None,  # noqa: ARG005
) -> dict[LabelSet, Instance]:
    """Return the instances after the evaluation at `at`; those with nothing left to say are gone.

    `former` tells for an alert without an instance which one it was before its rule's labels were edited.
    """
    after = {
        point.labels: present(instances.get(point.labels) or former(point.labels), point, at, rule)
        for point in points
    }
    for labels, instance in instances.items():
        if labels not in after and (left := absent(instance, at, rule.keep_firing_for)) is not None:
            after[labels] = left
    return after


def present(before: Instance | None, point: Point, at: datetime, rule: Rule) -> Instance:
    """Return what a series that is present becomes."""
    if before is None:
        return _active(point, at, at, rule.hold)
    if before.state is State.INACTIVE:
        # What was handed over of an earlier activation stays on the books until its end is handed over.
        return _active(point, at, at, rule.hold, before.resolved_at, before.handed)
    if before.state is State.FIRING and at - before.active_at >= rule.hold:
        return before.seen(point.value, point.annotations)
    # Pending; or `for` was raised above the time it has been active: back to pending.
    ended = at if before.state is State.FIRING else before.resolved_at
    return _active(point, before.active_at, at, rule.hold, ended, before.handed)


def _active(
    point: Point,
    since: datetime,
    at: datetime,
    hold: timedelta,
    resolved_at: datetime | None = None,
    handed: datetime | None = None,
) -> Instance:
    """Return an alert that has been active since some time: pending, or firing if that is long enough."""
    held = at - since >= hold
    state, fired_at = (State.FIRING, at) if held else (State.PENDING, None)
    return Instance(
        point.labels, state, since, fired_at, resolved_at, None, handed, point.value, point.annotations
    )


def absent(before: Instance, at: datetime, keep_firing_for: timedelta) -> Instance | None:
    """Return what a series that is absent becomes; None if there is nothing left to say about it."""
    if before.state is State.FIRING:
        if keep_firing_for:
            since = before.keep_firing_since or at
            if at - since < keep_firing_for:
                return replace(before, keep_firing_since=since)
        return end(before, at)
    return end(before, at) if before.state is State.PENDING else settled(before)


def end(before: Instance, at: datetime) -> Instance | None:
    """Return the instance ended at `at`: by absence, by its rule's deletion or pause."""
    if before.state is State.FIRING:
        ended = replace(before, state=State.INACTIVE, fired_at=None, resolved_at=at, keep_firing_since=None)
        return settled(ended)
    return settled(replace(before, state=State.INACTIVE, fired_at=None))


def settled(instance: Instance) -> Instance | None:
    """Return the instance, or None if it is over and dispatch knows: what is owed keeps it alive."""
    return None if instance.state is State.INACTIVE and instance.handed is None else instance


def renamed(instance: Instance, labels: LabelSet) -> Instance:
    """Return what an instance is under other labels: as old as it was, and nobody has been told of it."""
    since = instance.active_at
    return Instance(labels, State.PENDING, since)


def pass_over(instance: Instance, gap: timedelta, policy: GapPolicy) -> Instance:
    """Return the instance after an unobserved `gap`, which counts for the clocks that the policy says."""
    if policy is GapPolicy.COUNT:
        return instance
    if instance.state is State.PENDING and policy is GapPolicy.SHIFT:
        return replace(instance, active_at=instance.active_at + gap)
    if instance.keep_firing_since is not None:
        return replace(instance, keep_firing_since=instance.keep_firing_since + gap)
    return instance
