"""Passwords: checked against bcrypt's hashes, as Prometheus' web configuration has them."""

import re
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import blake2b
from secrets import token_bytes

from tocsin.identity.scope import Scope

HASH = re.compile(r"\$2[aby]\$(\d\d)\$[./A-Za-z0-9]{53}")
_MOST_BYTES = 72
"""Of a password: bcrypt sees no more, and `htpasswd` and Go leave out the rest."""
_MOST_REMEMBERED = 1_000


@dataclass(frozen=True, slots=True)
class User:
    """Somebody with a password."""

    name: str
    hash: str = field(repr=False)
    scopes: frozenset[Scope]

    @property
    def cost(self) -> int:
        """How long a check takes: twice as long for each step."""
        found = HASH.fullmatch(self.hash)
        return int(found[1]) if found else 0


class Passwords:
    """Tells right passwords from wrong ones; a right one is remembered, for bcrypt takes 60 ms on purpose.

    What is remembered is a hash with a key that this process alone has. It covers the user's hash too: a password that
    has been changed is forgotten.
    """

    def __init__(self) -> None:
        self._key = token_bytes(32)
        self._right: OrderedDict[bytes, None] = OrderedDict()

    def remembers(self, user: User | None, password: str) -> bool:
        """Tell whether a password is known to be right."""
        return user is not None and self._digest(user, password) in self._right

    def check(self, users: Mapping[str, User], name: str, password: str) -> bool:
        """Tell whether a password is a user's; that there is no such user takes as long to find out."""
        from bcrypt import checkpw  # who signs or brings a token does without

        user = users.get(name)
        looked_at = user or max(users.values(), key=lambda one: one.cost, default=None)
        right = looked_at is not None and checkpw(_seen(password), looked_at.hash.encode())
        if user is None or not right:
            return False
        self._right[self._digest(user, password)] = None
        if len(self._right) > _MOST_REMEMBERED:
            self._right.popitem(last=False)
        return True

    def _digest(self, user: User, password: str) -> bytes:
        words = f"{user.name}\0{user.hash}\0{password}".encode()
        return blake2b(words, key=self._key, digest_size=32).digest()


def _seen(password: str) -> bytes:
    return password.encode()[:_MOST_BYTES]
