"""Silences as clients write and read them."""

from datetime import datetime
from typing import Any

from pydantic import BaseModel, Field

from tocsin.api.alertmanager.answering import time_text
from tocsin.api.alertmanager.times import ZERO
from tocsin.api.alertmanager.validation import Body, Texts, Time, to_texts
from tocsin.dispatch.silence import InvalidSilenceError, Silence, SilenceState, check_times
from tocsin.labels import quote
from tocsin.matchers import Matcher, MatcherError, MatchOp


class SilenceMatcher(Body):
    """A test of a label; `isEqual` says whether it is to match."""

    is_equal: bool | None = Field(None, alias="isEqual", description="True if it is left out.")
    is_regex: bool = Field(alias="isRegex")
    name: str
    value: str


class PostableSilence(Body):
    """A silence as it is posted; with the `id` of one that is stored it is an edit of that."""

    id: str | None = None
    annotations: Texts | None = None
    comment: str
    created_by: str = Field(alias="createdBy")
    ends_at: Time = Field(alias="endsAt")
    matchers: list[SilenceMatcher] = Field(min_length=1)
    starts_at: Time = Field(alias="startsAt")


class SilenceStatus(BaseModel):
    """Where a silence stands in time."""

    state: SilenceState


class GettableSilence(PostableSilence):
    """A silence as it is stored."""

    id: str
    annotations: Texts
    status: SilenceStatus
    updated_at: Time = Field(alias="updatedAt")


class SilenceId(BaseModel):
    """Under which id a silence was stored."""

    silence_id: str = Field(alias="silenceID")


def to_silence(posted: PostableSilence, author: str, now: datetime) -> Silence:
    """Return the silence that is wished for, by `author` if that is known; raises SilenceError."""
    check_times(posted.starts_at, posted.ends_at, now)
    return Silence(
        id=posted.id or "",
        matchers=tuple(_matcher(number, found) for number, found in enumerate(posted.matchers)),
        starts_at=now if posted.starts_at == ZERO else posted.starts_at,
        ends_at=posted.ends_at,
        created_by=author or posted.created_by,
        comment=posted.comment,
        updated_at=now,
        annotations=to_texts(posted.annotations),
    )


def _matcher(number: int, found: SilenceMatcher) -> Matcher:
    equal = found.is_equal is not False
    if found.is_regex:
        op = MatchOp.REGEX if equal else MatchOp.NOT_REGEX
    else:
        op = MatchOp.EQUAL if equal else MatchOp.NOT_EQUAL
    try:
        return Matcher(found.name, op, found.value)
    except MatcherError as error:
        wrong = f"invalid regular expression {quote(found.value)}: {error}"
        raise InvalidSilenceError(f"invalid label matcher {number}: {wrong}") from None


def to_gettable(silence: Silence, now: datetime) -> dict[str, Any]:
    """Return the document of a silence (`gettableSilence`)."""
    return {
        "id": silence.id,
        "status": {"state": silence.state(now).value},
        "updatedAt": time_text(silence.updated_at),
        "annotations": dict(silence.annotations),
        "comment": silence.comment,
        "createdBy": silence.created_by,
        "endsAt": time_text(silence.ends_at),
        "matchers": [_to_document(matcher) for matcher in silence.matchers],
        "startsAt": time_text(silence.starts_at),
    }


def _to_document(matcher: Matcher) -> dict[str, Any]:
    return {
        "isEqual": matcher.op in (MatchOp.EQUAL, MatchOp.REGEX),
        "isRegex": matcher.op in (MatchOp.REGEX, MatchOp.NOT_REGEX),
        "name": matcher.name,
        "value": matcher.value,
    }
