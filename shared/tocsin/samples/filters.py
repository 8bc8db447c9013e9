"""Filters: which metrics, and what of them, pass an input or an output. The names are Telegraf's."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import TypeVar

from tocsin.metric import Metric
from tocsin.samples.globs import GlobError, matcher

Globs = tuple[str, ...]
V = TypeVar("V")


@dataclass(frozen=True, slots=True)
class Filters:
    """Globs, as Telegraf matches them; what is empty lets everything pass.

    `namepass`, `namedrop`, `tagpass`, `tagdrop` decide on the whole metric; `fieldinclude`, `fieldexclude` (once called
    fieldpass and fielddrop), `taginclude`, `tagexclude` on parts of it. Source: telegraf `models/filter.go`.
    """

    namepass: Globs = ()
    namedrop: Globs = ()
    fieldinclude: Globs = ()
    fieldexclude: Globs = ()
    taginclude: Globs = ()
    tagexclude: Globs = ()
    tagpass: Mapping[str, Globs] = field(default_factory=dict)
    tagdrop: Mapping[str, Globs] = field(default_factory=dict)


def check(filters: Filters) -> None:
    """Refuse filters whose globs are none: raises GlobError, which names the filter."""
    for name in (each.name for each in fields(filters)):
        given = getattr(filters, name)
        for globs in given.values() if isinstance(given, Mapping) else [given]:
            try:
                matcher(tuple(globs))
            except GlobError as error:
                raise GlobError(f"{name}: {error}") from None


def apply(filters: Filters, metric: Metric) -> Metric | None:
    """Return what passes of a metric, None if nothing does: then the metric, or its last field, was left out.

    Whether it passes is decided on the whole metric, before any of its tags and fields are left out.
    """
    return trimmed(filters, metric) if selects(filters, metric) else None


def selects(filters: Filters, metric: Metric) -> bool:
    """Tell whether a metric passes as a whole, by its name and its tags."""
    if not _passes(metric.name, filters.namepass, filters.namedrop):
        return False
    if filters.tagpass and not _tagged(metric.tags, filters.tagpass):
        return False
    return not _tagged(metric.tags, filters.tagdrop)


def trimmed(filters: Filters, metric: Metric) -> Metric | None:
    """Return a metric without the tags and fields that are left out; None if no field is left."""
    kept = _kept(metric.fields, filters.fieldinclude, filters.fieldexclude)
    tags = _kept(metric.tags, filters.taginclude, filters.tagexclude)
    if not kept:
        return None
    whole = len(kept) == len(metric.fields) and len(tags) == len(metric.tags)
    return metric if whole else replace(metric, fields=kept, tags=tags)


def _tagged(tags: Mapping[str, str], wanted: Mapping[str, Globs]) -> bool:
    """Tell whether any of the tags is as wanted: one is enough."""
    return any(name in tags and globs and matcher(globs)(tags[name]) for name, globs in wanted.items())


def _kept(parts: Mapping[str, V], include: Globs, exclude: Globs) -> Mapping[str, V]:
    if not include and not exclude:
        return parts
    return {name: value for name, value in parts.items() if _passes(name, include, exclude)}


def _passes(name: str, include: Globs, exclude: Globs) -> bool:
    if include and not matcher(include)(name):
        return False
    return not (exclude and matcher(exclude)(name))
