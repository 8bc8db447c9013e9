"""What Prometheus' API says of the alerts of each group, and as of which of its evaluations."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from tests.integration.prometheus_server import Prometheus
from tests.integration.side_by_side.rulefiles import AGAIN, BEAT, LAST
from tocsin.instants import millis
from tocsin.labels import LabelSet, label_set

_ERROR = "<error expanding template"
"""What follows are Go's words for what is wrong."""


@dataclass(frozen=True)
class Shown:
    """One active alert; its value as text that is equal only to its own: NaN to NaN, and 0 not to -0."""

    state: str
    active_at_ms: int
    value: str
    annotations: LabelSet


def shown(state: str, since: datetime, value: float, texts: Mapping[str, str]) -> Shown:
    """Return what is compared of an alert."""
    annotations = {name: _ERROR if text.startswith(_ERROR) else text for name, text in texts.items()}
    return Shown(state, millis(since), repr(value), label_set(annotations))


@dataclass(frozen=True)
class Snapshot:
    """The active alerts of a group after one of its evaluations."""

    at_ms: int
    alerts: Mapping[LabelSet, Shown]


def snapshots(server: Prometheus) -> dict[str, Snapshot]:
    """Return the state of every group that is not being evaluated just now.

    The API shows a group rule by rule while it may be evaluated. What was read after the last rule had been
    evaluated at a time, and before the first was at the next, belongs to that time alone.
    """
    before, middle, after = (server.get("/api/v1/rules", type="alert")["data"]["groups"] for _ in range(3))
    ended = {group["name"]: _time(group, LAST) for group in before}
    begun = {group["name"]: _time(group, BEAT) for group in after}
    found = {}
    for group in middle:
        at_ms = ended.get(group["name"])
        if at_ms is not None and at_ms == begun.get(group["name"]):
            found[group["name"]] = Snapshot(at_ms, _alerts(group["rules"]))
    return found


def _time(group: Mapping[str, Any], name: str) -> int | None:
    """Return when a rule was last evaluated: its alert's value is the time."""
    values = (alert["value"] for rule in group["rules"] if rule["name"] == name for alert in rule["alerts"])
    return next((round(float(value) * 1000) for value in values), None)


def _alerts(rules: Sequence[Mapping[str, Any]]) -> dict[LabelSet, Shown]:
    return {
        label_set(alert["labels"]): _shown(alert)
        for rule in rules
        if rule["name"] != AGAIN
        for alert in rule["alerts"]
    }


def _shown(alert: Mapping[str, Any]) -> Shown:
    since, value = _instant(alert["activeAt"]), float(alert["value"])
    return shown(alert["state"], since, value, alert["annotations"])


def _instant(text: str) -> datetime:
    """Read RFC 3339 with nanoseconds, to the microsecond."""
    whole, _, fraction = text.removesuffix("Z").partition(".")
    return datetime.fromisoformat(f"{whole}.{fraction:0<6.6}").replace(tzinfo=UTC)
