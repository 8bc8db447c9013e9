"""An alert: the only word between evaluation and dispatch."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cmp_to_key
from typing import Any

from tocsin.instants import instant, maybe_instant, millis
from tocsin.labels import Labels, fingerprint


@dataclass(frozen=True, slots=True)
class Alert:
    """What fires, or has stopped firing.

    `starts_at` is the activation: a refire has another one and is another incident. `ends_at` is None
    while the alert's one writer says that it fires; a time that is not yet past also means firing.
    """

    labels: Labels
    annotations: Mapping[str, str]
    starts_at: datetime
    ends_at: datetime | None = None
    generator_url: str = ""

    @property
    def name(self) -> str:
        """The `alertname` label, empty if there is none."""
        return self.labels.get("alertname", "")

    @property
    def fingerprint(self) -> str:
        """The fingerprint of the labels; annotations and times do not count."""
        return fingerprint(self.labels)

    def resolved(self, now: datetime) -> bool:
        """Tell whether the alert has ended by `now` (Alertmanager: endsAt set and not after now)."""
        return self.ends_at is not None and self.ends_at <= now


def sort_alerts(alerts: Iterable[Alert]) -> list[Alert]:
    """Return the alerts in the order of a notification: by job, by instance, then by labels.

    Having the label sorts first (Alertmanager, `alert.Alerts` and `model.LabelSet.Before`).
    """
    return sorted(alerts, key=_order)


def _order(alert: Alert) -> tuple[object, ...]:
    def having(name: str) -> tuple[bool, str]:
        return (name not in alert.labels, alert.labels.get(name, ""))

    return (having("job"), having("instance"), *label_order(alert.labels))


def label_order(labels: Labels) -> tuple[object, ...]:
    """Return what sorts labels as Alertmanager does (`model.LabelSet.Before`): fewer come first."""
    return (len(labels), _by_labels(sorted(labels.items())))


@cmp_to_key
def _by_labels(one: list[tuple[str, str]], other: list[tuple[str, str]]) -> int:
    """Compare as many sorted pairs: at the first that differ who lacks the earlier name, or has the lower value."""
    for (name, value), (other_name, other_value) in zip(one, other, strict=True):
        if name != other_name:
            return -1 if name > other_name else 1
        if value != other_value:
            return -1 if value < other_value else 1
    return 0


def to_document(alert: Alert) -> dict[str, Any]:
    """Return the alert as the short JSON document that is stored: times in milliseconds."""
    document: dict[str, Any] = {"l": dict(alert.labels), "s": millis(alert.starts_at)}
    if alert.annotations:
        document["a"] = dict(alert.annotations)
    if alert.ends_at is not None:
        document["e"] = millis(alert.ends_at)
    if alert.generator_url:
        document["g"] = alert.generator_url
    return document


def from_document(document: Mapping[str, Any]) -> Alert:
    """Return the alert that `to_document` wrote."""
    return Alert(
        labels=document["l"],
        annotations=document.get("a", {}),
        starts_at=instant(document["s"]),
        ends_at=maybe_instant(document.get("e")),
        generator_url=document.get("g", ""),
    )
