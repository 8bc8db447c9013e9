"""A part of an answer: ours, and nothing that a client has to know of."""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar
from urllib.parse import urlencode

from pydantic import BaseModel, Field

from tocsin.api.alertmanager.answering import answer
from tocsin.api.operation import Call
from tocsin.api.responses import Response

T = TypeVar("T")


class Paged(BaseModel):
    """Which part is wanted; all of it if nothing is said."""

    limit: int | None = Field(None, ge=1, description="At most so many of them.")
    offset: int = Field(0, ge=0, description="All but so many of the first.")


def paged(call: Call, found: Sequence[T], show: Callable[[T], Any]) -> Response:
    """Return the wanted part of what was found, each as it is shown.

    `X-Total-Count` says how many there are, and `Link` where the rest is (RFC 8288, relative to what was asked for).
    """
    wanted: Paged = call.query
    end = len(found) if wanted.limit is None else wanted.offset + wanted.limit
    answered = answer([show(one) for one in found[wanted.offset : end]])
    answered = answered.with_headers(x_total_count=str(len(found)))
    if end >= len(found):
        return answered
    others = [(name, value) for name, value in call.request.parameters if name != "offset"]
    return answered.with_headers(link=f'<?{urlencode([*others, ("offset", str(end))])}>; rel="next"')
