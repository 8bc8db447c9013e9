"""How a request says who asks: a small function that returns the headers to add to it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from time import monotonic
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from tocsin.http import Reply, Request, Response, Transport, basic_credentials

if TYPE_CHECKING:
    from botocore.credentials import Credentials


class Auth(Protocol):
    """How a request says who asks."""

    def __call__(self, request: Request, /) -> Mapping[str, str]:
        """Return the headers to add to a request; raises AuthError."""
        ...


class AuthError(Exception):
    """There are no credentials to sign with; the message holds no secret."""


@runtime_checkable
class Renewable(Protocol):
    """An `Auth` whose credentials may have changed where they are kept."""

    def renew(self) -> None:
        """Read the credentials again because they were refused, unless that has just happened."""
        ...


@dataclass(frozen=True, slots=True)
class Kept:
    """Credentials that are kept elsewhere: `headers` looks them up for each request, as cheap as it can."""

    headers: Callable[[], Mapping[str, str]]
    read_again: Callable[[], None]

    def __call__(self, request: Request, /) -> Mapping[str, str]:  # noqa: ARG002
        """Return the headers as they are now; raises AuthError."""
        return self.headers()

    def renew(self) -> None:
        """Read the credentials again."""
        self.read_again()


@dataclass(frozen=True, slots=True)
class Together:
    """Several ways to say who asks, all at once."""

    ways: tuple[Auth, ...]

    def __call__(self, request: Request, /) -> Mapping[str, str]:
        """Return the headers of all; raises AuthError."""
        return {name: value for way in self.ways for name, value in way(request).items()}

    def renew(self) -> None:
        """Read the credentials of all that can be renewed again."""
        for way in self.ways:
            if isinstance(way, Renewable):
                way.renew()


def anonymous(request: Request) -> Mapping[str, str]:  # noqa: ARG001
    """Say nothing."""
    return {}


def basic(username: str, password: str) -> Auth:
    """Give a name and a password."""
    headers = {"Authorization": basic_credentials(username, password)}
    return lambda request: headers  # noqa: ARG005


def bearer(token: str) -> Auth:
    """Give a token (RFC 6750)."""
    headers = {"Authorization": f"Bearer {token}"}
    return lambda request: headers  # noqa: ARG005


def sigv4(credentials: "Credentials | None", region: str, service: str = "aps") -> Auth:
    """Sign as AWS asks, afresh for every request, with credentials that botocore keeps fresh.

    `credentials` is what `botocore.session.Session.get_credentials` returns. Raises AuthError when a
    request is signed and there are none.
    """
    # Imported here: who asks a Prometheus without AWS in front of it does not pay for botocore.
    from botocore.auth import SigV4Auth
    from botocore.awsrequest import AWSRequest
    from botocore.exceptions import BotoCoreError, ClientError

    def sign(request: Request) -> Mapping[str, str]:
        if credentials is None:
            raise AuthError("no AWS credentials")
        signed = AWSRequest(request.method, request.url, dict(request.headers), request.body)
        try:
            SigV4Auth(credentials.get_frozen_credentials(), service, region).add_auth(signed)
        except BotoCoreError as error:
            raise AuthError(f"AWS credentials: {type(error).__name__}") from None
        except ClientError as error:  # a role that may not be assumed
            raise AuthError(f"AWS credentials: {error.response['Error']['Code']}") from None
        names = ("Authorization", "X-Amz-Date", "X-Amz-Security-Token")
        return {name: signed.headers[name] for name in names if name in signed.headers}

    return sign


def send(request: Request, auth: Auth, transport: Transport, timeout_seconds: float) -> Reply:
    """Send a request with what `auth` adds to it; once more if that was refused and has changed since.

    Raises AuthError.
    """
    began = monotonic()
    headers = auth(request)
    reply = transport(_with(request, headers), timeout_seconds)
    if not (isinstance(reply, Response) and reply.status in (401, 403) and isinstance(auth, Renewable)):
        return reply
    auth.renew()
    fresh = auth(request)
    if fresh == headers:
        return reply
    return transport(_with(request, fresh), max(began + timeout_seconds - monotonic(), 0.0))


def _with(request: Request, headers: Mapping[str, str]) -> Request:
    return replace(request, headers={**request.headers, **headers}) if headers else request
