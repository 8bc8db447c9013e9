"""PagerDuty: the events of both APIs, their limits, and what PagerDuty answers."""

from typing import Any

import pytest

from tests.unit.notifications import alert, notification
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
from tocsin.receivers.pagerduty import EVENT_BYTES, URL_V1

SETTINGS = "{routing_key: s3cret}"
V1 = "{service_key: s3cret}"
TAKEN = answer(202, {"status": "success"})
CLIENT_URL = "http://am.example:9093/#/alerts?receiver=ops"


@pytest.mark.parametrize(
    ("sent", "action", "summary", "numbers"),
    [
        pytest.param(firing(), "trigger", "[FIRING:2] Down ", (2, 0), id="firing"),
        pytest.param(resolved(), "resolve", "[RESOLVED] Down ", (0, 2), id="resolved"),
        pytest.param(mixed(), "trigger", "[FIRING:1] Down ", (1, 1), id="mixed"),
    ],
)
def test_an_event_opens_or_resolves_the_incident(
    sent: Notification, action: str, summary: str, numbers: tuple[int, int]
) -> None:
    receiver, access = opened("pagerduty", SETTINGS, TAKEN)
    assert receiver.send(sent, 10) == Delivered("HTTP 202")
    [request], [document] = access.requests, documents(access)
    assert (request.method, request.url) == ("POST", "https://events.pagerduty.com/v2/enqueue")
    assert request.headers == {"Content-Type": "application/json", "Connection": "close"}
    details = document["payload"].pop("custom_details")
    assert (details["num_firing"], details["num_resolved"]) == numbers
    assert (len(details["firing"]), len(details["resolved"])) == numbers
    assert document == {
        "routing_key": "s3cret",
        "dedup_key": sent.group_hash,
        "event_action": action,
        "client": "Alertmanager",
        "client_url": CLIENT_URL,
        "payload": {"summary": summary, "source": "Alertmanager", "severity": "error"},
    }


def test_the_details_hold_the_alerts() -> None:
    receiver, access = opened("pagerduty", SETTINGS, TAKEN)
    receiver.send(notification(alert(instance="a")), 10)
    [found] = documents(access)[0]["payload"]["custom_details"]["firing"]
    assert found["labels"] == {"alertname": "Down", "instance": "a"}


def test_all_that_can_be_said_is_said_by_templates() -> None:
    settings = """
    routing_key: '{{ .GroupLabels.alertname }}-key'
    url: https://eu.example/enqueue
    client: c
    client_url: https://c
    description: D {{ .Status }}
    source: '{{ .ExternalURL }}'
    severity: '{{ if .Alerts.Firing }}critical{{ else }}info{{ end }}'
    class: cl
    component: co
    group: gr
    details: {firing: '{{ .Alerts.Firing | len }}', nested: {list: ['{{ .Status }}', 2]}}
    images: [{src: 'https://i', alt: a}, {src: '', alt: dropped}]
    links: [{href: 'https://l', text: '{{ .Status }}'}, {text: dropped}]
    """
    receiver, access = opened("pagerduty", settings, TAKEN)
    receiver.send(firing(), 10)
    assert access.requests[0].url == "https://eu.example/enqueue"
    assert documents(access) == [
        {
            "routing_key": "Down-key",
            "dedup_key": firing().group_hash,
            "event_action": "trigger",
            "client": "c",
            "client_url": "https://c",
            "images": [{"src": "https://i", "alt": "a", "href": ""}],
            "links": [{"href": "https://l", "text": "firing"}],
            "payload": {
                "summary": "D firing",
                "source": "http://am.example:9093",
                "severity": "critical",
                "class": "cl",
                "component": "co",
                "group": "gr",
                "custom_details": {
                    "firing": 2,
                    "nested": {"list": ["firing", 2]},
                    "num_firing": 2,
                    "num_resolved": 0,
                    "resolved": [],
                },
            },
        }
    ]


