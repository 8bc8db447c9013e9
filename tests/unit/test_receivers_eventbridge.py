"""EventBridge: the event that is put, its limit, and what becomes of it."""

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
from tocsin.receivers.webhook import body

BUS = "arn:aws:events:eu-central-1:123456789012:event-bus/ops"


def entries(**entry: str) -> Behaviour:
    failed = int("ErrorCode" in entry)
    return reply(200, json.dumps({"FailedEntryCount": failed, "Entries": [entry]}).encode())


OK = entries(EventId="e-1")


def put(settings: str, sent: Notification) -> tuple[dict[str, Any], dict[str, str]]:
    """Return the entry that is put, and the headers of the request."""
    with serving(OK) as server:
        assert on_aws("eventbridge", settings, endpoint_url=server.url).send(sent, 4) == Delivered("e-1")
    [request] = server.received
    [entry] = json.loads(request.body)["Entries"]
    return entry, request.headers


@pytest.mark.parametrize("sent", [firing(), resolved(), mixed()], ids=["firing", "resolved", "mixed"])
def test_an_event_holds_what_a_webhook_is_sent(sent: Notification) -> None:
    entry, headers = put("{}", sent)
    detail = json.loads(entry.pop("Detail"))
    assert entry == {
        "Time": sent.at.timestamp(),
        "Source": "tocsin",
        "DetailType": "Tocsin Notification",
        "EventBusName": "default",
    }
    assert detail == {"notificationId": "n-1", **json.loads(body(sent, 0, {}))}
    assert headers["x-amz-target"] == "AWSEvents.PutEvents"


def test_bus_source_and_type_are_templates() -> None:
    words = "{source: '{{ .GroupLabels.alertname }}', detail_type: '{{ .Status }}', event_bus_name: '%s'}"
    entry, headers = put(words % BUS.replace("ops", "{{ .Receiver }}"), firing())
    assert (entry["Source"], entry["DetailType"], entry["EventBusName"]) == ("Down", "firing", BUS)
    assert "/eu-central-1/events/aws4_request" in headers["authorization"]


def test_a_type_that_is_too_long_is_cut() -> None:
    entry, _ = put("{detail_type: '%s'}" % ("é" * 200), firing())
    assert entry["DetailType"] == "é" * 127 + "…"


def test_no_more_alerts_than_wanted() -> None:
    entry, _ = put("{max_alerts: 1}", firing())
    detail = json.loads(entry["Detail"])
    assert (len(detail["alerts"]), detail["truncatedAlerts"]) == (1, 1)


def test_what_is_too_large_has_fewer_alerts_and_says_how_many_are_missing() -> None:
    many = [replace(alert(instance=str(index)), annotations={"a": "é" * 900}) for index in range(400)]
    entry, _ = put("{}", notification(*many))
    size = sum(len(entry[name].encode()) for name in ("Detail", "Source", "DetailType")) + 14
    detail = json.loads(entry["Detail"])
    assert PAYLOAD_BYTES * 0.95 < size <= PAYLOAD_BYTES
    assert len(detail["alerts"]) + detail["truncatedAlerts"] == 400


def test_an_alert_that_is_too_large_by_itself_is_final() -> None:
    large = replace(alert(), annotations={"a": "x" * PAYLOAD_BYTES})
    with serving(OK) as server:
        sent = on_aws("eventbridge", "{}", endpoint_url=server.url).send(notification(large), 4)
    assert isinstance(sent, Failed)
    assert (sent.reason, sent.retry, server.received) == (Failure.CLIENT_ERROR, False, [])
    assert sent.detail.startswith("an alert alone takes")


@pytest.mark.parametrize(
    ("behaviour", "reason", "retry", "wait"),
    [
        pytest.param(
            entries(ErrorCode="ThrottlingException"), Failure.RATE_LIMITED, True, None, id="entry throttled"
        ),
        pytest.param(entries(ErrorCode="InternalFailure"), Failure.SERVER_ERROR, True, None, id="entry 5xx"),
        pytest.param(
            entries(ErrorCode="MalformedDetail"), Failure.CLIENT_ERROR, False, None, id="entry refused"
        ),
        pytest.param(
            entries(ErrorCode="AccessDeniedException"),
            Failure.AUTH_ERROR,
            False,
            None,
            id="entry not allowed",
        ),
        pytest.param(
            json_error(429, "ThrottlingException", Retry_After="7"),
            Failure.RATE_LIMITED,
            True,
            7,
            id="429 with Retry-After",
        ),
        pytest.param(
            json_error(400, "ResourceNotFoundException"), Failure.CLIENT_ERROR, False, None, id="no bus"
        ),
        pytest.param(json_error(500, "InternalException"), Failure.SERVER_ERROR, True, None, id="5xx"),
        pytest.param(reply(200, b"garbage"), Failure.OTHER, True, None, id="garbage"),
        pytest.param(reply(200, b"[1]"), Failure.OTHER, True, None, id="another shape"),
        pytest.param(reply(200, b'{"Entries": [{}]}'), Failure.OTHER, True, None, id="no id"),
        pytest.param(close, Failure.OTHER, True, None, id="hangs up"),
        pytest.param(hang, Failure.DEADLINE, True, None, id="hangs"),
    ],
)
def test_what_eventbridge_answers_is_classified(
    behaviour: Behaviour, reason: Failure, retry: bool, wait: float | None
) -> None:
    settings = "{sigv4: {region: eu-west-1, access_key: AKIDKEY, secret_key: k3y}}"
    sent = sent_to(behaviour, "eventbridge", settings, firing(), 1)
    assert isinstance(sent, Failed)
    assert (sent.reason, sent.retry, sent.retry_after_seconds) == (reason, retry, wait)
    assert "k3y" not in sent.detail


def test_a_secret_key_may_be_a_reference_and_is_not_shown() -> None:
    stored = integration("eventbridge", "{sigv4: {access_key: AKID, secret_key: 'ssm:/key'}}").settings
    assert stored["sigv4"]["secret_key"] == "ssm:/key"
    with pytest.raises(DocumentError) as raised:
        integration("eventbridge", "{sigv4: {access_key: AKID, secret_key: k3y, profile: p}}")
    assert "k3y" not in str(raised.value)
