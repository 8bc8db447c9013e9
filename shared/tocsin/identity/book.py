"""Who is known: tokens, users and grants as they are stored, read again only when the index says that they changed."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tocsin.identity.grants import Grant
from tocsin.identity.passwords import User
from tocsin.identity.scope import Scope
from tocsin.identity.tokens import Token
from tocsin.index import INDEX, Index
from tocsin.instants import instant, maybe_instant, millis
from tocsin.packing import pack, unpack
from tocsin.ports import Absent, Database, Delete, Either, Equals, Item, Key, Put, Update, Value, Write

_DECLARED = Key("config", "access", "access")


@dataclass(frozen=True, slots=True)
class Declared:
    """What an access file says."""

    users: tuple[User, ...] = ()
    grants: tuple[Grant, ...] = ()


@dataclass(frozen=True, slots=True)
class Known:
    """Everybody who is known as of a version; tokens by their ids, users by their names."""

    version: int = 0
    tokens: Mapping[str, Token] = field(default_factory=dict)
    declared: Declared = Declared()
    users: Mapping[str, User] = field(default_factory=dict)


class AccessBook:
    """Reads who is known, once for each version."""

    def __init__(self, database: Database) -> None:
        self._database, self._known = database, Known()

    def at(self, index: Index) -> Known:
        """Return who is known."""
        if self._known.version != index.access:
            self._known = read_known(self._database, index)
        return self._known


def read_known(database: Database, index: Index) -> Known:
    """Return who is known, as it is stored."""
    tokens = map(_to_token, database.query("config", "token"))
    [item] = database.get(_DECLARED)
    declared = _to_declared(item)
    return Known(
        index.access,
        {token.id: token for token in tokens},
        declared,
        {user.name: user for user in declared.users},
    )


# -- changing it: with the version that it was read as, so that of two at once one is told to look again ---------------


def keep(token: Token) -> Put:
    """Return the write that makes a token known."""
    item: dict[str, Value] = {
        "name": token.name,
        "scopes": _words(token.scopes),
        "digest": token.digest,
        "by": token.created_by,
        "at": millis(token.created_at),
        "until": None if token.expires_at is None else millis(token.expires_at),
    }
    return Put(_token_key(token.id), item, Absent("pk"))


def forget(token: Token) -> Delete:
    """Return the write that revokes a token."""
    return Delete(_token_key(token.id))


def declare(declared: Declared) -> Put:
    """Return the write that puts an access file in force, whole."""
    document = {
        "users": [[user.name, user.hash, _words(user.scopes)] for user in declared.users],
        "grants": [[grant.pattern, _words(grant.scopes)] for grant in declared.grants],
    }
    return Put(_DECLARED, {"document": pack(document)})


def change(database: Database, version: int, writes: Sequence[Write]) -> bool:
    """Do what changes who is known as of `version`; False if somebody else was faster."""
    unchanged = Either((Equals("access", version), Absent("access")))
    return database.transact([*writes, Update(INDEX, set={"access": version + 1}, condition=unchanged)])


def _token_key(token_id: str) -> Key:
    return Key("config", "token", token_id)


def _words(scopes: Iterable[Scope]) -> list[str]:
    return sorted(scope.value for scope in scopes)


def _scopes(words: Iterable[str]) -> frozenset[Scope]:
    """Return the scopes that we know: one that a later release has stored grants nothing here."""
    return frozenset(Scope(word) for word in words if word in set(Scope))


def _to_token(item: Item) -> Token:
    stored: Mapping[str, Any] = item
    return Token(
        id=stored["sk"],
        name=stored["name"],
        scopes=_scopes(stored["scopes"]),
        created_by=stored["by"],
        created_at=instant(stored["at"]),
        expires_at=maybe_instant(stored["until"]),
        digest=bytes(stored["digest"]),
    )


def _to_declared(item: Item | None) -> Declared:
    packed = item["document"] if item else None
    if not isinstance(packed, bytes):
        return Declared()
    document = unpack(packed)
    return Declared(
        tuple(User(name, hashed, _scopes(words)) for name, hashed, words in document["users"]),
        tuple(Grant(pattern, _scopes(words)) for pattern, words in document["grants"]),
    )
