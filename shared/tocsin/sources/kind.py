"""A kind of source: what a plug-in brings, and what it is given. docs/sources.md has an example."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from tocsin.http import Tls, Transport
from tocsin.ports import Clock, Parallel, Sink, Source
from tocsin.sources.definition import Definition
from tocsin.sources.secrets import Reference

if TYPE_CHECKING:
    from boto3 import Session
    from botocore.config import Config

    from tocsin.documents import Block


class Access(Protocol):
    """The way from a source to what it needs: secrets, AWS, HTTP, time and threads."""

    @property
    def clock(self) -> Clock:
        """The time."""
        ...

    def secret(self, reference: Reference) -> str:
        """Return what a reference points to, at most five minutes old; raises SecretError."""
        ...

    def renew(self, reference: Reference) -> None:
        """Read a secret again because it was refused, unless that has just happened."""
        ...

    def session(self, role_arn: str = "", external_id: str = "", region: str = "") -> "Session":
        """Return a session of AWS, as another role if one is named; its credentials are kept fresh."""
        ...

    def client(
        self,
        service: str,
        config: "Config | None" = None,
        *,
        role_arn: str = "",
        external_id: str = "",
        region: str = "",
    ) -> Any:
        """Return a client of a service, at the endpoint that everything else uses."""
        ...

    def transport(self, connections: int, tls: Tls | None = None, proxy_url: str = "") -> Transport:
        """Return a way to send HTTP requests."""
        ...

    def parallel(self, limit: int) -> Parallel:
        """Return a way to do up to `limit` things at once."""
        ...


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
class SinkKind(Protocol):
    """A kind whose sources can be written to."""

    def open_sink(self, definition: Definition, access: Access) -> Sink | None:
        """Return where the source stores samples; None if its definition names no such place."""
        ...
