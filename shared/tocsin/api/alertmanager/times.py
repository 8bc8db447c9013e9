"""Times as clients of Alertmanager write them (go-openapi `strfmt.ParseDateTime`)."""

import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache

ZERO = datetime.min.replace(tzinfo=UTC)
"""Go's zero time, 0001-01-01T00:00:00Z: what is written for a time that is not given."""
_DATE = r"(\d{4})-(\d\d)-(\d\d)"
_CLOCK = r"(\d\d?):(\d\d):(\d\d)(?:[.,](\d+))?"
_FORMS = [
    re.compile(form, re.ASCII)
    for form in (
        rf"{_DATE}T{_CLOCK}(Z|[+-]\d\d:\d\d)?",
        rf"{_DATE}T(\d\d?):(\d\d):(\d\d)[.,](\d{{3}}|\d{{6}})([+-]\d{{4}})",
        rf"{_DATE}T(\d\d?):(\d\d)()()Z?",
        rf"{_DATE} {_CLOCK}",
    )
]
"""RFC 3339, its zone left out or, after milli- or microseconds, without a colon; without seconds; a blank for the T."""


@lru_cache(maxsize=4096)  # of a thousand alerts most begin and end together, and are posted every minute
def parse_time(text: str) -> datetime:
    """Return the time, in UTC and whole microseconds; an empty text is none. Raises ValueError.

    Go takes an empty text for 1970: what is posted so would have ended before it began.
    """
    if not text:
        return ZERO
    match = next(filter(None, (form.fullmatch(text) for form in _FORMS)), None)
    if match is None:
        raise ValueError(f'parsing time "{text}": expected a time of RFC 3339, as 2006-01-02T15:04:05Z')
    year, month, day, hour, minute, second, fraction, zone = (*match.groups(), *[""] * 8)[:8]
    micros = int(((fraction or "") + "000000")[:6])
    try:
        local = datetime(
            int(year), int(month), int(day), int(hour), int(minute), int(second or 0), micros, UTC
        )
    except ValueError as error:
        raise ValueError(f'parsing time "{text}": {error}') from None
    return _shifted(local, zone or "Z")


def _shifted(local: datetime, zone: str) -> datetime:
    """Return a local time in UTC; what leaves the years that there are stays at their edge."""
    if zone == "Z":
        return local
    offset = timedelta(hours=int(zone[1:3]), minutes=int(zone[-2:]))
    try:
        return local + offset if zone[0] == "-" else local - offset
    except OverflowError:
        return ZERO if zone[0] == "+" else datetime.max.replace(tzinfo=UTC)
