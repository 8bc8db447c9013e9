"""alertmanager.yml: Alertmanager's configuration file, read into the dispatcher's configuration.

Reasons in Alertmanager's own words are those of its loader (`config.Load`), which people search the web for.
"""

from dataclasses import dataclass
from typing import Any

from pydantic import Field

from tocsin.configfile.fields import MASK
from tocsin.configfile.inhibition import read_inhibit_rules
from tocsin.configfile.intervals import read_time_intervals
from tocsin.configfile.receivers import read_receivers
from tocsin.configfile.routes import read_routes
from tocsin.configfile.shared import Global
from tocsin.configfile.templates import TemplateFiles, no_files, read_templates, warn_of_unknown
from tocsin.configfile.unused import read_unused
from tocsin.dispatch.config import Config
from tocsin.dispatch.configcodec import to_document
from tocsin.documents import Block, Document, Path, Problem, Text
from tocsin.packing import pack

MAX_PACKED_BYTES = 350_000
"""A version is one item of DynamoDB, which takes 400 KB: the text and what is made of it, compressed."""


class _File(Block):
    # What stands in these is read block by block, so that one mistake hides no other.
    settings: Any = Field(default=None, alias="global")
    route: Any = None
    receivers: tuple[Any, ...] = ()
    inhibit_rules: tuple[Any, ...] = ()
    time_intervals: tuple[Any, ...] = ()
    mute_time_intervals: tuple[Any, ...] = ()
    templates: tuple[Text, ...] = ()
    tracing: Any = None
    event_recorder: Any = None


@dataclass(frozen=True, slots=True)
class Parsed:
    """A configuration, and what in its file is odd and no mistake."""

    config: Config
    warnings: tuple[Problem, ...] = ()


def parse_config(text: str, file: str, templates: TemplateFiles = no_files) -> Config:
    """Return the configuration of an alertmanager.yml; raises DocumentError with all problems of the file."""
    return read_config(text, file, templates).config


def read_config(text: str, file: str, templates: TemplateFiles = no_files) -> Parsed:
    """Return the configuration of an alertmanager.yml, and warnings; raises DocumentError as `parse_config`."""
    document = Document(text, file)
    if document.at(()) is not None:
        document.read((), _File)
    _refuse_masked(document)
    shared = document.read(("global",), Global) if document.at(("global",)) is not None else None
    read_unused(document)
    receivers = read_receivers(document, shared or Global())
    config = Config(
        receivers={receiver.name: receiver for receiver in receivers},
        inhibit_rules=read_inhibit_rules(document),
        time_intervals=read_time_intervals(document),
        route=read_routes(document),
        templates=read_templates(document, templates),
        resolve_timeout=(shared or Global()).resolve_timeout,
    )
    document.check()
    _refuse_large(document, config, text)
    document.check()
    warn_of_unknown(document, config)
    return Parsed(config, tuple(document.warnings))


def _refuse_masked(document: Document) -> None:
    """Refuse the copy of a configuration that was shown to somebody: its secrets are not in it."""
    seen: set[int] = set()
    rest: list[tuple[Path, Any]] = [((), document.at(()))]
    while rest:
        path, value = rest.pop()
        if isinstance(value, str) and MASK in value:
            document.refuse(path, f"{MASK} is what stands in place of a secret: this is a masked copy")
        if isinstance(value, list | dict) and id(value) not in seen:  # an alias needs to be looked at once
            seen.add(id(value))
            steps = value.items() if isinstance(value, dict) else enumerate(value)
            rest += [((*path, step), inner) for step, inner in steps]


def _refuse_large(document: Document, config: Config, text: str) -> None:
    size = len(pack(to_document(config))) + len(pack(text))
    if size > MAX_PACKED_BYTES:
        limit = f"at most {MAX_PACKED_BYTES // 1000} KB fit into one version"
        document.refuse((), f"{size // 1000} KB compressed, its template files included: {limit}")
