"""What an answer to a notification means: delivered, to be tried again, or refused for good."""

from collections.abc import Mapping
from datetime import datetime

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectTimeoutError,
    CredentialRetrievalError,
    InvalidRegionError,
    NoCredentialsError,
    NoRegionError,
    ParamValidationError,
    PartialCredentialsError,
    ReadTimeoutError,
)

from tocsin.http import retry_after_seconds
from tocsin.notification import Delivered, Failed, Failure, Sent

DETAIL_CHARS = 300
# Answers of status 400 that time heals.
_THROTTLED = ("Throttl", "KMSThrottling", "RequestLimitExceeded", "RequestThrottled", "TooManyRequests")
_EXPIRED = ("ExpiredToken", "RequestExpired")
_AUTH = (
    "AuthorizationError",
    "AccessDenied",
    "InvalidClientTokenId",
    "SignatureDoesNotMatch",
    "UnrecognizedClient",
)


def classify(status: int, headers: Mapping[str, str], now: datetime) -> Sent:
    """Return what a status means; the names of `headers` are in lower case.

    Alertmanager's rule (2xx delivered, 5xx again, the rest for good) and beyond it: 408 and 429 are tried
    again, and whoever says when (`Retry-After`, RFC 9110 section 10.2.3) is listened to. Redirects are not
    followed: the answer to one is no delivery.
    """
    detail = f"HTTP {status}"
    if status // 100 == 2:
        return Delivered(detail)
    wait = retry_after_seconds(headers.get("retry-after", ""), now)
    match status:
        case 401 | 403:
            return Failed(Failure.AUTH_ERROR, retry=False, detail=detail)
        case 408:
            return Failed(Failure.CLIENT_ERROR, retry=True, detail=detail, retry_after_seconds=wait)
        case 429:
            return Failed(Failure.RATE_LIMITED, retry=True, detail=detail, retry_after_seconds=wait)
    if status >= 500:
        return Failed(Failure.SERVER_ERROR, retry=True, detail=detail, retry_after_seconds=wait)
    if status >= 400:
        return Failed(Failure.CLIENT_ERROR, retry=False, detail=detail)
    return Failed(Failure.OTHER, retry=False, detail=f"{detail}: a redirect that is not followed")


def classify_aws(error: ClientError | BotoCoreError, now: datetime) -> Failed:
    """Return what the failure of a call to AWS means, by its error code first and its status second."""
    if isinstance(error, ClientError):
        return _client_error(error, now)
    name = type(error).__name__
    if isinstance(error, ConnectTimeoutError | ReadTimeoutError):
        return Failed(Failure.DEADLINE, retry=True, detail=name)
    if isinstance(error, NoCredentialsError | PartialCredentialsError):
        return Failed(Failure.AUTH_ERROR, retry=False, detail=name)
    if isinstance(error, CredentialRetrievalError):
        return Failed(Failure.AUTH_ERROR, retry=True, detail=name)
    if isinstance(error, ParamValidationError | NoRegionError | InvalidRegionError):
        return Failed(Failure.CLIENT_ERROR, retry=False, detail=str(error)[:DETAIL_CHARS])
    return Failed(Failure.OTHER, retry=True, detail=name)


def _client_error(error: ClientError, now: datetime) -> Failed:
    fault, meta = error.response.get("Error", {}), error.response.get("ResponseMetadata", {})
    code, status = fault.get("Code", ""), meta.get("HTTPStatusCode", 0)
    detail = f"{code}: {fault.get('Message', '')}"[:DETAIL_CHARS]
    headers = {name.lower(): value for name, value in meta.get("HTTPHeaders", {}).items()}
    if code.startswith(_THROTTLED):
        wait = retry_after_seconds(headers.get("retry-after", ""), now)
        return Failed(Failure.RATE_LIMITED, retry=True, detail=detail, retry_after_seconds=wait)
    if code.startswith(_EXPIRED):
        return Failed(Failure.AUTH_ERROR, retry=True, detail=detail)
    if code.startswith(_AUTH):
        return Failed(Failure.AUTH_ERROR, retry=False, detail=detail)
    by_status = classify(status or 500, headers, now)
    if isinstance(by_status, Delivered):  # an error with a 2xx status: nobody knows what became of it
        return Failed(Failure.OTHER, retry=True, detail=detail)
    return Failed(by_status.reason, by_status.retry, detail, by_status.retry_after_seconds)
