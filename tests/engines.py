"""The database engines that tests run on: memory, moto, ministack, and DynamoDB Local if asked for.

TOCSIN_MINISTACK names a ministack executable that is neither on the path nor in .venv-ministack;
TOCSIN_DYNAMODB_ENDPOINT names a running DynamoDB Local. Clients live as long as the session, because one
costs a tenth of a second; tables live as long as a test.
"""

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from http.client import HTTPConnection
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import boto3
import pytest

from tocsin.ports import Database
from tocsin.stores.dynamodb import DynamoDatabase, client_config
from tocsin.stores.memory import MemoryDatabase
from tocsin.stores.tables import DISPATCH, DUE_ATTRIBUTES, DUE_INDEX, KEY_ATTRIBUTES, TABLES

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_sqs import SQSClient

START_SECONDS = 120
REPOSITORY = Path(__file__).parents[1]
DYNAMODB_LOCAL = os.environ.get("TOCSIN_DYNAMODB_ENDPOINT", "")

MINISTACK = pytest.param("ministack", marks=pytest.mark.ministack)
ENGINES = ["memory", "moto", MINISTACK, *(["dynamodb-local"] if DYNAMODB_LOCAL else [])]


# -- clients and tables ---------------------------------------------------------------------------


def session() -> boto3.Session:
    """Return a session that can reach no real account."""
    return boto3.Session(aws_access_key_id="test", aws_secret_access_key="test", region_name="us-east-1")


@cache
def dynamodb_client(endpoint: str | None) -> "DynamoDBClient":
    """Return the session's client of an endpoint; None stands for moto."""
    return session().client("dynamodb", endpoint_url=endpoint, config=client_config(patient=True))


@cache
def sqs_client(endpoint: str | None) -> "SQSClient":
    """Return the session's client of an endpoint; None stands for moto."""
    return session().client("sqs", endpoint_url=endpoint, config=client_config(patient=True))


def create_tables(client: "DynamoDBClient", prefix: str) -> dict[str, str]:
    """Create the tables and return their physical names by the logical ones; nothing in them expires."""
    tables = {logical: prefix + logical for logical in TABLES}
    for logical, physical in tables.items():
        client.create_table(TableName=physical, BillingMode="PAY_PER_REQUEST", **_schema(logical))
    return tables


def delete_tables(client: "DynamoDBClient", tables: Mapping[str, str]) -> None:
    """Delete what `create_tables` has created."""
    for physical in tables.values():
        client.delete_table(TableName=physical)


def _schema(logical: str) -> dict[str, Any]:
    if logical != DISPATCH:
        return {
            "KeySchema": _keys(*KEY_ATTRIBUTES),
            "AttributeDefinitions": _attributes("S", *KEY_ATTRIBUTES),
        }
    index = {
        "IndexName": DUE_INDEX,
        "KeySchema": _keys(*DUE_ATTRIBUTES),
        "Projection": {"ProjectionType": "KEYS_ONLY"},
    }
    return {
        "KeySchema": _keys(*KEY_ATTRIBUTES),
        "AttributeDefinitions": _attributes("S", *KEY_ATTRIBUTES) + _attributes("N", *DUE_ATTRIBUTES),
        "GlobalSecondaryIndexes": [index],
    }


def _keys(partition: str, sort: str) -> list[dict[str, str]]:
    return [
        {"AttributeName": partition, "KeyType": "HASH"},
        {"AttributeName": sort, "KeyType": "RANGE"},
    ]


def _attributes(kind: str, *names: str) -> list[dict[str, str]]:
    return [{"AttributeName": name, "AttributeType": kind} for name in names]


@contextmanager
def tables_on(client: "DynamoDBClient") -> Iterator[dict[str, str]]:
    """Create tables of their own for one test."""
    tables = create_tables(client, f"tocsin-{uuid4().hex[:8]}-")
    try:
        yield tables
    finally:
        delete_tables(client, tables)


# -- ministack ------------------------------------------------------------------------------------


def ministack_executable() -> str | None:
    """Return the path of a ministack, None if there is none."""
    local = REPOSITORY / ".venv-ministack" / "bin" / "ministack"
    return (
        os.environ.get("TOCSIN_MINISTACK")
        or shutil.which("ministack")
        or (str(local) if local.exists() else None)
    )


@contextmanager
def _running_ministack() -> Iterator[str]:
    executable = ministack_executable()
    if executable is None:
        pytest.skip("no ministack: set TOCSIN_MINISTACK to its executable")
    port = _free_port()
    settings = {"BIND_HOST": "127.0.0.1", "GATEWAY_PORT": str(port), "IOT_MTLS_ENABLED": "0"}
    with subprocess.Popen(
        [executable], env={**os.environ, **settings}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as server:
        try:
            _await(port, server)
            yield f"http://127.0.0.1:{port}"
        finally:
            server.terminate()


@pytest.fixture(scope="session")
def ministack() -> Iterator[str]:
    """Start the session's one ministack and yield its endpoint."""
    with _running_ministack() as endpoint:
        yield endpoint


@pytest.fixture
def empty_ministack() -> Iterator[str]:
    """Start a ministack for one test: a whole stack's tables have the names that those of others have."""
    with _running_ministack() as endpoint:
        yield endpoint


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def _await(port: int, server: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not _answers(port):
        assert server.poll() is None, f"ministack ended with {server.returncode}"
        assert time.monotonic() < deadline, f"ministack does not answer after {START_SECONDS} s"
        time.sleep(0.05)


def _answers(port: int) -> bool:
    connection = HTTPConnection("127.0.0.1", port, timeout=1)
    try:
        connection.request("GET", "/_ministack/health")
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()


# -- fixtures -------------------------------------------------------------------------------------


@pytest.fixture
def moto() -> Iterator[None]:
    """Let moto stand in for AWS."""
    from moto import mock_aws  # slow to import, and most tests do without

    with mock_aws():
        yield


def endpoint_of(engine: str, request: pytest.FixtureRequest) -> str | None:
    """Start an engine and return its endpoint; None stands for moto."""
    if engine == "dynamodb-local":
        return DYNAMODB_LOCAL
    endpoint: str | None = request.getfixturevalue(engine)
    return endpoint


def pytest_configure(config: pytest.Config) -> None:
    """Register the marks that only these fixtures read."""
    config.addinivalue_line(
        "markers", "gap(engine, does): this engine differs here from DynamoDB; it does so"
    )


@pytest.fixture(params=ENGINES)
def engine(request: pytest.FixtureRequest) -> str:
    """Return the name of the engine that `database` runs on; a test that asks runs once on each.

    Where a `gap` mark says that the engine differs from DynamoDB, the test must fail.
    """
    name: str = request.param
    for mark in request.node.iter_markers("gap"):
        if mark.kwargs["engine"] == name:
            request.applymarker(pytest.mark.xfail(reason=f"{name} {mark.kwargs['does']}", strict=True))
    return name


@pytest.fixture
def database(engine: str, request: pytest.FixtureRequest) -> Iterator[Database]:
    """Return an empty database on the engine."""
    if engine == "memory":
        yield MemoryDatabase()
        return
    client = dynamodb_client(endpoint_of(engine, request))
    with tables_on(client) as tables:
        yield DynamoDatabase(client, tables)
