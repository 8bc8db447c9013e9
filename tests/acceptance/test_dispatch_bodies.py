"""What receivers are sent: the webhook's body, and publications to SNS."""

from collections.abc import Mapping
from hashlib import sha256
from typing import Any

import pytest

from tests.acceptance.alerting import EXTERNAL_URL, GENERATOR_URL, Alerting, Post, alert, config, webhooks


def told(*alerts: Post, route: Mapping[str, Any] | None = None, **settings: Any) -> Mapping[str, Any]:
    """Return the body of the only notification about these alerts, by a webhook with these settings."""
    tocsin = Alerting(config(route, {"team": webhooks("team", **settings)}))
    tocsin.post(*alerts)
    tocsin.at(30)
    [notification] = tocsin.notifications()
    return notification.body


# -- the webhook ----------------------------------------------------------------------------------


def test_the_body_of_a_webhook_is_alertmanagers_in_its_order() -> None:
    body = told(alert("Down", starts=-5, ends=500, text="it <is> down", job="j"))
    assert list(body.items()) == [
        ("receiver", "team"),
        ("status", "firing"),
        (
            "alerts",
            [
                {
                    "status": "firing",
                    "labels": {"alertname": "Down", "job": "j"},
                    "annotations": {"summary": "it <is> down"},
                    "startsAt": "2026-03-02T11:59:55Z",
                    "endsAt": "0001-01-01T00:00:00Z",
                    "generatorURL": GENERATOR_URL,
                    "fingerprint": "2a5b35904ae30b8b",
                }
            ],
        ),
        ("notification_reason", "first notification"),
        ("groupLabels", {"alertname": "Down"}),
        ("commonLabels", {"alertname": "Down", "job": "j"}),
        ("commonAnnotations", {"summary": "it <is> down"}),
        ("routeLabels", {}),
        ("externalURL", EXTERNAL_URL),
        ("version", "4"),
        ("groupKey", '{}:{alertname="Down"}'),
        ("truncatedAlerts", 0),
    ]


def test_a_group_fires_while_any_of_its_alerts_does() -> None:
    tocsin = Alerting(config())
    tocsin.post(alert("Down", ends=20, instance="a"), alert("Down", ends=75, instance="b"))
    tocsin.at(200)
    assert [told.body["status"] for told in tocsin.notifications()] == ["firing", "firing", "resolved"]
    _, some, everything = tocsin.notifications()
    assert [one["status"] for one in some.body["alerts"]] == ["resolved", "firing"]
    assert everything.body["alerts"][0]["endsAt"] == "2026-03-02T12:01:15Z"


def test_the_name_of_the_receiver_is_quoted_as_a_regular_expression() -> None:
    tocsin = Alerting(config({"receiver": "a.b"}, {"a.b": webhooks("team")}))
    tocsin.post(alert("Down", ends=500))
    tocsin.at(30)
    assert tocsin.notifications()[0].body["receiver"] == r"a\.b"


def test_what_is_common_is_what_all_alerts_have() -> None:
    body = told(
        alert("Down", ends=500, text="same", job="j", instance="a"),
        alert("Down", ends=500, text="same", job="j", instance="b"),
    )
    assert body["commonLabels"] == {"alertname": "Down", "job": "j"}
    assert body["commonAnnotations"] == {"summary": "same"}


def test_alerts_are_in_the_order_of_job_then_instance_then_labels() -> None:
    labels: list[dict[str, str]] = [
        {"a": "2"},
        {"a": "1"},
        {"a": "1", "b": "1"},
        {"instance": "x"},
        {"job": "k"},
        {"job": "j", "instance": "y"},
        {"job": "j", "instance": "x"},
        {"job": "j"},
    ]
    body = told(*(Post({"alertname": "Down", **one}) for one in labels))
    found = [
        {name: one["labels"][name] for name in one["labels"] if name != "alertname"} for one in body["alerts"]
    ]
    assert found == [
        {"instance": "x", "job": "j"},
        {"instance": "y", "job": "j"},
        {"job": "j"},
        {"job": "k"},
        {"instance": "x"},
        {"a": "1"},
        {"a": "2"},
        {"a": "1", "b": "1"},
    ]


