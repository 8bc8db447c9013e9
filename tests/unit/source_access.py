"""What a kind of source is given, without a network: replies, secrets and sessions as a test sets them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

import boto3
from botocore.config import Config
from botocore.credentials import CredentialProvider, CredentialResolver, Credentials
from botocore.session import get_session

from tocsin.access.secrets import Reference, SecretError
from tocsin.http import Reply, Request, Response, Transport
from tocsin.ports import Parallel, one_by_one
from tocsin.tls import Tls


class StillClock:
    """A clock that stands still."""

    def now(self) -> datetime:
        """Return noon."""
        return datetime(2026, 3, 1, 12, tzinfo=UTC)

    def sleep(self, seconds: float) -> None:
        """Pass over it."""


class _Fixed(CredentialProvider):
    METHOD = "fixed"

    def __init__(self, credentials: Credentials) -> None:
        super().__init__()
        self._credentials = credentials

    def load(self) -> Credentials:
        return self._credentials


@dataclass
class FakeAccess:
    """An `Access` that replies with what it has, the last for ever, and notes what it was asked for."""

    replies: Sequence[Reply] = (Response(200, {}, b""),)
    secrets: dict[str, str] = field(default_factory=dict)
    credentials: Credentials = field(default_factory=lambda: Credentials("AKID", "s3cret"))
    clock: StillClock = field(default_factory=StillClock)
    requests: list[Request] = field(default_factory=list)
    timeouts: list[float] = field(default_factory=list)
    renewed: list[Reference] = field(default_factory=list)
    sessions: list[tuple[str, str, str]] = field(default_factory=list)
    transports: list[tuple[int, Tls | None, str]] = field(default_factory=list)
    proxy_headers: list[Mapping[str, str] | None] = field(default_factory=list)
    limits: list[int] = field(default_factory=list)

    def secret(self, reference: Reference) -> str:
        """Return a secret by its name and key."""
        name = f"{reference.secret or reference.parameter}/{reference.key}"
        if name not in self.secrets:
            raise SecretError(f"{reference}: AccessDenied")
        return self.secrets[name]

    def renew(self, reference: Reference) -> None:
        """Note it."""
        self.renewed.append(reference)

    def session(self, role_arn: str = "", external_id: str = "", region: str = "") -> boto3.Session:
        """Return a session with the credentials."""
        self.sessions.append((role_arn, external_id, region))
        session = get_session()
        session.register_component("credential_provider", CredentialResolver([_Fixed(self.credentials)]))
        return boto3.Session(botocore_session=session, region_name=region or "us-east-1")

    def client(
        self,
        service: str,
        config: Config | None = None,
        *,
        role_arn: str = "",
        external_id: str = "",
        region: str = "",
        endpoint_url: str = "",
    ) -> Any:
        """Return a real client, which nobody calls."""
        session: Any = self.session(role_arn, external_id, region)
        return session.client(service, config=config)

    def signed_in(self, access_key: str, secret_key: str) -> "FakeAccess":
        """Return itself with other credentials."""
        return replace(self, credentials=Credentials(access_key, secret_key))

    def transport(
        self,
        connections: int,
        tls: Tls | None = None,
        proxy_url: str = "",
        proxy_headers: Mapping[str, str] | None = None,
    ) -> Transport:
        """Return what replies."""
        self.transports.append((connections, tls, proxy_url))
        self.proxy_headers.append(proxy_headers)

        def reply(request: Request, timeout_seconds: float) -> Reply:
            self.requests.append(request)
            self.timeouts.append(timeout_seconds)
            return self.replies[min(len(self.requests), len(self.replies)) - 1]

        return reply

    def parallel(self, limit: int) -> Parallel:
        """Return one thing after the other."""
        self.limits.append(limit)
        return one_by_one
