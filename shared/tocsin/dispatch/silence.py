"""Silences: what a person wants not to hear of, from when until when."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from tocsin.instants import instant, millis
from tocsin.labels import Labels
from tocsin.matchers import Matcher, MatchOp, parse_matcher


class SilenceState(StrEnum):
    """Where a silence stands in time."""

    PENDING = "pending"
    ACTIVE = "active"
    EXPIRED = "expired"


class SilenceError(ValueError):
    """A silence that would silence nothing, everything, or no time; the text says what was expected."""


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

    def state(self, now: datetime) -> SilenceState:
        """Return where the silence stands at `now`; its end is no part of it."""
        if now < self.starts_at:
            return SilenceState.PENDING
        return SilenceState.ACTIVE if now < self.ends_at else SilenceState.EXPIRED

    def mutes(self, labels: Labels, now: datetime) -> bool:
        """Tell whether an alert with these labels is silenced now."""
        return self.state(now) is SilenceState.ACTIVE and all(m.matches(labels) for m in self.matchers)


def validate(silence: Silence, now: datetime) -> None:
    """Raise SilenceError for what Alertmanager refuses too (its `silence.validate` and the API's checks)."""
    if silence.starts_at >= silence.ends_at:
        raise SilenceError("start time must be before end time")
    if silence.ends_at < now:
        raise SilenceError("end time can't be in the past")
    if not silence.matchers:
        raise SilenceError("at least one matcher required")
    if all(_matches_empty(matcher) for matcher in silence.matchers):
        raise SilenceError("at least one matcher must not match the empty string")


def _matches_empty(matcher: Matcher) -> bool:
    """Tell whether a matcher is for what is missing: one that excludes a value never is."""
    return matcher.op in (MatchOp.EQUAL, MatchOp.REGEX) and matcher.matches({})


def silenced_by(silences: Iterable[Silence], labels: Labels, now: datetime) -> list[Silence]:
    """Return the silences that mute an alert with these labels now."""
    return [silence for silence in silences if silence.mutes(labels, now)]


def to_document(silence: Silence) -> dict[str, Any]:
    """Return the silence as the JSON document that is stored."""
    return {
        "matchers": [str(matcher) for matcher in silence.matchers],
        "starts_at": millis(silence.starts_at),
        "ends_at": millis(silence.ends_at),
        "created_by": silence.created_by,
        "comment": silence.comment,
        "updated_at": millis(silence.updated_at),
    }


def from_document(silence_id: str, document: Mapping[str, Any]) -> Silence:
    """Return the silence that `to_document` wrote."""
    return Silence(
        id=silence_id,
        matchers=tuple(parse_matcher(text) for text in document["matchers"]),
        starts_at=instant(document["starts_at"]),
        ends_at=instant(document["ends_at"]),
        created_by=document["created_by"],
        comment=document["comment"],
        updated_at=instant(document["updated_at"]),
    )
