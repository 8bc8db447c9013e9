"""What sources and receivers are given to reach the world with."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from tocsin.access.secrets import Reference
from tocsin.http import Transport
from tocsin.ports import Clock, Parallel
from tocsin.tls import Tls

if TYPE_CHECKING:
    from boto3 import Session
    from botocore.config import Config


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
        endpoint_url: str = "",
    ) -> Any:
        """Return a client of a service, at the endpoint that everything else uses if none is given."""
        ...

    def signed_in(self, access_key: str, secret_key: str) -> "Access":
        """Return the same access to AWS with keys in place of the credentials that the process has."""
        ...

    def transport(
        self,
        connections: int,
        tls: Tls | None = None,
        proxy_url: str = "",
        proxy_headers: Mapping[str, str] | None = None,
    ) -> Transport:
        """Return a way to send HTTP requests."""
        ...

    def parallel(self, limit: int) -> Parallel:
        """Return a way to do up to `limit` things at once."""
        ...


@runtime_checkable
class HandsOver(Protocol):
    """An access to AWS that a process of its own can have, too."""

    def handed_over(self) -> Mapping[str, str]:
        """Return where and as whom it asks, secrets included; raises AuthError."""
        ...
