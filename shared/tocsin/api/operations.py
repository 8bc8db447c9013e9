"""All operations, family by family."""

from tocsin.api.alertmanager.operations import ALERTMANAGER
from tocsin.api.ingest.operations import INGEST
from tocsin.api.management.operations import MANAGEMENT
from tocsin.api.mimir.operations import MIMIR
from tocsin.api.operation import Operation
from tocsin.api.own.operations import OWN
from tocsin.api.page.operations import PAGE
from tocsin.api.problems import Form, alertmanager, prometheus, tocsin
from tocsin.api.prometheus.operations import PROMETHEUS

OPERATIONS: tuple[Operation, ...] = (
    *ALERTMANAGER,
    *PROMETHEUS,
    *MIMIR,
    *INGEST,
    *OWN,
    *MANAGEMENT,
    *PAGE,
)


def form_of(path: str) -> Form:
    """Return in which form the family of a path tells that there is nothing."""
    if path.startswith("/tocsin/"):
        return tocsin
    if "/api/v2" in path:
        return alertmanager
    return prometheus if "/api/v1/" in path or "/config/v1/" in path else tocsin
