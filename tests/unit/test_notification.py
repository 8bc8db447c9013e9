"""Notifications: what fires in one, what has resolved, what all of it has in common."""

import pytest

from tests.unit.notifications import AT, ENDED, alert, notification
from tocsin.notification import common


def test_a_notification_fires_while_one_of_its_alerts_does() -> None:
    fires, ended = alert(job="a"), alert(ENDED, job="b")
    mixed = notification(ended, fires)
    assert (mixed.status, mixed.firing, mixed.resolved) == ("firing", (fires,), (ended,))
    assert (notification(ended).status, notification(ended).firing) == ("resolved", ())


def test_whether_an_alert_has_resolved_is_judged_at_the_time_of_the_flush() -> None:
    assert notification(alert(AT)).status == "resolved"
    assert notification(alert(AT.replace(second=1))).status == "firing"


COMMON: dict[str, tuple[tuple[dict[str, str], ...], dict[str, str]]] = {
    "of nothing": ((), {}),
    "of one": (({"a": "1", "b": "2"},), {"a": "1", "b": "2"}),
    "a value that differs": (({"a": "1", "b": "2"}, {"a": "1", "b": "3"}), {"a": "1"}),
    "a name that one lacks": (({"a": "1"}, {"a": "1", "b": "2"}, {"a": "1", "b": "2"}), {"a": "1"}),
    "nothing": (({"a": "1"}, {"b": "1"}), {}),
}


@pytest.mark.parametrize(("maps", "expected"), COMMON.values(), ids=COMMON)
def test_common_is_what_stands_in_every_one(
    maps: tuple[dict[str, str], ...], expected: dict[str, str]
) -> None:
    assert common(maps) == expected
