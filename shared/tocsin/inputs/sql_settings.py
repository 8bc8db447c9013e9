"""What users write in the settings of the kind `sql`."""

from datetime import timedelta
from typing import Annotated

from pydantic import AfterValidator, Field, model_validator

from tocsin.documents import Block, words
from tocsin.expressions import ExpressionError, sql
from tocsin.inputs.databases import dsn
from tocsin.inputs.globs import checked
from tocsin.sources.aws_settings import AuroraSettings
from tocsin.sources.settings_blocks import Line, Role, Seconds, TextOrReference, positive

DRIVERS = {
    **dict.fromkeys(("cockroach", "pgx", "postgres"), "postgres"),
    **dict.fromkeys(("maria", "mariadb", "mysql", "tidb"), "mysql"),
    **dict.fromkeys(("aurora", "rds-data"), "aurora"),
    "sqlite": "sqlite",
}
"""The drivers by Telegraf's names, `aurora` and `rds-data` being ours, and which of our databases each is."""
_PARSERS = {"postgres": dsn.postgres, "mysql": dsn.mysql}
_OF_AURORA = ("resource_arn", "secret_arn", "database", "role_arn", "external_id", "region")


def _driver(name: str) -> str:
    if name not in DRIVERS:
        raise ValueError(f"expected one of {', '.join(sorted(DRIVERS))}")
    return DRIVERS[name]


def _statement(query: str) -> str:
    if not query.strip():
        raise ValueError("expected a statement")
    return query.strip().removesuffix(";").rstrip()


Columns = tuple[Annotated[str, Field(min_length=1), AfterValidator(checked)], ...]


class _Query(Block):
    unsupported = words("query_script")

    query: Annotated[str, Field(max_length=64_000), AfterValidator(_statement)]
    measurement: Annotated[str, Field(min_length=1)] = "sql"
    measurement_column: str = ""
    time_column: str = ""
    time_format: Annotated[str, Field(min_length=1)] = "unix"
    tag_columns_include: Columns = ()
    tag_columns_exclude: Columns = ()
    field_columns_include: Columns = ()
    field_columns_exclude: Columns = ()
    field_columns_float: Columns = ()
    field_columns_int: Columns = ()
    field_columns_uint: Columns = ()
    field_columns_bool: Columns = ()
    field_columns_string: Columns = ()


class SqlSettings(Role):
    """The settings of the kind `sql`, by Telegraf's names, whose tables `query` are a list here.

    `username`, `password`, `tls_ca` (PEM) and what `aurora` needs are ours. A password is only ever referred to.
    """

    unsupported = words(
        "connection_max_idle connection_max_idle_time connection_max_life_time disconnected_servers_behavior"
    )

    driver: Annotated[str, AfterValidator(_driver)]
    dsn: TextOrReference = ""
    username: TextOrReference = ""
    password: TextOrReference = ""
    tls_ca: TextOrReference = ""
    resource_arn: str = ""
    secret_arn: str = ""
    database: Line = ""
    timeout: Annotated[Seconds, AfterValidator(positive), Field(serialization_alias="timeout_seconds")] = (
        timedelta(seconds=5)
    )
    connection_max_open: Annotated[int, Field(ge=0, le=100)] = 0
    queries: Annotated[tuple[_Query, ...], Field(min_length=1, max_length=100)]

    @model_validator(mode="after")
    def _as_its_driver_needs(self) -> "SqlSettings":
        if isinstance(self.password, str) and self.password:
            raise ValueError("password: expected a reference to a secret, not what is in it")
        if self.driver == "aurora":
            self._check_aurora()
        elif not self.dsn:
            raise ValueError("expected dsn: where the database is")
        elif (
            isinstance(self.dsn, str) and self.driver in _PARSERS and _PARSERS[self.driver](self.dsn).password
        ):
            raise ValueError("dsn: a password stands in a secret: refer to it in dsn or in password")
        return self

    def _check_aurora(self) -> None:
        if self.dsn or self.username or self.password or self.tls_ca:
            raise ValueError(
                "aurora takes resource_arn, secret_arn and database, and no dsn, username, password, tls_ca"
            )
        AuroraSettings(**{name: getattr(self, name) for name in _OF_AURORA})
        for query in self.queries:
            try:
                # As for a rule of a source of that kind, whose comparison at the end is not the statement's.
                used = sql.compile(f"{query.query} > 0")["parameters"]
            except ExpressionError as error:
                raise ValueError(str(error)) from None
            if used:
                raise ValueError("a query of an input has no :at and no :from")
