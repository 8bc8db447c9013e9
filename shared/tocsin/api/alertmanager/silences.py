"""Silences, read and set."""

import re
from collections.abc import Iterable
from datetime import datetime
from types import NoneType
from typing import Any
from uuid import uuid4

from pydantic import Field

from tocsin.api import bodies
from tocsin.api.alertmanager.answering import GoBool, answer, paths
from tocsin.api.alertmanager.paging import Paged, paged
from tocsin.api.alertmanager.silencebodies import (
    GettableSilence,
    PostableSilence,
    SilenceId,
    to_gettable,
    to_silence,
)
from tocsin.api.alertmanager.validation import invalid, required, unparsed, wrong_format
from tocsin.api.operation import Answer, Body, Call, Operation
from tocsin.api.problems import ApiError, alertmanager
from tocsin.api.responses import Response, json_response
from tocsin.api.services import Services
from tocsin.dispatch import silencing
from tocsin.dispatch.silence import (
    InvalidSilenceError,
    Silence,
    SilenceError,
    SilenceState,
    SilenceTimesError,
    has_matchers,
)
from tocsin.dispatch.silencestore import read_silence
from tocsin.dispatch.silencing import UnknownSilenceError
from tocsin.history import Via
from tocsin.identity.scope import Scope
from tocsin.index import read_index
from tocsin.matchers import Matcher, MatcherError, parse_matcher

_UUID = re.compile(
    r"[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}", re.ASCII | re.IGNORECASE
)
_LONGEST_ID = 200
"""In characters, of an id that can be stored: other tools than ours may have chosen it."""
_SAID = {SilenceTimesError: "Failed to create silence: ", InvalidSilenceError: "invalid silence: "}
_STATES = (SilenceState.ACTIVE, SilenceState.PENDING, SilenceState.EXPIRED)
_NOT_FOUND = "silence not found"


class SilencesQuery(Paged):
    """Which silences are asked for."""

    filter: list[str] = Field([], description="Matchers that a silence must have, written alike.")
    active: GoBool = True
    expired: GoBool = True
    pending: GoBool = True


def get_silences(services: Services, call: Call) -> Response:
    """Answer silences: what is active first, then what is to come, then what has passed."""
    query: SilencesQuery = call.query
    wanted, now = _matchers(query.filter), services.now()
    states = {state for state in _STATES if getattr(query, state.value)}
    stored = services.controls.silences(read_index(services.database))
    found = [
        silence
        for silence in stored
        if silence.kept_until > now and silence.state(now) in states and has_matchers(silence, wanted)
    ]
    found.sort(key=lambda silence: _order(silence, now))
    return paged(call, found, lambda silence: to_gettable(silence, now))


def _matchers(texts: Iterable[str]) -> list[Matcher]:
    try:
        return [parse_matcher(text) for text in texts]
    except MatcherError as error:
        raise ApiError(400, str(error)) from None


def _order(silence: Silence, now: datetime) -> tuple[int, float, str]:
    """Return what silences are sorted by: what ends, begins, or has ended next to the present comes first."""
    state = silence.state(now)
    at = silence.starts_at if state is SilenceState.PENDING else silence.ends_at
    distance = (at - now).total_seconds()
    return (_STATES.index(state), -distance if state is SilenceState.EXPIRED else distance, silence.id)


def get_silence(services: Services, call: Call) -> Response:
    """Answer one silence."""
    now = services.now()
    silence = read_silence(services.database, _id(call))
    if silence is None or silence.kept_until <= now:
        return Response(404)
    return answer(to_gettable(silence, now))


def delete_silence(services: Services, call: Call) -> Response:
    """End a silence now; one that has passed already is left as it is."""
    database, flushes, by = services.database, services.flushes, call.identity.name
    ended = silencing.end(database, flushes, _id(call), services.now(), by=by, via=Via.API)
    return Response(404 if ended is None else 200)


def _id(call: Call) -> str:
    given = call.path["silenceID"]
    if not _UUID.fullmatch(given):
        raise wrong_format("silenceID in path", "uuid", given)
    return given


def parse_silence(body: bytes) -> Any:
    """Return the silence of a body; raises ApiError."""
    if not body.strip():
        raise required("silence")
    try:
        document = bodies.from_json(body)
    except ValueError as error:
        raise unparsed("silence", str(error)) from None
    return {} if document is None else document


def post_silence(services: Services, call: Call) -> Response:
    """Set a silence, or edit one; its author is who asks, if that is known."""
    posted: PostableSilence = call.body
    database, flushes, by, now = services.database, services.flushes, call.identity.name, services.now()
    try:
        wanted = to_silence(posted, by, now)
        if len(wanted.id) > _LONGEST_ID:
            return json_response(_NOT_FOUND, 404)
        done = silencing.put(database, flushes, wanted, now, fresh_id=str(uuid4()), by=by, via=Via.API)
    except SilenceError as error:
        raise ApiError(400, f"{_SAID.get(type(error), '')}{error}") from None
    except UnknownSilenceError:
        return json_response(_NOT_FOUND, 404)
    return answer({"silenceID": done.silence.id})


_INVALID = Answer("What is asked for is not what is described.")
_WITH_ID = paths("/silence/{silenceID}")

SILENCES: tuple[Operation, ...] = (
    Operation(
        "getSilences",
        "GET",
        paths("/silences"),
        Scope.READ,
        get_silences,
        alertmanager,
        "Get a list of silences",
        "silence",
        {200: Answer("The silences.", list[GettableSilence]), 400: Answer("A filter is no matcher.")},
        SilencesQuery,
    ),
    Operation(
        "postSilences",
        "POST",
        paths("/silences"),
        Scope.SILENCES_WRITE,
        post_silence,
        alertmanager,
        "Post a new silence or update an existing one",
        "silence",
        {
            200: Answer(
                "Under which id it is stored: another one if it was to mute something else.", SilenceId
            ),
            400: Answer("It cannot be parsed, or it is no silence."),
            404: Answer("There is no silence of that id.", str),
            415: Answer("The body is not JSON."),
            422: _INVALID,
        },
        body=Body(PostableSilence, parse=parse_silence),
        invalid=invalid("silence"),
    ),
    Operation(
        "getSilence",
        "GET",
        _WITH_ID,
        Scope.READ,
        get_silence,
        alertmanager,
        "Get a silence by its ID",
        "silence",
        {
            200: Answer("The silence.", GettableSilence),
            404: Answer("There is none.", NoneType),
            422: _INVALID,
        },
    ),
    Operation(
        "deleteSilence",
        "DELETE",
        _WITH_ID,
        Scope.SILENCES_WRITE,
        delete_silence,
        alertmanager,
        "Expire a silence by its ID",
        "silence",
        {200: Answer("It has passed."), 404: Answer("There is none.", NoneType), 422: _INVALID},
    ),
)
