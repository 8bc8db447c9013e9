"""/metrics: read from the store, so that it is the same whichever of the function's containers answers."""

from collections.abc import Iterator

from tocsin import __version__
from tocsin.api.alertmanager.general import SPOKEN
from tocsin.api.management.exposition import MEDIA_TYPE, exposition
from tocsin.api.operation import Answer, Call, Operation
from tocsin.api.problems import tocsin
from tocsin.api.responses import Response, text_response
from tocsin.api.services import Services
from tocsin.identity.scope import Scope
from tocsin.views.metrics import Family, Figures, gauge, read_figures
from tocsin.views.metrics_dispatch import dispatch_families
from tocsin.views.metrics_inputs import input_families
from tocsin.views.metrics_own import own_families


def get_metrics(services: Services, _call: Call) -> Response:
    """Answer all figures."""
    figures = read_figures(services.database, services.controls, services.groups, services.now())
    return text_response(exposition(_families(figures)), media_type=MEDIA_TYPE)


def _families(figures: Figures) -> Iterator[Family]:
    yield gauge(
        "alertmanager_build_info",
        "The Alertmanager whose API this is.",
        1,
        version=SPOKEN,
        revision=__version__,
        branch="tocsin",
    )
    yield gauge("tocsin_build_info", "The version of Tocsin.", 1, version=__version__)
    yield from dispatch_families(figures)
    yield from own_families(figures)
    yield from input_families(figures)


METRICS: tuple[Operation, ...] = (
    Operation(
        "metrics",
        "GET",
        ("/metrics",),
        Scope.READ,
        get_metrics,
        tocsin,
        "Metrics of dispatch, evaluation, inputs and outputs, for Prometheus to scrape",
        "management",
        {200: Answer("Prometheus' text format.", str, MEDIA_TYPE)},
    ),
)
