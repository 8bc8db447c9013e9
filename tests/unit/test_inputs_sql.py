"""The input `sql`: what of it needs no real database. tests/contract/test_sql_input.py has those."""

import gc
import os
import re
import struct
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from time import monotonic
from typing import Any
from uuid import UUID

import pytest
from pydantic import ValidationError

from tests.unit import database_servers as servers
from tests.unit.database_servers import server
from tests.unit.input_running import NOON, gathered, opened, stored
from tests.unit.source_access import FakeAccess
from tocsin.collection.gather import Gather
from tocsin.inputs.databases import dsn, rows, values
from tocsin.inputs.databases.dsn import DsnError, Target
from tocsin.inputs.databases.table import QueryError, Table
from tocsin.inputs.databases.values import ValueKindError

# -- where a database is --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "target"),
    [
        ("postgres://u:p%40%3A@db.example/shop", Target("db.example", 5432, "u", "p@:", "shop")),
        ("postgresql://u@[::1]:6432/", Target("::1", 6432, "u")),
        ("u:p@db:5433/shop?sslmode=verify-full", Target("db", 5433, "u", "p", "shop", "verify-full")),
        ("host=db user=u password='p w' dbname=shop", Target("db", 5432, "u", "p w", "shop")),
    ],
)
def test_a_dsn_of_postgresql_is_read(text: str, target: Target) -> None:
    assert dsn.postgres(text) == target


@pytest.mark.parametrize(
    ("text", "target"),
    [
        ("u:p@tcp(db.example:3307)/shop", Target("db.example", 3307, "u", "p", "shop")),
        ("u:p@/:@tcp([::1])/shop?tls=true&parseTime=true", Target("::1", 3306, "u", "p@/:", "shop", "true")),
        ("u@db/", Target("db", 3306, "u")),
        (
            "username:password@mysqlserver:3307/dbname",
            Target("mysqlserver", 3307, "username", "password", "dbname"),
        ),
    ],
    ids=["tcp", "a password with everything", "no more than a host", "telegraf's example"],
)
def test_a_dsn_of_mysql_is_read(text: str, target: Target) -> None:
    assert dsn.mysql(text) == target


@pytest.mark.parametrize(
    ("parse", "text"),
    [
        (dsn.postgres, "mysql://u:s3cret@db/shop"),
        (dsn.postgres, "postgres://u:s3cret@db:x/shop"),
        (dsn.postgres, "postgres://u:pw?s3cret@db/shop"),
        (dsn.postgres, "postgres://u:s3cret@a,b/shop"),
        (dsn.postgres, "postgres://u:s3cret@/shop"),
        (dsn.postgres, "postgres://u:s3cret@db/shop?sslmode=s3cret"),
        (dsn.postgres, "host=/run/s3cret password=s3cret"),
        (dsn.postgres, "host=db password=s3cret options=s3cret"),
        (dsn.postgres, "host=db port=s3cret"),
        (dsn.postgres, "password='s3cret"),
        (dsn.mysql, "u:s3cret@tcp(db)"),
        (dsn.mysql, "u:s3cret@unix(/run/mysql.sock)/shop"),
        (dsn.mysql, "u:s3cret@tcp(db:x)/shop"),
        (dsn.mysql, "u@tcp(db)/shop?allowAllFiles=s3cret"),
        (dsn.mysql, "u@tcp(db)/shop?tls=s3cret"),
    ],
)
def test_a_dsn_that_cannot_be_read_is_not_quoted(parse: Any, text: str) -> None:
    with pytest.raises(DsnError, match=r"^expected") as caught:
        parse(text)
    assert "s3cret" not in str(caught.value)
    assert "s3cret" not in repr(Target("db", 1, password="s3cret"))


# -- what users write -----------------------------------------------------------------------------

CLUSTER = "arn:aws:rds:eu-west-1:123456789012:cluster:shop"
SECRET = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:r"
QUERY = {"query": "SELECT 1;"}
ON_POSTGRES = {"driver": "postgres", "dsn": {"secret": "db"}, "queries": [QUERY]}
ON_AURORA = {"driver": "aurora", "resource_arn": CLUSTER, "secret_arn": SECRET, "queries": [QUERY]}


