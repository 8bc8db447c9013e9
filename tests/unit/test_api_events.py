"""Function URL events to requests, and responses to answers (payload format 2.0)."""

from base64 import b64decode, b64encode
from io import BytesIO
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.api.events import to_answer, to_request
from tocsin.api.responses import Response, text_response
from tocsin.local.events import url_event


def event(**more: Any) -> dict[str, Any]:
    """Return an event as AWS documents it, with some of it other."""
    return {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": "/api/v2/alerts",
        "rawQueryString": "",
        "headers": {"host": "abc.lambda-url.eu-central-1.on.aws"},
        "requestContext": {"http": {"method": "GET", "path": "/api/v2/alerts", "sourceIp": "192.0.2.7"}},
        "isBase64Encoded": False,
        **more,
    }


def test_a_parameter_that_is_repeated_keeps_its_order_and_its_commas() -> None:
    request = to_request(
        event(
            rawQueryString="filter=a%3D%22b%2Cc%22&active=false&filter=d%3D%22%C3%A9%22&empty=",
            queryStringParameters={"filter": 'a="b,c",d="é"', "active": "false", "empty": ""},
        )
    )
    assert request.parameters == [
        ("filter", 'a="b,c"'),
        ("active", "false"),
        ("filter", 'd="é"'),
        ("empty", ""),
    ]


def test_a_path_stays_escaped() -> None:
    assert to_request(event(rawPath="/config/v1/rules/a%2Fb/c%20d")).path == "/config/v1/rules/a%2Fb/c%20d"


@pytest.mark.parametrize(
    ("more", "body"),
    [
        ({}, b""),
        ({"body": None}, b""),
        ({"body": ""}, b""),
        ({"body": '{"a": "é"}'}, '{"a": "é"}'.encode()),
        ({"body": b64encode(b"\xff\x00").decode(), "isBase64Encoded": True}, b"\xff\x00"),
        ({"body": "", "isBase64Encoded": True}, b""),
    ],
    ids=["missing", "null", "empty", "text", "base64", "empty base64"],
)
def test_a_body_is_its_bytes(more: dict[str, Any], body: bytes) -> None:
    assert to_request(event(**more)).body == body


def test_headers_are_found_however_they_are_written() -> None:
    request = to_request(event(headers={"Content-Type": "Application/JSON; charset=utf-8", "x-a": "1,2"}))
    assert request.header("content-type") == request.header("CONTENT-TYPE")
    assert request.media_type == "application/json"
    assert (request.header("X-A"), request.header("x-b")) == ("1,2", "")


def test_who_asks_is_whom_aws_has_recognised() -> None:
    arn = "arn:aws:iam::123456789012:user/ada"
    http = {"method": "get", "sourceIp": "192.0.2.7"}
    signed = event(requestContext={"http": http, "authorizer": {"iam": {"userArn": arn}}})
    assert (to_request(signed).iam, to_request(signed).method, to_request(signed).address) == (
        arn,
        "GET",
        "192.0.2.7",
    )
    assert to_request(event()).iam == ""
    assert to_request(event(requestContext={"http": http, "authorizer": None})).iam == ""


@given(st.binary(), st.booleans())
def test_an_answer_carries_any_bytes(body: bytes, packed: bool) -> None:
    headers = {"Content-Encoding": "gzip"} if packed else {}
    answer = to_answer(Response(200, body, headers))
    carried = b64decode(answer["body"]) if answer["isBase64Encoded"] else answer["body"].encode()
    assert carried == body
    assert answer["isBase64Encoded"] or not packed


def test_a_text_stays_readable() -> None:
    assert to_answer(text_response("né\n", 404)) == {
        "statusCode": 404,
        "headers": {"Content-Type": "text/plain; charset=utf-8"},
        "body": "né\n",
        "isBase64Encoded": False,
    }


@given(body=st.binary(), query=st.text("abc=&%20,é", max_size=20))
def test_what_tocsin_local_sends_is_what_a_function_url_sends(body: bytes, query: str) -> None:
    environ = {
        "REQUEST_METHOD": "POST",
        "REQUEST_URI": f"/a%2Fb/c?{query}",
        "REMOTE_ADDR": "127.0.0.1",
        "CONTENT_TYPE": "application/json",
        "CONTENT_LENGTH": str(len(body)),
        "HTTP_X_SCOPE_ORGID": "team",
        "wsgi.input": BytesIO(body),
    }
    request = to_request(url_event(environ))
    assert (request.method, request.path, request.query) == ("POST", "/a%2Fb/c", query)
    assert (request.body, request.address, request.iam) == (body, "127.0.0.1", "")
    assert (request.media_type, request.header("x-scope-orgid")) == ("application/json", "team")
