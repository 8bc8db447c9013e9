"""What the operations on shards, rules, sources, configuration and history answer, as pydantic describes it."""

from collections.abc import Mapping
from typing import Any, Literal

from typing_extensions import TypedDict  # typing's own knows pydantic only from Python 3.12 on

from tocsin.labels import Labels


class ConfigShape(TypedDict):
    """The version of the configuration that is in force."""

    version: int
    by: str
    at: str | None
    note: str


class LayoutShape(TypedDict):
    """Into how many shards rules are divided."""

    version: int
    shards: int


class RuleCountsShape(TypedDict):
    """How many rules there are, and how many in which state and of which health."""

    total: int
    paused: int
    byState: Mapping[str, int]
    byHealth: Mapping[str, int]


class GroupCountsShape(TypedDict):
    """How many groups hold an alert, how many of them are due, and how many were a minute ago already."""

    held: int
    due: int
    overdue: int


class StatusShape(TypedDict):
    """The whole at a glance."""

    now: str
    version: str
    access: str
    config: ConfigShape | None
    layout: LayoutShape
    rules: RuleCountsShape
    groups: GroupCountsShape
    worstLagSeconds: float | None


class BucketsShape(TypedDict):
    """A half-open range of buckets."""

    first: int
    end: int


class SetAsideShape(TypedDict):
    """A range of buckets that catches up by itself."""

    first: int
    end: int
    cursor: str


class LaggingShape(TypedDict):
    """A rule that is behind its shard."""

    ruleId: str
    rule: str
    cursor: str
    since: str | None
    tries: int
    nextTry: str
    suspect: bool
    quarantined: bool


class ShardShape(TypedDict):
    """A shard and how far it is; null is what one that has not begun has none of."""

    id: str
    buckets: BucketsShape
    cursor: str | None
    lagSeconds: float | None
    sequence: int | None
    lateSince: str | None
    setAside: list[SetAsideShape]
    lagging: list[LaggingShape]


class ShardsShape(TypedDict):
    """The shards of the layout in force."""

    shards: list[ShardShape]


GapShape = TypedDict(
    "GapShape", {"shard": str, "from": str, "to": str, "replayed": int, "dropped": int}
)  # `from` is a word of Python's


class GapsShape(TypedDict):
    """The stretches of ticks that were not evaluated on time, newest first."""

    gaps: list[GapShape]


class MissedAlertShape(TypedDict):
    """An alert that fired and ended before anybody was told."""

    shard: str
    rule: str
    labels: Labels
    firedAt: str
    resolvedAt: str


class MissedShape(TypedDict):
    """The alerts that nobody heard, newest first."""

    missed: list[MissedAlertShape]


class PauseShape(TypedDict):
    """Until when a rule is not evaluated, null if that has no end, and who wants so."""

    until: str | None
    by: str


class PausedShape(TypedDict):
    """A rule and whether it is paused now."""

    id: str
    key: str
    paused: PauseShape | None


class RuleShape(PausedShape):
    """A rule, what it is doing, whether it is well."""

    namespace: str
    group: str
    name: str
    kind: Literal["alert", "record"]
    expr: str
    source: str
    intervalSeconds: float
    forSeconds: float
    keepFiringForSeconds: float
    labels: Labels
    annotations: Mapping[str, str]
    state: str
    counts: Mapping[str, int]
    health: str
    lastError: str
    healthSince: str | None
    lastEvaluation: str | None
    nextEvaluation: str | None
    lagSeconds: float | None
    writtenBy: str
    writtenAt: str
    revision: int


class InstanceShape(TypedDict):
    """One series of a rule; its value is text, for it may be `NaN` or `+Inf`."""

    labels: Labels
    state: str
    activeAt: str
    firedAt: str | None
    value: str


class OneRuleShape(RuleShape):
    """A rule with its instances."""

    instances: list[InstanceShape]


class RulesShape(TypedDict):
    """Rules in the order of their keys; `next` is what to give as `after` for those that follow."""

    rules: list[RuleShape]
    next: str | None


class SourceShape(TypedDict):
    """A source; `kind` is null if rules name it and nothing that the API can see defines it."""

    name: str
    kind: str | None
    onError: str | None
    settings: Mapping[str, Any]
    rules: int
    unhealthy: int
    health: str


class SourcesShape(TypedDict):
    """The sources by their names, and which version of `sources.yml` is in force."""

    version: int
    sources: list[SourceShape]


class VersionShape(TypedDict):
    """A version of the configuration."""

    number: int
    by: str
    at: str | None
    note: str


class VersionsShape(TypedDict):
    """The versions that are kept, newest first."""

    inForce: int
    versions: list[VersionShape]


class OneVersionShape(VersionShape):
    """A version with its text, secrets masked, and the names of its template files."""

    text: str
    templates: list[str]


DiffShape = TypedDict(
    "DiffShape",
    {"from": str, "to": str, "changed": bool, "secretsChanged": bool, "diff": list[str]},
)


class RestoredShape(TypedDict):
    """The version in force now, whether it is a new one, and which it was made of."""

    version: int
    changed: bool
    restored: int


class ChangeShape(TypedDict):
    """A change: `targetCount` counts those targets too whose names are not kept."""

    id: str
    at: str
    by: str
    via: str
    what: str
    targets: list[str]
    targetCount: int
    summary: str
    before: Mapping[str, str | int | None]
    after: Mapping[str, str | int | None]


class HistoryShape(TypedDict):
    """Changes, newest first; `next` is what to give as `before` for those that follow."""

    changes: list[ChangeShape]
    next: str | None


class WhoamiShape(TypedDict):
    """Who asks, what they may do, and how they have shown who they are."""

    name: str
    scopes: list[str]
    proof: str
