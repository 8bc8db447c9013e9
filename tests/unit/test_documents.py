"""Documents: strict YAML, and problems that say where they are."""

from datetime import timedelta
from typing import Any, ClassVar

import pytest
from pydantic import Field

from tocsin.documents import Block, Document, DocumentError, Duration, Problem, Text, words


class Child(Block):
    unsupported: ClassVar = words("later")

    name: str
    hold: Duration = Field(default=timedelta(0), alias="for")
    count: int = 0
    on: bool = False
    tags: dict[str, Text] = Field(default_factory=dict)
    items: tuple[str, ...] = ()


def problems(text: str, *path: str | int) -> list[str]:
    document = Document(text, "f.yml")
    document.read(path, Child)
    with pytest.raises(DocumentError) as refusal:
        document.check()
    assert str(refusal.value) == "\n".join(str(problem) for problem in refusal.value.problems)
    return [str(problem) for problem in refusal.value.problems]


def read(text: str, *path: str | int) -> Child:
    document = Document(text, "f.yml")
    child = document.read(path, Child)
    document.check()
    assert child is not None
    return child


def test_scalars_are_what_was_written_until_a_block_reads_them() -> None:
    text = "name: 17:00\ncount: 3\non: true\ntags: {a: yes, b: 1.10, c: ~, d: 0x1F, e: 2026-11-21, f: null}\nfor: 1m"
    child = read(text)
    assert child.name == "17:00"
    assert (child.count, child.on, child.hold) == (3, True, timedelta(minutes=1))
    assert child.tags == {"a": "yes", "b": "1.10", "c": "", "d": "0x1F", "e": "2026-11-21", "f": ""}


def test_a_key_without_a_value_counts_as_left_out() -> None:
    child = read("name: a\nfor:\ncount: ~\nlater: []\n")
    assert (child.hold, child.count) == (timedelta(0), 0)


def test_every_problem_is_reported_at_once_with_its_place() -> None:
    text = """\
list:
  - name: a
  - for: 5x
    count: many
    on: perhaps
    tags: [1]
    items:
      - ok
      - {}
    later: [1]
    nope: 1
"""
    assert problems(text, "list", 1) == [
        'f.yml:3:5: list[1].for: not a valid duration: "5x" (expected e.g. 30s, 5m, 1h30m)',
        "f.yml:3:5: list[1].name: required, but missing",
        "f.yml:4:5: list[1].count: expected a whole number",
        "f.yml:5:5: list[1].on: expected true or false",
        "f.yml:6:5: list[1].tags: expected a mapping",
        "f.yml:9:9: list[1].items[1]: expected text",
        "f.yml:10:5: list[1].later: not supported yet",
        "f.yml:11:5: list[1].nope: unknown key (known here: count, for, items, name, on, tags)",
    ]


def test_a_block_is_read_without_its_wrong_keys() -> None:
    document = Document("name: a\nfor: 5x\ncount: 3", "f.yml")
    child = document.read((), Child)
    assert child == Child.model_validate({"name": "a", "count": "3"})
    with pytest.raises(DocumentError):
        document.check()


@pytest.mark.parametrize("text", ["[]", "text", "", "{}"])
def test_nothing_is_made_of_what_is_no_such_block(text: str) -> None:
    document = Document(text, "f.yml")
    assert document.read((), Child) is None
    with pytest.raises(DocumentError):
        document.check()


def test_a_key_that_stands_twice_is_a_problem_of_the_second() -> None:
    assert problems("name: a\ntags:\n  x: 1\n  x: 2\nname: b") == [
        "f.yml:4:3: tags.x: this key is there twice",
        "f.yml:5:1: name: this key is there twice",
    ]


def test_anchors_aliases_and_merges_work() -> None:
    text = "base: &base {a: 1, b: 1}\nother: &other {b: 2, c: 2}\nx:\n  name: &n hi\n  items: [*n, *n]\n"
    text += "  tags:\n    <<: [*base, *other]\n    a: 0\n"
    child = read(text, "x")
    assert child.items == ("hi", "hi")
    assert child.tags == {"a": "0", "b": "1", "c": "2"}


def test_a_problem_behind_an_alias_is_where_the_anchor_is() -> None:
    text = "base: &base\n  for: 5x\nx:\n  <<: *base\n  name: a\n"
    assert problems(text, "x") == [
        'f.yml:2:3: x.for: not a valid duration: "5x" (expected e.g. 30s, 5m, 1h30m)'
    ]


def test_only_the_first_document_counts() -> None:
    assert read("name: a\n---\nname: [").name == "a"


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("a: [", "f.yml:2:1: "),
        ("a: b: c", "f.yml:1:5: "),
        ("a: *nothing", "f.yml:1:4: "),
        ("? [a]\n: b", "f.yml:1:3: "),
        ("a:\n  <<: 1", "f.yml:2:7: "),
        ("\tx: 1", "f.yml:1:1: "),
        ("a: \x01", "f.yml:1:1: "),
        ("&a [*a]", "f.yml:1:5: not valid YAML: an anchor contains itself"),
        ("[" * 5000, "f.yml:"),
    ],
)
def test_what_is_no_yaml_is_refused_at_once_with_its_place(text: str, place: str) -> None:
    with pytest.raises(DocumentError) as refusal:
        Document(text, "f.yml")
    assert len(refusal.value.problems) == 1
    assert str(refusal.value).startswith(f"{place}not valid YAML: " if place[-1] == " " else place)


def test_no_problem_shows_a_value_that_may_be_secret() -> None:
    class Secret(Block):
        count: int
        mapping: dict[str, Any] = Field(default_factory=dict)

    document = Document("count: s3cr3t\nmapping: s3cr3t", "f.yml")
    document.read((), Secret)
    with pytest.raises(DocumentError) as refusal:
        document.check()
    assert "s3cr3t" not in str(refusal.value)


def test_problems_are_in_the_order_of_the_file_and_told_once() -> None:
    document = Document("b: 1\na: 2", "f.yml")
    for key in ("a", "b", "a"):
        document.refuse((key,), "no")
    with pytest.raises(DocumentError) as refusal:
        document.check()
    assert refusal.value.problems == (Problem("f.yml", 1, 1, "b", "no"), Problem("f.yml", 2, 1, "a", "no"))


def test_what_is_not_there_is_placed_where_it_should_be() -> None:
    document = Document("a:\n  - b: 1\n", "f.yml")
    assert document.at(("a", 0, "c", "d")) is None
    assert document.at(("a", 7)) is None
    assert document.items(("a", 0)) == []
    assert document.items(("a",)) == [("a", 0)]
    document.refuse(("a", 0, "c"), "missing")
    with pytest.raises(DocumentError, match=r"f.yml:2:5: a\[0\].c: missing"):
        document.check()


class Parent(Block):
    child: Child | None = None
    children: tuple[Child, ...] = ()


def test_an_unknown_key_of_an_inner_block_is_told_what_that_block_knows() -> None:
    document = Document("child: {name: a, later: x, nmae: b}\nchildren: [{name: a, tgas: {}}]", "f.yml")
    document.read((), Parent)
    with pytest.raises(DocumentError) as refusal:
        document.check()
    known = "unknown key (known here: count, for, items, name, on, tags)"
    assert [f"{problem.field}: {problem.reason}" for problem in refusal.value.problems] == [
        "child.later: not supported yet",
        f"child.nmae: {known}",
        f"children[0].tgas: {known}",
    ]
