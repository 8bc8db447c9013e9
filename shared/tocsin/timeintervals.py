"""Time intervals: when a route is muted or active, in Alertmanager's terms."""

import re
from calendar import monthrange
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from tocsin.labels import quote

Range = tuple[int, int]
"""A first and a last value, both inclusive; of times of day, the last minute is exclusive."""

_WEEKDAYS = ("sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday")
_MONTHS = (
    "january", "february", "march", "april", "may", "june",
    "july", "august", "september", "october", "november", "december",
)  # fmt: skip
_TIME = re.compile(r"(?:[01][0-9]|2[0-3]):[0-5][0-9]|24:00")
_RANGES = ("times", "weekdays", "days_of_month", "months", "years")
_SHORTEST_MONTH, _LONGEST_MONTH = 28, 31
_AHEAD = timedelta(days=8)
_MINUTE = timedelta(minutes=1)
_GRID = 15


class TimeIntervalError(ValueError):
    """The text is no time, day, month, year or location that a time interval takes."""


@dataclass(frozen=True, slots=True)
class TimeInterval:
    """One element of a named interval: every field that is given must hold, of each any range.

    `times` are minutes of the day; weekdays count from Sunday = 0; negative days of the month count from its
    end; `location` is an IANA name, in whose local time all of it is meant.
    """

    times: tuple[Range, ...] = ()
    weekdays: tuple[Range, ...] = ()
    days_of_month: tuple[Range, ...] = ()
    months: tuple[Range, ...] = ()
    years: tuple[Range, ...] = ()
    location: str = "UTC"

    @property
    def always(self) -> bool:
        """True if no field is given: such an element contains every instant."""
        return not any(getattr(self, name) for name in _RANGES)

    def contains(self, at: datetime) -> bool:
        """Tell whether `at` lies in the interval (Alertmanager `timeinterval.ContainsTime`)."""
        local = at.astimezone(ZoneInfo(self.location))
        minute = local.hour * 60 + local.minute
        return (
            (not self.times or any(start <= minute < end for start, end in self.times))
            and _within(self.weekdays, local.isoweekday() % 7)
            and (not self.days_of_month or _on_days(self.days_of_month, local))
            and _within(self.months, local.month)
            and _within(self.years, local.year)
        )


def _within(ranges: Sequence[Range], value: int) -> bool:
    return not ranges or any(first <= value <= last for first, last in ranges)


def _on_days(ranges: Sequence[Range], local: datetime) -> bool:
    length = monthrange(local.year, local.month)[1]

    def day(number: int) -> int:
        return number if number > 0 else length + number + 1

    return any(day(first) <= local.day <= day(last) for first, last in ranges)


def next_change(
    intervals: Sequence[TimeInterval], at: datetime, ahead: timedelta = _AHEAD
) -> datetime | None:
    """Return the first whole minute after `at` at which being in any of the intervals changes.

    None if it never does; `at` + `ahead` if it does not before then: a time to look again. Only the minutes at
    which something can change are looked at: those of a time of day, and every quarter of an hour, on which
    days begin and clocks are put forward or back in every zone.
    """
    if all(interval.always for interval in intervals):
        return None
    minutes = {minute % _GRID for interval in intervals for times in interval.times for minute in times} | {0}
    inside = _any_contains(intervals, at)
    minute = at.replace(second=0, microsecond=0)
    while (minute := minute + _MINUTE) <= at + ahead:
        if minute.minute % _GRID in minutes and _any_contains(intervals, minute) is not inside:
            return minute
    return at + ahead


def _any_contains(intervals: Sequence[TimeInterval], at: datetime) -> bool:
    return any(interval.contains(at) for interval in intervals)


# -- as JSON ----------------------------------------------------------------------------------------


def to_document(interval: TimeInterval) -> dict[str, Any]:
    """Return the interval as a JSON document, fields that are not given left out."""
    document: dict[str, Any] = {
        name: [list(pair) for pair in ranges] for name in _RANGES if (ranges := getattr(interval, name))
    }
    return document if interval.location == "UTC" else document | {"location": interval.location}


