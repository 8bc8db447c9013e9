"""Outputs as JSON: how they are stored and shown to programs. Durations are seconds, to the microsecond."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from tocsin.samples import filtercodec
from tocsin.shipping.output import Output


def to_document(output: Output) -> dict[str, Any]:
    """Return an output as JSON."""
    return {
        "name": output.name,
        "kind": output.kind,
        "batch_size": output.batch_size,
        "buffer_limit": output.buffer_limit,
        "timeout_seconds": output.timeout.total_seconds(),
        "name_prefix": output.name_prefix,
        "name_suffix": output.name_suffix,
        "filters": filtercodec.to_document(output.filters),
        "settings": dict(output.settings),
    }


def from_document(document: Mapping[str, Any]) -> Output:
    """Return the output that `to_document` wrote."""
    return Output(
        name=document["name"],
        kind=document["kind"],
        batch_size=document["batch_size"],
        buffer_limit=document["buffer_limit"],
        timeout=timedelta(seconds=document["timeout_seconds"]),
        name_prefix=document["name_prefix"],
        name_suffix=document["name_suffix"],
        filters=filtercodec.from_document(document["filters"]),
        settings=document["settings"],
    )
