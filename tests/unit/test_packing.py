"""Packed items: nothing lost, nothing twice, each document where its address leads, small enough."""

from collections.abc import Mapping
from itertools import combinations
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tocsin.packing import CHUNK_BYTES, address, divide, home, pack, unpack

json_values: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)


@given(json_values)
def test_a_document_survives_packing(document: Any) -> None:
    assert unpack(pack(document)) == document


def test_an_address_is_32_binary_digits_and_fixed_for_ever() -> None:
    assert address("") == "00010010011100011100111100100101"
    assert address('{alertname="Down"}') == "11110011001011101010111110101011"


def incompressible(number: int, kilobytes: int) -> dict[str, str]:
    """Return a document of about so many kilobytes, packed or not."""
    digest = "".join(address(f"{number}/{part}") for part in range(kilobytes * 256))
    return {"id": str(number), "text": f"{int(digest, 2):x}"}


def documents(count: int, kilobytes: int) -> dict[str, list[Any]]:
    return {address(str(number)): [incompressible(number, kilobytes)] for number in range(count)}


def overlapping(prefixes: Mapping[str, bytes]) -> list[tuple[str, str]]:
    pairs = combinations(sorted(prefixes), 2)
    return [(one, other) for one, other in pairs if other.startswith(one)]


@pytest.mark.parametrize("count", [1, 2, 9, 40, 100])
def test_divided_documents_are_all_there_once_in_small_chunks(count: int) -> None:
    held = documents(count, 1)
    chunks = divide(held, "")
    found = [document for packed in chunks.values() for document in unpack(packed)]
    assert sorted(document["id"] for document in found) == sorted(str(number) for number in range(count))
    assert not overlapping(chunks)
    assert max(map(len, chunks.values())) <= CHUNK_BYTES


@settings(max_examples=30)
@given(st.sets(st.integers(0, 2000), min_size=1, max_size=60))
def test_each_document_is_found_in_the_chunk_that_its_address_leads_to(numbers: set[int]) -> None:
    held = {address(str(number)): [incompressible(number, 1)] for number in numbers}
    chunks = divide(held, "")
    for number in numbers:
        prefix = home(address(str(number)), chunks)
        assert str(number) in [document["id"] for document in unpack(chunks[prefix])]


def test_only_what_lies_under_a_prefix_is_divided() -> None:
    held = documents(50, 1)
    chunks = divide(held, "01")
    assert all(prefix.startswith("01") for prefix in chunks)
    found = {document["id"] for packed in chunks.values() for document in unpack(packed)}
    assert found == {str(number) for number in range(50) if address(str(number)).startswith("01")}


def test_nothing_to_hold_gives_no_chunk() -> None:
    assert divide({}, "") == {}
    assert divide({address("1"): [1]}, address("1")[:1].translate({48: 49, 49: 48})) == {}


def test_one_document_too_large_for_a_chunk_is_kept_whole() -> None:
    chunks = divide({address("0"): [incompressible(0, 40)]}, "")
    assert list(chunks) == [""]
    assert len(chunks[""]) > CHUNK_BYTES


def test_documents_that_share_an_address_share_a_chunk() -> None:
    held = {address("x"): [incompressible(number, 12) for number in range(2)]}
    [packed] = divide(held, "").values()
    assert len(unpack(packed)) == 2


HOMES = {
    "the first of all": ("0110", (), ""),
    "the whole": ("0110", ("",), ""),
    "the one that covers it": ("0110", ("00", "01", "1"), "01"),
    "a new one beside the others": ("0110", ("00", "1"), "01"),
    "a new one as short as may be": ("0110", ("1",), "0"),
    "a new one under a part that has none": ("0110", ("010", "00", "1"), "011"),
}


@pytest.mark.parametrize(("addressed", "prefixes", "expected"), HOMES.values(), ids=HOMES)
def test_an_address_has_one_home(addressed: str, prefixes: tuple[str, ...], expected: str) -> None:
    assert home(addressed, prefixes) == expected


@given(st.lists(st.text("01", min_size=8, max_size=8), max_size=40))
def test_homes_never_overlap_and_never_move(addresses: list[str]) -> None:
    prefixes: set[str] = set()
    homes: dict[str, str] = {}
    for addressed in addresses:
        homes[addressed] = home(addressed, prefixes)
        prefixes.add(homes[addressed])
    assert not overlapping(dict.fromkeys(prefixes, b""))
    for addressed, found in homes.items():
        assert home(addressed, prefixes) == found
        assert addressed.startswith(found)
