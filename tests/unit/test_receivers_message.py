"""A notification in plain words; what is expected is what amtool 0.25 renders by default."""

from dataclasses import replace

import pytest

from tests.unit.notifications import ENDED, alert, notification
from tocsin.receivers.message import short_ascii, subject, text

FIRING = alert(job="j", severity="page", az="1", instance="a", url="http://p/graph?x=1")
RESOLVED = alert(ENDED, job="j", severity="page", az="1", instance="b")


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


def test_the_text_says_how_many_alerts_are_missing() -> None:
    assert text(notification(FIRING, truncated=3)).endswith("3 more alerts are not shown.\n")


@pytest.mark.parametrize(
    ("line", "short"),
    [
        ("[FIRING:1] Down (x)", "[FIRING:1] Down (x)"),
        ("[FIRING:2]  ", "[FIRING:2]"),
        ("two\nlines\t\x00 a bell\x07", "two lines ? a bell?"),
        ("Größe 温度", "Gr??e ??"),
        ("x" * 21, "x" * 17 + "..."),
        ("x" * 20, "x" * 20),
    ],
)
def test_a_short_line_is_printable_ascii(line: str, short: str) -> None:
    assert short_ascii(line, 20) == short
