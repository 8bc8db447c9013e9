"""An operation of the API: how it is asked for, what it needs, what it may answer, and who does it.

One value says it all: requests are routed and checked by it, access is decided by it, the OpenAPI document is made
of it, and the tests walk through all of them.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel

from tocsin.api.problems import Form
from tocsin.api.requests import Request
from tocsin.api.responses import JSON, Response
from tocsin.api.services import Services
from tocsin.identity.identity import Identity
from tocsin.identity.scope import Scope


class NoQuery(BaseModel):
    """The parameters of an operation that has none; others are ignored, as they are everywhere."""


@dataclass(frozen=True, slots=True)
class Body:
    """What an operation reads: `schema` is a type that pydantic knows, None for one that reads the bytes itself."""

    schema: Any = None
    media_types: tuple[str, ...] = (JSON,)
    """The first is what the documentation says; others are read as the first is. `*/*` is anything."""
    parse: Callable[[bytes], Any] | None = None
    """Makes of the bytes what the schema describes, JSON if there is none; raises ApiError."""
    optional: bool = False
    """Whether no body means an empty object."""


@dataclass(frozen=True, slots=True)
class Answer:
    """One of the answers: a type that pydantic knows, and its media type.

    None stands for an empty answer, and of those that refuse something (400 and more) for the form of the family,
    in which they are told if ApiError is raised; of those `NoneType` stands for an empty one.
    """

    description: str
    schema: Any = None
    media_type: str = JSON


@dataclass(frozen=True, slots=True)
class Call:
    """A request that was routed, permitted and parsed.

    `path` are the values of the path's parameters, `query` is the operation's model of its query, `body` what
    its schema makes of the body (None if it reads the bytes itself).
    """

    request: Request
    identity: Identity
    path: Mapping[str, str] = field(default_factory=dict)
    query: Any = None
    body: Any = None

    @property
    def author(self) -> str:
        """Who the history says it was."""
        return self.identity.name or "api"


Handle = Callable[[Services, Call], Response]


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation. `paths` are where it is, the first of them its own; `{name}` stands for one segment.

    `scope` is what it needs, None for what everybody may ask. `answers` are those of the handler by their status:
    what any operation may answer (401, 403, 413, 429, 500, 503) is added for all.
    """

    id: str
    method: str
    paths: tuple[str, ...]
    scope: Scope | None
    handle: Handle
    form: Form
    summary: str
    tag: str
    answers: Mapping[int, Answer]
    query: type[BaseModel] = NoQuery
    body: Body | None = None
    invalid: Callable[[Any], Any] | None = None
    """Makes of pydantic's errors the ApiError of the family; without one it is 400 with the first of them."""
