"""The events that AWS sends to a function, and the context that comes with them."""

from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import md5
from typing import Any
from urllib.parse import unquote
from uuid import uuid4

from tocsin.instants import millis, rfc3339
from tocsin.local.queues import Held


@dataclass(frozen=True, slots=True)
class Context:
    """What Lambda tells a function of its invocation, as far as Powertools reads it."""

    function_name: str
    invoked_function_arn: str
    timeout_seconds: int
    aws_request_id: str
    memory_limit_in_mb: int = 512
    function_version: str = "$LATEST"

    def get_remaining_time_in_millis(self) -> int:
        """Return the whole timeout: nothing here ends a function."""
        return self.timeout_seconds * 1000


def context(name: str, timeout_seconds: int) -> Context:
    """Return the context of one invocation."""
    arn = f"arn:aws:lambda:us-east-1:123456789012:function:{name}"
    return Context(name, arn, timeout_seconds, str(uuid4()))


def scheduler_event(schedule_arn: str, at: datetime) -> dict[str, Any]:
    """Return what EventBridge Scheduler sends to a function for which no input was configured."""
    return {
        "version": "0",
        "id": str(uuid4()),
        "detail-type": "Scheduled Event",
        "source": "aws.scheduler",
        "account": schedule_arn.split(":")[4],
        "time": rfc3339(at.replace(microsecond=0)),
        "region": schedule_arn.split(":")[3],
        "resources": [schedule_arn],
        "detail": "{}",
    }


def url_event(environ: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a Function URL sends for a WSGI request (payload format 2.0)."""
    body: bytes = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    headers = {
        name.removeprefix("HTTP_").replace("_", "-").lower(): str(value)
        for name, value in environ.items()
        if name.startswith("HTTP_") or (name in ("CONTENT_TYPE", "CONTENT_LENGTH") and value)
    }
    path, _, query = str(environ["REQUEST_URI"]).partition("?")
    http = {
        "method": environ["REQUEST_METHOD"],
        "path": unquote(path),
        "protocol": environ.get("SERVER_PROTOCOL", "HTTP/1.1"),
        "sourceIp": environ.get("REMOTE_ADDR", ""),
        "userAgent": headers.get("user-agent", ""),
    }
    return {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": path,
        "rawQueryString": query,
        "headers": headers,
        "requestContext": {"http": http, "requestId": str(uuid4()), "stage": "$default"},
        "body": b64encode(body).decode(),
        "isBase64Encoded": True,
    }


def sqs_event(queue_arn: str, messages: Sequence[Held]) -> dict[str, Any]:
    """Return what Lambda's poller makes of messages that it received from a queue."""
    return {"Records": [_record(queue_arn, message) for message in messages]}


def _record(queue_arn: str, message: Held) -> dict[str, Any]:
    first = message.first_received_at or message.sent_at
    return {
        "messageId": message.id,
        "receiptHandle": message.receipt,
        "body": message.body,
        "attributes": {
            "ApproximateReceiveCount": str(message.receive_count),
            "SentTimestamp": str(millis(message.sent_at)),
            "SenderId": "AIDAIENQZJOLO23YVJ4VO",
            "ApproximateFirstReceiveTimestamp": str(millis(first)),
        },
        "messageAttributes": {},
        "md5OfBody": md5(message.body.encode(), usedforsecurity=False).hexdigest(),
        "eventSource": "aws:sqs",
        "eventSourceARN": queue_arn,
        "awsRegion": queue_arn.split(":")[3],
    }
