"""Alerts: when they have ended, their order in a notification, the document that is stored."""

from datetime import UTC, datetime, timedelta
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.alert import Alert, from_document, sort_alerts, to_document
from tocsin.instants import instant
from tocsin.labels import Labels

AT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def alert(labels: Labels, ends_at: datetime | None = None) -> Alert:
    return Alert(labels, {}, AT - timedelta(hours=1), ends_at)


ENDS: dict[str, tuple[datetime | None, bool]] = {
    "no end": (None, False),
    "an end to come": (AT + SECOND, False),
    "an end that is now": (AT, True),
    "an end that is past": (AT - SECOND, True),
}


@pytest.mark.parametrize(("ends_at", "resolved"), ENDS.values(), ids=ENDS)
def test_an_alert_has_ended_from_its_end_on(ends_at: datetime | None, resolved: bool) -> None:
    assert alert({}, ends_at).resolved(AT) is resolved


def test_annotations_and_times_are_no_part_of_the_fingerprint() -> None:
    one = Alert({"alertname": "Down", "job": "j"}, {}, AT)
    other = Alert(
        {"job": "j", "alertname": "Down"}, {"summary": "down"}, AT + SECOND, AT + 2 * SECOND, "http://g"
    )
    assert one.fingerprint == other.fingerprint == "2a5b35904ae30b8b"


def test_the_name_is_a_label() -> None:
    assert (alert({"alertname": "Down"}).name, alert({"job": "j"}).name) == ("Down", "")


ORDERS: dict[str, list[Labels]] = {
    "by job, those that have one first": [{"job": "a"}, {"job": "b"}, {"z": "a"}],
    "an empty job is one": [{"job": ""}, {"job": "a"}, {"a": "a"}],
    "then by instance, those that have one first": [
        {"job": "a", "instance": "1", "z": "z"},
        {"job": "a", "instance": "2"},
        {"job": "a"},
    ],
    "the job counts for more than the instance": [
        {"job": "a"},
        {"job": "b", "instance": "1"},
        {"instance": "0"},
    ],
    "then those with fewer labels": [{"z": "9"}, {"a": "1", "b": "1"}, {"a": "0", "b": "0", "c": "0"}],
    "then by values in the order of names": [
        {"a": "1", "b": "2"},
        {"a": "2", "b": "1"},
        {"a": "2", "b": "2"},
    ],
    "who lacks the first name that not both have comes first": [
        {"b": "1", "c": "1"},
        {"a": "9", "c": "9"},
        {"a": "9", "b": "0"},
    ],
    "equal values before a name that one lacks": [
        {"a": "1", "c": "0"},
        {"a": "1", "b": "0"},
        {"a": "2", "c": "0"},
    ],
}


@pytest.mark.parametrize("expected", ORDERS.values(), ids=ORDERS)
def test_alerts_are_told_in_alertmanagers_order(expected: list[Labels]) -> None:
    for shuffled in permutations(map(alert, expected)):
        assert [found.labels for found in sort_alerts(shuffled)] == expected


texts = st.dictionaries(st.text(), st.text(), max_size=4)
moments = st.integers(0, 253402300799999).map(instant)


@given(st.builds(Alert, texts, texts, moments, st.none() | moments, st.text()))
def test_an_alert_survives_its_document(stored: Alert) -> None:
    assert from_document(to_document(stored)) == stored


def test_what_is_empty_is_left_out_of_the_document() -> None:
    assert to_document(Alert({"a": "b"}, {}, instant(1))) == {"l": {"a": "b"}, "s": 1}
