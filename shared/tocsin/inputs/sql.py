"""SQL: rows of a database as samples, as Telegraf's plug-in of that name has them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from threading import BoundedSemaphore
from typing import TYPE_CHECKING, Any

from tocsin.access.auth import AuthError
from tocsin.collection.gather import Gather
from tocsin.inputs.databases import dsn, rows
from tocsin.inputs.databases.dsn import DsnError, Target
from tocsin.inputs.databases.login import Login
from tocsin.inputs.databases.table import Database, QueryError, SignInError
from tocsin.inputs.kind import Probe
from tocsin.inputs.network import Network
from tocsin.inputs.tools import Tools
from tocsin.sources.connecting import value

if TYPE_CHECKING:
    from tocsin.inputs.sql_settings import SqlSettings

_UNLIMITED = 1000
"""Connections at once, where the settings set no limit: more than there are queries."""


@dataclass(frozen=True, slots=True)
class _Query:
    """One query, with a connection of its own: one that hangs delays no other."""

    query: Mapping[str, Any]
    database: Callable[[], Database]
    timeout_seconds: float
    connections: BoundedSemaphore
    refused: Callable[[], None]

    def __call__(self, gather: Gather) -> None:
        seconds = min(self.timeout_seconds, gather.left_seconds())
        if not self.connections.acquire(timeout=seconds):
            gather.fail("no connection became free in time (connection_max_open)")
            return
        try:
            self._ask(gather)
        except SignInError as error:
            self.refused()
            gather.fail(str(error))
        except (AuthError, DsnError, QueryError) as error:
            gather.fail(str(error))
        except OSError as error:
            gather.fail(f"no connection: {error}")
        finally:
            self.connections.release()

    def _ask(self, gather: Gather) -> None:
        database, seconds = self.database(), min(self.timeout_seconds, gather.left_seconds())
        if seconds <= 0:
            raise QueryError("timed out")
        rows.add(database.ask(self.query["query"], seconds, gather), self.query, gather)


class SqlKind:
    """The kind `sql`."""

    def settings(self) -> type["SqlSettings"]:
        """Return the model of the settings."""
        from tocsin.inputs.sql_settings import SqlSettings

        return SqlSettings

    def open(self, settings: Mapping[str, Any], tools: Tools) -> Sequence[Probe]:
        """Return a probe for each query; what is secret is read when it runs."""
        database, refused = _OPEN[settings["driver"]](settings, tools)
        connections = BoundedSemaphore(settings["connection_max_open"] or _UNLIMITED)
        return [
            _Query(query, database, settings["timeout_seconds"], connections, refused)
            for query in settings["queries"]
        ]


Opened = tuple[Callable[[], Database], Callable[[], None]]
"""How the database is made for each run, and what is to be done if it refuses to be signed in to."""


def _postgres(settings: Mapping[str, Any], tools: Tools) -> Opened:
    from tocsin.inputs.databases.postgres import Postgres

    return _signed_in(settings, tools, dsn.postgres, Postgres)


def _mysql(settings: Mapping[str, Any], tools: Tools) -> Opened:
    from tocsin.inputs.databases.mysql import MySql

    return _signed_in(settings, tools, dsn.mysql, MySql)


def _signed_in(
    settings: Mapping[str, Any],
    tools: Tools,
    parse: Callable[[str], Target],
    make: Callable[[Target, Network, str], Database],
) -> Opened:
    login = Login(settings, parse, tools.access)

    def database() -> Database:
        return make(login.target(), tools.network, value(settings["tls_ca"], tools.access))

    return database, login.renew


def _sqlite(settings: Mapping[str, Any], tools: Tools) -> Opened:
    from tocsin.inputs.databases.sqlite import Sqlite

    def database() -> Database:
        if not tools.local:
            raise QueryError("the driver sqlite is for tocsin local: a function has no files")
        return Sqlite(value(settings["dsn"], tools.access))

    return database, _nothing


def _aurora(settings: Mapping[str, Any], tools: Tools) -> Opened:
    from tocsin.inputs.aws import Services, region_of
    from tocsin.inputs.databases.aurora import Aurora

    names = {"resourceArn": "resource_arn", "secretArn": "secret_arn", "database": "database"}
    cluster = {name: settings[key] for name, key in names.items() if settings[key]}
    services = Services(settings, tools.access)
    service = services.of("rds-data", region_of(settings["resource_arn"]), repeatable=False)
    return lambda: Aurora(service, cluster), _nothing


def _nothing() -> None:
    """Do nothing."""


_OPEN: Mapping[str, Callable[[Mapping[str, Any], Tools], Opened]] = {
    "aurora": _aurora,
    "mysql": _mysql,
    "postgres": _postgres,
    "sqlite": _sqlite,
}

KIND = SqlKind()
