"""Alerts as others post them: completed, checked, merged with what is known (Alertmanager, `api` and `alert`)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from tocsin.alert import Alert
from tocsin.labels import quote

LONGEST_SLACK = timedelta(minutes=5)
_MOST_LABEL_BYTES, _MOST_BYTES = 64 * 1024, 256 * 1024
"""Of an alert's labels, which its group's own item may hold twice, and of all its texts: an item takes 400 KB."""
_EARLIEST = datetime(1970, 1, 2, tzinfo=UTC)
_LATEST = datetime(2200, 1, 1, tzinfo=UTC)
"""Who posts the year 9999 means never, and sums with it have to be times too."""


@dataclass(frozen=True, slots=True)
class Posted:
    """An alert as it comes in: without a start it starts now, without an end it ends when nobody repeats it."""

    labels: Mapping[str, str]
    annotations: Mapping[str, str]
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    generator_url: str = ""


class PostedError(ValueError):
    """An alert that cannot be taken, in Alertmanager's words."""


@dataclass(frozen=True, slots=True)
class Known:
    """An alert as it is known; `timeout` says that its end is only when it is given up."""

    alert: Alert
    updated_at: datetime
    timeout: bool = False

    @property
    def ends_at(self) -> datetime:
        """When the alert ends: every posted alert does."""
        return self.alert.ends_at or self.updated_at


def complete(posted: Posted, now: datetime, resolve_timeout: timedelta) -> Known:
    """Return the alert with its times filled in and labels that are empty left out; raises PostedError.

    Times are bounded and in whole milliseconds, as they are stored: else what is posted again would be news.
    """
    starts_at = _bounded(posted.starts_at or posted.ends_at or now)
    ends_at = _bounded(posted.ends_at or now + resolve_timeout)
    labels = {name: value for name, value in posted.labels.items() if value}
    _check(labels, posted.annotations, starts_at, ends_at)
    _check_size(labels, [*posted.annotations.items(), ("", posted.generator_url)])
    alert = Alert(labels, dict(posted.annotations), starts_at, ends_at, posted.generator_url)
    return Known(alert, now, timeout=posted.ends_at is None)


def _bounded(at: datetime) -> datetime:
    """Return a time as it is stored: in whole milliseconds, neither before all nor beyond all time."""
    at = max(_EARLIEST, min(at, _LATEST))
    return at.replace(microsecond=at.microsecond // 1000 * 1000)


def _check(
    labels: Mapping[str, str], annotations: Mapping[str, str], starts_at: datetime, ends_at: datetime
) -> None:
    if ends_at < starts_at:
        raise PostedError("start time must be before end time")
    if not labels:
        raise PostedError("at least one label pair required")
    for what, pairs in (("label set", labels), ("annotations", annotations)):
        for name, value in pairs.items():
            if not name or not _is_utf8(name):
                raise PostedError(f"invalid {what}: invalid name {quote(name)}")
            if not _is_utf8(value):
                raise PostedError(f"invalid {what}: invalid value {quote(value)}")


def _check_size(labels: Mapping[str, str], others: Iterable[tuple[str, str]]) -> None:
    of_labels = _bytes(labels.items())
    if of_labels > _MOST_LABEL_BYTES:
        raise PostedError(f"labels have {of_labels} bytes, at most {_MOST_LABEL_BYTES} are taken")
    if (size := of_labels + _bytes(others)) > _MOST_BYTES:
        raise PostedError(f"an alert has {size} bytes, at most {_MOST_BYTES} are taken")


def text_bytes(alert: Alert) -> int:
    """Return how long an alert's texts are, in bytes."""
    return _bytes((*alert.labels.items(), *alert.annotations.items())) + len(alert.generator_url.encode())


def _bytes(pairs: Iterable[tuple[str, str]]) -> int:
    return sum(len(text.encode()) for pair in pairs for text in pair)


def _is_utf8(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:  # half of a surrogate pair, which JSON can write
        return False
    return True


def merge(old: Known, new: Known, now: datetime) -> Known:
    """Return what is known after `new` came in; an alert that does not overlap the old one replaces it.

    Otherwise the earlier start counts, and the later end: but a giving-up gives way to any end, and the end of
    what has ended to that of what goes on. Texts are the new one's.
    """
    if not _overlap(old.alert, new.alert):
        return new
    ends_at = new.ends_at
    if old.ends_at > new.ends_at and (old.ends_at <= now if new.ends_at <= now else not old.timeout):
        ends_at = old.ends_at
    starts_at = min(old.alert.starts_at, new.alert.starts_at)
    return replace(new, alert=replace(new.alert, starts_at=starts_at, ends_at=ends_at))


def _overlap(old: Alert, new: Alert) -> bool:
    if old.ends_at is None or new.ends_at is None:
        return True
    return old.starts_at < new.ends_at < old.ends_at or old.starts_at < new.starts_at < old.ends_at


def extended(old: Known, merged: Known, now: datetime, slack: float) -> Known:
    """Return what to store of an alert that is only repeated: the same as before while its end is far enough.

    A repetition that has to be stored is stored with some `slack`, a part of the time that it still has, so that
    the next ones need not be: an alert that is given up is given up that much later, never too early.
    """
    if not _alike(merged, old) or merged.ends_at <= now:
        return merged
    if merged.ends_at <= old.ends_at:
        return replace(merged, alert=old.alert) if merged.timeout == old.timeout else merged
    more = min((merged.ends_at - now) * slack, LONGEST_SLACK)
    return replace(merged, alert=replace(merged.alert, ends_at=merged.ends_at + more))


def is_extension(old: Known | None, new: Known) -> bool:
    """Tell whether nothing of an alert has changed but its end, which is later now: nothing to tell of."""
    return old is not None and new.ends_at >= old.ends_at and _alike(old, new)


def _alike(one: Known, other: Known) -> bool:
    return replace(one.alert, ends_at=None) == replace(other.alert, ends_at=None)
