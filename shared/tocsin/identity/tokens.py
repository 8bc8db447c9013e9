"""Tokens: 256 random bits that say who somebody is, of which only a hash is kept.

The hash is a plain SHA-256. A slow one (bcrypt) protects what people choose, because that can be guessed; these bits
cannot, and a slow hash would be paid for by every request.
"""

import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from secrets import token_hex
from zlib import crc32

from tocsin.identity.scope import Scope

FORM = re.compile(r"tcs_([0-9a-f]{12})_[0-9a-f]{72}")
"""How a token is written: its id, its secret, and a checksum (CRC-32) by which who scans for leaked ones knows it."""
_NOBODYS = sha256(b"").digest()


@dataclass(frozen=True, slots=True)
class Token:
    """A token as it is kept: by its hash, which nobody can use."""

    id: str
    name: str
    scopes: frozenset[Scope]
    created_by: str
    created_at: datetime
    expires_at: datetime | None
    digest: bytes = field(repr=False)

    def has_expired(self, now: datetime) -> bool:
        """Tell whether its time is over."""
        return self.expires_at is not None and self.expires_at <= now


def mint() -> str:
    """Return a new token, which exists nowhere else."""
    begin = f"tcs_{token_hex(6)}_{token_hex(32)}"
    return begin + _checksum(begin)


def id_of(text: str) -> str:
    """Return the id in a token, which is no secret; empty if it is none."""
    found = FORM.fullmatch(text)
    return found[1] if found else ""


def is_whole(text: str) -> bool:
    """Tell whether a text is a token with the checksum that it should have."""
    return FORM.fullmatch(text) is not None and text[-8:] == _checksum(text[:-8])


def digest(text: str) -> bytes:
    """Return what is kept of a token."""
    return sha256(text.encode(errors="replace")).digest()


def recognised(text: str, tokens: Mapping[str, Token]) -> Token | None:
    """Return the token, by id, that a text is; None if it is none of them, which takes no less time."""
    found = tokens.get(id_of(text))
    right = hmac.compare_digest(digest(text), found.digest if found else _NOBODYS)
    return found if right else None


def _checksum(begin: str) -> str:
    return f"{crc32(begin.encode()):08x}"
