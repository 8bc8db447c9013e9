"""The registry of kinds of outputs: our own by a table, those of other packages by their entry points.

The table is needed because a Lambda layer is a folder without the metadata in which entry points stand.
"""

from collections.abc import Sequence
from importlib.metadata import EntryPoint, entry_points

from tocsin.outputs.kind import Kind

GROUP = "tocsin.outputs"
BUILT_IN = {
    "cloudwatch": "tocsin.outputs.cloudwatch:KIND",
    "influxdb": "tocsin.outputs.influxdb:KIND",
    "influxdb_v2": "tocsin.outputs.influxdb:KIND",
    "remote_write": "tocsin.outputs.remote_write:KIND",
    "timestream_influxdb": "tocsin.outputs.timestream_influxdb:KIND",
}


class KindError(LookupError):
    """A kind of output cannot be used; the text says why."""


def names() -> Sequence[str]:
    """Return the names of the kinds that can be used here."""
    return sorted({*BUILT_IN, *(point.name for point in entry_points(group=GROUP))})


def kind(name: str) -> Kind:
    """Return a kind by its name, imported now; raises KindError."""
    try:
        found: Kind = _point(name).load()
    except (ImportError, AttributeError) as error:
        raise KindError(f"the kind {name!r} cannot be loaded: {error}") from None
    return found


def _point(name: str) -> EntryPoint:
    if name in BUILT_IN:
        return EntryPoint(name, BUILT_IN[name], GROUP)
    for point in entry_points(group=GROUP, name=name):
        return point
    raise KindError(f"no kind of output is named {name!r} (there are: {', '.join(names())})")