@pytest.mark.parametrize(
    ("driver", "kept"),
    [
        ("pgx", "postgres"),
        ("cockroach", "postgres"),
        ("maria", "mysql"),
        ("mariadb", "mysql"),
        ("tidb", "mysql"),
    ],
)
def test_drivers_have_telegrafs_names(driver: str, kept: str) -> None:
    found = stored("sql", {"driver": driver, "dsn": {"secret": "db", "key": "dsn"}, "queries": [QUERY]})
    assert (found["driver"], found["queries"][0]["query"]) == (kept, "SELECT 1")
    assert (found["timeout_seconds"], found["queries"][0]["measurement"]) == (5.0, "sql")


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ({**ON_POSTGRES, "driver": "oracle"}, "expected one of aurora, cockroach"),
        ({**ON_POSTGRES, "dsn": "postgres://u:s3cret@db/shop"}, "a password stands in a secret"),
        ({**ON_POSTGRES, "dsn": "postgres://u@db:s3cret/shop"}, "expected a host and a port"),
        ({**ON_POSTGRES, "dsn": "postgres://u@db", "password": "s3cret"}, "expected a reference"),
        ({**ON_POSTGRES, "dsn": ""}, "expected dsn"),
        ({**ON_POSTGRES, "queries": [{"query": " "}]}, "expected a statement"),
        ({**ON_POSTGRES, "queries": [{**QUERY, "tag_columns_include": ["[s3cret"]}]}, "expected characters"),
        ({**ON_POSTGRES, "queries": []}, "at least 1 item"),
        ({**ON_AURORA, "resource_arn": "s3cret"}, "expected the ARN of a cluster"),
        ({**ON_AURORA, "dsn": "s3cret"}, "aurora takes resource_arn"),
        (
            {**ON_AURORA, "queries": [{"query": "DROP TABLE t"}]},
            "expected a statement that begins with SELECT",
        ),
        ({**ON_AURORA, "queries": [{"query": "SELECT 1; SELECT 2"}]}, "expected one statement"),
        ({**ON_AURORA, "queries": [{"query": "SELECT 1 WHERE at < :at"}]}, "no :at and no :from"),
    ],
)
def test_settings_that_are_wrong_are_refused(settings: dict[str, Any], reason: str) -> None:
    with pytest.raises(ValidationError, match=reason):
        stored("sql", settings)


def test_a_comparison_at_the_end_of_a_statement_stays_its_own() -> None:
    found = stored("sql", {**ON_AURORA, "queries": [{"query": "SELECT a FROM t WHERE a > 5"}]})
    assert found["queries"][0]["query"] == "SELECT a FROM t WHERE a > 5"


# -- rows -----------------------------------------------------------------------------------------


def made(columns: Sequence[str], *found: Sequence[Any], **options: Any) -> Gather:
    """Return what rows come to."""
    query = stored("sql", {**ON_POSTGRES, "queries": [{**QUERY, **options}]})["queries"][0]
    gather = Gather(monotonic() + 5, lambda: NOON)
    rows.add(Table(columns, found), query, gather)
    return gather


def test_all_columns_are_fields_if_nothing_is_said() -> None:
    [metric] = made(["a", "b", "c"], (1, None, "x")).metrics
    assert (metric.name, metric.fields, metric.tags, metric.at) == ("sql", {"a": 1, "c": "x"}, {}, NOON)


def test_a_tag_is_a_field_too_unless_that_is_excluded() -> None:
    how = {"tag_columns_include": ["t*"], "tag_columns_exclude": ["time"]}
    [both] = made(["tag", "time"], (" x ", 1), **how).metrics
    assert (both.tags, both.fields) == ({"tag": "x"}, {"tag": " x ", "time": 1})
    [one] = made(["tag", "time"], ("x", 1), **how, field_columns_exclude=["tag"]).metrics
    assert (one.tags, one.fields) == ({"tag": "x"}, {"time": 1})


def test_a_row_without_fields_is_no_metric() -> None:
    assert made(["a"], (None,)).metrics == []


