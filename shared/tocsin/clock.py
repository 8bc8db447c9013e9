"""The clock of the real world, set right by AWS when it is wrong."""

import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

_TOLERANCE = timedelta(seconds=2)
_CHECK_AGAIN = timedelta(minutes=1)


class SystemClock:
    """The system's time, unless the `Date` of an AWS answer says that it is more than 2 s off.

    A worker whose clock is fast would ask before the samples exist, and end what fires.
    """

    def __init__(self) -> None:
        self._offset = timedelta(0)
        self._checked: datetime | None = None

    def now(self) -> datetime:
        """Return the current time, aware, in UTC."""
        return datetime.now(UTC) + self._offset

    def sleep(self, seconds: float) -> None:
        """Let `seconds` pass."""
        time.sleep(seconds)

    def watch(self, parsed: Mapping[str, Any], **_: Any) -> None:
        """Compare with an AWS answer, once a minute at most: botocore's `after-call` hook."""
        system = datetime.now(UTC)
        if self._checked is not None and abs(system - self._checked) < _CHECK_AGAIN:
            return
        date = parsed.get("ResponseMetadata", {}).get("HTTPHeaders", {}).get("date")
        if date is None:
            return
        self._checked = system
        offset = parsedate_to_datetime(date) - system
        self._offset = offset if abs(offset) > _TOLERANCE else timedelta(0)
