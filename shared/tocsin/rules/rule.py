"""A rule: what is asked, when, and what an answer means."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cached_property
from typing import Any

from tocsin import timeintervals
from tocsin.instants import instant, millis
from tocsin.labels import Labels, format_labels
from tocsin.schedule.buckets import unit_id
from tocsin.timeintervals import TimeInterval

ZERO = timedelta(0)
DEFAULT_INTERVAL = timedelta(minutes=1)
ANY_NUMBER = 1 << 16
_MILLISECOND = timedelta(milliseconds=1)


class Kind(StrEnum):
    """What a rule makes of an answer: alerts, or series that it records."""

    ALERT = "alert"
    RECORD = "record"


class Jitter(StrEnum):
    """What a rule's offset inside its interval is taken from."""

    GROUP = "group"
    RULE = "rule"
    NEVER = "never"


class GapPolicy(StrEnum):
    """What time that was never evaluated, and never will be, does to the clocks of an alert.

    `shift`: it counts for none (as Prometheus restores `for` after a restart). `hold`: it counts as time a
    pending alert has been active, not as time a firing one was absent. `count`: it counts for both.
    """

    SHIFT = "shift"
    HOLD = "hold"
    COUNT = "count"


@dataclass(frozen=True)
class Rule:
    """One rule with everything its evaluation needs, its group's settings included.

    Its key is its namespace, group, name and own labels: what Prometheus carries state over a reload by
    (`Group.CopyState`), and nothing that another rule's coming or going could change.
    """

    namespace: str
    group: str
    name: str
    """The alert's name, or that of the series that is recorded."""
    expr: str
    kind: Kind = Kind.ALERT
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
    gap: GapPolicy = GapPolicy.SHIFT
    windows: tuple[TimeInterval, ...] = ()
    """When it is evaluated; always if there are none. Outside them its alerts end."""
    plan: Mapping[str, Any] | None = None
    """The expression as its source compiled it when the rule was stored (CloudWatch)."""
    reads: tuple[str, ...] | None = ()
    """The names of the series that it reads; None if an expression does not tell them (`{job="x"}`)."""
    singly: bool = False
    """A range query would answer something else than one query a timestamp (`@ start()`)."""
    position: int = 0
    """Its place in its group: rules that read what others record are evaluated in this order."""
    ordinal: int = 1
    """Counts the rules of one group with the same name and labels, which Prometheus allows."""

    @property
    def records(self) -> bool:
        """Whether it is a recording rule."""
        return self.kind is Kind.RECORD

    @property
    def group_key(self) -> str:
        """The key of its group: what decides the shard, so that a group is evaluated in one place."""
        return f"{self.namespace}/{self.group}"

    @cached_property
    def key(self) -> str:
        """The unit's key: `namespace/group/name`, then the rule's own labels if it has any."""
        name = f"record:{self.name}" if self.records else self.name
        labels = format_labels(self.labels) if self.labels else ""
        return f"{self.group_key}/{name}{labels}" + (f"#{self.ordinal}" if self.ordinal > 1 else "")

    @cached_property
    def id(self) -> str:
        """The unit's id, from its group's and its own key."""
        return unit_id(self.group_key, self.key)

    @cached_property
    def asks(self) -> bool:
        """Whether an annotation asks the source something itself (`query`): it cannot be expanded later."""
        return any("query" in text for text in self.annotations.values())

    @property
    def replayable(self) -> bool:
        """Whether its source can be asked about the past."""
        return self.plan is None or bool(self.plan.get("replayable", True))

    @property
    def chunk(self) -> int:
        """How many timestamps one answer is asked to hold at most: few where each costs a call."""
        return ANY_NUMBER if self.plan is None else int(self.plan.get("chunk", ANY_NUMBER))

    def open(self, at: datetime) -> bool:
        """Tell whether the rule is evaluated at `at`."""
        return not self.windows or any(window.contains(at) for window in self.windows)


_DURATIONS = ("query_offset", "hold", "keep_firing_for")
_MAPPINGS = ("labels", "annotations", "plan")
_PLAIN = ("limit", "singly", "position", "ordinal")
_WORDS = {"kind": Kind, "jitter": Jitter, "gap": GapPolicy}


def to_document(rule: Rule) -> dict[str, Any]:
    """Return the rule as the JSON document that is stored: durations in milliseconds, defaults left out."""
    document: dict[str, Any] = {
        "namespace": rule.namespace,
        "group": rule.group,
        "name": rule.name,
        "expr": rule.expr,
        "source": rule.source,
        "interval_ms": rule.interval // _MILLISECOND,
    }
    document |= {
        f"{name}_ms": getattr(rule, name) // _MILLISECOND for name in _DURATIONS if getattr(rule, name)
    }
    document |= {name: dict(value) for name in _MAPPINGS if (value := getattr(rule, name))}
    document |= {name: getattr(rule, name) for name in _PLAIN if getattr(rule, name) != _DEFAULTS[name]}
    document |= {name: getattr(rule, name).value for name in _WORDS if getattr(rule, name) != _DEFAULTS[name]}
    if rule.windows:
        document["windows"] = [timeintervals.to_document(window) for window in rule.windows]
    if rule.reads != ():
        document["reads"] = None if rule.reads is None else list(rule.reads)
    return document


def from_document(document: Mapping[str, Any]) -> Rule:
    """Return the rule that `to_document` wrote."""
    plain = ("namespace", "group", "name", "expr", "source", *_MAPPINGS, *_PLAIN)
    fields: dict[str, Any] = {name: document[name] for name in plain if name in document}
    fields |= {
        name: timedelta(milliseconds=document[f"{name}_ms"])
        for name in ("interval", *_DURATIONS)
        if f"{name}_ms" in document
    }
    fields |= {name: word(document[name]) for name, word in _WORDS.items() if name in document}
    if "reads" in document:
        fields["reads"] = None if document["reads"] is None else tuple(document["reads"])
    windows = tuple(map(timeintervals.from_document, document.get("windows", ())))
    return Rule(**fields, windows=windows)


_DEFAULTS = {name: getattr(Rule, name) for name in (*_PLAIN, *_WORDS)}


@dataclass(frozen=True, slots=True)
class Pause:
    """A rule is not evaluated, for ever or until a time; what fires of it ends."""

    until: datetime | None = None
    by: str = field(default="", compare=False)

    def holds(self, at: datetime) -> bool:
        """Tell whether the rule is still paused at `at`."""
        return self.until is None or at < self.until


def pause_to_value(pause: Pause) -> int:
    """Return the pause as its row's number: milliseconds, 0 for one without end."""
    return 0 if pause.until is None else millis(pause.until)


def pause_from_value(value: int, by: str = "") -> Pause:
    """Return the pause that a row holds, and by whom it is."""
    return Pause(instant(value) if value else None, by)
