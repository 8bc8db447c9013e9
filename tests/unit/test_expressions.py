"""Conditions and updates in DynamoDB's language."""

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.ports import (
    Above,
    Absent,
    AtMost,
    Below,
    Delete,
    Either,
    Equals,
    Every,
    Key,
    Present,
    Put,
    Update,
    Write,
)
from tocsin.stores.expressions import Placeholders, write_parameters

KEY = Key("state", "shard-0", "HEAD")

EXPRESSIONS: dict[str, tuple[Write, dict[str, Any]]] = {
    "no condition": (Put(KEY, {"a": 1}), {}),
    "absent": (
        Put(KEY, {}, Absent("pk")),
        {
            "ConditionExpression": "attribute_not_exists(#pk)",
            "ExpressionAttributeNames": {"#pk": "pk"},
        },
    ),
    "all kinds of clauses": (
        Delete(
            KEY,
            Every(
                (Present("a"), Either((Below("b", 1), AtMost("c", 2), Above("d", "x"))), Equals("e", None))
            ),
        ),
        {
            "ConditionExpression": "(attribute_exists(#a))"
            " AND ((#b < :b) OR (#c <= :c) OR (#d > :d)) AND (#e = :e)",
            "ExpressionAttributeNames": {"#a": "a", "#b": "b", "#c": "c", "#d": "d", "#e": "e"},
            "ExpressionAttributeValues": {
                ":b": {"N": "1"},
                ":c": {"N": "2"},
                ":d": {"S": "x"},
                ":e": {"NULL": True},
            },
        },
    ),
    "a lone clause has no parentheses": (
        Delete(KEY, Every((Either((Present("a"),)),))),
        {"ConditionExpression": "attribute_exists(#a)", "ExpressionAttributeNames": {"#a": "a"}},
    ),
    "an update on condition": (
        Update(
            KEY, set={"due": 7, "by": "me"}, add={"wake": 1}, remove=("a", "b"), condition=Above("due", 7)
        ),
        {
            "ConditionExpression": "#due > :due",
            "UpdateExpression": "SET #due = :due, #by = :by ADD #wake :wake REMOVE #a, #b",
            "ExpressionAttributeNames": {"#due": "due", "#by": "by", "#wake": "wake", "#a": "a", "#b": "b"},
            "ExpressionAttributeValues": {":due": {"N": "7"}, ":by": {"S": "me"}, ":wake": {"N": "1"}},
        },
    ),
    "two values for one attribute": (
        Update(KEY, set={"seq": 2, "seq_2": 3}, condition=Equals("seq", 1)),
        {
            "ConditionExpression": "#seq = :seq",
            "UpdateExpression": "SET #seq = :seq_2, #seq_2 = :seq_2_2",
            "ExpressionAttributeNames": {"#seq": "seq", "#seq_2": "seq_2"},
            "ExpressionAttributeValues": {":seq": {"N": "1"}, ":seq_2": {"N": "2"}, ":seq_2_2": {"N": "3"}},
        },
    ),
    "a name that is no identifier": (
        Update(KEY, remove=("a.b",)),
        {"UpdateExpression": "REMOVE #0612e62", "ExpressionAttributeNames": {"#0612e62": "a.b"}},
    ),
    "nothing": (Update(KEY), {}),
}


@pytest.mark.parametrize(("write", "parameters"), EXPRESSIONS.values(), ids=EXPRESSIONS)
def test_a_write_in_the_language_of_dynamodb(write: Write, parameters: dict[str, Any]) -> None:
    assert write_parameters(write) == parameters


@given(st.sets(st.text(min_size=1), min_size=2))
def test_every_attribute_has_a_placeholder_of_its_own(names: set[str]) -> None:
    placeholders = Placeholders()
    made = {placeholders.name(name): name for name in names}
    assert set(made.values()) == names
    assert all(re.fullmatch("#[A-Za-z0-9_]+", placeholder) for placeholder in made)


@given(st.lists(st.tuples(st.sampled_from(["a", "a_2", "a_2_2"]), st.integers(0, 3))))
def test_every_value_keeps_its_placeholder(uses: list[tuple[str, int]]) -> None:
    placeholders = Placeholders()
    made = [(placeholders.value(name, value), value) for name, value in uses]
    values = placeholders.parameters().get("ExpressionAttributeValues", {})
    assert all(values[placeholder] == {"N": str(value)} for placeholder, value in made)
