"""Values and their typed form, which DynamoDB takes and gives."""

from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.ports import Item, Value
from tocsin.stores.codec import decode, decode_item, encode, encode_attributes
from tocsin.stores.effects import copied
from tocsin.stores.limits import InvalidRequestError

values: st.SearchStrategy[Value] = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.text(), st.binary()),
    lambda inner: st.one_of(st.lists(inner), st.dictionaries(st.text(), inner)),
    max_leaves=12,
)

TYPED: dict[str, tuple[Value, dict[str, Any]]] = {
    "null": (None, {"NULL": True}),
    "truth": (True, {"BOOL": True}),
    "number": (-12, {"N": "-12"}),
    "text": ("é", {"S": "é"}),
    "bytes": (b"\x00", {"B": b"\x00"}),
    "list": (["a", 1], {"L": [{"S": "a"}, {"N": "1"}]}),
    "map": ({"a": {"b": False}}, {"M": {"a": {"M": {"b": {"BOOL": False}}}}}),
}


@pytest.mark.parametrize(("value", "typed"), TYPED.values(), ids=TYPED)
def test_a_value_has_one_typed_form(value: Value, typed: dict[str, Any]) -> None:
    assert encode(value) == typed
    assert decode(typed) == value


@given(st.dictionaries(st.text(), values))
def test_an_item_survives_the_codec_with_its_types(item: Item) -> None:
    assert repr(decode_item(encode_attributes(item))) == repr(item)


@given(values)
def test_the_twin_keeps_what_the_codec_keeps(value: Value) -> None:
    assert repr(copied(value)) == repr(decode(encode(value)))


NO_VALUES = [0.5, {1}, object(), [0.5], {"a": {"b": 0.5}}]


@pytest.mark.parametrize("value", NO_VALUES, ids=lambda value: type(value).__name__)
def test_what_is_no_value_is_refused(value: object) -> None:
    for convert in (encode, copied):
        with pytest.raises(InvalidRequestError, match="cannot store a"):
            convert(cast("Value", value))


def test_an_attribute_of_a_foreign_type_is_named() -> None:
    with pytest.raises(ValueError, match="type SS is none of ours"):
        decode({"SS": ["a"]})
