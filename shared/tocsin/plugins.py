"""Plug-ins by name: our own by a table, those of other packages by their entry points.

The table is needed because a Lambda layer is a folder without the metadata in which entry points stand.
"""

from collections.abc import Mapping, Sequence
from importlib.metadata import EntryPoint, entry_points
from typing import Any


class KindError(LookupError):
    """A kind of plug-in cannot be used; the text says why."""


def names(group: str, built_in: Mapping[str, str]) -> Sequence[str]:
    """Return the names of the plug-ins of a group that can be used here."""
    return sorted({*built_in, *(point.name for point in entry_points(group=group))})


def load(what: str, name: str, group: str, built_in: Mapping[str, str]) -> Any:
    """Return a plug-in by its name, imported now; raises KindError, in which `what` says of what kind it is."""
    try:
        return _point(what, name, group, built_in).load()
    except (ImportError, AttributeError) as error:
        raise KindError(f"the kind {name!r} cannot be loaded: {error}") from None


def _point(what: str, name: str, group: str, built_in: Mapping[str, str]) -> EntryPoint:
    if name in built_in:
        return EntryPoint(name, built_in[name], group)
    for point in entry_points(group=group, name=name):
        return point
    listed = ", ".join(names(group, built_in))
    raise KindError(f"no kind of {what} is named {name!r} (there are: {listed})")
