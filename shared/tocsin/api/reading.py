"""What a request says, checked against what its operation takes."""

from collections.abc import Iterable, Mapping
from typing import Any, get_origin

from pydantic import BaseModel, TypeAdapter, ValidationError
from pydantic.fields import FieldInfo

from tocsin.api.bodies import from_json
from tocsin.api.operation import Body, Operation
from tocsin.api.problems import ApiError
from tocsin.api.requests import Request


def read_query(operation: Operation, parameters: Iterable[tuple[str, str]]) -> BaseModel:
    """Return the operation's model of its query; raises ApiError.

    Of a name that stands there several times a list takes all, anything else the last (as Go's frameworks do).
    """
    fields = {field.alias or name: field for name, field in operation.query.model_fields.items()}
    found: dict[str, Any] = {}
    for name, value in parameters:
        if name in fields:
            if _repeats(fields[name]):
                found.setdefault(name, []).append(value)
            else:
                found[name] = value
    try:
        return operation.query.model_validate(found)
    except ValidationError as error:
        raise _invalid(operation, error, "query") from None


def _repeats(field: FieldInfo) -> bool:
    return get_origin(field.annotation) in (list, tuple)


def read_body(operation: Operation, request: Request) -> Any:
    """Return what the operation's schema makes of the body, None if it reads the bytes itself; raises ApiError."""
    body = operation.body
    if body is None:
        return None
    check_media_type(body, request)
    if body.schema is None:
        return None
    text = b"{}" if body.optional and not request.body else request.body
    document = body.parse(text) if body.parse else _json(text)
    try:
        return TypeAdapter(body.schema).validate_python(document)
    except ValidationError as error:
        raise _invalid(operation, error, "body") from None


def check_media_type(body: Body, request: Request) -> None:
    """Raise ApiError for a body that is said to be something else; one of which nothing is said is taken."""
    given = request.media_type
    if given and given not in body.media_types and "*/*" not in body.media_types:
        expected = ",".join(body.media_types)
        raise ApiError(415, f'unsupported media type "{given}", only [{expected}] are allowed')


def _json(text: bytes) -> Any:
    try:
        return from_json(text)
    except ValueError as error:
        raise ApiError(400, f"the body is not JSON: {error}") from None


def _invalid(operation: Operation, error: ValidationError, where: str) -> Exception:
    if operation.invalid is not None:
        made: Exception = operation.invalid(error)
        return made
    first: Mapping[str, Any] = error.errors(include_url=False, include_input=False)[0]
    field = ".".join(str(part) for part in first["loc"])
    return ApiError(400, f"{where}: {field}: {first['msg']}" if field else f"{where}: {first['msg']}")
