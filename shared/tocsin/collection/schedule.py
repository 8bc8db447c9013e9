"""The schedule of an input: at which times it is due. It knows times, no clock."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from hashlib import sha256
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError

from tocsin.instants import instant, millis
from tocsin.timeintervals import TimeInterval, next_change

_MILLISECOND = timedelta(milliseconds=1)
_CRON_FIELDS = 5


class CronError(ValueError):
    """The text is no cron expression of five fields, or one that can never come."""


class JitterBy(StrEnum):
    """What the jitter of a run comes from."""

    HASH = "hash"
    """The input's id: always the same, so runs are evenly spaced."""
    RANDOM = "random"
    """The input's id and the time of the run: another one each time, as in Telegraf, but the same if asked again."""


@dataclass(frozen=True, slots=True)
class Schedule:
    """When an input runs: every `interval`, or as `cron` says; `offset` later, and up to `jitter` more.

    Only inside `active` windows (if there are any) and outside of `muted` ones. `cron` has five fields and is meant
    in the local time of `location`.
    """

    interval: timedelta = timedelta(seconds=10)
    offset: timedelta = timedelta(0)
    jitter: timedelta = timedelta(0)
    jitter_by: JitterBy = JitterBy.HASH
    cron: str = ""
    location: str = "UTC"
    active: tuple[TimeInterval, ...] = ()
    muted: tuple[TimeInterval, ...] = ()


def check_cron(text: str) -> str:
    """Return a cron expression as it is; raises CronError.

    What may be in its fields is what Debian's cron takes, and `L`, `LW` and `#` (https://pypi.org/project/cronsim).
    """
    if len(text.split()) != _CRON_FIELDS:
        raise CronError("expected five fields: minute, hour, day of the month, month, day of the week")
    try:
        CronSim(text, datetime(2026, 1, 1, tzinfo=UTC))
    except CronSimError as error:
        raise CronError(f"not a cron expression: {error}") from None
    return text


def cron_times(schedule: Schedule, after: datetime) -> Iterator[datetime]:
    """Yield the times after `after` at which `cron` comes, oldest first, as Debian's cron keeps daylight saving.

    A fixed time of day that is skipped comes as the clocks are put forward, and one that is there twice comes once;
    what is meant for every hour, or every few minutes, comes by elapsed time.
    """
    zone = UTC if schedule.location == "UTC" else ZoneInfo(schedule.location)
    for at in CronSim(schedule.cron, after.astimezone(zone)):
        # In an hour that is there twice, the walk begins with local times that have been before.
        if at > after:
            yield at.astimezone(UTC)


def jitter(schedule: Schedule, input_id: str, at: datetime) -> timedelta:
    """Return how much later than `at` the run is due: whole milliseconds, evenly spread from 0 to below the jitter.

    A jitter counts as no longer than the interval, so that no run overtakes the next.
    """
    width = schedule.jitter if schedule.cron else min(schedule.jitter, schedule.interval)
    if width < _MILLISECOND:
        return timedelta(0)
    of = input_id if schedule.jitter_by is JitterBy.HASH else f"{input_id} {millis(at)}"
    number = int.from_bytes(sha256(of.encode()).digest()[:8])
    return number % (width // _MILLISECOND) * _MILLISECOND


def is_open(schedule: Schedule, at: datetime) -> bool:
    """Tell whether `at` lies in an active window, if there are any, and in no muted one."""
    if schedule.active and not any(window.contains(at) for window in schedule.active):
        return False
    return not any(window.contains(at) for window in schedule.muted)


def open_spans(schedule: Schedule, after: datetime, until: datetime) -> Iterator[tuple[datetime, datetime]]:
    """Yield the parts of (after, until] in which runs are allowed, oldest first, half-open as it is."""
    at, end = (instant(millis(time)) + _MILLISECOND for time in (after, until))
    while at < end:
        changes = [next_change(windows, at, end - at) for windows in (schedule.active, schedule.muted)]
        then = min([end, *(change for change in changes if change is not None)])
        if is_open(schedule, at):
            yield at - _MILLISECOND, then - _MILLISECOND
        at = then
