"""Times in Go's layouts, which show how they would write Monday 2 January 2006, 15:04:05 (Go time/format.go)."""

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime

MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")

_PARTS: Mapping[str, Callable[[datetime], str]] = {
    "January": lambda at: MONTHS[at.month - 1],
    "Jan(?![a-z])": lambda at: MONTHS[at.month - 1][:3],
    "Monday": lambda at: DAYS[at.weekday()],
    "Mon(?![a-z])": lambda at: DAYS[at.weekday()][:3],
    "MST": lambda at: _zone(at),
    "2006": lambda at: f"{at.year:04d}",
    "__2": lambda at: f"{at.timetuple().tm_yday:3d}",
    "_2(?!006)": lambda at: f"{at.day:2d}",
    "002": lambda at: f"{at.timetuple().tm_yday:03d}",
    "01": lambda at: f"{at.month:02d}",
    "02": lambda at: f"{at.day:02d}",
    "03": lambda at: f"{_hour(at):02d}",
    "04": lambda at: f"{at.minute:02d}",
    "05": lambda at: f"{at.second:02d}",
    "06": lambda at: f"{at.year % 100:02d}",
    "15": lambda at: f"{at.hour:02d}",
    "1": lambda at: str(at.month),
    "2": lambda at: str(at.day),
    "3": lambda at: str(_hour(at)),
    "4": lambda at: str(at.minute),
    "5": lambda at: str(at.second),
    "PM": lambda at: "AM" if at.hour < 12 else "PM",
    "pm": lambda at: "am" if at.hour < 12 else "pm",
    "[-Z]07:00:00": lambda at: _offset(at, ":", seconds=True),
    "[-Z]070000": lambda at: _offset(at, "", seconds=True),
    "[-Z]07:00": lambda at: _offset(at, ":"),
    "[-Z]0700": lambda at: _offset(at, ""),
    "[-Z]07": lambda at: _offset(at, "")[:3],
}
_WRITERS = tuple(_PARTS.values())
_LAYOUT = re.compile("|".join([*(f"({part})" for part in _PARTS), r"([.,](?:0+|9+)(?![0-9]))"]))


def parts_of(layout: str) -> Iterator[tuple[str, str]]:
    """Yield the parts of a layout, each after the text that stands before it; what is last is no part."""
    at = 0
    for part in _LAYOUT.finditer(layout):
        yield layout[at : part.start()], part.group()
        at = part.end()
    yield layout[at:], ""


def format_time(at: datetime, layout: str) -> str:
    """Return an aware time in a layout."""
    return _LAYOUT.sub(lambda match: _written(at, match), layout)


def _written(at: datetime, match: re.Match[str]) -> str:
    number, part = (match.lastindex or 0) - 1, match.group()
    if number == len(_WRITERS):
        return _fraction(at, part)
    if part.startswith("Z") and not at.utcoffset():
        return "Z"
    return _WRITERS[number](at)


def _fraction(at: datetime, part: str) -> str:
    """Return the fraction of the second, in as many digits as the layout has; nines drop zeros at the end."""
    digits = f"{at.microsecond:06d}000"[: len(part) - 1]
    if part[1] == "0":
        return part[0] + digits.ljust(len(part) - 1, "0")
    digits = digits.rstrip("0")
    return part[0] + digits if digits else ""


def _zone(at: datetime) -> str:
    """Return the short name of the zone, the offset of one that has no name (Python would call it `UTC+02:00`)."""
    name = at.tzname() or "UTC"
    return _offset(at, "") if name.startswith(("UTC+", "UTC-")) else name


def _hour(at: datetime) -> int:
    return at.hour % 12 or 12


def _offset(at: datetime, separator: str, *, seconds: bool = False) -> str:
    offset = at.utcoffset()
    total = int(offset.total_seconds()) if offset else 0
    parts = [abs(total) // 3600, abs(total) // 60 % 60, abs(total) % 60][: 3 if seconds else 2]
    return ("-" if total < 0 else "+") + separator.join(f"{part:02d}" for part in parts)
