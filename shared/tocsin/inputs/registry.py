"""The kinds of inputs by name: our own, and those of other packages by their entry points in the group."""

from collections.abc import Sequence

from tocsin import plugins
from tocsin.inputs.kind import Kind
from tocsin.plugins import KindError as KindError

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


def names() -> Sequence[str]:
    """Return the names of the kinds that can be used here."""
    return plugins.names(GROUP, BUILT_IN)


def kind(name: str) -> Kind:
    """Return a kind by its name, imported now; raises KindError."""
    found: Kind = plugins.load("input", name, GROUP, BUILT_IN)
    return found
