"""A rule: what is asked, when, and what an answer means."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import Any

from tocsin.labels import Labels, format_labels

ZERO = timedelta(0)
DEFAULT_INTERVAL = timedelta(minutes=1)


class Jitter(StrEnum):
    """What a rule's offset inside its interval is taken from."""

    GROUP = "group"
    RULE = "rule"
    NEVER = "never"


@dataclass(frozen=True, slots=True)
class Rule:
    """One alerting rule with everything its evaluation needs, its group's settings included.

    Its key is its namespace, group, name and own labels: what Prometheus carries state over a reload by
    (`Group.CopyState`), and nothing that another rule's coming or going could change.
    """

    namespace: str
    group: str
    alert: str
    expr: str
    source: str = "prometheus"
    interval: timedelta = DEFAULT_INTERVAL
    query_offset: timedelta = ZERO
    hold: timedelta = ZERO
    """`for`: how long the condition must hold before it fires."""
    keep_firing_for: timedelta = ZERO
    limit: int = 0
    labels: Labels = field(default_factory=dict)
    annotations: Mapping[str, str] = field(default_factory=dict)
    jitter: Jitter = Jitter.GROUP
    plan: Mapping[str, Any] | None = None
    """The expression as its source compiled it when the rule was stored (CloudWatch)."""
    paused: bool = False

    @property
    def key(self) -> str:
        """The unit's key: `namespace/group/alert`, then the rule's own labels if it has any."""
        return f"{self.namespace}/{self.group}/{self.alert}" + (
            format_labels(self.labels) if self.labels else ""
        )


def to_document(rule: Rule) -> dict[str, Any]:
    """Return the rule as the JSON document that is stored: durations in milliseconds, defaults left out."""
    document: dict[str, Any] = {
        "namespace": rule.namespace,
        "group": rule.group,
        "alert": rule.alert,
        "expr": rule.expr,
        "source": rule.source,
        "interval_ms": rule.interval // timedelta(milliseconds=1),
    }
    for name in ("query_offset", "hold", "keep_firing_for"):
        if duration := getattr(rule, name):
            document[f"{name}_ms"] = duration // timedelta(milliseconds=1)
    for name in ("labels", "annotations", "plan"):
        if value := getattr(rule, name):
            document[name] = dict(value)
    if rule.limit:
        document["limit"] = rule.limit
    if rule.jitter is not Jitter.GROUP:
        document["jitter"] = rule.jitter.value
    return document


def from_document(document: Mapping[str, Any], *, paused: bool = False) -> Rule:
    """Return the rule that `to_document` wrote."""

    def duration(name: str) -> timedelta:
        return timedelta(milliseconds=document.get(f"{name}_ms", 0))

    return Rule(
        namespace=document["namespace"],
        group=document["group"],
        alert=document["alert"],
        expr=document["expr"],
        source=document["source"],
        interval=duration("interval"),
        query_offset=duration("query_offset"),
        hold=duration("hold"),
        keep_firing_for=duration("keep_firing_for"),
        limit=document.get("limit", 0),
        labels=document.get("labels", {}),
        annotations=document.get("annotations", {}),
        jitter=Jitter(document.get("jitter", Jitter.GROUP)),
        plan=document.get("plan"),
        paused=paused,
    )
