"""SQS: the message that is sent, its limit, and what becomes of it."""

import json
from dataclasses import replace
from typing import Any

import pytest

from tests.unit.aws_receiving import json_error, on_aws, sent_to
from tests.unit.misbehaving_server import Behaviour, close, hang, reply, serving
from tests.unit.notifications import alert, notification
from tests.unit.receiving import firing, integration, mixed, resolved
from tocsin.documents import DocumentError
from tocsin.notification import Delivered, Failed, Failure, Notification
from tocsin.receivers.aws import PAYLOAD_BYTES
from tocsin.receivers.sqs import region_of_queue
from tocsin.receivers.webhook import body

URL = "https://sqs.eu-central-1.amazonaws.com/123456789012/pages"
OK = reply(200, b'{"MessageId": "m-1"}')


def put(settings: str, sent: Notification) -> tuple[dict[str, Any], dict[str, str]]:
    """Return the parameters and the headers of the request."""
    with serving(OK) as server:
        assert on_aws("sqs", settings, endpoint_url=server.url).send(sent, 4) == Delivered("m-1")
    [request] = server.received
    return json.loads(request.body), request.headers


@pytest.mark.parametrize("sent", [firing(), resolved(), mixed()], ids=["firing", "resolved", "mixed"])
def test_a_message_is_what_a_webhook_is_sent(sent: Notification) -> None:
    message, headers = put(f"{{queue_url: '{URL}'}}", sent)
    document = json.loads(message.pop("MessageBody"))
    assert message == {
        "QueueUrl": URL,
        "MessageAttributes": {"tocsin-notification": {"DataType": "String", "StringValue": "n-1"}},
    }
    assert document == {"notificationId": "n-1", **json.loads(body(sent, 0, {}))}
    assert "/eu-central-1/sqs/aws4_request" in headers["authorization"]


def test_in_a_fifo_queue_a_group_keeps_its_order_and_each_notification_its_id() -> None:
    message, _ = put(f"{{queue_url: '{URL}-{{{{ .GroupLabels.alertname }}}}.fifo'}}", firing())
    assert message["QueueUrl"] == f"{URL}-Down.fifo"
    assert message["MessageGroupId"] == firing().group_hash
    assert message["MessageDeduplicationId"] == "n-1"


def test_what_is_too_large_has_fewer_alerts_and_says_how_many_are_missing() -> None:
    many = [replace(alert(instance=str(index)), annotations={"a": "<" * 900}) for index in range(100)]
    message, _ = put(f"{{queue_url: '{URL}'}}", notification(*many))
    document = json.loads(message["MessageBody"])
    assert PAYLOAD_BYTES * 0.9 < len(message["MessageBody"].encode()) < PAYLOAD_BYTES
    assert len(document["alerts"]) + document["truncatedAlerts"] == 100


@pytest.mark.parametrize(
    ("url", "region"),
    [
        (URL, "eu-central-1"),
        ("https://vpce-1-abc.sqs.us-east-1.vpce.amazonaws.com/1/q", "us-east-1"),
        ("http://localhost:4566/1/q", ""),
        ("nonsense", ""),
    ],
)
def test_the_client_belongs_where_the_queue_is(url: str, region: str) -> None:
    assert region_of_queue(url) == region


@pytest.mark.parametrize(
    ("behaviour", "reason", "retry", "wait"),
    [
        pytest.param(json_error(400, "RequestThrottled"), Failure.RATE_LIMITED, True, None, id="throttled"),
        pytest.param(
            json_error(429, "ThrottlingException", Retry_After="7"),
            Failure.RATE_LIMITED,
            True,
            7,
            id="429 with Retry-After",
        ),
        pytest.param(json_error(400, "QueueDoesNotExist"), Failure.CLIENT_ERROR, False, None, id="no queue"),
        pytest.param(json_error(403, "AccessDenied"), Failure.AUTH_ERROR, False, None, id="not allowed"),
        pytest.param(json_error(500, "InternalFailure"), Failure.SERVER_ERROR, True, None, id="5xx"),
        pytest.param(reply(200, b"garbage"), Failure.OTHER, True, None, id="garbage"),
        pytest.param(reply(200, b"[1]"), Failure.OTHER, True, None, id="another shape"),
        pytest.param(close, Failure.OTHER, True, None, id="hangs up"),
        pytest.param(hang, Failure.DEADLINE, True, None, id="hangs"),
    ],
)
def test_what_sqs_answers_is_classified(
    behaviour: Behaviour, reason: Failure, retry: bool, wait: float | None
) -> None:
    settings = f"{{queue_url: '{URL}', sigv4: {{access_key: AKIDKEY, secret_key: k3y}}}}"
    sent = sent_to(behaviour, "sqs", settings, firing(), 1)
    assert isinstance(sent, Failed)
    assert (sent.reason, sent.retry, sent.retry_after_seconds) == (reason, retry, wait)
    assert "k3y" not in sent.detail


@pytest.mark.parametrize(
    ("settings", "reason"),
    [("{}", "required, but missing"), ("{queue_url: pages}", "unsupported scheme")],
)
def test_what_is_wrong_is_said(settings: str, reason: str) -> None:
    with pytest.raises(DocumentError, match=reason):
        integration("sqs", settings)
