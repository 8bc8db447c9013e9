"""The end of a series, as Prometheus marks it: a sample whose value is one NaN among many (`value.StaleNaN`)."""

import struct

STALE_BYTES = bytes.fromhex("020000000000f07f")
"""That NaN, little-endian."""
STALE: float = struct.unpack("<d", STALE_BYTES)[0]


def is_stale(value: object) -> bool:
    """Tell whether a value marks the end of its series; any other NaN is a value."""
    return isinstance(value, float) and value != value and struct.pack("<d", value) == STALE_BYTES