def test_a_type_that_is_asked_for_goes_before_what_is_excluded() -> None:
    [metric] = made(["a"], ("7",), field_columns_exclude=["a"], field_columns_int=["a"]).metrics
    assert metric.fields == {"a": 7}


@pytest.mark.parametrize(
    ("value", "layout"),
    [
        (1772362800, "unix"),
        ("1772362800.0", "unix"),
        (Decimal("1772362800"), "unix"),
        (1772362800000, "unix_ms"),
        (b"1772362800000000", "unix_us"),
        (1772362800000000000, "unix_ns"),
        ("2026-03-01 11:00", "2006-01-02 15:04"),
        ("2026-03-01T12:00:00+01:00", "RFC3339"),
        (datetime(2026, 3, 1, 11), "unix"),  # noqa: DTZ001 - as databases without zones have it
        (datetime(2026, 3, 1, 11, tzinfo=UTC), "unix"),
    ],
    ids=str,
)
def test_a_column_may_hold_the_time(value: Any, layout: str) -> None:
    [metric] = made(["at", "a"], (value, 1), time_column="at", time_format=layout).metrics
    assert metric.at == datetime(2026, 3, 1, 11, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "field"),
    [
        (True, True),
        (Decimal("1.50"), 1.5),
        (b"caf\xc3\xa9", "café"),
        (date(1970, 1, 2), 86_400_000_000_000),
        (datetime(1970, 1, 1, 0, 0, 0, 1), 1000),  # noqa: DTZ001
        (UUID(int=1), "00000000-0000-0000-0000-000000000001"),
        (timedelta(hours=1), "1:00:00"),
    ],
    ids=str,
)
def test_values_become_fields_of_their_own_types(value: Any, field: Any) -> None:
    found = values.automatic(value)
    assert (found, type(found)) == (field, type(field))


@pytest.mark.parametrize(
    ("kind", "value", "field"),
    [
        ("float", "1.5", 1.5),
        ("float", True, 1.0),
        ("int", "0x1f", 31),
        ("int", 2.9, 2),
        ("uint", Decimal(3), 3),
        ("bool", "T", True),
        ("bool", -1, False),
        ("string", 1e20, "100000000000000000000"),
        ("string", 2.0, "2"),
        ("string", Decimal("1.50"), "1.50"),
        ("string", Decimal(100), "100"),
        ("string", False, "false"),
    ],
)
def test_values_become_fields_of_the_types_that_are_asked_for(kind: str, value: Any, field: Any) -> None:
    found = values.typed(value, kind)
    assert (found, type(found)) == (field, type(field))


@pytest.mark.parametrize(
    ("kind", "value"),
    [("int", "s3cret"), ("uint", -1), ("bool", "yes"), ("float", "s3cret"), ("int", float("inf"))],
)
def test_a_value_that_is_not_of_the_type_is_not_quoted(kind: str, value: Any) -> None:
    with pytest.raises(ValueKindError, match=f"that is no {kind}$") as caught:
        values.typed(value, kind)
    assert "s3cret" not in str(caught.value)


def test_the_column_of_such_a_value_is_named() -> None:
    with pytest.raises(QueryError, match=r"^column at: str that is no time in the format unix$"):
        made(["at"], ("s3cret",), time_column="at")


# -- databases that answer, and that do not --------------------------------------------------------


def on(
    driver: str,
    port: int,
    *,
    seconds: float = 5.0,
    tls: str = "",
    ca: Mapping[str, Any] | None = None,
    **options: Any,
) -> Gather:
    name = {"postgres": "sslmode", "mysql": "tls"}[driver]
    address = {"postgres": f"postgres://u@127.0.0.1:{port}/shop", "mysql": f"u@tcp(127.0.0.1:{port})/shop"}[
        driver
    ]
    settings = {
        "driver": driver,
        "dsn": f"{address}?{name}={tls}" if tls else address,
        "password": {"secret": "db", "key": "password"},
        "queries": [{"query": "SELECT one, two FROM t", **options}],
        **(ca or {}),
    }
    return gathered("sql", settings, FakeAccess(secrets={"db/password": "s3cret"}), seconds=seconds)


