"""Go's time.Time and time.Duration, as far as templates use them."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from math import isfinite
from typing import ClassVar

from tocsin.templates.layout import DAYS, MONTHS, format_time
from tocsin.templates.numbers import shortest, special
from tocsin.templates.source import TemplateError
from tocsin.templates.values import INT, STRING, Function, Stringer, Struct, Type

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_ZERO = datetime(1, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_SECOND = 10**9
_SMALL_UNITS = ((10**6, "ms"), (10**3, "µs"), (1, "ns"))
_STRING_LAYOUT = "2006-01-02 15:04:05.999999999 -0700 MST"
_LARGEST = 2**63 - 1


class Month(Stringer, int):
    """A month by its number, printed by its name."""

    go_type = "time.Month"

    def text(self) -> str:
        """Return the English name."""
        return MONTHS[self - 1]


class Weekday(Stringer, int):
    """A day of the week by its number, Sunday being 0, printed by its name."""

    go_type = "time.Weekday"

    def text(self) -> str:
        """Return the English name."""
        return DAYS[self - 1]


class Duration(Stringer, Struct, int):
    """Nanoseconds, printed as `1h2m3.5s`."""

    go_type = "time.Duration"

    def text(self) -> str:
        """Return what Go's `Duration.String` returns."""
        sign, ns = "-" if self < 0 else "", abs(self)
        if ns < _SECOND:
            return sign + _below_a_second(ns)
        seconds, fraction = divmod(ns, _SECOND)
        minutes, seconds = divmod(seconds, 60)
        hours, minutes = divmod(minutes, 60)
        shown = f"{seconds}{_fraction(fraction, 9)}s"
        return sign + (f"{hours}h" if hours else "") + (f"{minutes}m" if hours or minutes else "") + shown


def _below_a_second(ns: int) -> str:
    for size, unit in _SMALL_UNITS:
        if ns >= size:
            return f"{ns // size}{_fraction(ns % size, len(str(size)) - 1)}{unit}"
    return "0s"


def _fraction(digits: int, places: int) -> str:
    return f".{digits:0{places}d}".rstrip("0") if digits else ""


def duration(nanoseconds: float) -> Duration:
    """Return so many nanoseconds; raises TemplateError where Go's 64 bits end."""
    if not abs(nanoseconds) <= _LARGEST:
        raise TemplateError(f"{shortest(nanoseconds)} ns are no duration")
    return Duration(int(nanoseconds))


