"""Values of a database as fields, tags and times.

NULL is no value anywhere; Telegraf makes a 0 of it where a type is asked for. Otherwise as telegraf
`internal/type_conversions.go` has it. Messages hold no values.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from tocsin.inputs.parsers.jsontime import TimeError, time_of
from tocsin.metric import FieldValue

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_TRUE, _FALSE = (
    frozenset({"1", "t", "T", "TRUE", "true", "True"}),
    frozenset({"0", "f", "F", "FALSE", "false", "False"}),
)
_MOST_UNSIGNED = 2**64


class ValueKindError(ValueError):
    """A value is not what it should be; the text says what was expected and what it is, not the value."""


def automatic(value: Any) -> FieldValue:
    """Return a value as a field: numbers and truths as they are, times as nanoseconds since 1970, all else as text."""
    if isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, date):
        return (moment(value) - _EPOCH) // _MICROSECOND * 1000
    return text(value)


def text(value: Any) -> str:
    """Return a value as text."""
    match value:
        case str():
            return value
        case bytes() | bytearray() | memoryview():
            return bytes(value).decode(errors="replace")
        case bool():
            return str(value).lower()
        case float():
            return f"{Decimal(repr(value)):f}".removesuffix(".0")
        case Decimal():
            return f"{value:f}"
        case datetime():
            return moment(value).isoformat()
        case int() | date() | time() | timedelta() | UUID():
            return str(value)
    raise ValueKindError(f"{type(value).__name__} cannot be a field or a tag")


def _float(value: Any) -> float:
    return float(value if isinstance(value, bool | int | float | Decimal) else text(value))


def _int(value: Any) -> int:
    if isinstance(value, bool | int | float | Decimal):
        return int(value)
    written = text(value)
    return int(written, 16 if written.startswith("0x") else 10)


def _uint(value: Any) -> int:
    number = _int(value)
    if not 0 <= number < _MOST_UNSIGNED:
        raise ValueError
    return number


def _bool(value: Any) -> bool:
    if isinstance(value, bool | int | float | Decimal):
        return value > 0
    written = text(value)
    if written not in _TRUE | _FALSE:
        raise ValueError
    return written in _TRUE


_TYPES: Mapping[str, Callable[[Any], FieldValue]] = {
    "float": _float,
    "int": _int,
    "uint": _uint,
    "bool": _bool,
    "string": text,
}
TYPES = tuple(_TYPES)
"""The types that can be asked for, in the order in which they are looked for."""


def typed(value: Any, name: str) -> FieldValue:
    """Return a value as a field of one of `TYPES`; raises ValueKindError."""
    try:
        return _TYPES[name](value)
    except ValueKindError:
        raise
    except (ValueError, ArithmeticError):
        raise ValueKindError(f"{type(value).__name__} that is no {name}") from None


def moment(value: date) -> datetime:
    """Return a time of a database as an instant: without a zone it is UTC, and a day begins at midnight."""
    if not isinstance(value, datetime):
        return datetime(value.year, value.month, value.day, tzinfo=UTC)
    return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def at(value: Any, layout: str, now: datetime) -> datetime:
    """Return the instant that a value says: `unix`, `unix_ms`, `unix_us`, `unix_ns` or a layout of Go's.

    Raises ValueKindError.
    """
    if isinstance(value, date):
        return moment(value)
    try:
        return time_of(text(value), layout, UTC, now)
    except TimeError:
        raise ValueKindError(f"{type(value).__name__} that is no time in the format {layout}") from None
