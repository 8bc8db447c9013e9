"""MySQL, MariaDB and what speaks their protocol, by PyMySQL."""

import struct
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from socket import socket
from typing import Any

from pymysql import MySQLError
from pymysql.connections import Connection
from pymysql.converters import conversions

from tocsin.collection.gather import Gather
from tocsin.inputs.databases.dsn import Target
from tocsin.inputs.databases.reaching import reached, verifying
from tocsin.inputs.databases.table import MOST_ROWS, Budget, QueryError, SignInError, Table, told
from tocsin.inputs.network import Network

_ACCESS_DENIED = (1044, 1045, 1698)
_OF_THE_CONNECTION = range(2000, 3000)
"""Numbers of errors that the client itself has found."""
_NOT_MYSQL = "an answer that is not MySQL's protocol"
# What PyMySQL raises for what is not the protocol.
_MISREAD = (struct.error, LookupError, ValueError, TypeError, AttributeError, AssertionError)


@dataclass(frozen=True, slots=True)
class MySql:
    """Signs in for each statement, and asks it in a transaction that only reads and that the server ends in time."""

    target: Target
    network: Network
    ca: str = ""

    def ask(self, query: str, seconds: float, gather: Gather) -> Table:
        """Return the answer to one statement; raises QueryError and OSError."""
        budget = Budget()
        with (
            reached(self.network, self.target, seconds) as sock,
            _errors(gather),
            self._signed_in(sock, seconds, budget) as connection,
            connection.cursor() as cursor,
        ):
            cursor.execute(f"SET SESSION sql_select_limit = {MOST_ROWS + 1}, {_limit(connection, seconds)}")
            cursor.execute("START TRANSACTION READ ONLY")
            cursor.execute(query)
            rows = cursor.fetchall()
            for _ in rows:
                budget.row()
            return Table([column[0] for column in cursor.description or ()], rows)

    @contextmanager
    def _signed_in(self, sock: socket, seconds: float, budget: Budget) -> Iterator[Any]:
        connection: Any = Connection(
            host=self.target.host,
            user=self.target.user,
            password=self.target.password,
            database=self.target.database or None,
            read_timeout=seconds,
            write_timeout=seconds,
            charset="utf8mb4",
            autocommit=None,
            conv=_counted(budget),
            program_name="tocsin",
            defer_connect=True,
            **_tls(self.target.tls, self.ca),
        )
        connection.connect(sock)
        try:
            yield connection
        finally:
            with suppress(MySQLError, OSError):
                connection.close()


def _counted(budget: Budget) -> dict[Any, Any]:
    """Return how values are read, each counted before it is: PyMySQL reads all of an answer before it returns."""

    def read(decode: Callable[[Any], Any], written: Any) -> Any:
        budget.value(len(written))
        return decode(written)

    return {
        name: partial(read, convert) if isinstance(name, int) else convert
        for name, convert in conversions.items()
    }


def _limit(connection: Any, seconds: float) -> str:
    """Return the variable that makes the server end a statement, which has another name in each of the two."""
    if "MariaDB" in connection.get_server_info():
        return f"max_statement_time = {seconds:.3f}"
    return f"max_execution_time = {max(1, int(seconds * 1000))}"


def _tls(mode: str, ca: str) -> Mapping[str, Any]:
    """Return a mode as PyMySQL takes it, whose own default is `preferred`."""
    match mode:
        case "false":
            return {"ssl_disabled": True}
        case "true":
            return {"ssl": verifying(ca)}
        case "skip-verify":
            return {"ssl": {"verify_mode": "none"}}
    return {}


@contextmanager
def _errors(gather: Gather) -> Iterator[None]:
    try:
        yield
    except (MySQLError, OSError) as error:
        raise _failure(error, over=gather.left_seconds() <= 0) from None
    except RuntimeError as error:  # that a password can be sent only by TLS
        raise QueryError(told(str(error))) from None
    except _MISREAD:
        raise QueryError(_NOT_MYSQL) from None


def _failure(error: Exception, *, over: bool) -> QueryError:
    number = error.args[0] if error.args else 0
    if isinstance(error, MySQLError) and not isinstance(number, int):
        return QueryError(_NOT_MYSQL)
    broken = isinstance(error, OSError) or number in _OF_THE_CONNECTION
    if broken and over:
        return QueryError("timed out")
    text = told(": ".join(map(str, error.args)))
    if broken:
        return QueryError(f"the connection broke: {text}")
    return SignInError(text) if number in _ACCESS_DENIED else QueryError(text)
