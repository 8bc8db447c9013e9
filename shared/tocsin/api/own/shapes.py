"""What the operations on groups, receivers and notifications answer, as pydantic describes it and mypy checks it."""

from collections.abc import Mapping
from typing import Literal

from typing_extensions import TypedDict  # typing's own knows pydantic only from Python 3.12 on

from tocsin.labels import Labels


class NotificationShape(TypedDict):
    """One line of a timeline: so many tries of one notification that ended alike."""

    id: str
    number: int
    groupId: str
    groupKey: str
    groupLabels: Labels
    receiver: str
    integration: str
    integrationName: str
    reason: str
    outcome: str
    final: bool
    detail: str
    decidedAt: str
    at: str
    firing: int
    resolved: int
    tries: int


class TimelineShape(TypedDict):
    """Lines, the newest first."""

    notifications: list[NotificationShape]


class NotificationsShape(TimelineShape):
    """A part of all lines that are asked for, which are `total`."""

    total: int


class SilenceShape(TypedDict):
    """A silence that mutes an alert."""

    id: str
    comment: str
    createdBy: str
    endsAt: str
    matchers: list[str]


class InhibitingShape(TypedDict):
    """The alert that inhibits another, and the rule by which it does."""

    fingerprint: str
    labels: Labels
    rule: str
    source: list[str]
    equal: list[str]
    until: str | None


class IntervalShape(TypedDict):
    """A time interval by which a route is mute now."""

    name: str
    kind: str
    until: str | None


class MutedShape(TypedDict):
    """All that mutes an alert now."""

    silences: list[SilenceShape]
    inhibitedBy: list[InhibitingShape]
    timeIntervals: list[IntervalShape]


class AlertShape(TypedDict):
    """An alert in its group."""

    fingerprint: str
    labels: Labels
    annotations: Mapping[str, str]
    startsAt: str
    endsAt: str | None
    updatedAt: str | None
    generatorUrl: str
    state: Literal["active", "suppressed", "resolved"]
    muted: MutedShape


class GroupShape(TypedDict):
    """A group: whom it tells, when it is due, what it holds."""

    id: str
    key: str
    labels: Labels
    receiver: str
    routeId: str
    due: str | None
    nextFlush: str | None
    claimed: bool
    groupIntervalSeconds: float
    notifiedAt: str | None
    retryAt: str | None
    alerts: list[AlertShape]


class GroupsShape(TypedDict):
    """A part of all groups that hold something, which are `total`."""

    at: str
    total: int
    groups: list[GroupShape]


class RetryShape(TypedDict):
    """A notification that is being told, or is told again at `retryAt`."""

    groupId: str
    groupKey: str
    groupLabels: Labels
    number: int
    tries: int
    retryAt: str | None


class IntegrationShape(TypedDict):
    """An integration and what it last answered."""

    integration: str
    index: int
    integrationName: str
    sendResolved: bool
    lastDelivery: NotificationShape | None
    lastFailure: NotificationShape | None
    failing: bool
    retrying: list[RetryShape]


class ReceiverShape(TypedDict):
    """A receiver."""

    name: str
    labels: Labels
    integrations: list[IntegrationShape]


class ReceiversShape(TypedDict):
    """The receivers in the order of the configuration."""

    receivers: list[ReceiverShape]


class ExplainedRouteShape(TypedDict):
    """What one route does with an alert, and why."""

    routeId: str
    routeKey: str
    path: list[str]
    receiver: str
    integrations: list[str]
    groupBy: list[str] | None
    groupLabels: Labels
    groupId: str
    groupKey: str
    groupWaitSeconds: float
    groupIntervalSeconds: float
    repeatIntervalSeconds: float
    held: bool
    due: str | None
    muted: MutedShape
    verdict: str
    explanation: str
    notifications: list[NotificationShape]


class ExplanationShape(TypedDict):
    """What becomes of an alert with these labels now."""

    labels: Labels
    fingerprint: str
    at: str
    muted: MutedShape
    routes: list[ExplainedRouteShape]
