"""What an answer to a notification means."""

from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectTimeoutError,
    EndpointConnectionError,
    NoCredentialsError,
    ParamValidationError,
    ReadTimeoutError,
)
from hypothesis import given
from hypothesis import strategies as st

from tocsin.http import retry_after_seconds
from tocsin.notification import Delivered, Failed, Failure
from tocsin.receivers.classify import classify, classify_aws

NOW = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
def test_any_2xx_is_delivered(status: int) -> None:
    assert classify(status, {}, NOW) == Delivered(f"HTTP {status}")


@pytest.mark.parametrize(
    ("status", "reason", "retry"),
    [
        (302, Failure.OTHER, False),
        (400, Failure.CLIENT_ERROR, False),
        (401, Failure.AUTH_ERROR, False),
        (403, Failure.AUTH_ERROR, False),
        (404, Failure.CLIENT_ERROR, False),
        (408, Failure.CLIENT_ERROR, True),
        (410, Failure.CLIENT_ERROR, False),
        (413, Failure.CLIENT_ERROR, False),
        (429, Failure.RATE_LIMITED, True),
        (500, Failure.SERVER_ERROR, True),
        (503, Failure.SERVER_ERROR, True),
        (599, Failure.SERVER_ERROR, True),
    ],
)
def test_a_status_says_why_and_whether_to_try_again(status: int, reason: Failure, retry: bool) -> None:
    answer = classify(status, {}, NOW)
    assert isinstance(answer, Failed)
    assert (answer.reason, answer.retry, answer.retry_after_seconds) == (reason, retry, None)
    assert answer.detail.startswith(f"HTTP {status}")


@pytest.mark.parametrize(("status", "wait"), [(429, 7.0), (503, 7.0), (408, 7.0), (400, None), (401, None)])
def test_whoever_may_be_asked_again_says_when(status: int, wait: float | None) -> None:
    answer = classify(status, {"retry-after": "7"}, NOW)
    assert isinstance(answer, Failed)
    assert answer.retry_after_seconds == wait


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("120", 120.0),
        (" 0 ", 0.0),
        ("Sun, 01 Mar 2026 12:02:00 GMT", 120.0),
        ("Sunday, 01-Mar-26 12:02:00 GMT", 120.0),
        ("Sun Mar  1 12:02:00 2026", 120.0),
        ("Sun, 01 Mar 2026 11:00:00 GMT", 0.0),
        ("Sun, 01 Mar 2026 13:02:00 +0100", 120.0),
        ("", None),
        ("soon", None),
        ("-5", None),
        ("1.5", None),
        ("٣", None),
    ],
)
def test_retry_after_is_seconds_or_a_date(value: str, seconds: float | None) -> None:
    assert retry_after_seconds(value, NOW) == seconds


@given(st.text(max_size=40) | st.from_regex(r"[A-Za-z]{3}, \d+ [A-Za-z]{3} \d+ \d+:\d+:\d+ [A-Z+\-0-9]+"))
def test_no_retry_after_raises(value: str) -> None:
    assert (retry_after_seconds(value, NOW) or 0) >= 0


def client_error(code: str, status: int, **headers: str) -> ClientError:
    response: Any = {
        "Error": {"Code": code, "Message": "why"},
        "ResponseMetadata": {"HTTPStatusCode": status, "HTTPHeaders": headers},
    }
    return ClientError(response, "Publish")


def name(value: object) -> str:
    if isinstance(value, ClientError):
        return value.response["Error"]["Code"]
    return type(value).__name__ if isinstance(value, BotoCoreError) else str(value)


@pytest.mark.parametrize(
    ("error", "reason", "retry"),
    [
        (client_error("Throttling", 400), Failure.RATE_LIMITED, True),
        (client_error("ThrottledException", 429), Failure.RATE_LIMITED, True),
        (client_error("KMSThrottling", 400), Failure.RATE_LIMITED, True),
        (client_error("AuthorizationError", 403), Failure.AUTH_ERROR, False),
        (client_error("InvalidClientTokenId", 403), Failure.AUTH_ERROR, False),
        (client_error("AccessDenied", 400), Failure.AUTH_ERROR, False),
        (client_error("ExpiredToken", 403), Failure.AUTH_ERROR, True),
        (client_error("NotFound", 404), Failure.CLIENT_ERROR, False),
        (client_error("InvalidParameter", 400), Failure.CLIENT_ERROR, False),
        (client_error("InternalError", 500), Failure.SERVER_ERROR, True),
        (client_error("ServiceUnavailable", 503), Failure.SERVER_ERROR, True),
        (client_error("Odd", 200), Failure.OTHER, True),
        (ReadTimeoutError(endpoint_url="https://sns"), Failure.DEADLINE, True),
        (ConnectTimeoutError(endpoint_url="https://sns"), Failure.DEADLINE, True),
        (EndpointConnectionError(endpoint_url="https://sns"), Failure.OTHER, True),
        (NoCredentialsError(), Failure.AUTH_ERROR, False),
        (ParamValidationError(report="Subject"), Failure.CLIENT_ERROR, False),
    ],
    ids=name,
)
def test_a_failed_call_to_aws_says_why_and_whether_to_try_again(
    error: ClientError | BotoCoreError, reason: Failure, retry: bool
) -> None:
    answer = classify_aws(error, NOW)
    assert (answer.reason, answer.retry) == (reason, retry)
    assert answer.detail


@pytest.mark.parametrize(
    "error",
    [
        client_error("Throttling", 400, **{"Retry-After": "3"}),
        client_error("ServiceUnavailable", 503, **{"retry-after": "3"}),
    ],
    ids=name,
)
def test_aws_says_when_to_try_again(error: ClientError) -> None:
    assert classify_aws(error, NOW).retry_after_seconds == 3


def test_an_error_without_anything_in_it_is_tried_again() -> None:
    answer = classify_aws(ClientError({}, "Publish"), NOW)
    assert (answer.reason, answer.retry) == (Failure.SERVER_ERROR, True)
