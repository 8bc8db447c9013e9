"""The webhook: Alertmanager's body byte for byte, and what becomes of sending it."""

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.misbehaving_server import Behaviour, close, drip, hang, reply, serving, unused_url
from tests.unit.notifications import AT, alert, notification
from tests.unit.receiving import documents, mixed, on_network, opened
from tocsin.alert import Alert
from tocsin.http import Request
from tocsin.notification import Delivered, Failed, Failure, Notification, Reason, Sent
from tocsin.receivers.webhook import body as body_with

A_LONG_TIME = timedelta(days=1)

# What Alertmanager 0.25 posted for these alerts (its fingerprints, its escaping, its order), with the
# members that 0.32 and 0.34 added where they belong.
GOLDEN = (
    r'{"receiver":"a\\.b\\+c","status":"firing","alerts":['
    r'{"status":"resolved","labels":{"alertname":"Down","instance":"a","job":"j"},'
    r'"annotations":{"common":"same","summary":"t"},"startsAt":"2026-01-02T03:04:05Z",'
    r'"endsAt":"2026-01-02T04:04:05.00001Z","generatorURL":"","fingerprint":"d4ffd66169fad72b"},'
    r'{"status":"firing","labels":{"alertname":"Down","instance":"b","job":"j","x":"<A>"},'
    r'"annotations":{"common":"same","summary":"s \u003cb\u003e"},"startsAt":"2026-01-02T03:04:05.12Z",'
    r'"endsAt":"0001-01-01T00:00:00Z","generatorURL":"http://p/graph?g0.expr=up\u0026x=1",'
    r'"fingerprint":"0090753540c3a4ad"}],'
    r'"notification_reason":"new alerts added","groupLabels":{"alertname":"Down"},'
    r'"commonLabels":{"alertname":"Down","job":"j"},"commonAnnotations":{"common":"same"},"routeLabels":{},'
    r'"externalURL":"http://am.example:9093","version":"4","groupKey":"{}:{alertname=\"Down\"}",'
    r'"truncatedAlerts":1}'
)


def three_alerts() -> Notification:
    started = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    ended = started + timedelta(hours=1, microseconds=10)
    down = {"job": "j", "alertname": "Down"}
    alerts = (
        Alert({**down, "instance": "a"}, {"summary": "t", "common": "same"}, started, ended),
        Alert(
            {**down, "instance": "b", "x": '<a&b>\u2028 é"q\\ \t\n\x01\x7f'},
            {"summary": "s <b>", "common": "same"},
            started + timedelta(milliseconds=120),
            generator_url="http://p/graph?g0.expr=up&x=1",
        ),
        Alert({"alertname": "Down", "job": "z"}, {"common": "same"}, started),
    )
    at = started + A_LONG_TIME
    return replace(notification(*alerts), receiver="a.b+c", reason=Reason.NEW_ALERTS, at=at)


def body(sent: Notification, max_alerts: int) -> bytes:
    return body_with(sent, max_alerts, {})


def test_the_body_is_what_alertmanager_posts() -> None:
    value = r"\u003ca\u0026b\u003e\u2028 é\"q\\ \t\n\u0001" + "\x7f"
    expected = GOLDEN.replace("<A>", value)
    assert body(three_alerts(), 2).decode() == expected + "\n"


def test_without_a_limit_all_alerts_are_in_the_body() -> None:
    document = json.loads(body(replace(three_alerts(), truncated=4), 0))
    assert len(document["alerts"]) == 3
    assert document["truncatedAlerts"] == 4
    assert document["commonLabels"] == {"alertname": "Down"}


def test_status_and_what_is_common_are_those_of_the_alerts_kept() -> None:
    document = json.loads(body(three_alerts(), 1))
    assert document["status"] == "resolved"
    assert document["commonLabels"] == {"alertname": "Down", "instance": "a", "job": "j"}
    assert document["truncatedAlerts"] == 2


