"""Silences as JSON: what Alertmanager's API answers and takes, read strictly in what silences need."""

from datetime import UTC, datetime
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from tocsin.dispatch.silence import Silence
from tocsin.matchers import Matcher, MatcherError, MatchOp


class SilenceFileError(ValueError):
    """A file that holds no silences; the text says where and why."""


class _Matcher(BaseModel):
    name: str
    value: str
    is_regex: bool = Field(alias="isRegex")
    is_equal: bool = Field(default=True, alias="isEqual")

    def matcher(self) -> Matcher:
        """Return the matcher; raises MatcherError."""
        equal, other = (
            (MatchOp.REGEX, MatchOp.NOT_REGEX) if self.is_regex else (MatchOp.EQUAL, MatchOp.NOT_EQUAL)
        )
        return Matcher(self.name, equal if self.is_equal else other, self.value)


class _Silence(BaseModel):
    model_config = ConfigDict(hide_input_in_errors=True)

    id: UUID | None = None
    matchers: list[_Matcher]
    starts_at: AwareDatetime = Field(alias="startsAt")
    ends_at: AwareDatetime = Field(alias="endsAt")
    updated_at: AwareDatetime | None = Field(default=None, alias="updatedAt")
    created_by: str = Field(alias="createdBy")
    comment: str
    annotations: dict[str, str] | None = None

    def silence(self) -> Silence:
        """Return the silence, its id empty if it has none; raises MatcherError."""
        starts_at = self.starts_at.astimezone(UTC)
        return Silence(
            id=str(self.id or ""),
            matchers=tuple(one.matcher() for one in self.matchers),
            starts_at=starts_at,
            ends_at=self.ends_at.astimezone(UTC),
            created_by=self.created_by,
            comment=self.comment,
            updated_at=_utc(self.updated_at) or starts_at,
            annotations=self.annotations or {},
        )


_SILENCES = TypeAdapter(list[_Silence])


def _utc(at: datetime | None) -> datetime | None:
    return None if at is None else at.astimezone(UTC)


def read_silences(text: str) -> list[Silence]:
    """Return the silences of a file in its order; raises SilenceFileError."""
    try:
        return [one.silence() for one in _SILENCES.validate_json(text)]
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(map(str, first["loc"]))
        reason = f"{place}: {first['msg']}" if place else first["msg"]
        doubt = ", is it JSON?" if first["type"] == "json_invalid" else ""
        raise SilenceFileError(f"couldn't unmarshal input data{doubt}: {reason}") from error
    except MatcherError as error:
        raise SilenceFileError(str(error)) from error
