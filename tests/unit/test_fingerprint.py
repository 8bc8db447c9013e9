"""Fingerprints: every field of a rule is either of its meaning, or of its wording, or its place."""

from dataclasses import fields, replace
from datetime import timedelta
from typing import Any

import pytest

from tocsin.rules.fingerprint import cosmetic, semantic
from tocsin.rules.rule import GapPolicy, Jitter, Kind, Rule, from_document, to_document
from tocsin.timeintervals import TimeInterval

RULE = Rule("node", "disks", "DiskFull", "full == 1", reads=("full",))
MEANING: dict[str, Any] = {
    "name": "DiskFuller",
    "expr": "full > 1",
    "kind": Kind.RECORD,
    "source": "mimir",
    "query_offset": timedelta(seconds=1),
    "hold": timedelta(minutes=1),
    "keep_firing_for": timedelta(minutes=1),
    "labels": {"severity": "page"},
    "plan": {"stat": "Average"},
}
WORDING: dict[str, Any] = {
    "namespace": "web",
    "group": "more",
    "interval": timedelta(minutes=2),
    "limit": 5,
    "annotations": {"summary": "full"},
    "jitter": Jitter.NEVER,
    "gap": GapPolicy.COUNT,
    "windows": (TimeInterval(years=((2026, 2026),)),),
    "reads": None,
    "singly": True,
    "ordinal": 2,
}


@pytest.mark.parametrize("name", MEANING)
def test_what_decides_the_alerts_is_meaning(name: str) -> None:
    edited = replace(RULE, **{name: MEANING[name]})
    assert semantic(edited) != semantic(RULE)
    assert cosmetic(edited) == cosmetic(RULE)


@pytest.mark.parametrize("name", WORDING)
def test_what_can_be_edited_under_a_firing_alert_is_wording(name: str) -> None:
    edited = replace(RULE, **{name: WORDING[name]})
    assert semantic(edited) == semantic(RULE)
    assert cosmetic(edited) != cosmetic(RULE)


def test_a_place_in_the_group_is_neither() -> None:
    moved = replace(RULE, position=5)
    assert (semantic(moved), cosmetic(moved)) == (semantic(RULE), cosmetic(RULE))


def test_no_field_is_forgotten() -> None:
    assert {field.name for field in fields(Rule)} == {*MEANING, *WORDING, "position"}


def test_a_fingerprint_is_that_of_what_is_stored() -> None:
    rule = replace(RULE, labels={"b": "1", "a": "2"}, plan={"y": 1.0, "x": [1]})
    again = replace(from_document(to_document(rule)), labels={"a": "2", "b": "1"})
    assert (semantic(again), cosmetic(again)) == (semantic(rule), cosmetic(rule))
    assert (semantic(RULE), len(semantic(RULE))) == (semantic(replace(RULE)), 16)
