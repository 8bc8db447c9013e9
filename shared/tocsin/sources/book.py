"""The book of sources: what is defined, read again when its version changes, and what is open of it."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from threading import Lock
from typing import Generic, TypeVar

from tocsin.access.auth import AuthError
from tocsin.access.port import Access
from tocsin.ports import Answer, Backend, Database, Query, Refused, Sink, Source, Stored, Unanswered, Written
from tocsin.sources import registry
from tocsin.sources.definition import Definition, OnError
from tocsin.sources.kind import SinkKind, StoreKind
from tocsin.sources.registry import KindError
from tocsin.sources.stored import read_definitions
from tocsin.tls import TransportError

T = TypeVar("T")

_BROKEN = frozenset({"auth", "unreachable"})


class Sources:
    """Finds sources, and opens them when they are first used; one is kept while its definition is the same.

    `built_in` are there without being stored; a stored definition of the same name takes a built-in one's place.
    """

    def __init__(self, database: Database, access: Access, built_in: Iterable[Definition] = ()) -> None:
        self._database, self._access = database, access
        self._built_in = {definition.name: definition for definition in built_in}
        self._version = 0
        self._definitions: Mapping[str, Definition] = self._built_in
        self._sources: dict[str, _OpenedSource] = {}
        self._sinks: dict[str, _OpenedSink] = {}

    def definitions(self, version: int) -> Mapping[str, Definition]:
        """Return all definitions, read again if `version` is not the one that is known."""
        if version != self._version:
            self._definitions = {**self._built_in, **read_definitions(self._database, version)}
            self._version = version
        return self._definitions

    def __call__(self, name: str, version: int) -> Backend | None:
        """Return the source of that name as of a version of all definitions; None if there is none."""
        definitions = self.definitions(version)
        definition = definitions.get(name)
        if definition is None:
            return None
        written = definitions.get(definition.write_to) if definition.write_to else definition
        hold = definition.hold_for if definition.on_error is OnError.HOLD else None
        return Backend(self._source(definition), self._sink(written) if written else None, hold)

    def _source(self, definition: Definition) -> Source:
        kept = self._sources.get(definition.name)
        if kept is None or kept.definition != definition:
            kept = self._sources[definition.name] = _OpenedSource(definition, self._access, self._database)
        return kept

    def _sink(self, definition: Definition) -> Sink | None:
        if not definition.settings.get("write"):
            return None
        kept = self._sinks.get(definition.name)
        if kept is None or kept.definition != definition:
            kept = self._sinks[definition.name] = _OpenedSink(definition, self._access)
        return kept


class _Opened(Generic[T]):
    """Something that is opened when it is first used, and afresh after nothing could be reached with it."""

    def __init__(self, make: Callable[[], T]) -> None:
        self._make = make
        self._lock = Lock()
        self._found: T | None = None

    def __call__(self) -> T | Unanswered:
        """Return it, or why it cannot be opened."""
        with self._lock:
            if self._found is None:
                try:
                    self._found = self._make()
                except AuthError as error:
                    return Unanswered(str(error), "auth")
                except (KindError, TransportError) as error:
                    return Unanswered(str(error), "misconfigured")
                # The boundary to plug-ins: none may stop the others; what it says may hold a secret.
                except Exception as error:  # noqa: BLE001
                    return Unanswered(f"cannot be opened: {type(error).__name__}", "misconfigured")
            return self._found

    def close_if(self, outcomes: Sequence[object]) -> None:
        """Open it afresh next time, with the certificates of then, if all that came of it is that it is broken."""
        if outcomes and all(isinstance(one, Unanswered) and one.reason in _BROKEN for one in outcomes):
            self._found = None


class _OpenedSource:
    def __init__(self, definition: Definition, access: Access, database: Database) -> None:
        self.definition = definition
        self._opened: _Opened[Source] = _Opened(lambda: _open_source(definition, access, database))

    def ask(self, queries: Sequence[Query], timeout_seconds: float) -> Sequence[Answer]:
        """Answer every query; all alike if the source cannot be opened."""
        source = self._opened()
        if isinstance(source, Unanswered):
            return [source] * len(queries)
        try:
            answers = list(source.ask(queries, timeout_seconds))
        except Exception as error:  # noqa: BLE001 - the boundary to plug-ins
            return [Unanswered(f"it failed: {type(error).__name__}", "crashed")] * len(queries)
        sound = sum(isinstance(answer, Answer) for answer in answers)
        if not len(answers) == len(queries) == sound:
            detail = f"it gave {sound} answers to {len(queries)} queries"
            return [Unanswered(detail, "crashed")] * len(queries)
        self._opened.close_if(answers)
        return answers


class _OpenedSink:
    def __init__(self, definition: Definition, access: Access) -> None:
        self.definition = definition
        self._opened: _Opened[Sink] = _Opened(lambda: _open_sink(definition, access))

    def write(self, samples: Sequence[Written], timeout_seconds: float) -> Stored | Refused | Unanswered:
        """Store the samples, if the sink can be opened."""
        sink = self._opened()
        if isinstance(sink, Unanswered):
            return sink
        try:
            outcome = sink.write(samples, timeout_seconds)
        except Exception as error:  # noqa: BLE001 - the boundary to plug-ins
            return Unanswered(f"it failed: {type(error).__name__}", "crashed")
        self._opened.close_if([outcome])
        return outcome


def _open_source(definition: Definition, access: Access, database: Database) -> Source:
    kind = registry.kind(definition.kind)
    if isinstance(kind, StoreKind):
        return kind.open_stored(definition, access, database)
    return kind.open(definition, access)


def _open_sink(definition: Definition, access: Access) -> Sink:
    kind = registry.kind(definition.kind)
    sink = kind.open_sink(definition, access) if isinstance(kind, SinkKind) else None
    if sink is None:
        raise KindError(f"the kind {definition.kind!r} has nowhere to write to")
    return sink
