"""What is secret in a telegraf.toml, and what its agent would have put in: all of it becomes references.

Telegraf takes environment variables anywhere, secrets from stores (`@{store:key}`), files of its machine, and secrets
as they are. An inputs.yml holds none of it: a variable, a file and a text become keys of one secret, a store another.
"""

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tocsin.sources.settings_blocks import SecretReference

_NAME = "[A-Za-z_][A-Za-z0-9_]*"
_WHOLE = re.compile(rf"\$\{{({_NAME})\}}|\$({_NAME})")
_SOMEWHERE = re.compile(rf"(?<!\$)\$(?:\{{{_NAME}[^}}]*\}}|{_NAME})|@\{{[^}}]*\}}")
"""Two dollars stand for one, and begin no variable."""
_STORE = re.compile(r"@\{([A-Za-z0-9_]+):([A-Za-z0-9_.-]+)\}")
_BARE = re.compile(rf"(?m)^(\s*[\w.-]+\s*=\s*)(\$\{{[^}}\n]*\}}|\${_NAME})(\s*(?:#.*)?)$")
_FILES = frozenset({"tls_ca", "tls_cert", "tls_key", "ssl_ca", "ssl_cert", "ssl_key", "bearer_token"})
_SECRETS = frozenset({"password", "token", "dsn"})


@dataclass(frozen=True, slots=True)
class Secret:
    """Where secrets go: into `name`, by keys that begin with `owner`; `kinds` are the types that an option takes."""

    name: str
    owner: str
    kinds: Collection[Any]


def quoted_variables(text: str) -> str:
    """Return a file in which variables that stand without quotes, for numbers and truths, are text: TOML again."""
    return _BARE.sub(r'\1"\2"\3', text)


def referred(key: str, value: Any, secret: Secret) -> tuple[Any, str]:
    """Return an option with references in place of secrets, and what is to be said of that, if anything."""
    names = ", ".join(references(value))
    if (found := referring(value, secret.name)) != value:
        return found, f"{names} becomes a reference to a secret: store its value there"
    if not value or not isinstance(value, str) or SecretReference not in secret.kinds:
        return value, ""
    if key in _FILES:
        name = value.rpartition("/")[2]
        return _reference(
            secret.name, name
        ), f"a file becomes key {name} of a secret: store what is in it there"
    if key in _SECRETS or str not in secret.kinds:
        name = f"{secret.owner}.{key}"
        whole = f", with the values of {names}" if names else ""
        why = f"a secret becomes a reference, key {name}: store it there{whole}"
        return _reference(secret.name, name), why
    return value, ""


def _reference(secret: str, key: str) -> dict[str, str]:
    return {"secret": secret, "key": key}


def referring(value: Any, secret: str) -> Any:
    """Return a value in which what was a variable, or in a secret store, refers to a secret.

    A variable is a key of `secret`, a store a secret of its own. Only whole texts can be references.
    """
    if isinstance(value, Mapping):
        return {key: referring(each, secret) for key, each in value.items()}
    if isinstance(value, list):
        return [referring(each, secret) for each in value]
    if not isinstance(value, str):
        return value
    if found := _WHOLE.fullmatch(value):
        return {"secret": secret, "key": found[1] or found[2]}
    if found := _STORE.fullmatch(value):
        return {"secret": found[1], "key": found[2]}
    return value


def references(value: Any) -> Iterator[str]:
    """Yield the variables and the secrets of stores in a value, as they are written."""
    if isinstance(value, Mapping):
        for each in value.values():
            yield from references(each)
    elif isinstance(value, list):
        for each in value:
            yield from references(each)
    elif isinstance(value, str):
        yield from _SOMEWHERE.findall(value)