def from_document(document: Mapping[str, Any]) -> TimeInterval:
    """Return the interval that `to_document` wrote."""
    ranges = {name: tuple((first, last) for first, last in document.get(name, ())) for name in _RANGES}
    return TimeInterval(**ranges, location=document.get("location", "UTC"))


# -- as users write them ------------------------------------------------------------------------------


def parse_times(start: str, end: str) -> Range:
    """Return the minutes of the day from `start` up to, not including, `end`, both `HH:MM`."""
    for text in (start, end):
        if not _TIME.fullmatch(text):
            raise TimeIntervalError(f"not a time of day: {quote(text)} (expected HH:MM, from 00:00 to 24:00)")
    first, last = (int(text[:2]) * 60 + int(text[3:]) for text in (start, end))
    if first >= last:
        raise TimeIntervalError(
            "start time cannot be equal or greater than end time (a night takes two entries)"
        )
    return first, last


def parse_weekdays(text: str) -> Range:
    """Return the weekdays of `monday:friday` or `sunday`; Sunday is the first day of a week."""
    first, last = _pair(text)
    for name in (first, last):
        if name not in _WEEKDAYS:
            raise TimeIntervalError(f"not a weekday: {quote(name)} (expected e.g. monday, or monday:friday)")
    return _ordered(text, _WEEKDAYS.index(first), _WEEKDAYS.index(last))


def weekday(number: int) -> str:
    """Return the name of a weekday, Sunday being 0."""
    return _WEEKDAYS[number]


def parse_days_of_month(text: str) -> Range:
    """Return the days of `1:15`, `31` or `-3:-1`; negative ones count from the end of the month."""
    first, last = (_number(part, "a day of the month") for part in _pair(text))
    for day in (first, last):
        if not 1 <= abs(day) <= _LONGEST_MONTH:
            raise TimeIntervalError(f"not a day of the month: {day} (expected 1 to 31, or -31 to -1)")
    if first < 0 < last:
        raise TimeIntervalError("end day must be negative if start day is negative")
    in_february = [_SHORTEST_MONTH + day if day < 0 else day for day in (first, last)]
    if in_february[0] > in_february[1]:
        raise TimeIntervalError(f"end is before start: {quote(text)}")
    return first, last


def parse_months(text: str) -> Range:
    """Return the months of `january:march`, `1:3` or `12`; a 13th is none, but as in Alertmanager no mistake."""
    named = [str(_MONTHS.index(part) + 1) if part in _MONTHS else part for part in _pair(text)]
    first, last = (_number(part, "a month") for part in named)
    return _ordered(text, first, last)


def parse_years(text: str) -> Range:
    """Return the years of `2026` or `2026:2030`."""
    first, last = (_number(part, "a year") for part in _pair(text))
    return _ordered(text, first, last)


def parse_location(text: str) -> str:
    """Return the IANA name of a time zone; empty means UTC, and so does `Local`: that of a Lambda function."""
    try:
        return ZoneInfo("UTC" if text in ("", "Local") else text).key
    except (KeyError, ValueError, OSError):
        raise TimeIntervalError(
            f"unknown time zone: {quote(text)} (expected an IANA name, e.g. Europe/Berlin)"
        ) from None


def _pair(text: str) -> tuple[str, str]:
    parts = text.lower().split(":")
    if len(parts) > 2:
        raise TimeIntervalError(f"not a range: {quote(text)} (expected FIRST:LAST or one value)")
    return parts[0], parts[-1]


def _ordered(text: str, first: int, last: int) -> Range:
    if first > last:
        raise TimeIntervalError(f"end is before start: {quote(text)}")
    return first, last


def _number(text: str, what: str) -> int:
    if not re.fullmatch(r"[-+]?[0-9]{1,18}", text):
        raise TimeIntervalError(f"not {what}: {quote(text)} (expected a number)")
    return int(text)