@pytest.mark.parametrize(
    ("sent", "kind", "client"),
    [
        pytest.param(firing(), "trigger", {"client": "Alertmanager", "client_url": CLIENT_URL}, id="firing"),
        pytest.param(resolved(), "resolve", {}, id="resolved"),
    ],
)
def test_a_service_key_is_for_the_old_api(sent: Notification, kind: str, client: dict[str, str]) -> None:
    receiver, access = opened("pagerduty", V1, TAKEN)
    assert receiver.send(sent, 10) == Delivered("HTTP 202")
    [request], [document] = access.requests, documents(access)
    assert request.url == URL_V1
    assert sorted(document.pop("details")) == ["firing", "num_firing", "num_resolved", "resolved"]
    assert document == {
        "service_key": "s3cret",
        "event_type": kind,
        "incident_key": sent.group_hash,
        "description": f"[{'FIRING:2' if sent.firing else 'RESOLVED'}] Down ",
        **client,
    }


@pytest.mark.parametrize(
    ("key", "path"), [("routing_key", ("payload", "summary")), ("service_key", ("description",))]
)
def test_a_summary_is_cut_at_1024_characters(key: str, path: tuple[str, ...]) -> None:
    receiver, access = opened("pagerduty", f"{{{key}: k, description: {'ü' * 1025}}}", TAKEN)
    receiver.send(firing(), 10)
    found: Any = documents(access)[0]
    for step in path:
        found = found[step]
    assert found == "ü" * 1023 + "…"


@pytest.mark.parametrize(
    ("key", "path"), [("routing_key", ("payload", "custom_details")), ("service_key", ("details",))]
)
def test_details_that_are_too_large_are_left_out(key: str, path: tuple[str, ...]) -> None:
    receiver, access = opened("pagerduty", f"{{{key}: k}}", TAKEN)
    receiver.send(notification(alert(large="é" * (EVENT_BYTES // 2))), 10)
    found: Any = documents(access)[0]
    for step in path:
        found = found[step]
    assert sorted(found) == ["error"]
    assert len(access.requests[0].body) < EVENT_BYTES


@pytest.mark.parametrize("fault", FAULTS)
def test_a_service_at_fault(fault: str) -> None:
    reply, expected = FAULTS[fault]
    assert verdict("pagerduty", SETTINGS, reply) == expected


def test_the_old_api_answers_403_beyond_its_limit() -> None:
    assert verdict("pagerduty", V1, answer(403)) == (Failure.AUTH_ERROR, True, None)


@pytest.mark.parametrize(
    ("said", "detail"),
    [
        (
            {"message": "Event object is invalid", "errors": ["Length of 'routing_key' is incorrect"]},
            "HTTP 400: Event object is invalid: Length of 'routing_key' is incorrect",
        ),
        ({"message": "no"}, "HTTP 400: no: "),
        (["malformed"], "HTTP 400"),
    ],
)
def test_a_refusal_says_what_is_wrong_with_the_event(said: Any, detail: str) -> None:
    receiver, _ = opened("pagerduty", SETTINGS, answer(400, said))
    assert receiver.send(firing(), 10) == Failed(Failure.CLIENT_ERROR, retry=False, detail=detail)


def test_a_key_that_comes_to_nothing_sends_nothing() -> None:
    receiver, access = opened("pagerduty", "{routing_key: '{{ .CommonLabels.key }}'}", TAKEN)
    sent = receiver.send(firing(), 10)
    assert sent == Failed(Failure.CLIENT_ERROR, retry=False, detail="the routing_key is empty")
    assert access.requests == []


def test_the_key_may_be_kept_as_a_secret_and_the_own_timeout_holds() -> None:
    receiver, access = opened(
        "pagerduty", "{routing_key_file: 'secretsmanager:team#key', timeout: 2s}", TAKEN
    )
    receiver.send(firing(), 10)
    assert documents(access)[0]["routing_key"] == "t0ps3cret"
    assert access.timeouts == [pytest.approx(2, abs=0.5)]


def test_the_url_may_be_global() -> None:
    found = integration("pagerduty", SETTINGS, "{pagerduty_url: 'https://eu.example/v2'}")
    assert found.settings["url"] == "https://eu.example/v2"
    assert found.send_resolved


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ("{client: c}", "missing service or routing key in PagerDuty config"),
        (
            "{routing_key: s3cret, routing_key_file: 'ssm:k'}",
            "at most one of routing_key & routing_key_file must be configured",
        ),
    ],
)
def test_what_cannot_work_is_refused(settings: str, reason: str) -> None:
    with pytest.raises(DocumentError) as caught:
        integration("pagerduty", settings)
    assert reason in str(caught.value)
    assert "s3cret" not in str(caught.value)
