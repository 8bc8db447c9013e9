"""How a request says who asks."""

import pytest
from botocore.credentials import Credentials, RefreshableCredentials
from botocore.exceptions import CredentialRetrievalError

from tocsin.access.auth import AuthError, anonymous, basic, bearer, sigv4
from tocsin.http import Request

REQUEST = Request(
    "POST",
    "https://aps-workspaces.eu-west-1.amazonaws.com/workspaces/ws-1/api/v1/query",
    {"Content-Type": "application/x-www-form-urlencoded"},
    b"query=up",
)


def test_anonymous_says_nothing() -> None:
    assert anonymous(REQUEST) == {}


def test_basic_is_utf8_in_base64() -> None:
    assert basic("Aladdin", "open sesame")(REQUEST) == {"Authorization": "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="}
    assert basic("test", "123£")(REQUEST) == {
        "Authorization": "Basic dGVzdDoxMjPCow=="
    }  # RFC 7617, section 2.1


def test_bearer_is_the_token() -> None:
    assert bearer("t0ken")(REQUEST) == {"Authorization": "Bearer t0ken"}


def test_sigv4_signs_the_request_for_its_region_and_service() -> None:
    headers = sigv4(Credentials("AKID", "secret", "session"), "eu-west-1")(REQUEST)
    assert set(headers) == {"Authorization", "X-Amz-Date", "X-Amz-Security-Token"}
    assert headers["X-Amz-Security-Token"] == "session"
    assert "/eu-west-1/aps/aws4_request" in headers["Authorization"]
    assert "SignedHeaders=content-type;host;x-amz-date;x-amz-security-token" in headers["Authorization"]
    assert "secret" not in headers["Authorization"]


def test_sigv4_without_a_session_has_no_token_and_depends_on_the_body() -> None:
    sign = sigv4(Credentials("AKID", "secret"), "eu-west-1", "es")
    one = sign(REQUEST)
    other = sign(Request("POST", REQUEST.url, REQUEST.headers, b"query=down"))
    assert set(one) == {"Authorization", "X-Amz-Date"}
    assert one["Authorization"] != other["Authorization"]


def test_sigv4_without_credentials_says_so() -> None:
    with pytest.raises(AuthError, match="no AWS credentials"):
        sigv4(None, "eu-west-1")(REQUEST)


def test_credentials_that_cannot_be_refreshed_say_so_without_a_secret() -> None:
    def refresh() -> dict[str, str]:
        raise CredentialRetrievalError(provider="sts", error_msg="s3cret")

    credentials = RefreshableCredentials.create_from_metadata(
        {"access_key": "A", "secret_key": "s3cret", "token": "t", "expiry_time": "2020-01-01T00:00:00Z"},
        refresh,
        "test",
    )
    with pytest.raises(AuthError) as raised:
        sigv4(credentials, "eu-west-1")(REQUEST)
    assert "s3cret" not in str(raised.value)
