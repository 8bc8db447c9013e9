"""The kinds of sources by name: our own, and those of other packages by their entry points in the group."""

from collections.abc import Sequence

from tocsin import plugins
from tocsin.plugins import KindError as KindError
from tocsin.sources.kind import Kind

GROUP = "tocsin.sources"
BUILT_IN = {
    "aurora": "tocsin.sources.aurora:KIND",
    "cloudwatch": "tocsin.sources.cloudwatch:KIND",
    "cloudwatch_logs": "tocsin.sources.cloudwatch_logs:KIND",
    "cloudwatch_promql": "tocsin.sources.cloudwatch_promql:KIND",
    "inputs": "tocsin.sources.inputs:KIND",
    "loki": "tocsin.sources.loki:KIND",
    "prometheus": "tocsin.sources.prometheus:KIND",
}


def names() -> Sequence[str]:
    """Return the names of the kinds that can be used here."""
    return plugins.names(GROUP, BUILT_IN)


def kind(name: str) -> Kind:
    """Return a kind by its name, imported now; raises KindError."""
    found: Kind = plugins.load("source", name, GROUP, BUILT_IN)
    return found
