"""What is wrong with a body, in the words and with the codes of go-openapi, which Alertmanager is made with.

First a body is parsed, which fails with 400, then what it says is checked, which fails with 422.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import cache
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, ConfigDict, ValidationError, model_validator
from pydantic import BaseModel as Model
from pydantic_core import PydanticCustomError

from tocsin.api.alertmanager.times import parse_time
from tocsin.api.alertmanager.uris import is_uri
from tocsin.api.problems import ApiError
from tocsin.labels import quote

_FORMAT, _REQUIRED, _TOO_FEW = 601, 602, 612
_KINDS = {bool: "bool", int: "number", float: "number", str: "string", list: "array", dict: "object"}
_WANTED = {"bool_type": "bool", "string_type": "string", "list_type": "array"}


class Body(Model):
    """A body, or a part of one: fields that it does not know are ignored, and capitals in names are as well."""

    model_config = ConfigDict(extra="ignore", strict=True)

    @model_validator(mode="before")
    @classmethod
    def _named(cls, found: Any) -> Any:
        """Return the fields under their own names, as Go finds them."""
        if not isinstance(found, dict):
            return found
        names = _names(cls)
        return {names.get(str(key).lower(), key): value for key, value in found.items()}


@cache
def _names(model: type[Model]) -> Mapping[str, str]:
    """Return the names of a model's fields by the same in small letters."""
    names = [field.alias or name for name, field in model.model_fields.items()]
    return {name.lower(): name for name in names}


def _time(value: Any) -> datetime:
    if not isinstance(value, str):
        raise PydanticCustomError("string_type", "expected a string")
    try:
        return parse_time(value)
    except ValueError as error:
        raise PydanticCustomError("time", "{reason}", {"reason": str(error)}) from None


def _uri(value: str) -> str:
    if value and not is_uri(value):
        raise PydanticCustomError("uri", "expected a URI")
    return value


Time = Annotated[datetime, BeforeValidator(_time)]
"""A time; the zero time where none is given."""
Uri = Annotated[str, AfterValidator(_uri)]
"""A URI; empty for none."""
Texts = dict[str, str | None]
"""Names and texts; Go takes null for an empty one."""


def to_texts(found: Texts | None) -> dict[str, str]:
    """Return names and texts as they are stored."""
    return {name: text or "" for name, text in (found or {}).items()}


def unparsed(name: str, reason: str) -> ApiError:
    """Return the refusal of a body, named as in the specification, that cannot be parsed."""
    return ApiError(400, f'parsing {name} body from "" failed, because {reason}', 400)


def required(where: str) -> ApiError:
    """Return the refusal of something in which something is missing."""
    return ApiError(422, f"{where} in body is required", _REQUIRED)


def wrong_format(where: str, wanted: str, given: str) -> ApiError:
    """Return the refusal of a text that is not of the wanted format."""
    return ApiError(422, f"{where} must be of type {wanted}: {quote(given)}", _FORMAT)


def invalid(name: str) -> Callable[[ValidationError], ApiError]:
    """Return what makes of pydantic's errors the one that go-openapi would tell."""

    def refusal(error: ValidationError) -> ApiError:
        found = error.errors(include_url=False)
        unreadable = [one for one in found if _check(one) is None]
        return (
            unparsed(name, _reason(unreadable[0])) if unreadable else _check(found[0]) or unparsed(name, "")
        )

    return refusal


def _check(error: Mapping[str, Any]) -> ApiError | None:
    """Return the refusal of what was parsed; None for what could not be."""
    where = _where(error)
    match error["type"]:
        case "too_short":
            return ApiError(422, f"{where} in body should have at least 1 items", _TOO_FEW)
        case "uri":
            return wrong_format(f"{where} in body", "uri", error["input"])
        case kind if kind == "missing" or error["input"] is None:
            return required(where)
    return None


def _reason(error: Mapping[str, Any]) -> str:
    wanted = _WANTED.get(error["type"], "object")
    if error["type"] == "time":
        return str(error["msg"])
    kind = _KINDS.get(type(error["input"]), "value")
    return f"json: cannot unmarshal {kind} into {_where(error) or 'the body'} of type {wanted}"


def _where(error: Mapping[str, Any]) -> str:
    return ".".join(map(str, error["loc"]))
