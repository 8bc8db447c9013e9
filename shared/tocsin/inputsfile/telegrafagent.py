"""The section `agent` of a telegraf.toml: what of it is meant for inputs and outputs, and not for an agent."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from tocsin.durations import format_duration
from tocsin.inputsfile.blocks import SHORTEST_INTERVAL
from tocsin.inputsfile.telegrafnotices import Notices
from tocsin.inputsfile.telegrafsecrets import references
from tocsin.inputsfile.telegrafvalues import span
from tocsin.yamltree import Path

_AGENT = ("agent",)
_TIMES = ("interval", "collection_jitter", "collection_offset", "precision")
_BUFFERS = ("metric_batch_size", "metric_buffer_limit")
_FLUSHES = "outputs are written after every tick"
_LOG = "there is no agent: logs are CloudWatch's"
_WHY = {"flush_interval": _FLUSHES, "flush_jitter": _FLUSHES, "debug": _LOG, "quiet": _LOG}
_HOST = "no host runs the inputs, so their metrics have no tag host: give them one under tags if you need it"
_FINEST = timedelta(milliseconds=1)
_SECOND = timedelta(seconds=1)


@dataclass(slots=True)
class Agent:
    """What an agent says of all inputs and of all outputs."""

    tags: dict[str, str] = field(default_factory=dict)
    defaults: dict[str, Any] = field(default_factory=dict)
    buffers: dict[str, Any] = field(default_factory=dict)


def agent_defaults(table: Mapping[str, Any], told: Notices) -> Agent:
    """Return what fits of the section; what does not is told."""
    found = Agent()
    for key, value in table.items():
        path = (*_AGENT, key)
        if named := list(references(value)):
            told.left_out(path, f"holds {', '.join(named)}: write its value")
        elif key in _TIMES:
            found.defaults |= rhythm(key, value, path, told)
        elif key in _BUFFERS:
            found.buffers[key] = value
        elif key == "hostname" and value:
            found.tags["host"] = str(value)
        elif key == "round_interval" and value is False:
            told.changed(path, "inputs run at round times")
        elif value and key not in ("round_interval", "omit_hostname", "hostname"):
            log = _LOG if key.startswith("log") else "there is no agent"
            told.left_out(path, _WHY.get(key, log))
    if table and "host" not in found.tags and not table.get("omit_hostname"):
        told.changed(_AGENT, _HOST)
    return found


def rhythm(key: str, value: Any, path: Path, told: Notices) -> dict[str, Any]:
    """Return one of the options that are times, as inputs.yml has it; nothing if it only says the default."""
    given = span(value)
    if value == "" or given == timedelta(0):
        return {}  # as in Telegraf: that says nothing
    if given is None or given < timedelta(0):
        told.left_out(path, "not a duration")
        return {}
    if key == "interval":
        return {key: _interval(given, path, told)}
    if key == "precision" and given < _FINEST:
        told.changed(path, "times are kept to the millisecond")
        return {key: format_duration(_FINEST)}
    # Telegraf's jitter is another one at each run.
    return {key: format_duration(given)} | ({"jitter_by": "random"} if key == "collection_jitter" else {})


def _interval(given: timedelta, path: Path, told: Notices) -> str:
    whole = max(SHORTEST_INTERVAL, -(-given // _SECOND) * _SECOND)
    if whole != given:
        told.changed(path, f"raised to {format_duration(whole)}: inputs run by ticks, which are 10s apart")
    return format_duration(whole)
