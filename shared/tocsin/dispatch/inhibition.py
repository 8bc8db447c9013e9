"""Inhibition: an alert is not told of while one that explains it fires.

A target is inhibited if any source of a rule fires whose `equal` labels have the same values; whether anybody was
told of the source, or it is itself silenced or inhibited, makes no difference (Alertmanager, package `inhibit`).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from hashlib import sha256

from tocsin.alert import Alert
from tocsin.dispatch.config import InhibitRule
from tocsin.labels import Labels
from tocsin.matchers import Matcher, format_matchers

PREFIX = "INH."
"""What the ids of the places begin with where the sources of a rule are kept."""

Values = tuple[tuple[str, str], ...]
"""The `equal` labels of a rule with the values that a source and a target share; missing is empty."""


def place(rule: InhibitRule) -> str:
    """Return where the sources of a rule are kept: the same for all rules of the same source matchers.

    So an edit of its targets or `equal` labels moves nothing, and holds from the moment that it is in force.
    """
    return PREFIX + sha256(format_matchers(rule.source).encode(errors="replace")).hexdigest()[:24]


def values(rule: InhibitRule, labels: Labels) -> Values:
    """Return what a source and a target have to share."""
    return tuple((name, labels.get(name, "")) for name in sorted(set(rule.equal)))


def is_source(rule: InhibitRule, labels: Labels) -> bool:
    """Tell whether an alert with these labels inhibits others by the rule while it fires."""
    return _match(rule.source, labels)


def is_target(rule: InhibitRule, labels: Labels) -> bool:
    """Tell whether an alert with these labels may be inhibited by the rule."""
    return _match(rule.target, labels)


def _match(matchers: Iterable[Matcher], labels: Labels) -> bool:
    return all(matcher.matches(labels) for matcher in matchers)


@dataclass(frozen=True, slots=True)
class Inhibited:
    """What inhibits an alert: the first rule that does and the fingerprint of one of its sources.

    `until` is when the last of them ends by itself; None if one of them fires until its writer ends it.
    """

    rule: InhibitRule
    values: Values
    by: str
    until: datetime | None


@dataclass(frozen=True)
class RuleSources:
    """The alerts that fire and inhibit by one rule, found by the values that a target must share with them."""

    rule: InhibitRule
    alerts: Sequence[Alert]

    @cached_property
    def _by_values(self) -> Mapping[Values, tuple[Alert, ...]]:
        found: dict[Values, list[Alert]] = {}
        for alert in self.alerts:
            found.setdefault(values(self.rule, alert.labels), []).append(alert)
        return {shared: tuple(sorted(alerts, key=_longest_first)) for shared, alerts in found.items()}

    @cached_property
    def _one_sided(self) -> Mapping[Values, tuple[Alert, ...]]:
        """Those that are no targets themselves."""
        return {
            shared: tuple(alert for alert in alerts if not is_target(self.rule, alert.labels))
            for shared, alerts in self._by_values.items()
        }

    def inhibit(self, labels: Labels, now: datetime) -> Inhibited | None:
        """Return what inhibits a target; one that is a source too is not inhibited by others that are both."""
        if not is_target(self.rule, labels):
            return None
        sources = self._one_sided if is_source(self.rule, labels) else self._by_values
        shared = values(self.rule, labels)
        source = next((alert for alert in sources.get(shared, ()) if not alert.resolved(now)), None)
        return Inhibited(self.rule, shared, source.fingerprint, source.ends_at) if source else None


def _longest_first(alert: Alert) -> tuple[bool, float, str]:
    ends = alert.ends_at
    return (ends is not None, -ends.timestamp() if ends else 0.0, alert.fingerprint)


@dataclass(frozen=True, slots=True)
class Sources:
    """The sources that matter to some alerts, rule by rule in the order of the configuration."""

    rules: Sequence[RuleSources] = field(default=())

    def inhibit(self, labels: Labels, now: datetime) -> Inhibited | None:
        """Return what inhibits an alert by the first rule that does; None if nothing does."""
        return next((found for rule in self.rules if (found := rule.inhibit(labels, now))), None)
