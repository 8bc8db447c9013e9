"""Labels: the names and values that identify a series or an alert."""

from collections.abc import Iterable, Mapping
from functools import lru_cache

Labels = Mapping[str, str]
LabelSet = tuple[tuple[str, str], ...]
"""Labels in an order and a form that can be a key: pairs sorted by name."""

_FNV64_OFFSET = 0xCBF29CE484222325
_FNV64_PRIME = 0x100000001B3
_U64 = 0xFFFFFFFFFFFFFFFF


def label_set(labels: Labels) -> LabelSet:
    """Return the labels as sorted pairs; a label with an empty value is no label (Prometheus data model)."""
    return tuple(sorted([pair for pair in labels.items() if pair[1]]))


def hashed_bytes(pairs: Iterable[tuple[str, str]]) -> bytes:
    """Return the byte stream every hash of labels is taken over: name, 0xFF, value, 0xFF, sorted by name."""
    return b"".join(
        b"%b\xff%b\xff" % (name.encode(), value.encode())
        for name, value in sorted(pairs, key=lambda pair: pair[0].encode())
    )


def fingerprint(labels: Labels) -> str:
    """Return the fingerprint as 16 hex digits: FNV-1a 64 (prometheus/common `model.LabelSet.Fingerprint`)."""
    return _fingerprint(tuple(labels.items()))


# The same few alerts are asked for it many times in a flush, and byte by byte it is slow.
@lru_cache(maxsize=16_384)
def _fingerprint(items: tuple[tuple[str, str], ...]) -> str:
    value = _FNV64_OFFSET
    for byte in hashed_bytes(items):
        value = ((value ^ byte) * _FNV64_PRIME) & _U64
    return f"{value:016x}"


def fnv1(labels: Labels) -> int:
    """Return FNV-1 64 (multiply, then xor): the hash Grafana's scheduler spreads rules by (`data.Labels`)."""
    value = _FNV64_OFFSET
    for byte in hashed_bytes(labels.items()):
        value = ((value * _FNV64_PRIME) & _U64) ^ byte
    return value


def quote(text: str) -> str:
    """Return `text` as Go's `strconv.Quote` writes it, printable characters kept."""
    if text.isprintable() and '"' not in text and "\\" not in text:
        return f'"{text}"'  # nearly every text, ten times as fast
    escaped = {
        "\\": "\\\\",
        '"': '\\"',
        "\n": "\\n",
        "\t": "\\t",
        "\r": "\\r",
        "\a": "\\a",
        "\b": "\\b",
        "\f": "\\f",
        "\v": "\\v",
    }
    return (
        '"' + "".join(escaped.get(ch) or (ch if ch.isprintable() else _unprintable(ch)) for ch in text) + '"'
    )


def _unprintable(ch: str) -> str:
    code = ord(ch)
    if code < 0x80:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def format_labels(labels: Labels) -> str:
    """Return `{a="b", c="d"}`, sorted: the form of `model.LabelSet.String` in group keys."""
    return "{" + ", ".join(f"{name}={quote(value)}" for name, value in sorted(labels.items())) + "}"
