"""Snappy's block format, unpacked: what others send. `sinks/snappy.py` packs, and says why this is our own.

Source: google/snappy `format_description.txt`.
"""

_LITERAL, _COPY_1, _COPY_2 = 0, 1, 2
"""The two low bits of an element's tag: bytes that follow, and copies whose offset has so many bytes (3 has four)."""
_MAX_SHORT_LITERAL_BYTES = 60
_LENGTH_BYTES = 5
"""Of the length at the beginning, which is below 2^32."""


class SnappyError(ValueError):
    """That is no block; the text says why."""


class SnappyTooLargeError(SnappyError):
    """Unpacked it would be larger than it may be."""


def decompress(block: bytes, most_bytes: int) -> bytes:
    """Return what a block holds, at most `most_bytes`; raises SnappyError.

    A block says first how much it holds: what promises too much is refused before anything is unpacked.
    """
    length, at = _length(block)
    if length > most_bytes:
        raise SnappyTooLargeError(f"it holds {length} bytes, at most {most_bytes} are taken")
    found = bytearray()
    while at < len(block):
        at = _literal(block, at, found) if block[at] & 3 == _LITERAL else _copy(block, at, found)
        if len(found) > length:
            raise SnappyError("it holds more than it says")
    if len(found) < length:
        raise SnappyError("it holds less than it says")
    return bytes(found)


def _length(block: bytes) -> tuple[int, int]:
    """Return how much a block says it holds, and where its elements begin."""
    length = 0
    for at, digit in enumerate(block[:_LENGTH_BYTES]):
        length |= (digit & 0x7F) << 7 * at
        if digit < 0x80:
            return length, at + 1
    raise SnappyError("it does not begin with a length")


def _literal(block: bytes, at: int, found: bytearray) -> int:
    """Add the bytes of a literal; return where the next element is."""
    length = (block[at] >> 2) + 1
    at += 1
    if length > _MAX_SHORT_LITERAL_BYTES:
        size = length - _MAX_SHORT_LITERAL_BYTES
        length = int.from_bytes(block[at : at + size], "little") + 1
        at += size
    if at + length > len(block):
        raise SnappyError("it ends inside a literal")
    found += block[at : at + length]
    return at + length


def _copy(block: bytes, at: int, found: bytearray) -> int:
    """Add a copy of what came before; return where the next element is."""
    tag = block[at]
    kind = tag & 3
    if kind == _COPY_1:
        size, length = 1, (tag >> 2 & 7) + 4
    else:
        size, length = (2 if kind == _COPY_2 else 4), (tag >> 2) + 1
    end = at + 1 + size
    offset = int.from_bytes(block[at + 1 : end], "little")
    if kind == _COPY_1:
        offset |= tag >> 5 << 8
    begin = len(found) - offset
    if end > len(block) or offset == 0 or begin < 0:
        raise SnappyError("it copies what is not there")
    piece = found[begin : begin + length]
    if offset < length:  # it copies what it is adding: a pattern
        piece = (piece * (length // offset + 1))[:length]
    found += piece
    return end
