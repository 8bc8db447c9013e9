"""What runs, and who is told: status and receivers."""

from platform import python_version

from tocsin import __version__
from tocsin.api.alertmanager.answering import answer, time_text
from tocsin.api.alertmanager.paging import paged
from tocsin.api.alertmanager.selection import (
    ReceiversQuery,
    has_labels,
    receiver_labels,
    receiver_matchers,
)
from tocsin.api.operation import Call
from tocsin.api.responses import Response
from tocsin.api.services import Services
from tocsin.dispatch.versions import read_version
from tocsin.index import read_index
from tocsin.views.secrets import masked

SPOKEN = "0.34.0"
"""The Alertmanager whose API this is: clients choose by it what they may ask."""


def get_status(services: Services, _call: Call) -> Response:
    """Return the configuration in force as it was written, what speaks here, and since when.

    There is no cluster to be a part of: whoever answers has all there is, and is ready.
    """
    version = read_version(services.database, read_index(services.database).config)
    return answer(
        {
            "cluster": {"status": "ready", "peers": []},
            "versionInfo": {
                "version": SPOKEN,
                "revision": __version__,
                "branch": "tocsin",
                "buildUser": "",
                "buildDate": "",
                "goVersion": f"none: Python {python_version()}",
            },
            "config": {"original": masked(version.text) if version else ""},
            "uptime": time_text(services.started_at),
        }
    )


def get_receivers(services: Services, call: Call) -> Response:
    """Return the receivers in the order of the configuration."""
    query: ReceiversQuery = call.query
    matchers = receiver_matchers(query.receiver_matchers)
    config = services.controls.config(read_index(services.database))
    names = [name for name in (config.receivers if config else ()) if has_labels(config, name, matchers)]
    return paged(call, names, lambda name: {"name": name, "labels": receiver_labels(config, name)})
