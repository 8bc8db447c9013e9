"""Times read in Go's layouts (Go time/format.go: Parse)."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from typing import NamedTuple

from tocsin.labels import quote
from tocsin.templates.layout import DAYS, MONTHS, parts_of
from tocsin.templates.source import TemplateError, shortened
from tocsin.templates.times import Time

_TWO = "[0-9]{2}"
_ONE_OR_TWO = "[0-9]{1,2}"
_CENTURY_BEGINS = 69
_RANGES = {"month": (1, 12), "hour": (0, 23), "hour12": (0, 12), "minute": (0, 59), "second": (0, 59)}


class _Reader(NamedTuple):
    """How a part of a layout is written, which field that is, and what number it stands for."""

    pattern: str
    field: str
    number: Callable[[str], int] = int


def _names(names: tuple[str, ...], field: str, length: int | None = None) -> _Reader:
    short = [name[:length].lower() for name in names]
    return _Reader(f"(?i:{'|'.join(short)})", field, lambda written: short.index(written.lower()) + 1)


def _offset(written: str) -> int:
    if written == "Z":
        return 0
    digits = written[1:].replace(":", "").ljust(6, "0")
    seconds = int(digits[:2]) * 3600 + int(digits[2:4]) * 60 + int(digits[4:])
    return -seconds if written[0] == "-" else seconds


def _zone(separator: str, parts: int) -> _Reader:
    return _Reader("[-+]" + separator.join([_TWO] * parts), "offset", _offset)


_READERS: Mapping[str, _Reader] = {
    "January": _names(MONTHS, "month"),
    "Jan": _names(MONTHS, "month", 3),
    "Monday": _names(DAYS, "weekday"),
    "Mon": _names(DAYS, "weekday", 3),
    "MST": _Reader("[A-Z]{3,4}", "zone", lambda _: 0),
    "2006": _Reader("[0-9]{4}", "year"),
    "06": _Reader(
        _TWO, "year", lambda written: int(written) + (1900 if int(written) >= _CENTURY_BEGINS else 2000)
    ),
    "__2": _Reader(" {0,2}[0-9]{1,3}", "day of year"),
    "002": _Reader("[0-9]{3}", "day of year"),
    "_2": _Reader(" ?" + _ONE_OR_TWO, "day"),
    "01": _Reader(_TWO, "month"),
    "1": _Reader(_ONE_OR_TWO, "month"),
    "02": _Reader(_TWO, "day"),
    "2": _Reader(_ONE_OR_TWO, "day"),
    "15": _Reader(_ONE_OR_TWO, "hour"),
    "03": _Reader(_TWO, "hour12"),
    "3": _Reader(_ONE_OR_TWO, "hour12"),
    "04": _Reader(_TWO, "minute"),
    "4": _Reader(_ONE_OR_TWO, "minute"),
    "05": _Reader(_TWO, "second"),
    "5": _Reader(_ONE_OR_TWO, "second"),
    "PM": _Reader("AM|PM", "afternoon", lambda written: written == "PM"),
    "pm": _Reader("am|pm", "afternoon", lambda written: written == "pm"),
    "07:00:00": _zone(":", 3),
    "070000": _zone("", 3),
    "07:00": _zone(":", 2),
    "0700": _zone("", 2),
    "07": _zone("", 1),
}
_SPACES = re.compile(" +")
_FRACTIONS = (".", ",")


def parse_time(layout: str, written: str) -> Time:
    """Return the time that is written in a layout, of UTC if it names no zone; raises TemplateError."""
    parts, reading = [*parts_of(layout)], _Reading(layout, written)
    for (literal, part), following in zip(parts, [*parts[1:], ("", "")], strict=True):
        reading.take(_SPACES.sub(" +", re.escape(literal).replace("\\ ", " ")), literal)
        if part.startswith(_FRACTIONS):
            reading.fraction(part)
        elif part:
            reading.part(part)
        if part in ("05", "5") and (following[0] or not following[1].startswith(_FRACTIONS)):
            reading.fraction(".9")  # Go takes the fraction of a second that the layout does not have
    if reading.at < len(written):
        raise _failure(written, f": extra text: {quote(written[reading.at :])}")
    return Time(_time(reading.fields, reading.zone, written))


@dataclass(slots=True)
class _Reading:
    """A text on its way through a layout: how far it is read and what has been found."""

    layout: str
    written: str
    at: int = 0
    zone: str = ""
    fields: dict[str, int] = field(default_factory=dict)

    def take(self, pattern: str, part: str) -> str:
        """Return what stands next if it is of the pattern, and go past it; raises TemplateError."""
        match = re.compile(pattern).match(self.written, self.at)
        if match is None:
            rest = quote(self.written[self.at :])
            raise _failure(self.written, f" as {quote(self.layout)}: cannot parse {rest} as {quote(part)}")
        self.at = match.end()
        return match.group()

    def part(self, part: str) -> None:
        """Read a part other than a fraction."""
        reader = _READERS[part[1:] if part[0] in "-Z" else part]
        word = self.take(f"Z|{reader.pattern}" if part[0] == "Z" else reader.pattern, part)
        number = reader.number(word)
        low, high = _RANGES.get(reader.field, (number, number))
        if not low <= number <= high:
            raise _failure(self.written, f": {reader.field.removesuffix('12')} out of range")
        self.fields[reader.field] = number
        self.zone = word if part == "MST" else self.zone

    def fraction(self, part: str) -> None:
        """Read as many digits as there are zeros; what has nines may be missing."""
        digits = f"[.,][0-9]{{{len(part) - 1}}}" if part[1] == "0" else "(?:[.,][0-9]+)?"
        word = self.take(digits, part)
        if word:
            self.fields["microsecond"] = int(word[1:7].ljust(6, "0"))


def _time(fields: Mapping[str, int], zone: str, written: str) -> datetime:
    year, hour = fields.get("year", 1), fields.get("hour", 0)
    if "hour12" in fields:
        hour = fields["hour12"] % 12 if "afternoon" in fields else fields["hour12"]
    hour += 12 if fields.get("afternoon") and hour < 12 else 0
    clock = (hour, fields.get("minute", 0), fields.get("second", 0), fields.get("microsecond", 0))
    try:
        day = _date(fields, year)
        return datetime(day.year, day.month, day.day, *clock, tzinfo=_tzinfo(fields, zone))
    except (ValueError, OverflowError):
        raise _failure(written, ": day out of range") from None


def _date(fields: Mapping[str, int], year: int) -> date:
    if "day of year" in fields:
        day = date(year, 1, 1) + timedelta(days=fields["day of year"] - 1)
        if day.year != year:
            raise ValueError
        return day
    return date(year, fields.get("month", 1), fields.get("day", 1))


def _tzinfo(fields: Mapping[str, int], zone: str) -> tzinfo:
    if "offset" not in fields:
        return UTC if zone in ("", "UTC") else timezone(timedelta(0), zone)
    offset = timedelta(seconds=fields["offset"])
    return timezone(offset, zone) if zone else timezone(offset) if offset else UTC


def _failure(written: str, reason: str) -> TemplateError:
    return TemplateError(shortened(f"parsing time {quote(written)}{reason}"))
