"""The access file: users as Prometheus' web configuration has them, and what users and IAM's identities may do.

Source: exporter-toolkit, "web configuration". Its `basic_auth_users` is read as it is; `scopes` and `grants` are ours.
"""

from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field

from tocsin.documents import Block, Document, Problem
from tocsin.identity.book import Declared
from tocsin.identity.grants import Grant
from tocsin.identity.passwords import HASH, User
from tocsin.identity.scope import EVERYTHING, Scope

_NOT_APPLICABLE = ("tls_server_config", "http_server_config", "rate_limit")
"""What else a web configuration may say: a Function URL has TLS of its own, and the API limits of its own."""
_COSTS = range(4, 15)
"""Of bcrypt: 14 takes a second, and each step twice as long."""


def _hash(text: str) -> str:
    found = HASH.fullmatch(text)
    if found is None:
        raise ValueError("expected a hash of bcrypt ($2y$…, as htpasswd -B writes it)")
    if int(found[1]) not in _COSTS:
        raise ValueError(f"expected a cost of bcrypt from {_COSTS[0]} to {_COSTS[-1]}")
    return text


def _user_name(text: str) -> str:
    if not text or ":" in text:  # RFC 7617 section 2
        raise ValueError("expected the name of a user, which has no colon")
    return text


def _arn(text: str) -> str:
    if not text.startswith(("arn:", "*")):
        raise ValueError(
            "expected a pattern of ARNs, such as arn:aws:sts::123456789012:assumed-role/oncall/*"
        )
    return text


def _scope(word: object) -> object:
    if not isinstance(word, str) or word not in set(Scope):
        raise ValueError(f"expected one of {', '.join(Scope)}")
    return Scope(word)


_Scopes = frozenset[Annotated[Scope, BeforeValidator(_scope)]]


class _File(Block):
    basic_auth_users: dict[
        Annotated[str, AfterValidator(_user_name)], Annotated[str, AfterValidator(_hash)]
    ] = Field(default_factory=dict, repr=False)
    scopes: dict[str, _Scopes] = Field(default_factory=dict)
    grants: dict[Annotated[str, AfterValidator(_arn)], _Scopes] = Field(default_factory=dict)
    tls_server_config: Any = None
    http_server_config: Any = None
    rate_limit: Any = None


def parse_access(text: str, file: str) -> tuple[Declared, list[Problem]]:
    """Return what a file says, and what it says that has no meaning here; raises DocumentError."""
    document = Document(text, file)
    read = document.read((), _File) if document.at(()) is not None else _File()
    if read is not None:
        for name in read.scopes.keys() - read.basic_auth_users.keys():
            document.refuse(("scopes", name), "no such user in basic_auth_users")
        for key in _NOT_APPLICABLE:
            if getattr(read, key) is not None:
                document.warn((key,), "has no meaning here and is left out: AWS serves the Function URL")
    document.check()
    found = read or _File()
    users = (
        User(name, hashed, frozenset(found.scopes.get(name, EVERYTHING)))
        for name, hashed in found.basic_auth_users.items()
    )
    grants = (Grant(pattern, frozenset(scopes)) for pattern, scopes in found.grants.items())
    return Declared(tuple(users), tuple(grants)), document.warnings
