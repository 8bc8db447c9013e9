"""Requests as a Function URL sends them to its function, and responses as it takes them (payload format 2.0)."""

from base64 import b64decode, b64encode
from collections.abc import Mapping
from typing import Any

from tocsin.api.requests import Request
from tocsin.api.responses import Response


def to_request(event: Mapping[str, Any]) -> Request:
    """Return the request of an event."""
    context = event["requestContext"]
    text = event.get("body") or ""
    return Request(
        method=context["http"]["method"].upper(),
        path=event.get("rawPath") or "/",
        query=event.get("rawQueryString", ""),
        headers={name.lower(): value for name, value in event.get("headers", {}).items()},
        body=b64decode(text) if event.get("isBase64Encoded") else text.encode(),
        address=context["http"].get("sourceIp", ""),
        iam=((context.get("authorizer") or {}).get("iam") or {}).get("userArn") or "",
    )


def to_answer(response: Response) -> dict[str, Any]:
    """Return what the function answers: text as text, all else as Base64."""
    try:
        if "Content-Encoding" in response.headers:
            raise ValueError
        body, packed = response.body.decode(), False
    except ValueError:
        body, packed = b64encode(response.body).decode(), True
    return {
        "statusCode": response.status,
        "headers": dict(response.headers),
        "body": body,
        "isBase64Encoded": packed,
    }
