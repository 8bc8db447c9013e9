"""Data source names as Telegraf's drivers take them: where a database is, and who signs in.

None of the messages quotes anything: what is misread may be a part of the password.
"""

import shlex
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

POSTGRES_PORT, MYSQL_PORT = 5432, 3306
_POSTGRES_TLS = ("disable", "allow", "prefer", "require", "verify-ca", "verify-full")
_MYSQL_TLS = ("false", "preferred", "skip-verify", "true")
_POSTGRES_KEYS = frozenset({"host", "port", "user", "password", "dbname", "sslmode"})
_MYSQL_SETTLED = frozenset(
    {"charset", "collation", "loc", "parseTime", "readTimeout", "timeout", "writeTimeout"}
)
"""What a DSN of MySQL often says and is settled here: text is UTF-8, times are UTC, one `timeout` is for all."""


class DsnError(ValueError):
    """A data source name cannot be read; the text says what was expected."""


@dataclass(frozen=True, slots=True)
class Target:
    """Where a database is and who signs in; `tls` is a word of the driver, empty for its default."""

    host: str
    port: int
    user: str = ""
    password: str = field(default="", repr=False)
    database: str = ""
    tls: str = ""


def postgres(text: str) -> Target:
    """Return what `postgres://user:password@host:port/database?sslmode=…` or `host=… user=…` says; raises DsnError.

    Source: PostgreSQL's manual, 34.1.1 Connection Strings.
    """
    if "://" not in text and "=" in text.partition("/")[0]:
        return _postgres_words(text)
    schemed = "://" in text
    url = _url(text if schemed else f"postgres://{text}")
    # What has neither a scheme nor a user may be a password that stands where the DSN should: a host would be shown.
    if url.scheme not in ("postgres", "postgresql") or not (schemed or "@" in text):
        raise DsnError("expected a DSN like postgres://user@host:5432/database?sslmode=verify-full")
    said = dict(parse_qsl(url.query, keep_blank_values=True))
    if said.keys() - {"sslmode"}:
        raise DsnError("expected no parameter but sslmode in the DSN")
    where = {"host": url.hostname or "", "port": str(url.port or ""), "dbname": unquote(url.path[1:])}
    who = {"user": unquote(url.username or ""), "password": unquote(url.password or "")}
    return _postgres({**where, **who, **said})


def _postgres_words(text: str) -> Target:
    try:
        words = shlex.split(text)
    except ValueError:
        raise DsnError("expected words like host=db.example in the DSN") from None
    said = dict(word.partition("=")[::2] for word in words)
    if said.keys() - _POSTGRES_KEYS:
        raise DsnError(f"expected no words in the DSN but {', '.join(sorted(_POSTGRES_KEYS))}")
    return _postgres(said)


def _postgres(said: Mapping[str, str]) -> Target:
    target = Target(
        _host(said.get("host", "")),
        _port(said.get("port", ""), POSTGRES_PORT),
        said.get("user", ""),
        said.get("password", ""),
        said.get("dbname", ""),
        said.get("sslmode", ""),
    )
    return _with_tls(target, "sslmode", _POSTGRES_TLS)


def mysql(text: str) -> Target:
    """Return what `user:password@tcp(host:port)/database?tls=…` says; raises DsnError.

    Source: github.com/go-sql-driver/mysql, README and dsn.go (the last `/`, and before it the last `@`).
    """
    before, slash, after = text.rpartition("/")
    if not slash or not {"@", "("} & set(before):
        raise DsnError("expected a DSN like user@tcp(host:3306)/database?tls=true")
    login, _, address = before.rpartition("@")
    user, _, password = login.partition(":")
    network, opened, inside = address.partition("(")
    if opened and (network != "tcp" or not inside.endswith(")")):
        raise DsnError("expected tcp(host:port) in the DSN")
    url = _url(f"mysql://{inside[:-1] if opened else address}")
    database, _, query = after.partition("?")
    said = dict(parse_qsl(query, keep_blank_values=True))
    if said.keys() - _MYSQL_SETTLED - {"tls"}:
        raise DsnError(f"expected no parameters in the DSN but tls, and {', '.join(sorted(_MYSQL_SETTLED))}")
    where = (_host(url.hostname or ""), url.port or MYSQL_PORT)
    return _with_tls(
        Target(*where, user, password, unquote(database), said.get("tls", "")), "tls", _MYSQL_TLS
    )


def _with_tls(target: Target, name: str, known: Iterable[str]) -> Target:
    if target.tls and target.tls not in known:
        raise DsnError(f"expected {name} to be one of {', '.join(known)}")
    return target


def _url(text: str) -> SplitResult:
    try:
        url = urlsplit(text)
        _ = url.port
    except ValueError:
        raise DsnError("expected a host and a port in the DSN") from None
    return url


def _host(host: str) -> str:
    if not host or host.startswith("/") or "," in host:
        raise DsnError("expected the name or the address of one host in the DSN")
    return host


def _port(port: str, usual: int) -> int:
    if port and not (port.isascii() and port.isdigit() and 0 < int(port) < 1 << 16):
        raise DsnError("expected a port in the DSN")
    return int(port or usual)
