"""How a request says who asks: a small function that returns the headers to add to it."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from tocsin.http import Request, basic_credentials

if TYPE_CHECKING:
    from botocore.credentials import Credentials

Auth = Callable[[Request], Mapping[str, str]]


class AuthError(Exception):
    """There are no credentials to sign with; the message holds no secret."""


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
    from botocore.exceptions import BotoCoreError

    def sign(request: Request) -> Mapping[str, str]:
        if credentials is None:
            raise AuthError("no AWS credentials")
        signed = AWSRequest(request.method, request.url, dict(request.headers), request.body)
        try:
            SigV4Auth(credentials.get_frozen_credentials(), service, region).add_auth(signed)
        except BotoCoreError as error:
            raise AuthError(f"AWS credentials: {type(error).__name__}") from None
        names = ("Authorization", "X-Amz-Date", "X-Amz-Security-Token")
        return {name: signed.headers[name] for name in names if name in signed.headers}

    return sign
