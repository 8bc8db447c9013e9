"""The webhook's payload: a tree with templates in its keys and its texts."""

from dataclasses import replace
from typing import Any

import pytest

from tests.unit.messaging import NOTIFICATION, message
from tocsin.alert import Alert
from tocsin.templates.source import TemplateError


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("{{ .Status }}", "firing"),
        ("{{ .CommonAnnotations.summary }}", "Disk <b>full</b>"),
        ("{{ len .Alerts }}", 2),
        ("{{ .CommonLabels.nope }}", None),
        ("{{ eq .Status `firing` }}", True),
        ("1.50", 1.5),
        ("1e3", 1000.0),
        ("0x1f", 31),
        ("10:30", "10:30"),
        ("2026-01-02", "2026-01-02"),
        ("2026-01-02T03:04:05Z", "2026-01-02T03:04:05Z"),
        ("a: b", {"a": "b"}),
        ("- 1\n- x", [1, "x"]),
        ("{{ toJson .GroupLabels }}", {"alertname": "Disk full"}),
        ("{{ .GroupLabels.SortedPairs.Names | toJson }}", ["alertname"]),
        ("{ not yaml", "{ not yaml"),
        ("*alias", "*alias"),
        ("[&a [1, 1], *a]", "[&a [1, 1], *a]"),
        ("!!binary aGk=", "!!binary aGk="),
        ("!!python/name:os.system x", "!!python/name:os.system x"),
        ("[" * 1000, "[" * 1000),
        ("[" * 60 + "]" * 60, "[" * 60 + "]" * 60),
        ("[NaN]", ["NaN"]),
        ("[1e999]", "[1e999]"),
        (".inf", ".inf"),
        ("1e999", "1e999"),
        ("9" * 5000, "9" * 5000),
        ("\x00", "\x00"),
        ("1: a", {}),
        ({"{{ .Status }}": {"b": ["{{ .Receiver }}", 1, None]}, 2: "x"}, {"firing": {"b": ["a\\.b", 1, None]}}),
        (7, 7),
        (None, None),
    ],
)  # fmt: skip
def test_a_tree_is_expanded(value: Any, expected: Any) -> None:
    assert message().tree(value) == expected


def test_what_an_alert_says_is_no_template() -> None:
    alert = Alert({"alertname": "X", "a": "{{ .Status }}"}, {}, NOTIFICATION.at)
    about = replace(NOTIFICATION, alerts=(alert,))
    assert message(about).tree("{{ toJson .CommonLabels }}") == {"alertname": "X", "a": "{{ .Status }}"}


def test_a_failing_text_fails_the_tree() -> None:
    with pytest.raises(TemplateError, match="can't evaluate field Nope"):
        message().tree({"a": ["{{ .Nope }}"]})
