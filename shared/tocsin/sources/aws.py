"""What sources on AWS have in common: how their clients are made, and what a failed call means."""

from collections.abc import Mapping
from typing import Any

from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectTimeoutError,
    CredentialRetrievalError,
    NoCredentialsError,
    ParamValidationError,
    PartialCredentialsError,
    ReadTimeoutError,
)

from tocsin.access.port import Access
from tocsin.ports import Refused, Unanswered
from tocsin.sources.guard import Guard

CONNECT_TIMEOUT_SECONDS = 2.0
DETAIL_CHARS = 300
_OF_THE_SOURCE = frozenset({"auth", "throttled", "unreachable", "http_5xx"})
"""Reasons that tell of the source and not of what it was asked."""
_THROTTLED = ("Throttl", "TooManyRequests", "RequestLimitExceeded", "LimitExceeded", "SlowDown")
_AUTH = (
    "AccessDenied",
    "AuthFailure",
    "ExpiredToken",
    "IncompleteSignature",
    "InvalidClientTokenId",
    "MissingAuthenticationToken",
    "OptInRequired",
    "SignatureDoesNotMatch",
    "UnauthorizedOperation",
    "UnrecognizedClient",
)


def client_config(guard: Guard) -> Config:
    """Return how the client of a source is to be made; retries are botocore's, which knows what may be repeated."""
    return Config(
        connect_timeout=CONNECT_TIMEOUT_SECONDS,
        read_timeout=guard.timeout_seconds,
        retries={"total_max_attempts": 1 + guard.retries, "mode": "standard"},
        max_pool_connections=guard.max_concurrency,
    )


def client(service: str, guard: Guard, settings: Mapping[str, Any], access: Access) -> Any:
    """Return the client of a source, in the region and as the role that its settings name."""
    role = {name: settings.get(name, "") for name in ("role_arn", "external_id", "region")}
    return access.client(service, client_config(guard), **role)


def failure(
    error: ClientError | BotoCoreError, service: str, reasons: Mapping[str, str] | None = None
) -> Refused | Unanswered:
    """Return a failed call as an answer; `reasons` are those of a service's own error codes."""
    if isinstance(error, ClientError):
        return _client_error(error, service, reasons or {})
    name = type(error).__name__
    if isinstance(error, ParamValidationError):
        return Refused("bad_data", f"{service}: {error}"[:DETAIL_CHARS])
    if isinstance(error, ConnectTimeoutError | ReadTimeoutError):
        return Unanswered(f"{service}: {name}")
    if isinstance(error, NoCredentialsError | PartialCredentialsError | CredentialRetrievalError):
        return Unanswered(f"{service}: {name}", "auth")
    return Unanswered(f"{service}: {name}", "unreachable")


def code_of(error: ClientError) -> str:
    """Return the code of an error that AWS answered with."""
    return str(error.response.get("Error", {}).get("Code", ""))


def _client_error(error: ClientError, service: str, reasons: Mapping[str, str]) -> Refused | Unanswered:
    response: Any = error.response
    code, message = code_of(error), response.get("Error", {}).get("Message", "")
    status = response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    reason = reasons.get(code) or _reason(code, status)
    detail = f"{service}: {code}: {message}"[:DETAIL_CHARS]
    return Unanswered(detail, reason) if reason in _OF_THE_SOURCE else Refused(reason, detail)


def _reason(code: str, status: int) -> str:
    if code.startswith(_THROTTLED) or status == 429:
        return "throttled"
    if code.startswith(_AUTH) or status in (401, 403):
        return "auth"
    return "http_5xx" if status >= 500 else "bad_data"