@pytest.mark.parametrize(
    ("max_alerts", "kept", "truncated"), [(0, "abc", 0), (2, "ab", 1), (3, "abc", 0), (1, "a", 2)]
)
def test_max_alerts_keeps_the_first_and_counts_the_others(max_alerts: int, kept: str, truncated: int) -> None:
    alerts = [alert("Down", ends=500, instance=name) for name in "cab"]
    body = told(*alerts, max_alerts=max_alerts)
    assert [one["labels"]["instance"] for one in body["alerts"]] == list(kept)
    assert body["truncatedAlerts"] == truncated


def test_what_is_common_is_common_to_the_alerts_that_are_kept() -> None:
    body = told(
        alert("Down", ends=500, instance="a", rack="1"), alert("Down", ends=500, instance="b"), max_alerts=1
    )
    assert body["commonLabels"] == {"alertname": "Down", "instance": "a", "rack": "1"}


def test_labels_of_routes_are_merged_downwards_and_their_values_are_templates() -> None:
    child = {"matchers": ["rack=1"], "labels": {"team": "db", "what": "{{ .GroupLabels.alertname }}"}}
    route = {"labels": {"team": "ops", "tier": "1"}, "routes": [child]}
    body = told(alert("Down", ends=500, rack="1"), route=route)
    assert body["routeLabels"] == {"team": "db", "tier": "1", "what": "Down"}


def test_a_payload_of_ones_own_is_sent_in_its_place() -> None:
    payload = {
        "text": "{{ .CommonLabels.alertname }} {{ .Status }}",
        "count": "{{ len .Alerts }}",
        "{{ .Receiver }}": ["{{ .NotificationReason }}"],
    }
    body = told(alert("Down", ends=500), payload=payload)
    assert body == {"text": "Down firing", "count": 1, "team": ["first notification"]}


def test_a_webhooks_url_is_a_template() -> None:
    tocsin = Alerting(
        config(receivers={"team": {"webhook_configs": [{"url": "http://{{ .CommonLabels.rack }}/"}]}})
    )
    tocsin.post(alert("Down", ends=500, rack="r7"))
    tocsin.at(30)
    assert [one.to for one in tocsin.notifications()] == ["r7"]


# -- SNS ------------------------------------------------------------------------------------------


def published(topic: str, **settings: Any) -> list[Mapping[str, Any]]:
    """Return what is published to a topic of an alert that fires, is repeated twice, and ends."""
    sns = {"topic_arn": topic, "sigv4": {"region": "eu-central-1"}, **settings}
    tocsin = Alerting(config({"repeat_interval": "1m"}, {"team": {"sns_configs": [sns]}}))
    tocsin.post(alert("Down", ends=250))
    tocsin.at(300)
    return [publication for _, publication in tocsin.network.published]


FIFO = "arn:aws:sns:eu-central-1:123456789012:pages.fifo"
STANDARD = "arn:aws:sns:eu-central-1:123456789012:pages"


def test_each_notification_to_a_fifo_topic_has_an_id_of_its_own_and_the_group_keeps_its_order() -> None:
    found = published(FIFO)
    assert len(found) == 4
    assert len({one["MessageDeduplicationId"] for one in found}) == 4
    group = sha256(b'{}:{alertname="Down"}').hexdigest()
    assert {one["MessageGroupId"] for one in found} == {group}


def test_the_group_of_a_fifo_topic_is_alertmanagers_hash_of_the_group_key() -> None:
    golden = "af94c9e8f6a3043625e36c6f472fe6be85ac23a9117184ee4cb7b4ad7401a47e"
    assert published(FIFO)[0]["MessageGroupId"] == golden


def test_a_standard_topic_is_told_no_ids_of_fifo() -> None:
    assert not {"MessageGroupId", "MessageDeduplicationId"} & {
        key for one in published(STANDARD) for key in one
    }


def test_subject_message_and_attributes_are_templates() -> None:
    found = published(
        STANDARD,
        subject="{{ .Status }}",
        message="{{ len .Alerts }} of {{ .GroupLabels.alertname }}",
        attributes={"status": "{{ .Status }}"},
    )
    assert [(one["Subject"], one["Message"]) for one in (found[0], found[-1])] == [
        ("firing", "1 of Down"),
        ("resolved", "1 of Down"),
    ]
    assert found[0]["MessageAttributes"]["status"] == {"DataType": "String", "StringValue": "firing"}


def test_an_empty_subject_is_left_out() -> None:
    assert "Subject" not in published(STANDARD, subject="")[0]