@dataclass(frozen=True, slots=True)
class Time(Stringer, Struct):
    """An instant, aware, in its time zone; to the microsecond, where Go's is to the nanosecond."""

    at: datetime
    go_type: ClassVar[str] = "time.Time"

    def text(self) -> str:
        """Return what Go's `Time.String` returns."""
        return self.format(_STRING_LAYOUT)

    def format(self, layout: str) -> str:
        """Return the time in a layout of Go's."""
        return format_time(self.at, layout)

    def since(self, other: "Time") -> Duration:
        """Return how long after another time this is; as in Go not more than 292 years."""
        passed = (self.at - other.at) // _MICROSECOND * 1000
        return Duration(max(-_LARGEST - 1, min(_LARGEST, passed)))

    def on(self, years: int, months: int, days: int) -> "Time":
        """Return the time so many years, months and days later; the 31st of April is the 1st of May."""
        year, month = divmod(self.at.month - 1 + months, 12)
        try:
            first = self.at.replace(year=self.at.year + years + year, month=month + 1, day=1)
            return Time(first + timedelta(days=self.at.day - 1 + days))
        except (OverflowError, ValueError):
            raise TemplateError("no year from 1 to 9999") from None

    def truncated(self, unit: int) -> "Time":
        """Return the time rounded down to a multiple of a duration since the year 1."""
        return self.plus(-((unix_nanoseconds(self) - unix_nanoseconds(ZERO)) % unit)) if unit > 0 else self

    def rounded(self, unit: int) -> "Time":
        """Return the time rounded to the nearest multiple of a duration since the year 1, up if it is between two."""
        return self.plus(unit // 2).truncated(unit) if unit > 0 else self

    def location(self) -> str:
        """Return the name of the time zone."""
        return getattr(self.at.tzinfo, "key", None) or self.at.tzname() or "UTC"

    def plus(self, passed: int) -> "Time":
        """Return the time a duration later; raises TemplateError outside of the years 1 to 9999."""
        try:
            return Time(self.at + timedelta(microseconds=passed // 1000))
        except OverflowError:
            raise TemplateError("no year from 1 to 9999") from None


ZERO = Time(_ZERO)
"""Go's zero time."""


def time_of(seconds: float) -> Time:
    """Return the time so many seconds after 1970, to the millisecond; raises TemplateError."""
    if not isfinite(seconds):
        raise TemplateError("value is NaN or Inf")
    if abs(seconds * 10**9) > _LARGEST:
        reason = "cannot be represented as a nanoseconds timestamp since it overflows int64"
        raise TemplateError(f"{shortest(seconds)} {reason}")
    return Time(_EPOCH + timedelta(milliseconds=_whole(int(seconds * 10**9), 10**6)))


def humanize_timestamp(seconds: float) -> str:
    """Return the time so many seconds after 1970 as Go prints it; raises TemplateError."""
    return time_of(seconds).text() if isfinite(seconds) else special(seconds)


def unix_nanoseconds(time: Time) -> int:
    """Return the nanoseconds since 1970."""
    return (time.at - _EPOCH) // _MICROSECOND * 1000


def _whole(nanoseconds: int, unit: int) -> int:
    """Return how many whole units there are, cut towards zero as Go divides."""
    return abs(nanoseconds) // unit * (-1 if nanoseconds < 0 else 1)


def _in_units(nanoseconds: int, unit: int) -> float:
    """Return how many units there are; as in Go the whole ones and the rest are divided apart."""
    whole = _whole(nanoseconds, unit)
    return whole + (nanoseconds - whole * unit) / unit


DURATION = Type("time.Duration", (Duration, int))
TIME = Type("time.Time", (Time,))
Duration.methods = {
    "String": Function(Duration.text),
    "Hours": Function(lambda passed: _in_units(passed, 3600 * _SECOND)),
    "Minutes": Function(lambda passed: _in_units(passed, 60 * _SECOND)),
    "Seconds": Function(lambda passed: _in_units(passed, _SECOND)),
    "Milliseconds": Function(lambda passed: _whole(passed, 10**6)),
    "Microseconds": Function(lambda passed: _whole(passed, 10**3)),
    "Nanoseconds": Function(lambda passed: int(passed)),
    "Abs": Function(lambda passed: Duration(abs(passed))),
}
Time.methods = {
    "String": Function(Time.text),
    "Format": Function(Time.format, (STRING,)),
    "Unix": Function(lambda time: unix_nanoseconds(time) // _SECOND),
    "UnixMilli": Function(lambda time: unix_nanoseconds(time) // 10**6),
    "UnixMicro": Function(lambda time: unix_nanoseconds(time) // 10**3),
    "UnixNano": Function(unix_nanoseconds),
    "Year": Function(lambda time: time.at.year),
    "Month": Function(lambda time: Month(time.at.month)),
    "Day": Function(lambda time: time.at.day),
    "Hour": Function(lambda time: time.at.hour),
    "Minute": Function(lambda time: time.at.minute),
    "Second": Function(lambda time: time.at.second),
    "Nanosecond": Function(lambda time: time.at.microsecond * 1000),
    "Weekday": Function(lambda time: Weekday(time.at.isoweekday() % 7)),
    "YearDay": Function(lambda time: time.at.timetuple().tm_yday),
    "IsZero": Function(lambda time: time.at == _ZERO),
    "UTC": Function(lambda time: Time(time.at.astimezone(UTC))),
    "Local": Function(lambda time: Time(time.at.astimezone(UTC))),
    "Location": Function(Time.location),
    "AddDate": Function(Time.on, (INT, INT, INT)),
    "Truncate": Function(Time.truncated, (DURATION,)),
    "Round": Function(Time.rounded, (DURATION,)),
    "Compare": Function(lambda time, other: (time.at > other.at) - (time.at < other.at), (TIME,)),
    "Add": Function(Time.plus, (DURATION,)),
    "Sub": Function(Time.since, (TIME,)),
    "After": Function(lambda time, other: time.at > other.at, (TIME,)),
    "Before": Function(lambda time, other: time.at < other.at, (TIME,)),
    "Equal": Function(lambda time, other: time.at == other.at, (TIME,)),
}