SIGNED_IN = (servers.accepted(2), servers.accepted(), servers.accepted(), servers.accepted())
TYPES = ((b"one", 3), (b"two", 246), (b"three", 12), (b"four", 253))


def test_rows_of_mysql_are_metrics() -> None:
    answer = servers.result(
        TYPES, (b"7", b"1.5", b"2026-03-01 11:00:00", b"mail"), (None, b"2", None, b"pdf")
    )
    with server(*SIGNED_IN, answer, greeting=servers.greeting()) as (port, received):
        found = on(
            "mysql",
            port,
            time_column="three",
            tag_columns_include=["four"],
            field_columns_include=["one", "two"],
        )
    assert found.failures == []
    assert [(m.fields, m.tags, m.at) for m in found.metrics] == [
        ({"one": 7, "two": 1.5}, {"four": "mail"}, datetime(2026, 3, 1, 11, tzinfo=UTC)),
        ({"two": 2.0}, {"four": "pdf"}, NOON),
    ]
    said = [data[5:] for data in received[2:5]]
    assert re.fullmatch(rb"SET SESSION sql_select_limit = 10001, max_execution_time = (4\d{3}|5000)", said[0])
    assert said[1:] == [b"START TRANSACTION READ ONLY", b"SELECT one, two FROM t"]


def test_mariadb_is_told_its_own_name_of_the_limit() -> None:
    answer = servers.result(TYPES[:1], (b"7",))
    with server(*SIGNED_IN, answer, greeting=servers.greeting(b"5.5.5-10.11.2-MariaDB")) as (port, received):
        assert on("mysql", port).failures == []
    assert re.search(rb", max_statement_time = [45]\.\d{3}$", received[2])


def test_mysql_that_denies_access_is_told_so() -> None:
    refusal = servers.denied(1045, b"Access denied for user 'u'")
    with server(refusal, greeting=servers.greeting()) as (port, _):
        assert on("mysql", port).failures == ["1045: Access denied for user 'u'"]


def test_an_answer_of_mysql_without_an_end_is_cut() -> None:
    many = servers.result(TYPES[3:], *[(b"x" * 250,)] * 12_000)
    with server(*SIGNED_IN, many, greeting=servers.greeting()) as (port, _):
        assert on("mysql", port).failures == [
            "the answer is too large (at most 10000 rows, 8 MiB): add LIMIT"
        ]


POSTGRES_STAGES = (servers.NO_TLS, servers.SIGNED_IN, servers.BEGUN, servers.PARSED)


@pytest.mark.parametrize("stage", range(len(POSTGRES_STAGES) + 1))
def test_postgresql_may_hang_at_any_stage(stage: int) -> None:
    with server(*POSTGRES_STAGES[:stage]) as (port, _):
        hung(lambda: on("postgres", port, seconds=0.3))


@pytest.mark.parametrize("stage", range(len(SIGNED_IN) + 1))
def test_mysql_may_hang_at_any_stage(stage: int) -> None:
    with server(*SIGNED_IN[:stage], greeting=servers.greeting()) as (port, _):
        hung(lambda: on("mysql", port, seconds=0.3))


def test_mysql_may_not_even_greet() -> None:
    with server() as (port, _):
        hung(lambda: on("mysql", port, seconds=0.3))


@pytest.mark.parametrize("driver", ["postgres", "mysql"])
def test_a_server_that_sends_a_byte_at_a_time_does_not_hold_on_for_longer(driver: str) -> None:
    notice = servers.message(b"N", b"x" * 60_000)[:5]
    replies = [servers.NO_TLS, notice] if driver == "postgres" else []
    begun = b"" if driver == "postgres" else servers.packet(0, b"x" * 60_000)[:4]
    with server(*replies, greeting=begun, drip=b"x") as (port, _):
        hung(lambda: on(driver, port, seconds=0.3))


@pytest.mark.parametrize(
    ("driver", "tls"), [("postgres", "require"), ("postgres", "verify-full"), ("mysql", "true")]
)
def test_a_server_that_never_ends_the_handshake_of_tls_is_cut(driver: str, tls: str) -> None:
    offered = servers.greeting().replace(struct.pack("<H", 0xA28D), struct.pack("<H", 0xAA8D))
    replies = [b"S"] if driver == "postgres" else []
    with server(*replies, greeting=b"" if driver == "postgres" else offered) as (port, _):
        hung(lambda: on(driver, port, seconds=0.3, tls=tls))


