"""The texts of an alert: expanded when somebody reads them, once, and bounded."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import pytest

from tests.unit.evaluating import at, rule, sample
from tocsin.evaluation import texts
from tocsin.evaluation.texts import Look, Texts, nobody
from tocsin.ports import Sample
from tocsin.rules.rule import Rule
from tocsin.templates.expand import TemplateError, expand

TOO_LONG = "<error expanding template: annotations longer than 65536 characters>"


def of(annotations: dict[str, str], look: Look = nobody, **series: str) -> Texts:
    made = rule(annotations=annotations)
    return Texts(made, sample(3.5, **series), at(0), look, "https://tocsin.example", {"region": "eu"})


def test_a_text_is_expanded_when_it_is_read_and_once(monkeypatch: pytest.MonkeyPatch) -> None:
    expanded: list[str] = []

    def counting(text: str, scene: Any) -> str:
        expanded.append(text)
        return expand(text, scene)

    monkeypatch.setattr(texts, "expand", counting)
    held = of({"summary": "{{ $labels.job }} is {{ $value }}", "plain": "as it is"}, job="a")
    assert (len(held), list(held), "summary" in list(held)) == (2, ["summary", "plain"], True)
    assert expanded == []
    assert dict(held) == {"summary": "a is 3.5", "plain": "as it is"}
    assert held["summary"] == "a is 3.5"
    assert expanded == ["{{ $labels.job }} is {{ $value }}"]


def test_it_knows_where_it_is() -> None:
    held = of({"url": "{{ $externalURL }}", "where": "{{ $externalLabels.region }}"})
    assert dict(held) == {"url": "https://tocsin.example", "where": "eu"}


def test_a_template_that_fails_says_so_in_its_place_and_the_others_are_there() -> None:
    held = of({"bad": "{{ $labels.job | nonsense }}", "good": "{{ $labels.job }}"}, job="a")
    assert held["bad"].startswith("<error expanding template:")
    assert held["good"] == "a"


BOUNDS: dict[str, tuple[dict[str, str], dict[str, int | str]]] = {
    "within": ({"a": "x" * 30_000, "b": "y" * 35_000}, {"a": 30_000, "b": 35_000}),
    "one too many": ({"a": "x" * 30_000, "b": "y" * 35_537}, {"a": 30_000, "b": TOO_LONG}),
    "one alone": ({"a": "x" * 65_537, "b": "y"}, {"a": TOO_LONG, "b": 1}),
    "made by templates": (
        {"a": "{{ $labels.big }}", "b": "{{ $labels.big }}"},
        {"a": 40_000, "b": TOO_LONG},
    ),
}


@pytest.mark.parametrize(("annotations", "expected"), BOUNDS.values(), ids=BOUNDS)
def test_annotations_are_bounded_together(
    annotations: dict[str, str], expected: dict[str, int | str]
) -> None:
    held = of(annotations, big="z" * 40_000)
    assert {name: text if text == TOO_LONG else len(text) for name, text in held.items()} == expected


def test_a_query_is_asked_of_the_rules_source_at_its_timestamp() -> None:
    asked: list[tuple[str, str, datetime]] = []

    def look(made: Rule, expr: str, moment: datetime) -> Sequence[Sample]:
        asked.append((made.name, expr, moment))
        return [sample(42.0, job="b")]

    held = of({"n": '{{ with query "up" }}{{ . | first | value }}{{ end }}'}, look)
    assert held["n"] == "42"
    assert asked == [("Down", "up", at(0))]


def test_without_a_source_a_query_fails_and_says_so() -> None:
    assert "no source to query" in of({"n": '{{ query "up" }}'})["n"]
    with pytest.raises(TemplateError):
        nobody(rule(), "up", at(0))


def test_they_can_be_seen() -> None:
    assert repr(of({"summary": "{{ $labels.job }}"}, job="a")) == "Texts({'summary': 'a'})"
