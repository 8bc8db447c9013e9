"""Opsgenie: alerts created, updated and closed, and what Opsgenie answers."""

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

SETTINGS = "{api_key: s3cret}"
TAKEN = answer(202, {"result": "Request will be processed"})
ALIAS = firing().group_hash
SOURCE = "http://am.example:9093/#/alerts?receiver=ops"


@pytest.mark.parametrize(
    ("sent", "message"),
    [
        pytest.param(firing(), "[FIRING:2] Down ", id="firing"),
        pytest.param(mixed(), "[FIRING:1] Down ", id="mixed"),
    ],
)
def test_while_anything_fires_there_is_an_alert(sent: Notification, message: str) -> None:
    receiver, access = opened("opsgenie", SETTINGS, TAKEN)
    assert receiver.send(sent, 10) == Delivered("HTTP 202")
    [request], [document] = access.requests, documents(access)
    assert (request.method, request.url) == ("POST", "https://api.opsgenie.com/v2/alerts")
    assert request.headers == {
        "Content-Type": "application/json",
        "Connection": "close",
        "Authorization": "GenieKey s3cret",
    }
    assert "Alerts Firing:" in document.pop("description")
    assert document == {
        "alias": ALIAS,
        "source": SOURCE,
        "message": message,
        "details": {"alertname": "Down"},
    }


def test_when_all_has_resolved_the_alert_is_closed() -> None:
    receiver, access = opened("opsgenie", "{api_key: s3cret, update_alerts: true}", TAKEN)
    assert receiver.send(resolved(), 10) == Delivered("HTTP 202")
    [request] = access.requests
    assert request.method == "POST"
    assert request.url == f"https://api.opsgenie.com/v2/alerts/{ALIAS}/close?identifierType=alias"
    assert documents(access) == [{"source": SOURCE}]


def test_all_that_can_be_said_is_said_by_templates() -> None:
    settings = """
    api_key: '{{ .GroupLabels.alertname }}-key'
    api_url: https://api.eu.opsgenie.com
    message: M
    description: ''
    source: S
    entity: E
    note: N
    priority: P1
    tags: ' a,,{{ .Status }}'
    actions: x,y
    details: {alertname: mine, extra: '{{ .Alerts | len }}'}
    responders:
      - {type: Team, name: '{{ .GroupLabels.alertname }}'}
      - {type: teams, name: 'one,two'}
      - {type: user, username: u, id: ''}
    """
    receiver, access = opened("opsgenie", settings, TAKEN)
    receiver.send(firing(), 10)
    [request] = access.requests
    assert request.url == "https://api.eu.opsgenie.com/v2/alerts"
    assert request.headers["Authorization"] == "GenieKey Down-key"
    assert documents(access) == [
        {
            "alias": ALIAS,
            "source": "S",
            "message": "M",
            "details": {"alertname": "mine", "extra": "2"},
            "entity": "E",
            "note": "N",
            "priority": "P1",
            "tags": ["a", "firing"],
            "actions": ["x", "y"],
            "responders": [
                {"type": "team", "name": "Down"},
                {"type": "team", "name": "one"},
                {"type": "team", "name": "two"},
                {"type": "user", "username": "u"},
            ],
        }
    ]


def test_a_responder_that_comes_to_nothing_is_left_out() -> None:
    nobody = (
        "{api_key: k, responders: [{name: '{{ .CommonLabels.team }}', type: '{{ .CommonLabels.type }}'}]}"
    )
    receiver, access = opened("opsgenie", nobody, TAKEN)
    receiver.send(firing(), 10)
    assert "responders" not in documents(access)[0]


def test_an_alert_that_is_there_already_is_updated_on_demand() -> None:
    receiver, access = opened("opsgenie", "{api_key: k, update_alerts: true, description: D}", TAKEN)
    assert receiver.send(firing(), 10) == Delivered("HTTP 202")
    asked = [
        (request.method, request.url.removeprefix("https://api.opsgenie.com/")) for request in access.requests
    ]
    assert asked == [
        ("POST", "v2/alerts"),
        ("PUT", f"v2/alerts/{ALIAS}/message?identifierType=alias"),
        ("PUT", f"v2/alerts/{ALIAS}/description?identifierType=alias"),
    ]
    assert documents(access)[1:] == [{"message": "[FIRING:2] Down "}, {"description": "D"}]
    assert access.timeouts == sorted(access.timeouts, reverse=True)


def test_the_first_request_that_fails_is_the_last() -> None:
    receiver, access = opened("opsgenie", "{api_key: k, update_alerts: true}", TAKEN, answer(422))
    sent = receiver.send(firing(), 10)
    assert sent == Failed(Failure.CLIENT_ERROR, retry=False, detail="HTTP 422")
    assert len(access.requests) == 2


def test_a_message_is_cut_at_130_characters() -> None:
    receiver, access = opened("opsgenie", f"{{api_key: k, message: {'ü' * 131}}}", TAKEN)
    receiver.send(firing(), 10)
    assert documents(access)[0]["message"] == "ü" * 129 + "…"


def test_a_refusal_is_told_in_its_words() -> None:
    receiver, _ = opened("opsgenie", SETTINGS, answer(400, {"message": "Key format is not valid!"}))
    refused = Failed(Failure.CLIENT_ERROR, retry=False, detail="HTTP 400: Key format is not valid!")
    assert receiver.send(firing(), 10) == refused


@pytest.mark.parametrize("fault", FAULTS)
def test_a_service_at_fault(fault: str) -> None:
    reply, expected = FAULTS[fault]
    assert verdict("opsgenie", SETTINGS, reply) == expected


@pytest.mark.parametrize(
    ("settings", "shared", "key"),
    [
        ("{api_key_file: 'secretsmanager:team#key'}", "{opsgenie_api_key: global}", "t0ps3cret"),
        ("{}", "{opsgenie_api_key_file: 'secretsmanager:team#key'}", "t0ps3cret"),
        ("{}", "{opsgenie_api_key: global}", "global"),
    ],
)
def test_the_key_is_ones_own_or_global_and_may_be_kept_as_a_secret(
    settings: str, shared: str, key: str
) -> None:
    receiver, access = opened("opsgenie", settings, TAKEN, shared=shared)
    receiver.send(firing(), 10)
    assert access.requests[0].headers["Authorization"] == f"GenieKey {key}"


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ("{}", "no global OpsGenie API Key set either inline or in a file"),
        (
            "{api_key: s3cret, api_key_file: 'ssm:k'}",
            "at most one of api_key & api_key_file must be configured",
        ),
        (
            "{api_key: s3cret, responders: [{type: team}]}",
            "responder has to have at least one of id, username or name specified",
        ),
        (
            "{api_key: s3cret, responders: [{type: dog, name: n}]}",
            "responder type does not match valid options ^(team|teams|user|escalation|schedule)$",
        ),
    ],
)
def test_what_cannot_work_is_refused(settings: str, reason: str) -> None:
    with pytest.raises(DocumentError) as caught:
        integration("opsgenie", settings)
    assert reason in str(caught.value)
    assert "s3cret" not in str(caught.value)
