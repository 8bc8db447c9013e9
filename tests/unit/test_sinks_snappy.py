"""Our Snappy against one that is not ours."""

import random

import cramjam
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tocsin.sinks.snappy import compress, varint

pieces = st.lists(
    st.binary(max_size=200) | st.sampled_from([b"a", b"abcd", b"label" * 30, b"x" * 64, b"y" * 65])
)


def decompressed(block: bytes) -> bytes:
    return bytes(cramjam.snappy.decompress_raw(block))


@given(pieces)
@example([])
@example([b""])
@example([b"abcd"] * 3)
def test_what_is_compressed_comes_back(given_pieces: list[bytes]) -> None:
    assert decompressed(compress(given_pieces)) == b"".join(given_pieces)


@pytest.mark.parametrize("length", [1, 59, 60, 61, 64, 65, 255, 256, 257, 65_535, 65_536, 65_537, 1 << 20])
def test_a_piece_of_any_length_comes_back_once_and_twice(length: int) -> None:
    piece = random.Random(length).randbytes(length)
    for times in (1, 2, 3):
        assert decompressed(compress([piece] * times)) == piece * times


@pytest.mark.parametrize("between", [0, 1, 65_531, 65_532, 65_533, 1 << 17])
def test_references_reach_back_no_further_than_they_can(between: int) -> None:
    piece = b"1234"
    given_pieces = [piece, random.Random(0).randbytes(between), piece]
    assert decompressed(compress(given_pieces)) == b"".join(given_pieces)


def test_a_piece_that_comes_again_costs_three_bytes() -> None:
    label = b'cluster="eu-west-1-production"'
    assert len(compress([label] * 1001)) - len(compress([label] * 1000)) == 3


@pytest.mark.parametrize(
    ("number", "digits"),
    [(0, "00"), (1, "01"), (127, "7f"), (128, "8001"), (300, "ac02"), ((1 << 64) - 1, "ff" * 9 + "01")],
)
def test_varints(number: int, digits: str) -> None:
    assert varint(number).hex() == digits
