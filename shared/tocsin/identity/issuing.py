"""Changing who is known: tokens issued and revoked, an access file put in force; each on record with who did it."""

import re
from collections.abc import Collection, Sequence
from datetime import datetime

from tocsin.history import Change, Via, What, record
from tocsin.identity import book
from tocsin.identity.book import Declared, Known, read_known
from tocsin.identity.scope import Scope
from tocsin.identity.tokens import Token, digest, id_of, mint
from tocsin.index import read_index
from tocsin.ports import Database, Write

_NAME = re.compile(r"(?![0-9a-f]{12}$)[A-Za-z0-9_.@-]{1,64}")
"""Of a token; one that looks like an id could be mistaken for one."""


class AccessError(ValueError):
    """A change is refused; the text says why."""


def issue(
    database: Database,
    name: str,
    scopes: Collection[Scope],
    *,
    expires_at: datetime | None,
    by: str,
    now: datetime,
) -> tuple[Token, str]:
    """Return a new token and its text, which nobody can read again; raises AccessError."""
    known = _known(database)
    if not _NAME.fullmatch(name):
        raise AccessError("the name of a token has up to 64 letters, digits and any of _ . @ -, and is no id")
    if any(token.name == name for token in known.tokens.values()):
        raise AccessError(f"there is a token {name} already: choose another name, or revoke it first")
    text = mint()
    token = Token(id_of(text), name, frozenset(scopes), by, now, expires_at, digest(text))
    told = _told(What.TOKEN_CREATED, token, by, now)
    _change(database, known, [book.keep(token), record(told)])
    return token, text


def revoke(database: Database, id_or_name: str, *, by: str, now: datetime) -> Token:
    """Revoke a token from the next request on, and return it; raises AccessError."""
    known = _known(database)
    by_name = (token for token in known.tokens.values() if token.name == id_or_name)
    token = known.tokens.get(id_or_name) or next(by_name, None)
    if token is None:
        raise AccessError(f"there is no token {id_or_name}")
    told = _told(What.TOKEN_REVOKED, token, by, now)
    _change(database, known, [book.forget(token), record(told)])
    return token


def put_in_force(database: Database, declared: Declared, *, by: str, now: datetime) -> bool:
    """Put an access file in force, whole; tell whether it says anything else than before. Raises AccessError."""
    known = _known(database)
    if known.declared == declared:
        return False
    names = (*(user.name for user in declared.users), *(grant.pattern for grant in declared.grants))
    summary = f"{len(declared.users)} users, {len(declared.grants)} grants"
    told = Change(What.ACCESS, now, by, Via.CLI, tuple(names), summary)
    _change(database, known, [book.declare(declared), record(told)])
    return True


def _known(database: Database) -> Known:
    return read_known(database, read_index(database))


def _change(database: Database, known: Known, writes: Sequence[Write]) -> None:
    if not book.change(database, known.version, writes):
        raise AccessError("somebody else has just changed who has access: look at it, then try again")


def _told(what: What, token: Token, by: str, now: datetime) -> Change:
    scopes = ", ".join(sorted(token.scopes))
    return Change(what, now, by, Via.CLI, (token.name,), f"{token.id}: {scopes}")
