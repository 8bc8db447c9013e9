"""The languages of the sources that rules name: as a stack or a sources.yml defines them, else by their names."""

from collections.abc import Mapping
from functools import lru_cache

import click

from tocsin.cli.files import read
from tocsin.cli.session import Session
from tocsin.documents import DocumentError
from tocsin.expressions.languages import Language, Languages, UnknownSourceError
from tocsin.index import read_index
from tocsin.ports import Database
from tocsin.sources import registry
from tocsin.sources.definition import BUILT_IN, Definition
from tocsin.sources.registry import KindError
from tocsin.sources.sourcefile import parse_sources
from tocsin.sources.stored import read_definitions

_ALWAYS_THERE = {BUILT_IN: "prometheus", "cloudwatch": "cloudwatch"}


def of_definitions(definitions: Mapping[str, Definition]) -> Languages:
    """Return the languages of sources that are defined.

    Where nothing is, a source named like a kind is of that kind, and any other is a Prometheus.
    """

    @lru_cache
    def language(source: str) -> Language:
        if source in definitions:
            kind = definitions[source].kind
        elif source in _ALWAYS_THERE:
            kind = _ALWAYS_THERE[source]
        elif definitions:
            known = ", ".join(sorted({*definitions, *_ALWAYS_THERE}))
            raise UnknownSourceError(f'no source is named "{source}" (there are: {known})')
        else:
            kind = source if source in registry.names() else "prometheus"
        try:
            return registry.kind(kind)
        except KindError as error:
            raise UnknownSourceError(str(error)) from None

    return language


def of_file(name: str) -> Languages:
    """Return the languages of the sources of a sources.yml; ClickException if it is refused."""
    try:
        definitions = parse_sources(read(name), name)
    except DocumentError as error:
        raise click.ClickException(str(error)) from error
    return of_definitions({definition.name: definition for definition in definitions})


def of_stack(database: Database) -> Languages:
    """Return the languages of the sources that a stack has stored."""
    return of_definitions(read_definitions(database, read_index(database).sources))


def wanted(session: Session, sources: str | None) -> Languages:
    """Return the languages of a sources.yml if one is named, else of the stack if there is one."""
    if sources:
        return of_file(sources)
    if not session.target.stack:
        return of_definitions({})
    with session.world() as world:
        return of_stack(world.database)
