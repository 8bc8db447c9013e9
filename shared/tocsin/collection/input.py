"""An input: one scheduled check as users define it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import Any

from tocsin.collection.schedule import Schedule
from tocsin.samples.filters import Filters


class Overrun(StrEnum):
    """What becomes of a run that is due while the one before it still runs."""

    SKIP = "skip"
    """It is left out and counted, as in Telegraf."""
    QUEUE = "queue"
    """It is made up for, once, as soon as the other one ends."""
    COUNT = "count"
    """It is only counted: it runs beside the other one."""


class TimeSource(StrEnum):
    """Where the time of a metric comes from (telegraf `docs/CONFIGURATION.md`)."""

    METRIC = "metric"
    COLLECTION_START = "collection_start"
    COLLECTION_END = "collection_end"


@dataclass(frozen=True, slots=True)
class Shape:
    """How the metrics of an input are named and tagged, as Telegraf does: its tags do not replace a metric's own."""

    name_override: str = ""
    name_prefix: str = ""
    name_suffix: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)
    precision: timedelta = timedelta(seconds=1)
    time_source: TimeSource = TimeSource.METRIC


@dataclass(frozen=True, slots=True)
class Input:
    """One check: `settings` is JSON, as its kind's own model has normalised it, with references instead of secrets.

    `deadline` ends a run whatever it is at. An input is due from `since` on, the time from which it is as it is (it was
    added, resumed, or its schedule was changed): what came before that is not missed.
    """

    id: str
    kind: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    schedule: Schedule = field(default_factory=Schedule)
    deadline: timedelta = timedelta(seconds=5)
    overrun: Overrun = Overrun.SKIP
    shape: Shape = field(default_factory=Shape)
    filters: Filters = field(default_factory=Filters)
    alias: str = ""

    @property
    def name(self) -> str:
        """What its samples say in the tag `input`, and those of no other input."""
        return self.alias or self.id
