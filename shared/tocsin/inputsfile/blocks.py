"""What users may write in inputs.yml, block by block; the names are Telegraf's where it has one."""

import re
from datetime import timedelta
from typing import Annotated, Any

from pydantic import AfterValidator, Field, model_validator

from tocsin.collection.input import Overrun, TimeSource
from tocsin.collection.schedule import JitterBy, check_cron
from tocsin.documents import Block, Duration, Text, parsed, words
from tocsin.intervalfields import IntervalBlock
from tocsin.samples.filters import Globs
from tocsin.samples.globs import matcher
from tocsin.shipping.output import BATCH_SIZE, BUFFER_LIMIT
from tocsin.timeintervals import parse_location

SHORTEST_INTERVAL = timedelta(seconds=10)
LONGEST_DEADLINE = timedelta(seconds=50)
_ID = re.compile(r"[A-Za-z0-9_.:/-]{1,128}")
_SECOND = timedelta(seconds=1)


def _id(text: str) -> str:
    if not _ID.fullmatch(text):
        raise ValueError("expected up to 128 letters, digits and any of . _ : / -")
    return text


def _interval(interval: timedelta) -> timedelta:
    if interval < SHORTEST_INTERVAL or interval % _SECOND:
        raise ValueError(
            "expected whole seconds and at least 10s: inputs run by ticks, and those are 10s apart"
        )
    return interval


def _deadline(deadline: timedelta) -> timedelta:
    if not timedelta(0) < deadline <= LONGEST_DEADLINE:
        raise ValueError("expected more than 0s and at most 50s: a collector lives no longer than a minute")
    return deadline


def _positive(duration: timedelta) -> timedelta:
    if duration <= timedelta(0):
        raise ValueError("expected more than 0s")
    return duration


def _globs(globs: Globs) -> Globs:
    matcher(globs)  # raises GlobError for what is none
    return globs


_Globs = Annotated[Globs, AfterValidator(_globs)]
Id = Annotated[str, AfterValidator(_id)]
_Tags = dict[str, Text]
_GlobsByTag = dict[str, _Globs]


class FilterBlock(Block):
    """Which metrics, and what of them, pass; each option is a list of globs, those by tag one for each tag."""

    namepass: _Globs = ()
    namedrop: _Globs = ()
    fieldinclude: _Globs = ()
    fieldexclude: _Globs = ()
    taginclude: _Globs = ()
    tagexclude: _Globs = ()
    tagpass: _GlobsByTag = Field(default_factory=dict)
    tagdrop: _GlobsByTag = Field(default_factory=dict)


class CommonBlock(FilterBlock):
    """What any input may say, and `defaults` for all inputs of the file."""

    unsupported = words(
        "labels log_level metricpass namedrop_separator namepass_separator startup_error_behavior"
    )

    interval: Annotated[Duration, AfterValidator(_interval)] = SHORTEST_INTERVAL
    collection_offset: Duration = timedelta(0)
    collection_jitter: Duration = timedelta(0)
    jitter_by: JitterBy = JitterBy.HASH
    cron: Annotated[str, AfterValidator(check_cron)] = ""
    location: Annotated[str, parsed(parse_location)] = "UTC"
    active_time_intervals: tuple[IntervalBlock, ...] = ()
    mute_time_intervals: tuple[IntervalBlock, ...] = ()
    deadline: Annotated[Duration, AfterValidator(_deadline)] | None = None
    overrun: Overrun = Overrun.SKIP
    precision: Annotated[Duration, AfterValidator(_positive)] = _SECOND
    time_source: TimeSource = TimeSource.METRIC
    name_prefix: str = ""
    name_suffix: str = ""
    tags: _Tags = Field(default_factory=dict)

    @model_validator(mode="after")
    def _one_rhythm(self) -> "CommonBlock":
        if {"interval", "cron"} <= self.model_fields_set:
            raise ValueError("expected either interval or cron, not both")
        return self


class InputBlock(CommonBlock):
    """One input; its settings are read by its kind."""

    id: Id
    kind: str
    alias: str = ""
    name_override: str = ""
    settings: Any = None


class OutputBlock(FilterBlock):
    """One output; its settings are read by its kind."""

    unsupported = words(
        "flush_interval flush_jitter log_level metricpass name_override startup_error_behavior"
    )

    name: Id = ""
    kind: str
    metric_batch_size: Annotated[int, Field(ge=1, le=10_000)] = BATCH_SIZE
    metric_buffer_limit: Annotated[int, Field(ge=1, le=1_000_000)] = BUFFER_LIMIT
    timeout: Annotated[Duration, AfterValidator(_deadline)] = timedelta(seconds=5)
    name_prefix: str = ""
    name_suffix: str = ""
    settings: Any = None

    @model_validator(mode="after")
    def _room_for_a_batch(self) -> "OutputBlock":
        if self.metric_buffer_limit < self.metric_batch_size:
            raise ValueError("metric_buffer_limit must hold at least one batch (metric_batch_size)")
        return self


class FileBlock(Block):
    """The file as a whole; what stands in it is read block by block, so that one mistake hides no other."""

    tags: _Tags = Field(default_factory=dict)
    defaults: Any = None
    inputs: tuple[Any, ...] = ()
    outputs: tuple[Any, ...] | None = None
