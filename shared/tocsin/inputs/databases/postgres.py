"""PostgreSQL, and what speaks its protocol, by pg8000."""

import ssl
import struct
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

from pg8000.core import DATA_ROW
from pg8000.exceptions import DatabaseError, Error
from pg8000.native import Connection

from tocsin.collection.gather import Gather
from tocsin.inputs.databases.dsn import Target
from tocsin.inputs.databases.reaching import let_go, reached, verifying
from tocsin.inputs.databases.table import Budget, QueryError, SignInError, Table, told
from tocsin.inputs.network import Network

_INVALID_AUTHORIZATION = "28"
"""The class of SQLSTATE of a sign-in that is refused."""
# What pg8000 raises for what is not PostgreSQL's protocol.
_MISREAD = (struct.error, LookupError, ValueError, TypeError, AttributeError)


@dataclass(frozen=True, slots=True)
class Postgres:
    """Signs in for each statement, and asks it in a transaction that only reads and that the server ends in time."""

    target: Target
    network: Network
    ca: str = ""

    def ask(self, query: str, seconds: float, gather: Gather) -> Table:
        """Return the answer to one statement; raises QueryError and OSError."""
        with (
            reached(self.network, self.target, seconds) as sock,
            _errors(gather),
            self._signed_in(sock) as connection,
        ):
            connection.execute_simple(
                f"BEGIN TRANSACTION READ ONLY; SET LOCAL statement_timeout = {max(1, int(seconds * 1000))}"
            )
            _bound(connection, Budget())
            # Not the simple protocol: that would take several statements, and with them an end of the transaction.
            answer = connection.execute_unnamed(query)
            return Table([column["name"] for column in answer.columns or ()], answer.rows or ())

    @contextmanager
    def _signed_in(self, sock: Any) -> Iterator[Any]:
        connection: Any = Connection.__new__(Connection)
        try:
            connection.__init__(
                self.target.user,
                host=self.target.host,
                database=self.target.database or None,
                password=self.target.password,
                ssl_context=_tls(self.target.tls, self.ca),
                application_name="tocsin",
                sock=sock,
            )
        except BaseException:
            # It refers to itself, and to a file that keeps the socket open.
            connection.__dict__.clear()
            raise
        try:
            yield connection
        finally:
            with suppress(Error, OSError):
                connection.close()


def _bound(connection: Any, budget: Budget) -> None:
    """Let rows come only as far as the budget goes."""
    take = connection.message_types[DATA_ROW]

    def row(data: bytes, context: Any) -> None:
        budget.row(len(data))
        take(data, context)

    connection.message_types[DATA_ROW] = row


def _tls(mode: str, ca: str) -> ssl.SSLContext | bool | None:
    """Return a mode as pg8000 takes it (None: if the server has it): `require` trusts any certificate, as in libpq."""
    match mode:
        case "disable":
            return False
        case "require":
            return True
        case "verify-ca" | "verify-full":
            return verifying(ca, hostname=mode == "verify-full")
    return None


@contextmanager
def _errors(gather: Gather) -> Iterator[None]:
    try:
        yield
    except DatabaseError as error:
        let_go(error)
        raise _refusal(error) from None
    except (Error, OSError) as error:
        let_go(error)
        if gather.left_seconds() <= 0:
            raise QueryError("timed out") from None
        raise QueryError(f"the connection broke: {told(str(error))}") from None
    except _MISREAD as error:
        let_go(error)
        raise QueryError("an answer that is not PostgreSQL's protocol") from None


def _refusal(error: DatabaseError) -> QueryError:
    [said] = error.args if len(error.args) == 1 and isinstance(error.args[0], dict) else [{}]
    code = str(said.get("C", ""))
    text = told(f"{code}: {said.get('M', 'refused')}")
    return SignInError(text) if code.startswith(_INVALID_AUTHORIZATION) else QueryError(text)
