"""Inputs and outputs written as the inputs.yml that would store them, what is left to defaults left out."""

from collections.abc import Iterable, Mapping
from dataclasses import fields
from datetime import timedelta
from enum import StrEnum
from typing import Any

from pydantic import ValidationError

from tocsin.collection.input import Input
from tocsin.documents import Block
from tocsin.durations import format_duration
from tocsin.inputsfile.blocks import InputBlock, OutputBlock
from tocsin.inputsfile.inputfile import input_model
from tocsin.inputsfile.outputs import output_model
from tocsin.inputsfile.settings import Models, Settings
from tocsin.inputsfile.settingswriting import as_written
from tocsin.intervalfields import interval_document
from tocsin.rules.rulewriting import write_yaml
from tocsin.shipping.output import Output
from tocsin.timeintervals import TimeInterval


def format_inputs(inputs: Iterable[Input], outputs: Iterable[Output] = ()) -> str:
    """Return inputs and outputs as a file: `parse_inputs` reads them as they are."""
    document: dict[str, Any] = {"inputs": [input_document(each) for each in inputs]}
    if shown := [output_document(each) for each in outputs]:
        document["outputs"] = shown
    return write_yaml(document)


def input_document(given: Input) -> dict[str, Any]:
    """Return an input as it stands in its file."""
    schedule = given.schedule
    settings = _settings(given.kind, given.settings, input_model)
    said = {
        "alias": given.alias,
        "interval": schedule.interval,
        "cron": schedule.cron,
        "location": schedule.location,
        "collection_offset": schedule.offset,
        "collection_jitter": schedule.jitter,
        "jitter_by": schedule.jitter_by,
        "active_time_intervals": schedule.active,
        "mute_time_intervals": schedule.muted,
        "deadline": given.deadline,
        "overrun": given.overrun,
        **_fields(given.shape),
        **_fields(given.filters),
    }
    unsaid = _defaults(InputBlock) | {"deadline": _default_deadline(given.kind, settings)}
    if schedule.cron:
        unsaid["interval"] = schedule.interval
    return {"id": given.id, "kind": given.kind} | _said(said, unsaid) | settings


def output_document(output: Output) -> dict[str, Any]:
    """Return an output as it stands in its file."""
    said = {
        "metric_batch_size": output.batch_size,
        "metric_buffer_limit": output.buffer_limit,
        "timeout": output.timeout,
        "name_prefix": output.name_prefix,
        "name_suffix": output.name_suffix,
        **_fields(output.filters),
    }
    settings = _settings(output.kind, output.settings, output_model)
    return {"name": output.name, "kind": output.kind} | _said(said, _defaults(OutputBlock)) | settings


def _fields(parts: Any) -> dict[str, Any]:
    return {part.name: getattr(parts, part.name) for part in fields(parts)}


def _said(said: Mapping[str, Any], unsaid: Mapping[str, Any]) -> dict[str, Any]:
    return {key: _written(value) for key, value in said.items() if value != unsaid[key]}


def _defaults(block: type[Block]) -> dict[str, Any]:
    return {name: each.get_default(call_default_factory=True) for name, each in block.model_fields.items()}


def _settings(kind: str, stored: Mapping[str, Any], models: Models) -> dict[str, Any]:
    """Return the part `settings` of a document; as they are stored if their kind is not there to say more."""
    try:
        written = as_written(stored, models(kind))
    except LookupError:
        written = dict(stored)
    return {"settings": written} if written else {}


def _default_deadline(kind: str, settings: Mapping[str, Any]) -> timedelta | None:
    """Return the deadline that an input with these settings has if it says none; None if that cannot be known."""
    try:
        return Settings(input_model(kind).model_validate(settings.get("settings", {}))).deadline
    except (LookupError, ValidationError):
        return None


def _written(value: Any) -> Any:
    match value:
        case timedelta():
            return format_duration(value)
        case StrEnum():
            return value.value
        case TimeInterval():
            return interval_document(value)
        case tuple():
            return [_written(item) for item in value]
        case Mapping():
            return {key: _written(item) for key, item in value.items()}
        case _:
            return value