def test_an_alert_that_ends_later_still_fires() -> None:
    document = json.loads(body(notification(alert(AT + A_LONG_TIME)), 0))
    [sent] = document["alerts"]
    assert (sent["status"], sent["endsAt"]) == ("firing", "0001-01-01T00:00:00Z")


def test_of_no_alerts_nothing_is_common() -> None:
    document = json.loads(body(notification(), 0))
    assert (document["status"], document["alerts"], document["commonLabels"]) == ("resolved", [], {})


@given(st.dictionaries(st.text(max_size=5), st.text(max_size=9)), st.text(max_size=9))
def test_any_text_comes_through_the_body(annotations: Mapping[str, str], receiver: str) -> None:
    one = replace(alert(), annotations=annotations)
    encoded = body(replace(notification(one), receiver=receiver), 0)
    assert not set(b"<>&") & set(encoded)
    assert json.loads(encoded)["alerts"][0]["annotations"] == annotations


def test_half_a_character_does_not_stop_a_page() -> None:
    half = replace(alert(), annotations={"summary": "\ud800"})
    assert json.loads(body(notification(half), 0))["alerts"][0]["annotations"] == {"summary": "?"}


def send(settings: dict[str, Any], timeout_seconds: float = 10) -> tuple[Request, float]:
    receiver, access = opened("webhook", json.dumps({"url": "https://hook.example/x", **settings}))
    assert receiver.send(notification(alert()), timeout_seconds) == Delivered("HTTP 200")
    [request], [limit] = access.requests, access.timeouts
    return request, limit


def test_the_request_says_what_it_is_and_whose() -> None:
    request, _ = send({})
    assert (request.method, request.url, request.repeatable) == ("POST", "https://hook.example/x", False)
    assert request.headers == {
        "Content-Type": "application/json",
        "Connection": "close",
        "Idempotency-Key": "n-1",
    }
    assert request.body == body(notification(alert()), 0)


@pytest.mark.parametrize(
    ("timeout", "seconds"), [("0s", 10), ("3500ms", 3.5), ("1m", 10)], ids=["none", "shorter", "longer"]
)
def test_the_shorter_timeout_holds(timeout: str, seconds: float) -> None:
    assert send({"timeout": timeout}, 10)[1] == pytest.approx(seconds, abs=0.5)


def test_the_url_is_a_template_that_may_be_kept_as_a_secret() -> None:
    request, _ = send({"url": "https://hook.example/{{ .Status }}/{{ .GroupLabels.alertname }}"})
    assert request.url == "https://hook.example/firing/Down"
    receiver, access = opened("webhook", "url_file: 'secretsmanager:team#url'")
    access.secrets["team/url"] = "https://hook.example/{{ .Status }}?token=s3cret\n"
    receiver.send(notification(alert()), 10)
    assert access.requests[0].url == "https://hook.example/firing?token=s3cret"


def test_a_payload_of_ones_own_replaces_the_body() -> None:
    payload = """
    url: https://hook.example/x
    payload:
      title: '{{ .GroupLabels.alertname }} is {{ .Status }}'
      '{{ .Status }}': yes
      alerts: '{{ .Alerts | len }}'
      list: [a, 1, '{{ range .Alerts.Resolved }}{{ .Labels.instance }}{{ end }}', {deep: '<b>'}]
    """
    receiver, access = opened("webhook", payload)
    receiver.send(mixed(), 10)
    assert documents(access) == [
        {"title": "Down is firing", "firing": True, "alerts": 2, "list": ["a", 1, "b", {"deep": "<b>"}]}
    ]


def test_more_alerts_than_wanted_are_left_out_and_counted() -> None:
    request, _ = send({"max_alerts": 1})
    assert json.loads(request.body)["truncatedAlerts"] == 0
    receiver, access = opened("webhook", "{url: https://hook.example/x, max_alerts: 1}")
    receiver.send(mixed(), 10)
    [document] = documents(access)
    assert (len(document["alerts"]), document["truncatedAlerts"]) == (1, 1)


