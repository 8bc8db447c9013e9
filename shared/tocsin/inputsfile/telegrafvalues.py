"""Durations as a telegraf.toml has them, and as an inputs.yml does."""

from datetime import timedelta
from typing import Any

from tocsin.durations import DurationError, format_duration, parse_duration, parse_go_duration

_MOST_SECONDS = 10**9


def span(value: Any) -> timedelta | None:
    """Return the time that an option says, numbers being seconds; None if it says none.

    Source: telegraf `config/types.go` (Duration).
    """
    if isinstance(value, int | float) and not isinstance(value, bool):
        return timedelta(seconds=value) if abs(value) < _MOST_SECONDS else None  # neither is NaN
    for parse in (parse_duration, parse_go_duration):
        try:
            return parse(value)
        except (DurationError, TypeError):
            continue
    return None


def duration(value: Any) -> Any:
    """Return a time as inputs.yml writes it; what is none comes back as it is."""
    found = span(value)
    return value if found is None else format_duration(found)
