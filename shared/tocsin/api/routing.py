"""Which operation a request is for.

Our own because libraries route paths that are already unescaped, and the name of a rule group may hold a slash.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import unquote

from tocsin.api.operation import Operation


@dataclass(frozen=True, slots=True)
class Found:
    """The operation that is asked for, and the values of its path's parameters."""

    operation: Operation
    path: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class WrongMethod:
    """The path is there, but not for this method; `operation` is one of those that are there."""

    operation: Operation
    allowed: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class NotFound:
    """Nothing is there."""


class Router:
    """Finds operations; HEAD is answered by GET."""

    def __init__(self, operations: Iterable[Operation]) -> None:
        self._by_length: dict[int, list[tuple[list[str], Operation]]] = {}
        for operation in operations:
            for path in operation.paths:
                segments = path.split("/")
                self._by_length.setdefault(len(segments), []).append((segments, operation))
        for routes in self._by_length.values():  # what is spelled out goes before what stands for anything
            routes.sort(key=lambda route: [segment.startswith("{") for segment in route[0]])

    def route(self, method: str, path: str) -> Found | WrongMethod | NotFound:
        """Return what a request asks for; `path` is still escaped."""
        wanted = "GET" if method == "HEAD" else method
        asked = (path.rstrip("/") or "/").split("/")
        there: list[Operation] = []
        for segments, operation in self._by_length.get(len(asked), ()):
            values = _match(segments, asked)
            if values is None:
                continue
            if operation.method == wanted:
                return Found(operation, values)
            there.append(operation)
        if not there:
            return NotFound()
        return WrongMethod(there[0], tuple(sorted({operation.method for operation in there})))


def _match(segments: list[str], asked: list[str]) -> dict[str, str] | None:
    values: dict[str, str] = {}
    for segment, given in zip(segments, asked, strict=True):
        if segment.startswith("{"):
            if not given:
                return None
            values[segment[1:-1]] = unquote(given, errors="replace")
        elif segment != given:
            return None
    return values
