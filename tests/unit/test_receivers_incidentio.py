"""incident.io: the event that is posted, its limit, and what becomes of sending it."""

import pytest

from tests.unit.misbehaving_services import NO_ANSWER, REFUSED, THROTTLED, cases
from tests.unit.notifications import alert, notification
from tests.unit.receiving import answer, documents, firing, integration, mixed, opened, resolved
from tocsin.configfile.integrations.incidentio import Incidentio
from tocsin.documents import DocumentError
from tocsin.http import Reply
from tocsin.notification import Delivered, Failed, Failure, Notification
from tocsin.receivers.incidentio import BODY_BYTES
from tocsin.receivers.webhook import body

URL = "url: 'https://api.incident.example/v2/alert_events/alertmanager/1'"
TOKEN = "alert_source_token: 'secretsmanager:team#key'"
OWN = "http_config: {authorization: {credentials: own}}"


@pytest.mark.parametrize("told", [firing(), resolved(), mixed()], ids=["firing", "resolved", "mixed"])
def test_the_webhooks_body_is_posted_as_version_1(told: Notification) -> None:
    receiver, access = opened("incidentio", f"{{{URL}, {TOKEN}}}")
    assert receiver.send(told, 10) == Delivered("HTTP 200")
    [request] = access.requests
    assert (request.method, request.url) == (
        "POST",
        "https://api.incident.example/v2/alert_events/alertmanager/1",
    )
    assert request.headers == {
        "Content-Type": "application/json",
        "Connection": "close",
        "Authorization": "Bearer t0ps3cret",
    }
    assert request.body == body(told, 0, {}).replace(b'"version":"4"', b'"version":"1"')


def test_only_so_many_alerts_are_sent() -> None:
    receiver, access = opened("incidentio", f"{{{URL}, {TOKEN}, max_alerts: 1}}")
    receiver.send(mixed(), 10)
    [event] = documents(access)
    assert [sent["labels"]["instance"] for sent in event["alerts"]] == ["a"]
    assert (event["status"], event["truncatedAlerts"]) == ("firing", 1)


@pytest.mark.parametrize(("letters", "alerts", "truncated"), [(1000, 3, 0), (BODY_BYTES // 2, 1, 2)])
def test_what_is_too_large_keeps_its_first_alert(letters: int, alerts: int, truncated: int) -> None:
    told = notification(*(alert(instance=name, text="x" * letters) for name in "abc"))
    receiver, access = opened("incidentio", f"{{{URL}, {TOKEN}}}")
    receiver.send(told, 10)
    [event] = documents(access)
    assert (len(event["alerts"]), event["truncatedAlerts"]) == (alerts, truncated)
    assert event["alerts"][0]["labels"]["instance"] == "a"
    assert event["commonLabels"]["alertname"] == "Down"


@pytest.mark.parametrize(
    ("settings", "shared"),
    [
        pytest.param(f"{{{URL}, {OWN}}}", "{}", id="own http_config"),
        pytest.param(f"{{{URL}}}", f"{{{OWN}}}", id="global http_config"),
    ],
)
def test_http_config_may_say_who_sends(settings: str, shared: str) -> None:
    receiver, access = opened("incidentio", settings, shared=shared)
    receiver.send(firing(), 10)
    assert access.requests[0].headers["Authorization"] == "Bearer own"


@pytest.mark.parametrize(("timeout", "seconds"), [("0s", 10), ("3500ms", 3.5), ("30s", 10)])
def test_the_shorter_timeout_holds(timeout: str, seconds: float) -> None:
    receiver, access = opened("incidentio", f"{{{URL}, {TOKEN}, timeout: {timeout}}}")
    receiver.send(firing(), 10)
    assert access.timeouts == [pytest.approx(seconds, abs=0.1)]


@pytest.mark.parametrize(("reply", "expected"), cases(NO_ANSWER, THROTTLED, REFUSED))
def test_a_service_that_misbehaves(reply: Reply, expected: Failed) -> None:
    receiver, _ = opened("incidentio", f"{{{URL}, {TOKEN}}}", reply)
    assert receiver.send(firing(), 10) == expected


@pytest.mark.parametrize(
    ("said", "detail"),
    [
        pytest.param({"message": "no", "errors": ["a", "b"]}, "HTTP 422: no: a, b", id="message, errors"),
        pytest.param({"error": "no"}, "HTTP 422: no", id="error"),
        pytest.param(["no"], "HTTP 422", id="not an object"),
    ],
)
def test_the_reason_of_a_refusal_is_told(said: object, detail: str) -> None:
    receiver, _ = opened("incidentio", f"{{{URL}, {TOKEN}}}", answer(422, said))
    assert receiver.send(firing(), 10) == Failed(Failure.CLIENT_ERROR, retry=False, detail=detail)


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        (f"{{{TOKEN}}}", "one of url or url_file must be configured"),
        (f"{{{URL}, url_file: 'ssm:x', {TOKEN}}}", "at most one of url & url_file must be configured"),
        (
            f"{{{URL}, alert_source_token: t, alert_source_token_file: 'ssm:x'}}",
            "at most one of alert_source_token & alert_source_token_file must be configured",
        ),
        (f"{{{URL}, {TOKEN}, {OWN}}}", "cannot specify alert_source_token or alert_source_token_file when"),
        (f"{{{URL}, http_config: {{}}}}", "at least one of alert_source_token, alert_source_token_file or"),
    ],
)
def test_what_cannot_be_is_refused(settings: str, reason: str) -> None:
    with pytest.raises(DocumentError, match=reason):
        integration("incidentio", settings)


def test_url_and_token_may_be_elsewhere() -> None:
    made = integration("incidentio", "{url_file: 'ssm:url', alert_source_token_file: 'ssm:token'}")
    assert (made.settings["url"], made.settings["alert_source_token"]) == ("ssm:url", "ssm:token")


def test_the_token_is_not_shown() -> None:
    assert "t0ps3cret" not in repr(
        Incidentio.model_validate({"url": "https://x", "alert_source_token": "t0ps3cret"})
    )
