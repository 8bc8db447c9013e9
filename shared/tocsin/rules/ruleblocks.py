"""The blocks of a rule file: Prometheus' keys (`rulefmt`), and those that Tocsin adds."""

from datetime import timedelta
from typing import Annotated, Any

from pydantic import AfterValidator, Field

from tocsin.documents import Block, Duration, Text
from tocsin.durations import format_duration
from tocsin.rules.rule import DEFAULT_INTERVAL, ZERO, GapPolicy, Jitter

_SHORTEST_INTERVAL = timedelta(seconds=1)


def _not_empty(text: str) -> str:
    if not text:
        raise ValueError("required, but empty")
    return text


def _interval(duration: timedelta) -> timedelta:
    if duration and duration < _SHORTEST_INTERVAL:
        raise ValueError(f"an interval is at least {format_duration(_SHORTEST_INTERVAL)}")
    return duration or DEFAULT_INTERVAL


def _label_name(name: str) -> str:
    if not name or name == "__name__":
        raise ValueError(f'invalid label name: "{name}"')
    return name


Name = Annotated[str, AfterValidator(_not_empty)]
Labels = dict[Annotated[str, AfterValidator(_label_name)], Text]
Annotations = dict[Name, Text]


class FileBlock(Block):
    """The top of a file."""

    namespace: str = ""
    # What stands in these is read block by block, so that one mistake hides no other.
    defaults: Any = None
    groups: tuple[Any, ...] = ()


class SettingsBlock(Block):
    """What holds for the rules of a group; as `defaults:`, for the groups of the file that do not say."""

    interval: Annotated[Duration, AfterValidator(_interval)] = DEFAULT_INTERVAL
    query_offset: Duration = ZERO
    limit: int = 0
    source: Name = "prometheus"
    jitter: Jitter = Jitter.GROUP
    gap_policy: GapPolicy = GapPolicy.SHIFT
    evaluate_during: tuple[Any, ...] = ()


class GroupBlock(SettingsBlock):
    """A group."""

    name: Name
    labels: Labels = Field(default_factory=dict)
    rules: tuple[Any, ...] = ()


class RuleBlock(Block):
    """A rule of either kind."""

    record: str = ""
    alert: str = ""
    expr: Name
    hold: Annotated[Duration, Field(alias="for")] = ZERO
    keep_firing_for: Duration = ZERO
    labels: Labels = Field(default_factory=dict)
    annotations: Annotations = Field(default_factory=dict)
