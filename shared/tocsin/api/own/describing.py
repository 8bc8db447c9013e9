"""Operations of our own API as short as they can be written: one place, our form of problems, pydantic's types."""

from collections.abc import Mapping
from functools import partial
from typing import Any

from tocsin.api.operation import Answer, Body, Handle, NoQuery, Operation
from tocsin.api.problems import tocsin
from tocsin.identity.scope import Scope

PREFIX = "/tocsin/api/v1"
_TAG = "administration"


def _operation(
    id: str,  # noqa: A002 - what OpenAPI calls it
    path: str,
    handle: Handle,
    summary: str,
    answer: Any,
    *,
    method: str,
    scope: Scope,
    query: Any = NoQuery,
    body: Body | None = None,
    refusals: Mapping[int, str] = {},
) -> Operation:
    """Return an operation that answers 200 with a type, or what its handler refuses."""
    answers = {200: Answer(f"{summary}.", answer)} | {code: Answer(why) for code, why in refusals.items()}
    return Operation(
        id=id,
        method=method,
        paths=(PREFIX + path,),
        scope=scope,
        handle=handle,
        form=tocsin,
        summary=summary,
        tag=_TAG,
        answers=answers,
        query=query,
        body=body,
    )


reading = partial(_operation, method="GET", scope=Scope.READ)
"""An operation that reads."""
changing = partial(_operation, method="POST")
"""An operation that changes something; it says what scope that needs."""
