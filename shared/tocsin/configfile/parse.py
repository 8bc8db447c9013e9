"""alertmanager.yml: Alertmanager's configuration file, read into the dispatcher's configuration.

Reasons in Alertmanager's own words are those of its loader (`config.Load`), which people search the web for.
"""

from typing import Any, ClassVar

from pydantic import Field

from tocsin.configfile.intervals import read_time_intervals
from tocsin.configfile.receivers import read_receivers
from tocsin.configfile.routes import read_routes
from tocsin.configfile.shared import Global
from tocsin.dispatch.config import Config
from tocsin.documents import Block, Document, words


class _File(Block):
    unsupported: ClassVar = words("inhibit_rules templates tracing event_recorder")

    # What stands in these is read block by block, so that one mistake hides no other.
    settings: Any = Field(default=None, alias="global")
    route: Any = None
    receivers: tuple[Any, ...] = ()
    time_intervals: tuple[Any, ...] = ()
    mute_time_intervals: tuple[Any, ...] = ()


def parse_config(text: str, file: str) -> Config:
    """Return the configuration of an alertmanager.yml; raises DocumentError with all problems of the file."""
    document = Document(text, file)
    if document.at(()) is not None:
        document.read((), _File)
    shared = (
        document.read(("global",), Global) if document.at(("global",)) is not None else None
    ) or Global()
    receivers = read_receivers(document, shared)
    time_intervals = read_time_intervals(document)
    route = read_routes(document)
    document.check()
    return Config(
        route=route,
        receivers={receiver.name: receiver for receiver in receivers},
        time_intervals=time_intervals,
        resolve_timeout=shared.resolve_timeout,
    )
