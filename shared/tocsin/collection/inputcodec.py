"""Inputs as JSON: how they are stored and shown to programs. Durations are seconds, to the microsecond."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from tocsin import timeintervals
from tocsin.collection.input import Input, Overrun, Shape, TimeSource
from tocsin.collection.schedule import JitterBy, Schedule
from tocsin.samples import filtercodec


def to_document(given: Input) -> dict[str, Any]:
    """Return an input as JSON."""
    return {
        "id": given.id,
        "kind": given.kind,
        "alias": given.alias,
        "schedule": _schedule_to_document(given.schedule),
        "deadline_seconds": given.deadline.total_seconds(),
        "overrun": given.overrun.value,
        "shape": _shape_to_document(given.shape),
        "filters": filtercodec.to_document(given.filters),
        "settings": dict(given.settings),
    }


def from_document(document: Mapping[str, Any]) -> Input:
    """Return the input that `to_document` wrote."""
    return Input(
        id=document["id"],
        kind=document["kind"],
        alias=document["alias"],
        schedule=_schedule_from_document(document["schedule"]),
        deadline=timedelta(seconds=document["deadline_seconds"]),
        overrun=Overrun(document["overrun"]),
        shape=_shape_from_document(document["shape"]),
        filters=filtercodec.from_document(document["filters"]),
        settings=document["settings"],
    )


def _schedule_to_document(schedule: Schedule) -> dict[str, Any]:
    return {
        "interval_seconds": schedule.interval.total_seconds(),
        "offset_seconds": schedule.offset.total_seconds(),
        "jitter_seconds": schedule.jitter.total_seconds(),
        "jitter_by": schedule.jitter_by.value,
        "cron": schedule.cron,
        "location": schedule.location,
        "active": [timeintervals.to_document(window) for window in schedule.active],
        "muted": [timeintervals.to_document(window) for window in schedule.muted],
    }


def _schedule_from_document(document: Mapping[str, Any]) -> Schedule:
    return Schedule(
        interval=timedelta(seconds=document["interval_seconds"]),
        offset=timedelta(seconds=document["offset_seconds"]),
        jitter=timedelta(seconds=document["jitter_seconds"]),
        jitter_by=JitterBy(document["jitter_by"]),
        cron=document["cron"],
        location=document["location"],
        active=tuple(timeintervals.from_document(window) for window in document["active"]),
        muted=tuple(timeintervals.from_document(window) for window in document["muted"]),
    )


def _shape_to_document(shape: Shape) -> dict[str, Any]:
    return {
        "name_override": shape.name_override,
        "name_prefix": shape.name_prefix,
        "name_suffix": shape.name_suffix,
        "tags": dict(shape.tags),
        "precision_seconds": shape.precision.total_seconds(),
        "time_source": shape.time_source.value,
    }


def _shape_from_document(document: Mapping[str, Any]) -> Shape:
    return Shape(
        name_override=document["name_override"],
        name_prefix=document["name_prefix"],
        name_suffix=document["name_suffix"],
        tags=document["tags"],
        precision=timedelta(seconds=document["precision_seconds"]),
        time_source=TimeSource(document["time_source"]),
    )
