"""Splunk On-Call: the event, its limit, and what the endpoint answers."""

import pytest

from tests.unit.receiving import (
    FAULTS,
    answer,
    documents,
    firing,
    integration,
    mixed,
    opened,
    resolved,
    verdict,
)
from tocsin.documents import DocumentError
from tocsin.notification import Delivered, Failed, Failure, Notification

SETTINGS = "{api_key: s3cret, routing_key: ops, state_message: 'It is {{ .Status }}'}"
ENDPOINT = "https://alert.victorops.com/integrations/generic/20131114/alert"
OK = answer(200, {"result": "success"})


@pytest.mark.parametrize(
    ("sent", "kind", "title", "status"),
    [
        pytest.param(firing(), "CRITICAL", "[FIRING:2] Down ", "firing", id="firing"),
        pytest.param(resolved(), "RECOVERY", "[RESOLVED] Down ", "resolved", id="resolved"),
        pytest.param(mixed(), "CRITICAL", "[FIRING:1] Down ", "firing", id="mixed"),
    ],
)
def test_an_event_opens_or_recovers_the_incident(
    sent: Notification, kind: str, title: str, status: str
) -> None:
    receiver, access = opened("victorops", SETTINGS, OK)
    assert receiver.send(sent, 10) == Delivered("HTTP 200")
    [request] = access.requests
    assert (request.method, request.url) == ("POST", f"{ENDPOINT}/s3cret/ops")
    assert request.headers == {"Content-Type": "application/json", "Connection": "close"}
    assert documents(access) == [
        {
            "message_type": kind,
            "entity_id": sent.group_hash,
            "entity_display_name": title,
            "state_message": f"It is {status}",
            "monitoring_tool": "Alertmanager",
        }
    ]


def test_all_that_can_be_said_is_said_by_templates() -> None:
    settings = """
    api_key: k
    api_url: https://on-call.example/hook
    routing_key: '{{ .GroupLabels.alertname }} 1'
    message_type: '{{ if .Alerts.Firing }}WARNING{{ end }}'
    state_message: S
    entity_display_name: E
    monitoring_tool: M
    custom_fields: {team: '{{ .Status }}-team'}
    """
    receiver, access = opened("victorops", settings, OK)
    receiver.send(firing(), 10)
    assert access.requests[0].url == "https://on-call.example/hook/k/Down%201"
    assert documents(access) == [
        {
            "message_type": "WARNING",
            "entity_id": firing().group_hash,
            "entity_display_name": "E",
            "state_message": "S",
            "monitoring_tool": "M",
            "team": "firing-team",
        }
    ]


def test_a_message_type_that_opens_nothing_is_critical() -> None:
    receiver, access = opened("victorops", "{api_key: k, routing_key: r, message_type: RECOVERY}", OK)
    receiver.send(firing(), 10)
    assert documents(access)[0]["message_type"] == "CRITICAL"


def test_a_state_message_is_cut_at_20480_characters() -> None:
    receiver, access = opened(
        "victorops", f"{{api_key: k, routing_key: r, state_message: {'ü' * 20481}}}", OK
    )
    receiver.send(firing(), 10)
    assert documents(access)[0]["state_message"] == "ü" * 20479 + "…"


def test_a_refusal_is_told_in_its_words() -> None:
    receiver, _ = opened(
        "victorops", SETTINGS, answer(400, {"result": "failure", "message": "API key not found"})
    )
    refused = Failed(Failure.CLIENT_ERROR, retry=False, detail="HTTP 400: API key not found")
    assert receiver.send(firing(), 10) == refused


@pytest.mark.parametrize("fault", FAULTS)
def test_a_service_at_fault(fault: str) -> None:
    reply, expected = FAULTS[fault]
    assert verdict("victorops", SETTINGS, reply) == expected


@pytest.mark.parametrize(
    ("settings", "shared", "key"),
    [
        ("{routing_key: r, api_key_file: 'secretsmanager:team#key'}", "{}", "t0ps3cret"),
        ("{routing_key: r}", "{victorops_api_key: global}", "global"),
    ],
)
def test_the_key_is_ones_own_or_global_and_may_be_kept_as_a_secret(
    settings: str, shared: str, key: str
) -> None:
    receiver, access = opened("victorops", settings, OK, shared=shared)
    receiver.send(firing(), 10)
    assert access.requests[0].url == f"{ENDPOINT}/{key}/r"


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ("{api_key: s3cret}", "missing Routing key in VictorOps config"),
        ("{routing_key: r}", "no global VictorOps API Key set"),
        (
            "{api_key: s3cret, routing_key: r, custom_fields: {entity_id: x}}",
            "custom field entity_id which cannot be used",
        ),
    ],
)
def test_what_cannot_work_is_refused(settings: str, reason: str) -> None:
    with pytest.raises(DocumentError) as caught:
        integration("victorops", settings)
    assert reason in str(caught.value)
    assert "s3cret" not in str(caught.value)
