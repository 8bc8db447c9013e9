"""Times as Telegraf's parsers read them (telegraf `internal/internal.go`, ParseTimestamp)."""

from datetime import UTC, datetime, timedelta, tzinfo
from decimal import Decimal, InvalidOperation

from tocsin.metric import FieldValue
from tocsin.templates.layout import parts_of
from tocsin.templates.parsetime import parse_time
from tocsin.templates.source import TemplateError

_UNIX = {"unix": 1, "unix_ms": 10**3, "unix_us": 10**6, "unix_ns": 10**9}
_LONGEST_NUMBER = 40
_MOST = 10**20
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NAMED = {
    "ansic": "Mon Jan _2 15:04:05 2006",
    "unixdate": "Mon Jan _2 15:04:05 MST 2006",
    "rubydate": "Mon Jan 02 15:04:05 -0700 2006",
    "rfc822": "02 Jan 06 15:04 MST",
    "rfc822z": "02 Jan 06 15:04 -0700",
    "rfc850": "Monday, 02-Jan-06 15:04:05 MST",
    "rfc1123": "Mon, 02 Jan 2006 15:04:05 MST",
    "rfc1123z": "Mon, 02 Jan 2006 15:04:05 -0700",
    "rfc3339": "2006-01-02T15:04:05Z07:00",
    "rfc3339nano": "2006-01-02T15:04:05.999999999Z07:00",
    "stamp": "Jan _2 15:04:05",
    "stampmilli": "Jan _2 15:04:05.000",
    "stampmicro": "Jan _2 15:04:05.000000",
    "stampnano": "Jan _2 15:04:05.000000000",
}


class TimeError(ValueError):
    """A time cannot be read; the text says what was expected."""


def time_of(written: FieldValue, layout: str, zone: tzinfo, now: datetime) -> datetime:
    """Return the time that is written in a layout: `unix` and its like, a name of Go's, or Go's reference time.

    It is of `zone` if the layout has none, and of this year if it has no year. Raises TimeError.
    """
    if layout.lower() in _UNIX:
        return _unix(written, _UNIX[layout.lower()])
    if not isinstance(written, str):
        raise TimeError("expected text")
    layout = _NAMED.get(layout.lower(), layout)
    parts = {part for _, part in parts_of(layout)}
    try:
        at = parse_time(layout, written).at
        if not any("07" in part or part == "MST" for part in parts):
            at = at.replace(tzinfo=zone)
        if not parts & {"2006", "06"}:
            at = at.replace(year=now.year)
        return at.astimezone(UTC)
    except (TemplateError, ValueError, OverflowError):
        raise TimeError(f"expected a time like {layout}") from None


def _unix(written: FieldValue, units: int) -> datetime:
    text = str(written)
    try:
        number = Decimal(text if len(text) <= _LONGEST_NUMBER else "")
        if abs(number) >= _MOST:
            raise OverflowError
        return _EPOCH + timedelta(microseconds=int(number * 10**6 / units))
    except (InvalidOperation, OverflowError):
        raise TimeError("expected a number since 1970") from None
