"""Lambda: the invocation, its limit, and what becomes of it."""

import json
from dataclasses import replace

import pytest

from tests.unit.aws_receiving import json_error, on_aws, sent_to
from tests.unit.misbehaving_server import Behaviour, Received, close, hang, reply, serving
from tests.unit.notifications import alert, notification
from tests.unit.receiving import firing, integration, mixed, resolved
from tocsin.documents import DocumentError
from tocsin.notification import Delivered, Failed, Failure, Notification
from tocsin.receivers.aws import PAYLOAD_BYTES
from tocsin.receivers.webhook import body

ARN = "arn:aws:lambda:eu-central-1:123456789012:function:page"


def invoked(settings: str, sent: Notification, status: int = 202) -> Received:
    """Return the request that invokes."""
    with serving(reply(status, b"")) as server:
        receiver = on_aws("lambda", settings, endpoint_url=server.url)
        assert receiver.send(sent, 4) == Delivered(f"HTTP {status}")
    [request] = server.received
    return request


@pytest.mark.parametrize("sent", [firing(), resolved(), mixed()], ids=["firing", "resolved", "mixed"])
def test_a_function_gets_what_a_webhook_is_sent(sent: Notification) -> None:
    request = invoked("{function_name: page}", sent)
    assert request.line == "POST /2015-03-31/functions/page/invocations HTTP/1.1"
    assert request.headers["x-amz-invocation-type"] == "Event"
    assert json.loads(request.body) == {"notificationId": "n-1", **json.loads(body(sent, 0, {}))}


def test_a_function_may_be_named_by_a_template_and_lies_where_its_arn_says() -> None:
    request = invoked(f"{{function_name: '{ARN}-{{{{ .GroupLabels.alertname }}}}'}}", firing())
    assert "function%3Apage-Down/" in request.line
    assert "/eu-central-1/lambda/aws4_request" in request.headers["authorization"]


def test_its_end_is_waited_for_if_that_is_asked_for() -> None:
    request = invoked("{function_name: page, invocation_type: RequestResponse}", firing(), 200)
    assert request.headers["x-amz-invocation-type"] == "RequestResponse"


@pytest.mark.parametrize(("way", "all_of_them"), [("Event", False), ("RequestResponse", True)])
def test_what_is_too_large_has_fewer_alerts(way: str, all_of_them: bool) -> None:
    many = [replace(alert(instance=str(index)), annotations={"a": "x" * 9000}) for index in range(40)]
    request = invoked(f"{{function_name: page, invocation_type: {way}}}", notification(*many))
    document = json.loads(request.body)
    assert (len(request.body) <= PAYLOAD_BYTES) is not all_of_them
    assert (document["truncatedAlerts"] == 0) is all_of_them


@pytest.mark.parametrize(
    ("behaviour", "reason", "retry", "wait"),
    [
        pytest.param(
            reply(200, b'{"errorMessage": "k3y"}', X_Amz_Function_Error="Unhandled"),
            Failure.SERVER_ERROR,
            True,
            None,
            id="the function fails",
        ),
        pytest.param(
            json_error(429, "TooManyRequestsException", Retry_After="7"),
            Failure.RATE_LIMITED,
            True,
            7,
            id="429 with Retry-After",
        ),
        pytest.param(
            json_error(404, "ResourceNotFoundException"), Failure.CLIENT_ERROR, False, None, id="no function"
        ),
        pytest.param(
            json_error(403, "AccessDeniedException"), Failure.AUTH_ERROR, False, None, id="not allowed"
        ),
        pytest.param(json_error(500, "ServiceException"), Failure.SERVER_ERROR, True, None, id="5xx"),
        pytest.param(reply(502, b"<html>"), Failure.SERVER_ERROR, True, None, id="a gateway's 5xx"),
        pytest.param(close, Failure.OTHER, True, None, id="hangs up"),
        pytest.param(hang, Failure.DEADLINE, True, None, id="hangs"),
    ],
)
def test_what_lambda_answers_is_classified(
    behaviour: Behaviour, reason: Failure, retry: bool, wait: float | None
) -> None:
    settings = "{function_name: page, sigv4: {access_key: AKIDKEY, secret_key: k3y}}"
    sent = sent_to(behaviour, "lambda", settings, firing(), 1)
    assert isinstance(sent, Failed)
    assert (sent.reason, sent.retry, sent.retry_after_seconds) == (reason, retry, wait)
    assert "k3y" not in sent.detail


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ("{}", "required, but missing"),
        ("{function_name: page, invocation_type: DryRun}", "invocation_type"),
    ],
)
def test_what_is_wrong_is_said(settings: str, reason: str) -> None:
    with pytest.raises(DocumentError, match=reason):
        integration("lambda", settings)
