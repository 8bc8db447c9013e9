"""Instants: aware UTC datetimes inside the code, integer milliseconds since 1970 where they are stored."""

from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


def millis(at: datetime) -> int:
    """Return whole milliseconds since 1970; exact, with no way through a float."""
    return (at - _EPOCH) // _MILLISECOND


def instant(ms: int) -> datetime:
    """Return the instant that `ms` milliseconds since 1970 stand for."""
    return _EPOCH + timedelta(milliseconds=ms)


def maybe_millis(at: datetime | None) -> int | None:
    """Like `millis`, for an instant that may be missing."""
    return None if at is None else millis(at)


def maybe_instant(ms: int | None) -> datetime | None:
    """Like `instant`, for milliseconds that may be missing."""
    return None if ms is None else instant(ms)


def rfc3339(at: datetime) -> str:
    """Return `at` as Go's RFC3339Nano prints it: UTC, `Z`, no trailing zeros in the fraction."""
    text = at.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds")
    return text.rstrip("0").removesuffix(".") + "Z"
