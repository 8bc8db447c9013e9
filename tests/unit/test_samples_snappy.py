"""Our unpacking of Snappy against one that is not ours, and against what is no Snappy at all."""

import random

import cramjam
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tocsin.samples.snappy import SnappyError, SnappyTooLargeError, decompress
from tocsin.sinks.snappy import compress, varint

MOST = 1 << 20
blocks = st.lists(
    st.binary(max_size=200) | st.sampled_from([b"a", b"ab", b"abc" * 50, b"label" * 30, b"\0" * 700])
).map(b"".join)


def packed(data: bytes) -> bytes:
    return bytes(cramjam.snappy.compress_raw(data))


@given(blocks)
@example(b"")
@example(b"a" * 100_000)
def test_what_others_pack_is_unpacked(data: bytes) -> None:
    assert decompress(packed(data), MOST) == data


@given(st.lists(blocks, max_size=3))
def test_what_we_pack_is_unpacked(pieces: list[bytes]) -> None:
    assert decompress(compress(pieces), MOST) == b"".join(pieces)


@pytest.mark.parametrize("length", [1, 59, 60, 61, 255, 256, 257, 65_535, 65_536, 65_537, MOST])
def test_literals_of_any_length_are_unpacked(length: int) -> None:
    data = random.Random(length).randbytes(length)
    assert decompress(packed(data), MOST) == data
    assert decompress(compress([data]), MOST) == data


COPIES = {
    "one byte of offset": ("0a 0c 61 62 63 64  09 04", b"abcd" + b"abcdab"),
    "two bytes of offset": ("08 0c 61 62 63 64  0e 04 00", b"abcd" * 2),
    "four bytes of offset": ("08 0c 61 62 63 64  0f 04 00 00 00", b"abcd" * 2),
    "a high bit of a short offset": (
        "84 02 f0 ff " + "61" * 256 + " 01 ff",
        b"a" * 260,
    ),
    "one that runs into itself": ("08 00 61  1a 01 00", b"a" * 8),
}


@pytest.mark.parametrize(("block", "data"), COPIES.values(), ids=COPIES)
def test_copies_of_every_kind_are_unpacked(block: str, data: bytes) -> None:
    assert bytes(cramjam.snappy.decompress_raw(bytes.fromhex(block))) == data
    assert decompress(bytes.fromhex(block), MOST) == data


WRONG = {
    "nothing": ("", "it does not begin with a length"),
    "a length that does not end": ("ff ff ff ff ff ff", "it does not begin with a length"),
    "less than it says": ("05 00 61", "it holds less than it says"),
    "more than it says": ("01 04 61 62", "it holds more than it says"),
    "a literal that is cut": ("05 10 61 62", "it ends inside a literal"),
    "a long literal that is cut": ("05 f0", "it ends inside a literal"),
    "a copy from before the beginning": ("08 00 61  0e 02 00", "it copies what is not there"),
    "a copy of nothing": ("08 00 61  0e 00 00", "it copies what is not there"),
    "a copy that is cut": ("08 00 61  0e 01", "it copies what is not there"),
}


@pytest.mark.parametrize(("block", "reason"), WRONG.values(), ids=WRONG)
def test_what_is_no_block_is_refused(block: str, reason: str) -> None:
    with pytest.raises(SnappyError, match=reason):
        decompress(bytes.fromhex(block), MOST)


@given(st.binary(max_size=300))
def test_any_bytes_are_unpacked_as_others_do_or_refused(block: bytes) -> None:
    try:
        found = decompress(block, MOST)
    except SnappyError:
        return
    assert bytes(cramjam.snappy.decompress_raw(block)) == found


@given(blocks, st.data())
def test_a_block_with_a_byte_changed_does_no_harm(data: bytes, draw: st.DataObject) -> None:
    block = bytearray(packed(data))
    block[draw.draw(st.integers(0, len(block) - 1))] ^= draw.draw(st.integers(1, 255))
    try:
        found = decompress(bytes(block), MOST)
    except SnappyError:
        return
    assert len(found) <= MOST


def test_what_promises_too_much_is_refused_before_it_is_unpacked() -> None:
    assert decompress(packed(b"x" * 100), 100) == b"x" * 100
    with pytest.raises(SnappyTooLargeError, match="it holds 101 bytes, at most 100 are taken"):
        decompress(packed(b"x" * 101), 100)
    with pytest.raises(SnappyTooLargeError):
        decompress(varint(1 << 32), MOST)


def test_a_bomb_unpacks_to_no_more_than_it_says() -> None:
    copy = bytes.fromhex("fe 01 00")  # 64 bytes
    with pytest.raises(SnappyError, match="it holds more than it says"):
        decompress(varint(100) + bytes.fromhex("00 61") + copy * 1000, MOST)
