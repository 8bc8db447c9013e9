"""Filters as JSON, what lets everything pass left out."""

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from tocsin.samples.filters import Filters


def to_document(filters: Filters) -> dict[str, Any]:
    """Return filters as JSON."""
    given = {field.name: getattr(filters, field.name) for field in fields(filters)}
    return {name: _plain(globs) for name, globs in given.items() if globs}


def from_document(document: Mapping[str, Any]) -> Filters:
    """Return the filters that `to_document` wrote."""
    return Filters(**{name: _frozen(globs) for name, globs in document.items()})


def _plain(globs: Any) -> Any:
    return {tag: list(those) for tag, those in globs.items()} if isinstance(globs, Mapping) else list(globs)


def _frozen(globs: Any) -> Any:
    return {tag: tuple(those) for tag, those in globs.items()} if isinstance(globs, Mapping) else tuple(globs)
