"""The named time intervals of alertmanager.yml, under its present key and its former one."""

from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator

from tocsin.documents import Block, Document, parsed
from tocsin.labels import quote
from tocsin.timeintervals import (
    Range,
    TimeInterval,
    parse_days_of_month,
    parse_location,
    parse_months,
    parse_times,
    parse_weekdays,
    parse_years,
)

_KINDS = {"mute_time_intervals": "mute time interval", "time_intervals": "time interval"}


def _times(value: Any) -> Range:
    times = value if isinstance(value, dict) else {}
    start, end = times.get("start_time"), times.get("end_time")
    if not (isinstance(start, str) and isinstance(end, str) and len(times) == 2):
        raise ValueError("both start and end times must be provided (start_time and end_time, nothing else)")
    return parse_times(start, end)


def _some(ranges: tuple[Range, ...]) -> tuple[Range, ...]:
    """Refuse a list without entries: in Alertmanager it never matches, left out it always does."""
    if not ranges:
        raise ValueError("expected at least one entry")
    return ranges


Times = Annotated[tuple[Annotated[Range, BeforeValidator(_times)], ...], AfterValidator(_some)]
Weekdays = Annotated[tuple[Annotated[Range, parsed(parse_weekdays)], ...], AfterValidator(_some)]
Days = Annotated[tuple[Annotated[Range, parsed(parse_days_of_month)], ...], AfterValidator(_some)]
Months = Annotated[tuple[Annotated[Range, parsed(parse_months)], ...], AfterValidator(_some)]
Years = Annotated[tuple[Annotated[Range, parsed(parse_years)], ...], AfterValidator(_some)]


class _Element(Block):
    times: Times = ()
    weekdays: Weekdays = ()
    days_of_month: Days = ()
    months: Months = ()
    years: Years = ()
    location: Annotated[str, parsed(parse_location)] = "UTC"


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
                document.read(element, _Element) for element in document.items((*path, "time_intervals"))
            ]
            if named is None:
                continue
            if not named.name:
                document.refuse((*path, "name"), f"missing name in {kind}")
            if named.name in found:
                document.refuse((*path, "name"), f"{kind} {quote(named.name)} is not unique")
            found[named.name] = tuple(TimeInterval(**dict(element)) for element in elements if element)
    return found
