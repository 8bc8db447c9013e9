"""The kinds of outputs by name: our own, and those of other packages by their entry points in the group."""

from collections.abc import Sequence

from tocsin import plugins
from tocsin.outputs.kind import Kind
from tocsin.plugins import KindError as KindError

GROUP = "tocsin.outputs"
BUILT_IN = {
    "cloudwatch": "tocsin.outputs.cloudwatch:KIND",
    "influxdb": "tocsin.outputs.influxdb:KIND",
    "influxdb_v2": "tocsin.outputs.influxdb:KIND",
    "remote_write": "tocsin.outputs.remote_write:KIND",
    "timestream_influxdb": "tocsin.outputs.timestream_influxdb:KIND",
}


def names() -> Sequence[str]:
    """Return the names of the kinds that can be used here."""
    return plugins.names(GROUP, BUILT_IN)


def kind(name: str) -> Kind:
    """Return a kind by its name, imported now; raises KindError."""
    found: Kind = plugins.load("output", name, GROUP, BUILT_IN)
    return found
