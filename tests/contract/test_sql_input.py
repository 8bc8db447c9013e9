"""The input `sql` on real databases: PostgreSQL, if there is one on this machine, and SQLite."""

import getpass
import os
import shutil
import socket
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic
from typing import Any

import pytest

from tests.unit.input_running import gathered
from tests.unit.source_access import FakeAccess
from tests.unit.test_http_tls import Authority
from tocsin.collection.gather import Gather

PASSWORD = "correct horse"
SECRET = {"secret": "db", "key": "dsn"}


def _program(name: str) -> str | None:
    found = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
    return shutil.which(name) or (str(found[-1]) if found else None)


TLS = ["-c", "ssl=on", "-c", "ssl_cert_file=../server.crt", "-c", "ssl_key_file=../server.key"]


@pytest.fixture(scope="module")
def authority() -> Authority:
    return Authority()


@pytest.fixture(scope="module")
def postgres(authority: Authority) -> Iterator[str]:
    """Start a PostgreSQL that wants a password (SCRAM) and yield its DSN; root is not allowed to run one."""
    initdb, server = _program("initdb"), _program("postgres")
    if not initdb or not server:
        pytest.skip("no postgres on this machine")
    rooted = os.geteuid() == 0
    user = "postgres" if rooted else getpass.getuser()
    who: dict[str, Any] = {"user": user, "group": user} if rooted else {}
    with TemporaryDirectory() as place, socket.socket() as free:
        if rooted:
            shutil.chown(place, user)
        certificate, key = authority.issue("localhost")
        for name, text in {"password": PASSWORD, "server.crt": certificate, "server.key": key}.items():
            file = Path(place) / name
            file.write_text(text)
            file.chmod(0o600)
            if rooted:
                shutil.chown(file, user)
        made = ["-D", "data", "-U", user, "--auth=scram-sha-256", "--pwfile=password", "--no-sync"]
        subprocess.run([initdb, *made], cwd=place, check=True, stdout=subprocess.DEVNULL, **who)
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        free.close()
        options = ["-D", "data", "-p", str(port), "-h", "127.0.0.1", "-c", "fsync=off", "-k", "", *TLS]
        silent: dict[str, Any] = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        running = subprocess.Popen([server, *options], cwd=place, **silent, **who)
        try:
            dsn = f"postgres://{user}:{PASSWORD.replace(' ', '%20')}@127.0.0.1:{port}/postgres"
            deadline = monotonic() + 30
            while ask(dsn, "SELECT 1 AS one").failures:
                assert monotonic() < deadline, "PostgreSQL does not start"
            yield dsn
        finally:
            running.terminate()
            running.wait()


def ask(dsn: str, query: str, *, seconds: float = 5.0, **options: Any) -> Gather:
    access = FakeAccess(secrets={"db/dsn": dsn})
    queries = [{"query": query, **options}]
    return gathered("sql", {"driver": "postgres", "dsn": SECRET, "queries": queries}, access, seconds=seconds)


def test_types_of_postgresql_become_fields_tags_and_times(postgres: str) -> None:
    query = """
        SELECT 'jobs' AS kind, 'mail' AS queue, 7 AS waiting, 1.5::numeric AS load, 2.5::float8 AS age, true AS up,
            timestamptz '2026-03-01 11:00:00+00' AS seen, NULL::int AS nothing, 'x'::bytea AS raw,
            '3' AS written, '{"a": 1}'::jsonb->>'a' AS picked
    """
    found = ask(
        postgres,
        query,
        measurement_column="kind",
        time_column="seen",
        tag_columns_include=["que*"],
        field_columns_exclude=["kind", "queue", "seen"],
        field_columns_int=["written"],
    )
    assert found.failures == []
    [metric] = found.metrics
    assert (metric.name, metric.tags) == ("jobs", {"queue": "mail"})
    assert metric.at == datetime(2026, 3, 1, 11, tzinfo=UTC)
    fields = {"waiting": 7, "load": 1.5, "age": 2.5, "up": True, "raw": "x", "written": 3, "picked": "1"}
    assert metric.fields == fields


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("CREATE TABLE t (a int)", "25006: cannot execute CREATE TABLE in a read-only transaction"),
        ("SELECT 1; SELECT 2", "42601: cannot insert multiple commands into a prepared statement"),
        (
            "COMMIT; CREATE TABLE t (a int)",
            "42601: cannot insert multiple commands into a prepared statement",
        ),
        ("SELECT nextval('none')", '42P01: relation "none" does not exist'),
        (
            "SELECT generate_series(1, 10001)",
            "the answer is too large (at most 10000 rows, 8 MiB): add LIMIT",
        ),
        ("SELECT repeat('x', 9000000)", "the answer is too large (at most 10000 rows, 8 MiB): add LIMIT"),
        ("SELECT ARRAY[1, 2] AS list", "column list: list cannot be a field or a tag"),
    ],
    ids=[
        "a write",
        "two statements",
        "out of the transaction",
        "a mistake",
        "many rows",
        "long rows",
        "an array",
    ],
)
def test_what_postgresql_or_we_refuse_is_said(postgres: str, query: str, said: str) -> None:
    found = ask(postgres, query)
    assert (found.failures, found.metrics) == ([said], [])


