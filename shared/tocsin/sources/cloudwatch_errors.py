"""What a failed call to CloudWatch means for the rules that asked."""

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

from tocsin.ports import Refused, Unanswered

DETAIL_CHARS = 300
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


def refusal(error: ClientError | BotoCoreError) -> Refused | Unanswered:
    """Return the failure as an answer; a call that timed out is no answer."""
    if isinstance(error, ClientError):
        return _client_error(error)
    name = type(error).__name__
    if isinstance(error, ConnectTimeoutError | ReadTimeoutError):
        return Unanswered(f"CloudWatch: {name}")
    if isinstance(error, NoCredentialsError | PartialCredentialsError | CredentialRetrievalError):
        return Refused("auth", f"CloudWatch: {name}")
    if isinstance(error, ParamValidationError):
        return Refused("bad_data", f"CloudWatch: {error}"[:DETAIL_CHARS])
    return Refused("unreachable", f"CloudWatch: {name}")


def _client_error(error: ClientError) -> Refused:
    code = error.response.get("Error", {}).get("Code", "")
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    detail = f"CloudWatch: {code}: {error.response.get('Error', {}).get('Message', '')}"[:DETAIL_CHARS]
    if code.startswith(_THROTTLED) or status == 429:
        return Refused("throttled", detail)
    if code.startswith(_AUTH) or status in (401, 403):
        return Refused("auth", detail)
    return Refused("http_5xx" if status >= 500 else "bad_data", detail)
