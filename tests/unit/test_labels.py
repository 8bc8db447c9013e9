"""Labels: their fingerprint, the hash rules are spread by, and how they are written in group keys."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.labels import Labels, fingerprint, fnv1, format_labels, label_set, quote

FINGERPRINTS: dict[str, tuple[Labels, str]] = {
    "no labels": ({}, "cbf29ce484222325"),
    "one label": ({"alertname": "Slow"}, "2a6d61766e100a13"),
    "two labels": ({"alertname": "Down", "job": "j"}, "2a5b35904ae30b8b"),
    "two labels, in the other order": ({"job": "j", "alertname": "Down"}, "2a5b35904ae30b8b"),
    "what must be escaped elsewhere": (
        {"z": 'é"q', "alertname": "X", "severity": "critical", "team": "a"},
        "df5c8e868aada41d",
    ),
}


@pytest.mark.parametrize(("labels", "expected"), FINGERPRINTS.values(), ids=FINGERPRINTS)
def test_a_fingerprint_is_alertmanagers(labels: Labels, expected: str) -> None:
    assert fingerprint(labels) == expected


SPREADS: dict[str, tuple[Labels, int]] = {
    "no labels": ({}, 0xCBF29CE484222325),
    "a group": ({"name": "group-1", "file": "ns-1", "orgId": "1"}, 0xF26D3F08B92DA4FA),
    "another group": ({"name": "group-2", "file": "ns-1", "orgId": "1"}, 0x8CC5C8BB7249E387),
    "a name with a space": ({"name": "eval group", "file": "abcDEF", "orgId": "2"}, 0x91731923E7BBD779),
    "a rule": ({"name": "group-1", "file": "ns-1", "orgId": "1", "uid": "rule-1"}, 0xC192E80691244D02),
}


@pytest.mark.parametrize(("labels", "expected"), SPREADS.values(), ids=SPREADS)
def test_the_hash_rules_are_spread_by_is_grafanas(labels: Labels, expected: int) -> None:
    assert fnv1(labels) == expected


def test_names_and_values_do_not_run_into_each_other() -> None:
    assert fingerprint({"ab": "c"}) != fingerprint({"a": "bc"})
    assert fnv1({"a": "b", "c": ""}) != fnv1({"a": "", "c": "b"})


QUOTED = {
    "plain": ("a b", '"a b"'),
    "quotes and backslashes": ('é"q\\', '"é\\"q\\\\"'),
    "escapes with a letter": ("\a\b\f\n\r\t\v", '"\\a\\b\\f\\n\\r\\t\\v"'),
    "control characters": ("\x00\x7f", '"\\x00\\x7f"'),
    "spaces other than the space": ("\u0080\u00a0\u2028", '"\\u0080\\u00a0\\u2028"'),
    "beyond the basic plane": ("🔔\uffff\U000e0001", '"🔔\\uffff\\U000e0001"'),
}


@pytest.mark.parametrize(("text", "expected"), QUOTED.values(), ids=QUOTED)
def test_a_text_is_quoted_as_go_does(text: str, expected: str) -> None:
    assert quote(text) == expected


FORMATTED: dict[str, tuple[Labels, str]] = {
    "none": ({}, "{}"),
    "one": ({"alertname": "Down"}, '{alertname="Down"}'),
    "sorted": (
        {"z": 'é"q', "team": "a", "alertname": "X", "severity": "critical"},
        '{alertname="X", severity="critical", team="a", z="é\\"q"}',
    ),
}


@pytest.mark.parametrize(("labels", "expected"), FORMATTED.values(), ids=FORMATTED)
def test_labels_are_written_as_alertmanager_writes_them(labels: Labels, expected: str) -> None:
    assert format_labels(labels) == expected


def test_a_label_with_an_empty_value_is_no_label() -> None:
    assert label_set({"b": "2", "empty": "", "a": "1"}) == (("a", "1"), ("b", "2"))


@given(st.dictionaries(st.text(), st.text()))
def test_the_order_in_which_labels_are_given_does_not_matter(labels: dict[str, str]) -> None:
    turned = dict(reversed(labels.items()))
    for form in (fingerprint, fnv1, format_labels, label_set):
        assert form(labels) == form(turned)


@given(st.dictionaries(st.text(), st.text()), st.dictionaries(st.text(), st.text()))
def test_different_labels_are_written_differently(one: dict[str, str], other: dict[str, str]) -> None:
    assert (format_labels(one) == format_labels(other)) is (one == other)
