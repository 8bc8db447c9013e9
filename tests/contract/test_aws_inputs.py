"""Inputs that ask AWS: what is put there is what is gathered, on moto and on ministack."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from time import monotonic
from typing import Any
from uuid import uuid4

import pytest
from moto.rdsdata.models import QueryResults, rdsdata_backends

from tests.contract.test_aws_receivers import zipped
from tests.engines import MINISTACK, endpoint_of, session
from tests.unit.database_servers import server
from tests.unit.input_running import gathered
from tests.unit.source_access import StillClock
from tocsin.access.aws import AwsAccess
from tocsin.collection.gather import Gather

Make = Callable[[str], Any]


@pytest.fixture(params=["moto", MINISTACK])
def endpoint(request: pytest.FixtureRequest) -> str | None:
    return endpoint_of(request.param, request)


@pytest.fixture
def client(endpoint: str | None) -> Make:
    """Return how a client of a service is made."""
    made: Any = session().client
    return lambda service: made(service, endpoint_url=endpoint)


@pytest.fixture
def name() -> str:
    """Return a name that nothing else has."""
    return f"watched-{uuid4().hex[:8]}"


def run(kind: str, settings: dict[str, Any], endpoint: str | None, **how: Any) -> Gather:
    access = AwsAccess(session, StillClock(), {"endpoint_url": endpoint} if endpoint else {})
    return gathered(kind, settings, access, **{"seconds": 30.0, **how})


@pytest.mark.parametrize("way", ["queue_urls", "queue_names", "queue_name_prefix"])
def test_messages_in_a_queue_are_counted(client: Make, endpoint: str | None, name: str, way: str) -> None:
    sqs = client("sqs")
    url = sqs.create_queue(QueueName=name)["QueueUrl"]
    for delay in (0, 0, 0, 60):
        sqs.send_message(QueueUrl=url, MessageBody="x", DelaySeconds=delay)
    sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=1)
    settings = {"queue_urls": [url], "queue_names": [name], "queue_name_prefix": name[:-1]}
    found = run("sqs", {way: settings[way]}, endpoint)
    assert found.failures == []
    [metric] = found.metrics
    assert metric.fields == {"messages_visible": 2, "messages_not_visible": 1, "messages_delayed": 1}
    assert metric.tags == {"queue": name, "region": "us-east-1"}


def test_a_queue_that_is_not_there_is_said(endpoint: str | None, name: str) -> None:
    [said] = run("sqs", {"queue_names": [name]}, endpoint).failures
    assert said.startswith(f"{name}: sqs: AWS.SimpleQueueService.NonExistentQueue")


def test_items_of_a_table_are_counted(client: Make, endpoint: str | None, name: str) -> None:
    dynamodb = client("dynamodb")
    dynamodb.create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
    )
    for key in "abc":
        dynamodb.put_item(TableName=name, Item={"pk": {"S": key}})
    found = run("dynamodb", {"tables": [name]}, endpoint)
    assert found.failures == []
    [metric] = found.metrics
    assert (metric.fields["item_count"], metric.tags["table"]) == (3, name)


@pytest.mark.parametrize(
    "chosen", [None, [{"names": ["Depth"], "dimensions": [{"name": "QueueName", "value": "m*"}]}]]
)
def test_metrics_of_cloudwatch_are_samples(
    client: Make, endpoint: str | None, name: str, chosen: list[dict[str, Any]] | None
) -> None:
    now = datetime.now(UTC).replace(second=0, microsecond=0)
    at = now - timedelta(minutes=2)
    for value in (3.0, 5.0):
        datum = {
            "MetricName": "Depth",
            "Dimensions": [{"Name": "QueueName", "Value": "mail"}],
            "Value": value,
        }
        client("cloudwatch").put_metric_data(Namespace=name, MetricData=[{**datum, "Timestamp": at}])
    settings = {"namespaces": [name], "period": "1m", "delay": "1m", "statistic_include": ["sum", "maximum"]}
    found = run("cloudwatch", settings | ({"metrics": chosen} if chosen else {}), endpoint, now=now)
    assert found.failures == []
    [metric] = found.metrics
    assert (metric.name, metric.at) == (f"cloudwatch_{name}", at)
    assert metric.fields == {"depth_maximum": 5.0, "depth_sum": 8.0}
    assert metric.tags == {"queue_name": "mail", "region": "us-east-1"}


FUNCTION = """
def handler(event, context):
    assert event["wanted"], "nothing is wanted"
    return {"metrics": [{"name": "queue", "fields": {"depth": 7}, "tags": {"of": event["wanted"]}}]}
