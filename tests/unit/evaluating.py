"""Rules, timestamps and instances for the tests of evaluation."""

from datetime import UTC, datetime, timedelta
from typing import Any

from tocsin.evaluation.states import Instance, State
from tocsin.evaluation.unit import Unit, unit_of
from tocsin.labels import LabelSet, label_set
from tocsin.ports import Sample
from tocsin.rules.rule import Rule

START = datetime(2026, 3, 4, 12, tzinfo=UTC)


def at(seconds: float) -> datetime:
    """Return the time so many seconds after START."""
    return START + timedelta(seconds=seconds)


def rule(alert: str = "Down", *, every: float = 10, hold: float = 0, keep: float = 0, **changes: Any) -> Rule:
    """Return a rule evaluated `every` so many seconds, which fires after `hold` and is kept for `keep`."""
    return Rule(
        "ns",
        "group",
        alert,
        "up == 0",
        interval=timedelta(seconds=every),
        hold=timedelta(seconds=hold),
        keep_firing_for=timedelta(seconds=keep),
        **changes,
    )


def unit(alert: str = "Down", *, revision: int = 0, **settings: Any) -> Unit:
    """Return the unit of a rule with these settings."""
    made = rule(alert, **settings)
    return unit_of(made.id, made, revision)


def labels(alert: str = "Down", **more: str) -> LabelSet:
    """Return the labels of an alert as a key."""
    return label_set({"alertname": alert, **more})


def sample(value: float = 1.0, **series: str) -> Sample:
    """Return one value of one series."""
    return Sample(series, value)


def firing(since: float = 0, handed: float | None = None, **series: str) -> Instance:
    """Return an instance that has fired since so many seconds after START, and may have been handed over."""
    told = None if handed is None else at(handed)
    return Instance(labels(**series), State.FIRING, at(since), fired_at=at(since), handed=told)


def by_labels(*instances: Instance) -> dict[LabelSet, Instance]:
    """Return the instances by their labels."""
    return {held.labels: held for held in instances}
