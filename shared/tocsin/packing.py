"""Packed items: many small documents in few compressed ones, divided by hash so that a change touches one.

A chunk is named by a prefix of the addresses of what it holds (extendible hashing): the empty prefix holds
everything; a chunk that grows past its limit is divided into the two that are one bit longer.
"""

import json
import zlib
from collections.abc import Collection, Mapping
from hashlib import blake2b
from typing import Any

CHUNK_BYTES = 16 * 1024
_BITS = 32


def pack(document: Any) -> bytes:
    """Return the JSON document compressed."""
    return zlib.compress(json.dumps(document, separators=(",", ":"), ensure_ascii=False).encode(), 6)


def unpack(packed: bytes) -> Any:
    """Return the document that `pack` was given."""
    return json.loads(zlib.decompress(packed))


def address(identity: str) -> str:
    """Return where a document belongs: 32 binary digits of a hash of what identifies it."""
    digest = blake2b(identity.encode(), digest_size=_BITS // 8).digest()
    return f"{int.from_bytes(digest, 'big'):0{_BITS}b}"


def home(addressed: str, prefixes: Collection[str]) -> str:
    """Return the prefix of the chunk that holds an address, or the shortest new one that overlaps no other."""
    for length in range(len(addressed) + 1):
        candidate = addressed[:length]
        if candidate in prefixes:
            return candidate
        if not any(prefix.startswith(candidate) for prefix in prefixes):
            return candidate
    return addressed


def divide(documents: Mapping[str, list[Any]], prefix: str) -> dict[str, bytes]:
    """Return chunks by prefix, each within 16 KB where it can be, for documents by their addresses.

    Documents that share an address share a list. Nothing to hold gives no chunk.
    """
    below = {addressed: held for addressed, held in documents.items() if addressed.startswith(prefix)}
    if not below:
        return {}
    packed = pack([document for held in below.values() for document in held])
    if len(packed) <= CHUNK_BYTES or len(below) == 1:
        return {prefix: packed}
    return divide(below, prefix + "0") | divide(below, prefix + "1")