def test_a_payload_knows_only_the_alerts_that_are_wanted() -> None:
    settings = "{url: 'https://hook.example/{{ len .Alerts }}', max_alerts: 1, payload: '{{ .CommonLabels.instance }}'}"
    receiver, access = opened("webhook", settings)
    receiver.send(mixed(), 10)
    assert (access.requests[0].url, documents(access)) == ("https://hook.example/1", ["a"])


def test_labels_of_the_route_are_in_the_body_expanded() -> None:
    receiver, access = opened("webhook", "url: https://hook.example/x")
    receiver.send(replace(mixed(), route_labels={"team": "{{ .CommonLabels.alertname }}-ops"}), 10)
    assert documents(access)[0]["routeLabels"] == {"team": "Down-ops"}


def deliver(behaviour: Behaviour, timeout_seconds: float = 5) -> Sent:
    with serving(behaviour) as server:
        receiver = on_network("webhook", f"url: {server.url}/s3cret")
        return receiver.send(notification(alert()), timeout_seconds)


LARGE = b"HTTP/1.1 %d X\r\nContent-Length: 104857600\r\n\r\n"


@pytest.mark.parametrize(
    ("behaviour", "sent"),
    [
        pytest.param(reply(204, b""), Delivered("HTTP 204"), id="no content"),
        pytest.param(lambda c: c.send(LARGE % 200), Delivered("HTTP 200"), id="delivered, then talks on"),
        pytest.param(
            lambda c: c.send(LARGE % 500),
            Failed(Failure.SERVER_ERROR, retry=True, detail="HTTP 500"),
            id="fails, then talks on",
        ),
        pytest.param(
            reply(429, b"", Retry_After="30"),
            Failed(Failure.RATE_LIMITED, retry=True, detail="HTTP 429", retry_after_seconds=30),
            id="429 with seconds",
        ),
        pytest.param(
            reply(503, b"", Retry_After="Sun, 01 Mar 2026 12:01:00 GMT"),
            Failed(Failure.SERVER_ERROR, retry=True, detail="HTTP 503", retry_after_seconds=60),
            id="503 with a date",
        ),
        pytest.param(
            reply(307, b"", Location="ftp://elsewhere"),
            Failed(Failure.OTHER, retry=False, detail="HTTP 307: a redirect that is not followed"),
            id="redirect",
        ),
        pytest.param(
            reply(401, b""), Failed(Failure.AUTH_ERROR, retry=False, detail="HTTP 401"), id="unauthorized"
        ),
    ],
)
def test_an_answer_is_classified(behaviour: Behaviour, sent: Sent) -> None:
    assert deliver(behaviour) == sent


def test_a_receiver_that_answers_and_then_drips_has_the_notification() -> None:
    assert deliver(drip(b"HTTP/1.1 200 OK\r\n\r\n"), 2) == Delivered("HTTP 200")


@pytest.mark.parametrize(
    ("behaviour", "reason"),
    [pytest.param(hang, Failure.DEADLINE, id="hangs"), pytest.param(close, Failure.OTHER, id="hangs up")],
)
def test_no_answer_is_tried_again(behaviour: Behaviour, reason: Failure) -> None:
    sent = deliver(behaviour, 0.3 if behaviour is hang else 20)
    assert isinstance(sent, Failed)
    assert (sent.reason, sent.retry) == (reason, True)
    assert "s3cret" not in sent.detail


def test_nobody_there_is_tried_again() -> None:
    sent = on_network("webhook", f"url: {unused_url()}/s3cret").send(notification(alert()), 20)
    assert isinstance(sent, Failed)
    assert (sent.reason, sent.retry) == (Failure.OTHER, True)
    assert "s3cret" not in sent.detail
