"""Figures as Prometheus scrapes them, all of them read from the store: whoever answers, they are the same."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from tocsin.collection.catalogue import read_catalogue
from tocsin.dispatch import tally
from tocsin.dispatch.config import Config
from tocsin.dispatch.controls import Controls
from tocsin.dispatch.silences import SilenceIndex
from tocsin.dispatch.tally import Counts
from tocsin.dispatch.versions import Version, read_version
from tocsin.index import read_index
from tocsin.labels import Labels
from tocsin.lateness import behind_seconds
from tocsin.ports import Database
from tocsin.views.groups import Groups, HeldGroup, Standings, standings
from tocsin.views.inputs import InputView, read_inputs
from tocsin.views.outputs import OutputView, read_outputs
from tocsin.views.rules import RuleView, read_rules
from tocsin.views.shards import read_shards


@dataclass(frozen=True, slots=True)
class Sample:
    """One value of a family; `suffix` is what a histogram's series have behind its name."""

    value: float
    labels: Labels = field(default_factory=dict)
    suffix: str = ""


@dataclass(frozen=True, slots=True)
class Family:
    """All samples of one name; `kind` is gauge, counter or histogram."""

    name: str
    kind: str
    help: str
    samples: tuple[Sample, ...]


def gauge(name: str, text: str, value: float, **labels: str) -> Family:
    """Return a gauge of one sample."""
    return Family(name, "gauge", text, (Sample(value, labels),))


def gauges(name: str, text: str, label: str, values: Mapping[str, float]) -> Family:
    """Return a gauge with a sample for each value of a label."""
    samples = (Sample(value, {label: text}) for text, value in values.items())
    return Family(name, "gauge", text, tuple(samples))


@dataclass(frozen=True, slots=True)
class Figures:
    """What is read for all metrics; `standings` is None without a configuration, `received` are posts of today."""

    now: datetime
    config: Config | None
    version: Version | None
    silences: SilenceIndex
    groups: Sequence[HeldGroup]
    standings: Standings | None
    received: Counts
    rules: Sequence[RuleView]
    behind_seconds: Mapping[str, float]
    inputs: Sequence[InputView]
    outputs: Sequence[OutputView]


def read_figures(database: Database, controls: Controls, groups: Groups, now: datetime) -> Figures:
    """Read them. Raises UnreadError."""
    index = read_index(database)
    config, silences = controls.config(index), controls.silence_index(index)
    scanned = groups.scan()
    found = groups.read(scanned)
    catalogue = read_catalogue(database, index.inputs)
    firing = [one for held in found for one in held.alerts if not one.resolved(now)]
    return Figures(
        now=now,
        config=config,
        version=read_version(database, index.config),
        silences=silences,
        groups=found,
        standings=standings(database, config, silences, firing, now) if config else None,
        received=_received(scanned, now),
        rules=read_rules(database, index, read_shards(database, index.layout)),
        behind_seconds=behind_seconds(database, index, now),
        inputs=read_inputs(database, index.layout, catalogue),
        outputs=read_outputs(database, index.layout, catalogue),
    )


def _received(scanned: Mapping[str, Sequence[Mapping[str, Any]]], now: datetime) -> Counts:
    items = (item for items in scanned.values() for item in items if item["sk"] == "PUSHED")
    return tally.total(tally.from_document(item.get("received")).today(now) for item in items)
