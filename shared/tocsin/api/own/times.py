"""Times and durations as our own API writes them."""

from datetime import UTC, datetime, timedelta


def time_text(at: datetime) -> str:
    """Return a time: RFC 3339 in UTC with milliseconds."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").removesuffix("+00:00") + "Z"


def maybe_time_text(at: datetime | None) -> str | None:
    """Return a time, None for none."""
    return None if at is None else time_text(at)


def maybe_seconds(duration: timedelta | None) -> float | None:
    """Return a duration in seconds, None for none."""
    return None if duration is None else duration.total_seconds()
