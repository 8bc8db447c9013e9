"""The registry of kinds of inputs: our own by a table, those of other packages by their entry points.

The table is needed because a Lambda layer is a folder without the metadata in which entry points stand.
"""

from collections.abc import Sequence
from importlib.metadata import EntryPoint, entry_points

from tocsin.inputs.kind import Kind

GROUP = "tocsin.inputs"
BUILT_IN = {
    "cloudwatch": "tocsin.inputs.cloudwatch:KIND",
    "dns_query": "tocsin.inputs.dns_query:KIND",
    "dynamodb": "tocsin.inputs.dynamodb:KIND",
    "exec": "tocsin.inputs.exec:KIND",
    "http": "tocsin.inputs.http:KIND",
    "http_response": "tocsin.inputs.http_response:KIND",
    "lambda": "tocsin.inputs.lambda_:KIND",
    "net_response": "tocsin.inputs.net_response:KIND",
    "ping": "tocsin.inputs.ping:KIND",
    "prometheus": "tocsin.inputs.prometheus:KIND",
    "sql": "tocsin.inputs.sql:KIND",
    "sqs": "tocsin.inputs.sqs:KIND",
    "x509_cert": "tocsin.inputs.x509_cert:KIND",
}


class KindError(LookupError):
    """A kind of input cannot be used; the text says why."""


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
    raise KindError(f"no kind of input is named {name!r} (there are: {', '.join(names())})")
