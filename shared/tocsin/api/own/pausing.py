"""Rules paused and resumed."""

from datetime import UTC, datetime

from pydantic import BaseModel, ConfigDict, Field

from tocsin.api.operation import Body, Call, Operation
from tocsin.api.own.administration_shapes import PausedShape
from tocsin.api.own.describing import changing
from tocsin.api.own.ruledocuments import paused_document
from tocsin.api.own.times import time_text
from tocsin.api.problems import ApiError
from tocsin.api.responses import Response, json_response
from tocsin.api.services import Services
from tocsin.durations import DurationError, parse_duration
from tocsin.history import Via
from tocsin.identity.scope import Scope
from tocsin.index import read_index
from tocsin.instants import millis
from tocsin.rules.book import MissingRuleError, RuleBook
from tocsin.rules.rule import Pause
from tocsin.views.rules import read_one


class PauseBody(BaseModel):
    """Until when a rule is paused; for good if nothing is said."""

    model_config = ConfigDict(extra="forbid")

    until: str | None = Field(None, json_schema_extra={"format": "date-time"})
    span: str | None = Field(None, alias="for", description="A duration: 2h30m", examples=["2h30m"])

    def end(self, now: datetime) -> datetime | None:
        """Return when the pause ends; raises ApiError for an end that is none or has passed, and for two ends."""
        if self.until is not None and self.span is not None:
            raise ApiError(400, "body: give `until` or `for`, not both")
        end = _time(self.until) if self.until is not None else None
        end = _after(now, self.span) if self.span is not None else end
        if end is not None and end <= now:
            raise ApiError(400, f"body: a pause ends in the future, and it is {time_text(now)}")
        return end


def _time(text: str) -> datetime:
    try:
        at = datetime.fromisoformat(text)
        if at.tzinfo is not None:
            return at.astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    raise ApiError(400, f'body: until: not a time: "{text}" (expected e.g. 2026-01-31T08:00:00Z)')


def _after(now: datetime, text: str) -> datetime:
    try:
        return now + parse_duration(text)
    except DurationError as error:
        raise ApiError(400, f"body: for: {error}") from None


def pause_rule(services: Services, call: Call) -> Response:
    """Stop evaluating a rule; what fires of it ends."""
    return _set_pause(services, call, Pause(call.body.end(services.now())))


def resume_rule(services: Services, call: Call) -> Response:
    """Evaluate a rule again, also one in quarantine."""
    return _set_pause(services, call, None)


def _set_pause(services: Services, call: Call, pause: Pause | None) -> Response:
    database, unit, now = services.database, call.path["id"], services.now()
    index = read_index(database)
    if read_one(database, index, unit) is None:
        raise _unknown(unit)
    try:
        book = RuleBook(database)
        book.pause([unit], pause, by=call.author, at_ms=millis(now), via=Via.API)
    except MissingRuleError:
        raise _unknown(unit) from None
    stored = read_one(database, read_index(database), unit)
    if stored is None:
        raise _unknown(unit)
    return json_response(paused_document(stored, now))


def _unknown(unit: str) -> ApiError:
    return ApiError(404, f"there is no rule {unit}")


_UNKNOWN = {404: "There is no such rule."}

PAUSING: tuple[Operation, ...] = (
    changing(
        "pauseRule",
        "/rules/{id}/pause",
        pause_rule,
        "Stop evaluating a rule; what fires of it ends",
        PausedShape,
        scope=Scope.RULES_WRITE,
        body=Body(PauseBody, optional=True),
        refusals={**_UNKNOWN, 400: "The pause cannot be read, or has ended."},
    ),
    changing(
        "resumeRule",
        "/rules/{id}/resume",
        resume_rule,
        "Evaluate a rule again, also one in quarantine",
        PausedShape,
        scope=Scope.RULES_WRITE,
        refusals=_UNKNOWN,
    ),
)
