"""The languages of the sources that rules name: by the kinds of their definitions, else by their names."""

from collections.abc import Mapping
from functools import lru_cache

from tocsin.expressions.languages import Language, Languages, UnknownSourceError
from tocsin.index import read_index
from tocsin.ports import Database
from tocsin.sources import registry
from tocsin.sources.built_in import ALWAYS
from tocsin.sources.definition import BUILT_IN, Definition
from tocsin.sources.registry import KindError
from tocsin.sources.stored import read_definitions

_ALWAYS_THERE = {BUILT_IN: "prometheus", **{definition.name: definition.kind for definition in ALWAYS}}


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


def of_stack(database: Database) -> Languages:
    """Return the languages of the sources that a stack has stored."""
    return of_definitions(read_definitions(database, read_index(database).sources))