"""


@pytest.mark.ministack  # moto runs functions in Docker
def test_what_a_function_answers_is_gathered(ministack: str, name: str) -> None:
    session().client("lambda", endpoint_url=ministack).create_function(
        FunctionName=name,
        Runtime="python3.11",
        Handler="index.handler",
        Role="arn:aws:iam::000000000000:role/check",
        Code={"ZipFile": zipped(FUNCTION)},
    )
    settings = {"function_name": name, "timeout": "20s"}
    found = run("lambda", {**settings, "payload": {"wanted": "mail"}}, ministack)
    assert found.failures == []
    assert [(m.name, m.tags.get("of"), m.fields.get("depth")) for m in found.metrics] == [
        ("lambda_invoke", None, None),
        ("queue", "mail", 7),
    ]
    failed = run("lambda", {**settings, "payload": {"wanted": ""}}, ministack)
    [said] = failed.failures
    assert said.startswith(f"{name}: the function failed: ")
    assert said.endswith("Error: nothing is wanted")  # whose error it is, ministack says in its own way
    assert [metric.fields["result_code"] for metric in failed.metrics] == [1]


def test_rows_of_the_data_api_are_samples(moto: None) -> None:
    columns: list[Any] = [
        {"name": "queue", "label": "queue", "typeName": "varchar"},
        {"name": "count", "label": "waiting", "typeName": "int8"},
        {"name": "at", "label": "at", "typeName": "timestamptz"},
    ]
    records: list[Any] = [
        [{"stringValue": "mail"}, {"longValue": 11}, {"stringValue": "2026-03-01 11:00:00"}],
        [{"stringValue": "pdf"}, {"isNull": True}, {"stringValue": "2026-03-01 11:00:00"}],
    ]
    backend = rdsdata_backends["123456789012"]["eu-west-1"]
    backend.results_queue.append(QueryResults(records=records, column_metadata=columns))
    cluster = "arn:aws:rds:eu-west-1:123456789012:cluster:shop"
    secret = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:reader"
    query = {"query": "SELECT queue, count(*) AS waiting, at FROM jobs", "time_column": "at"}
    columns_of = {"tag_columns_include": ["queue"], "field_columns_include": ["waiting"]}
    settings = {
        "driver": "aurora",
        "resource_arn": cluster,
        "secret_arn": secret,
        "queries": [query | columns_of],
    }
    found = run("sql", settings, None)
    assert found.failures == []
    [metric] = found.metrics
    assert (metric.fields, metric.tags) == ({"waiting": 11}, {"queue": "mail"})
    assert metric.at == datetime(2026, 3, 1, 11, tzinfo=UTC)


@pytest.mark.parametrize(
    ("kind", "settings", "said"),
    [
        ("sqs", {"queue_names": ["mail"]}, "mail: sqs: ReadTimeoutError"),
        ("dynamodb", {"tables": ["jobs"]}, "jobs: dynamodb: ReadTimeoutError"),
        ("cloudwatch", {"namespaces": ["AWS/ELB"]}, "cloudwatch: ReadTimeoutError"),
        ("lambda", {"function_name": "check"}, "check: lambda: ReadTimeoutError"),
    ],
)
def test_what_hangs_ends_at_its_timeout(kind: str, settings: dict[str, Any], said: str) -> None:
    with server() as (port, _):
        began = monotonic()
        found = run(kind, {**settings, "timeout": "1s"}, f"http://127.0.0.1:{port}")
        assert monotonic() - began < 20
    assert found.failures == [said]
    assert [metric.fields["result_code"] for metric in found.metrics] == ([3] if kind == "lambda" else [])
