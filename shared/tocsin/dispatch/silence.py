"""Silences: what a person wants not to hear of, from when until when."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

from tocsin.gostrings import is_utf8
from tocsin.instants import instant, millis
from tocsin.labels import Labels, quote
from tocsin.matchers import Matcher, MatchOp, parse_matcher

RETENTION = timedelta(days=5)
"""How long a silence is kept after its end (Alertmanager's `--data.retention`)."""
_NEVER = datetime.max.replace(tzinfo=UTC)


class SilenceState(StrEnum):
    """Where a silence stands in time."""

    PENDING = "pending"
    ACTIVE = "active"
    EXPIRED = "expired"


class SilenceError(ValueError):
    """A silence that is refused; the text says why, in Alertmanager's words."""


class SilenceTimesError(SilenceError):
    """It would mute nothing, for it is over before it begins or has passed already."""


class InvalidSilenceError(SilenceError):
    """Its matchers are none that a silence can have."""


@dataclass(frozen=True, slots=True)
class Silence:
    """Mutes the alerts whose labels match all of the matchers, from `starts_at` until `ends_at`."""

    id: str
    matchers: tuple[Matcher, ...]
    starts_at: datetime
    ends_at: datetime
    created_by: str
    comment: str
    updated_at: datetime
    annotations: Mapping[str, str] = field(default_factory=dict)

    @property
    def kept_until(self) -> datetime:
        """When it is forgotten."""
        return min(self.ends_at, _NEVER - RETENTION) + RETENTION

    def state(self, now: datetime) -> SilenceState:
        """Return where the silence stands at `now`; its end is no part of it."""
        if now < self.starts_at:
            return SilenceState.PENDING
        return SilenceState.ACTIVE if now < self.ends_at else SilenceState.EXPIRED

    def mutes(self, labels: Labels, now: datetime) -> bool:
        """Tell whether an alert with these labels is silenced now."""
        return self.state(now) is SilenceState.ACTIVE and all(m.matches(labels) for m in self.matchers)

    def may_concern(self, known: Labels) -> bool:
        """Tell whether an alert of which only some labels are known may be one that the silence is about."""
        return all(matcher.matches(known) for matcher in self.matchers if matcher.name in known)


def validate(silence: Silence, now: datetime) -> None:
    """Raise SilenceError for what Alertmanager refuses too: first its API, then `silence.validateSilence`."""
    check_times(silence.starts_at, silence.ends_at, now)
    if not silence.matchers:
        raise InvalidSilenceError("at least one matcher required")
    for number, matcher in enumerate(silence.matchers):
        where = f"invalid label matcher {number}"
        if not matcher.name or not is_utf8(matcher.name):
            raise InvalidSilenceError(f"{where}: invalid label name {quote(matcher.name)}")
        if not is_utf8(matcher.value):
            raise InvalidSilenceError(f"{where}: invalid label value {quote(matcher.value)}")
    if all(_matches_empty(matcher) for matcher in silence.matchers):
        raise InvalidSilenceError("at least one matcher must not match the empty string")


def check_times(starts_at: datetime, ends_at: datetime, now: datetime) -> None:
    """Raise SilenceTimesError for times between which nothing can be muted any more."""
    if starts_at >= ends_at:
        raise SilenceTimesError("start time must be before end time")
    if ends_at < now:
        raise SilenceTimesError("end time can't be in the past")


def _matches_empty(matcher: Matcher) -> bool:
    """Tell whether a matcher is for what is missing: one that excludes a value never is."""
    return matcher.op in (MatchOp.EQUAL, MatchOp.REGEX) and matcher.matches({})


def has_matchers(silence: Silence, wanted: Iterable[Matcher]) -> bool:
    """Tell whether each of the matchers is one of the silence's (`GET /api/v2/silences?filter=`)."""
    return all(matcher in silence.matchers for matcher in wanted)


def silenced_by(silences: Iterable[Silence], labels: Labels, now: datetime) -> list[Silence]:
    """Return the silences that mute an alert with these labels now."""
    return [silence for silence in silences if silence.mutes(labels, now)]


def to_document(silence: Silence) -> dict[str, Any]:
    """Return the silence as the JSON document that is stored."""
    return {
        "matchers": [[matcher.name, matcher.op.value, matcher.value] for matcher in silence.matchers],
        "starts_at": millis(silence.starts_at),
        "ends_at": millis(silence.ends_at),
        "created_by": silence.created_by,
        "comment": silence.comment,
        "updated_at": millis(silence.updated_at),
        "annotations": dict(silence.annotations),
    }


def from_document(silence_id: str, document: Mapping[str, Any]) -> Silence:
    """Return the silence that `to_document` wrote."""
    return Silence(
        id=silence_id,
        matchers=tuple(map(_matcher, document["matchers"])),
        starts_at=instant(document["starts_at"]),
        ends_at=instant(document["ends_at"]),
        created_by=document["created_by"],
        comment=document["comment"],
        updated_at=instant(document["updated_at"]),
        annotations=document.get("annotations", {}),
    )


def _matcher(stored: Any) -> Matcher:
    if isinstance(stored, str):  # as they were stored at first
        return parse_matcher(stored)
    name, op, value = stored
    return Matcher(name, MatchOp(op), value)
