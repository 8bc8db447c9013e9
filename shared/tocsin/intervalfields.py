"""Time intervals in users' files: one element as Alertmanager writes it, read and written."""

from collections.abc import Callable, Sequence
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator

from tocsin.documents import Block, parsed
from tocsin.timeintervals import (
    Range,
    TimeInterval,
    parse_days_of_month,
    parse_location,
    parse_months,
    parse_times,
    parse_weekdays,
    parse_years,
    weekday,
)


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


class IntervalBlock(Block):
    """One element of a list of time intervals."""

    times: Times = ()
    weekdays: Weekdays = ()
    days_of_month: Days = ()
    months: Months = ()
    years: Years = ()
    location: Annotated[str, parsed(parse_location)] = "UTC"

    def interval(self) -> TimeInterval:
        """Return the element."""
        return TimeInterval(**dict(self))


def interval_document(interval: TimeInterval) -> dict[str, Any]:
    """Return an element as users write it: `IntervalBlock` reads one equal to it."""
    document: dict[str, Any] = {
        "times": [{"start_time": _time(start), "end_time": _time(end)} for start, end in interval.times],
        "weekdays": _written(interval.weekdays, weekday),
        "days_of_month": _written(interval.days_of_month, str),
        "months": _written(interval.months, str),
        "years": _written(interval.years, str),
        "location": interval.location if interval.location != "UTC" else "",
    }
    return {key: value for key, value in document.items() if value}


def _time(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"


def _written(ranges: Sequence[Range], name: Callable[[int], str]) -> list[str]:
    return [name(first) if first == last else f"{name(first)}:{name(last)}" for first, last in ranges]
