"""The named time intervals of alertmanager.yml, under its present key and its former one."""

from typing import Any

from tocsin.documents import Block, Document
from tocsin.intervalfields import IntervalBlock
from tocsin.labels import quote
from tocsin.timeintervals import TimeInterval

_KINDS = {"mute_time_intervals": "mute time interval", "time_intervals": "time interval"}


class _Named(Block):
    name: str = ""
    time_intervals: tuple[Any, ...] = ()


def read_time_intervals(document: Document) -> dict[str, tuple[TimeInterval, ...]]:
    """Return the time intervals by name; if a problem has been noted, what is returned must not be used."""
    found: dict[str, tuple[TimeInterval, ...]] = {}
    for key, kind in _KINDS.items():
        for path in document.items((key,)):
            named = document.read(path, _Named)
            elements = [
                document.read(element, IntervalBlock) for element in document.items((*path, "time_intervals"))
            ]
            if named is None:
                continue
            if not named.name:
                document.refuse((*path, "name"), f"missing name in {kind}")
            if named.name in found:
                document.refuse((*path, "name"), f"{kind} {quote(named.name)} is not unique")
            found[named.name] = tuple(element.interval() for element in elements if element)
    return found