def sockets() -> int:
    """Return how many sockets this process has open."""
    links = [f"/proc/self/fd/{name}" for name in os.listdir("/proc/self/fd")]
    return sum(os.path.lexists(link) and os.readlink(link).startswith("socket:") for link in links)


@pytest.mark.skipif(not os.path.isdir("/proc/self/fd"), reason="only Linux tells which files are open")
@pytest.mark.parametrize(
    ("driver", "stage"),
    [
        (driver, stage)
        for driver, stages in (("postgres", POSTGRES_STAGES), ("mysql", SIGNED_IN))
        for stage in range(len(stages) + 1)
    ],
)
def test_what_fails_leaves_no_socket_to_the_collector_of_garbage(driver: str, stage: int) -> None:
    stages, greeting = (POSTGRES_STAGES, b"") if driver == "postgres" else (SIGNED_IN, servers.greeting())
    gc.collect()
    gc.disable()
    try:
        before = sockets()
        with server(*stages[:stage], greeting=greeting) as (port, _):
            assert on(driver, port, seconds=0.3).failures == ["timed out"]
        assert sockets() == before
    finally:
        gc.enable()


def hung(ask: Any) -> None:
    """Check that it ended in time, and said so."""
    began = monotonic()
    found = ask()
    assert monotonic() - began < 10
    assert (found.failures, found.metrics) == (["timed out"], [])


@pytest.mark.parametrize("driver", ["postgres", "mysql"])
@pytest.mark.parametrize("reply", [b"HTTP/1.1 400 Bad Request\r\n\r\n", b"\0" * 64, b"\xff" * 64])
def test_what_is_no_database_is_told_in_words(driver: str, reply: bytes) -> None:
    with server(reply, b"", greeting=reply if driver == "mysql" else b"") as (port, _):
        [said] = on(driver, port, seconds=1).failures
    assert said.startswith(("the connection broke", "an answer that is not", "timed out"))


@pytest.mark.parametrize("driver", ["postgres", "mysql"])
def test_an_address_that_is_forbidden_is_not_reached(driver: str) -> None:
    text = {"postgres": "postgres://u@169.254.169.254/", "mysql": "u@tcp(169.254.169.254)/"}[driver]
    settings = {"driver": driver, "dsn": text, "queries": [QUERY]}
    [said] = gathered("sql", settings).failures
    assert said.startswith("no connection: 169.254.169.254: 169.254.169.254 is link-local")


@pytest.mark.parametrize(("driver", "tls"), [("postgres", "verify-full"), ("mysql", "true")])
def test_a_certificate_that_is_none_is_said_and_not_shown(driver: str, tls: str) -> None:
    with server() as (port, _):
        found = on(driver, port, tls=tls, ca={"tls_ca": "s3cret"})
    assert found.failures == ["tls_ca: expected certificates in PEM"]


def test_no_more_connections_are_made_than_the_settings_allow() -> None:
    settings = {**ON_POSTGRES, "dsn": "postgres://u@127.0.0.1:1/", "connection_max_open": 1}
    run = opened("sql", {**settings, "queries": [QUERY, QUERY]})
    assert [text.partition(":")[0] for text in run().failures] == ["no connection"] * 2  # one after the other


def test_a_secret_that_cannot_be_read_is_told() -> None:
    assert gathered("sql", ON_POSTGRES).failures == ["secret db: AccessDenied"]


def test_a_dsn_in_a_secret_that_cannot_be_read_is_not_quoted() -> None:
    [said] = gathered("sql", ON_POSTGRES, FakeAccess(secrets={"db/": "s3cret"})).failures
    assert said.startswith("expected")
    assert "s3cret" not in said


def test_sqlite_is_for_the_users_own_machine() -> None:
    run = opened("sql", {"driver": "sqlite", "dsn": "/etc/passwd", "queries": [QUERY]}, local=False)
    assert run().failures == ["the driver sqlite is for tocsin local: a function has no files"]