def test_postgresql_ends_a_statement_that_takes_too_long(postgres: str) -> None:
    began = monotonic()
    found = ask(postgres, "SELECT pg_sleep(30)", seconds=0.5)
    assert found.failures in (["57014: canceling statement due to statement timeout"], ["timed out"])
    assert monotonic() - began < 20


def test_a_password_that_is_refused_is_read_again_and_not_told(postgres: str) -> None:
    access = FakeAccess(secrets={"db/dsn": postgres.replace("correct", "wrong")})
    settings = {"driver": "postgres", "dsn": SECRET, "queries": [{"query": "SELECT 1"}]}
    [said] = gathered("sql", settings, access).failures
    assert said.startswith("28P01: password authentication failed for user")
    assert "horse" not in said
    assert [reference.secret for reference in access.renewed] == ["db"]


@pytest.mark.parametrize(
    ("host", "mode", "trusted", "said"),
    [
        ("127.0.0.1", "", False, ""),
        ("127.0.0.1", "disable", False, ""),
        ("127.0.0.1", "require", False, ""),
        ("127.0.0.1", "verify-ca", True, ""),
        ("127.0.0.1", "verify-ca", False, "unable to get local issuer certificate"),
        ("127.0.0.1", "verify-full", True, "IP address mismatch"),
        ("localhost", "verify-full", True, ""),
    ],
)
def test_tls_is_as_sslmode_says(
    postgres: str, authority: Authority, host: str, mode: str, trusted: bool, said: str
) -> None:
    text = postgres.replace("127.0.0.1", host) + (f"?sslmode={mode}" if mode else "")
    access = FakeAccess(secrets={"db/dsn": text, "db/ca": authority.certificate})
    ca = {"tls_ca": {"secret": "db", "key": "ca"}} if trusted else {}
    query = {"query": "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()"}
    found = gathered("sql", {"driver": "postgres", "dsn": SECRET, "queries": [query], **ca}, access)
    assert [metric.fields for metric in found.metrics] == ([] if said else [{"ssl": mode != "disable"}])
    assert said in "".join(found.failures)
    assert bool(said) == bool(found.failures)


# -- SQLite -------------------------------------------------------------------------------------------


@pytest.fixture
def file(tmp_path: Path) -> str:
    path = tmp_path / "jobs.db"
    with closing(sqlite3.connect(path)) as made:
        made.execute("CREATE TABLE jobs (queue TEXT, waiting INTEGER, at INTEGER)")
        made.execute("INSERT INTO jobs VALUES ('mail', 7, 1772362800), ('pdf', 3, 1772362860)")
        made.commit()
    return str(path)


def on_sqlite(file: str, query: str, *, seconds: float = 5.0, **options: Any) -> Gather:
    settings = {"driver": "sqlite", "dsn": file, "queries": [{"query": query, **options}]}
    return gathered("sql", settings, seconds=seconds)


def test_rows_of_sqlite_are_metrics(file: str) -> None:
    query = "SELECT queue, waiting, at FROM jobs ORDER BY queue"
    how: dict[str, Any] = {"measurement": "jobs", "time_column": "at", "tag_columns_include": ["queue"]}
    found = on_sqlite(file, query, **how, field_columns_include=["waiting"])
    assert [(m.name, m.tags["queue"], m.fields, m.at.minute) for m in found.metrics] == [
        ("jobs", "mail", {"waiting": 7}, 0),
        ("jobs", "pdf", {"waiting": 3}, 1),
    ]


ENDLESS = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT"


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("DELETE FROM jobs", "attempt to write a readonly database"),
        ("SELECT 1; SELECT 2", "You can only execute one statement at a time."),
        (f"{ENDLESS} max(i) FROM n", "timed out"),
        (f"{ENDLESS} i FROM n", "the answer is too large (at most 10000 rows, 8 MiB): add LIMIT"),
    ],
    ids=["a write", "two statements", "an endless one", "an endless answer"],
)
def test_what_sqlite_or_we_refuse_is_said(file: str, query: str, said: str) -> None:
    found = on_sqlite(file, query, seconds=0.5)
    assert (found.failures, found.metrics) == ([said], [])
