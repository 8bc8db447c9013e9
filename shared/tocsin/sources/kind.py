"""A kind of source: what a plug-in brings, and what it is given. docs/sources.md has an example."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from tocsin.access.port import Access
from tocsin.ports import Database, Sink, Source
from tocsin.sources.definition import Definition

if TYPE_CHECKING:
    from tocsin.documents import Block


class Kind(Protocol):
    """One kind of source, found by the name of its entry point in the group `tocsin.sources`.

    `settings` and `compile` are called where users' files are read and import what they need when they are
    called (pydantic, parsers); `open` is called in the evaluator, when a rule first asks the source.
    """

    @property
    def language(self) -> str:
        """The language of expressions: `promql`, `logql`, `sql`, …"""
        ...

    def settings(self) -> type["Block"]:
        """Return the model of the settings; what it dumps as JSON is stored and given to `open`."""
        ...

    def compile(self, expr: str) -> Mapping[str, Any] | None:
        """Return the plan of an expression, None if the source parses its own; raises ExpressionError."""
        ...

    def open(self, definition: Definition, access: Access) -> Source:
        """Return the source; it may read secrets and raise: then this source, and no other, is unanswered."""
        ...


@runtime_checkable
class StoreKind(Protocol):
    """A kind whose sources read what the stack itself has stored; it has `open_stored` in place of `open`."""

    def open_stored(self, definition: Definition, access: Access, database: Database) -> Source:
        """Return the source, as `open` does."""
        ...


@runtime_checkable
class SinkKind(Protocol):
    """A kind whose sources can be written to."""

    def open_sink(self, definition: Definition, access: Access) -> Sink | None:
        """Return where the source stores samples; None if its definition names no such place."""
        ...
