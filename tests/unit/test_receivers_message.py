"""A notification in the words of the default templates; what is expected is what amtool 0.25 renders."""

from dataclasses import replace

from tests.unit.notifications import ENDED, alert, notification
from tocsin.messages.writer import Writer
from tocsin.notification import Notification

FIRING = alert(job="j", severity="page", az="1", instance="a", url="http://p/graph?x=1")
RESOLVED = alert(ENDED, job="j", severity="page", az="1", instance="b")


def subject(sent: Notification) -> str:
    return Writer().about(sent).text('{{ template "sns.default.subject" . }}')


def text(sent: Notification) -> str:
    return Writer().about(sent).text('{{ template "sns.default.message" . }}')


def test_the_subject_counts_what_fires_and_tells_the_group_from_the_rest() -> None:
    two = replace(notification(FIRING, RESOLVED), group_labels={"job": "j", "alertname": "Down"})
    assert subject(two) == "[FIRING:1] Down j (1 page)"


def test_the_subject_of_what_has_resolved_has_no_count() -> None:
    assert subject(notification(alert(ENDED))) == "[RESOLVED] Down "


def test_the_subject_of_alerts_with_nothing_in_common_is_bare() -> None:
    different = (replace(FIRING, labels={"a": "b"}), replace(FIRING, labels={"c": "d"}))
    assert subject(replace(notification(*different), group_labels={})) == "[FIRING:2]  "


def test_the_text_lists_every_alert() -> None:
    expected = """http://r it is down

Alerts Firing:
Labels:
 - alertname = Down
 - az = 1
 - instance = a
 - job = j
 - severity = page
Annotations:
 - runbook = http://r
 - summary = it is down
Source: http://p/graph?x=1



Alerts Resolved:
Labels:
 - alertname = Down
 - az = 1
 - instance = b
 - job = j
 - severity = page
Annotations:
 - runbook = http://r
 - summary = it is down
Source:_


"""
    assert text(notification(FIRING, RESOLVED)) == expected.replace("Source:_", "Source: ")


def test_the_text_of_what_has_resolved_has_no_firing_part() -> None:
    bare = replace(alert(ENDED), annotations={})
    assert text(notification(bare)) == (
        "\n\n\nAlerts Resolved:\nLabels:\n - alertname = Down\nAnnotations:\nSource: \n\n\n"
    )


def test_alertname_comes_first_even_before_capitals() -> None:
    listed = text(notification(alert(Zone="z", a="b")))
    assert "Labels:\n - alertname = Down\n - Zone = z\n - a = b\n" in listed
