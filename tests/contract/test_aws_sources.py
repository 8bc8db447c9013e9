"""The sources on AWS against botocore's model of AWS, and against moto as far as that goes.

moto computes neither metric math nor Metrics Insights nor `stats`; what it cannot, the Stubber checks: each
call is one that AWS's own description allows, and so is each answer.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber
from moto import mock_aws
from moto.rdsdata.models import QueryResults, rdsdata_backends

from tests.engines import session
from tocsin.access.secrets import Reference
from tocsin.expressions import sql
from tocsin.http import Transport
from tocsin.local.clocks import VirtualClock
from tocsin.ports import Answer, Clock, Parallel, Query, Sample, Samples, one_by_one
from tocsin.sources.aurora import AuroraSource
from tocsin.sources.definition import Definition
from tocsin.sources.registry import kind
from tocsin.tls import Tls

T0 = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
AURORA = {
    "resource_arn": "arn:aws:rds:eu-west-1:1:cluster:shop",
    "secret_arn": "arn:aws:secretsmanager:eu-west-1:1:secret:r",
    "database": "shop",
}


class Stubbed:
    """An `Access` whose clients answer from a list, and which writes down what clients it was asked for."""

    def __init__(self, answers: list[dict[str, Any]]) -> None:
        self.answers = answers
        self.made: list[tuple[str, tuple[int, float], dict[str, str]]] = []
        self.calls: list[tuple[str, dict[str, Any]]] = []

    @property
    def clock(self) -> Clock:
        return VirtualClock(T0)

    def secret(self, reference: Reference) -> str:
        raise AssertionError(f"{reference} was read")

    def renew(self, reference: Reference) -> None:
        raise AssertionError(f"{reference} was read")

    def session(self, role_arn: str = "", external_id: str = "", region: str = "") -> boto3.Session:
        return session()

    def client(self, service: str, config: Any = None, **role: str) -> Any:
        limits = (config.retries["total_max_attempts"], config.read_timeout)
        self.made.append((service, limits, role))
        own: Any = session()
        made = own.client(service, config=config)
        stubber = Stubber(made)
        for answer in self.answers:
            for method, response in answer.items():
                stubber.add_response(method, response)
        stubber.activate()
        made.meta.events.register("before-parameter-build", self._see)
        return made

    def signed_in(self, access_key: str, secret_key: str) -> "Stubbed":
        raise AssertionError("no keys are given here")

    def _see(self, params: dict[str, Any], model: Any, **_: Any) -> None:
        self.calls.append((model.name, params))

    def transport(
        self,
        connections: int,
        tls: Tls | None = None,
        proxy_url: str = "",
        proxy_headers: Mapping[str, str] | None = None,
    ) -> Transport:
        raise AssertionError("no HTTP of our own is spoken here")

    def parallel(self, limit: int) -> Parallel:
        return one_by_one


def ask(name: str, access: Stubbed, expr: str, settings: dict[str, Any] | None = None) -> Answer:
    source = kind(name).open(Definition(name, name, settings or {}), access)
    [answer] = source.ask([Query(expr, (T0,), 60.0, kind(name).compile(expr))], 5)
    return answer


def metric_data(*results: tuple[str, str, float]) -> dict[str, Any]:
    return {
        "get_metric_data": {
            "MetricDataResults": [
                {
                    "Id": id_,
                    "Label": label,
                    "Timestamps": [T0 - MINUTE],
                    "Values": [value],
                    "StatusCode": "Complete",
                }
                for id_, label, value in results
            ]
        }
    }


A = 'sum_over_time(Errors{namespace="AWS/Lambda", FunctionName="f", account_id="123456789012"}[1m])'
B = 'sum_over_time(Invocations{namespace="AWS/Lambda", FunctionName="f", account_id="123456789012"}[1m])'


@pytest.mark.parametrize(
    ("expr", "result", "samples"),
    [
        (
            f"{A} / {B} * 100 > 5",
            ("e0", "e0", 7.0),
            (Sample({"FunctionName": "f", "account_id": "123456789012"}, 7.0),),
        ),
        (
            'SELECT AVG(CPUUtilization) FROM "AWS/EC2" GROUP BY InstanceId [1m] > 5',
            ("e0", "i-1", 7.0),
            (Sample({"InstanceId": "i-1"}, 7.0),),
        ),
    ],
    ids=["math of another account's metrics", "insights"],
)
def test_cloudwatch_is_called_as_its_description_allows(
    expr: str, result: tuple[str, str, float], samples: tuple[Sample, ...]
) -> None:
    access = Stubbed([metric_data(result)])
    assert ask("cloudwatch", access, expr) == Samples((samples,))
    assert [name for name, _ in access.calls] == ["GetMetricData"]


def test_logs_insights_is_called_as_its_description_allows() -> None:
    found = [[{"field": "host", "value": "web"}, {"field": "n", "value": "7"}]]
    access = Stubbed(
        [
            {"start_query": {"queryId": "q"}},
            {"get_query_results": {"status": "Running"}},
            {"get_query_results": {"status": "Complete", "results": found}},
        ]
    )
    answer = ask("cloudwatch_logs", access, "stats count(*) as n by host [5m] > 5", {"log_groups": ["/a"]})
    assert answer == Samples(((Sample({"host": "web"}, 7.0),),))
    assert [name for name, _ in access.calls] == ["StartQuery", "GetQueryResults", "GetQueryResults"]


def test_the_data_api_is_called_as_its_description_allows() -> None:
    columns, rows = [{"label": "n"}, {"label": "host"}], [[{"longValue": 7}, {"stringValue": "web"}]]
    access = Stubbed([{"execute_statement": {"columnMetadata": columns, "records": rows}}])
    expr = "SELECT n, host FROM t WHERE at > :from AND at <= :at [5m] > 5"
    assert ask("aurora", access, expr, AURORA) == Samples(((Sample({"host": "web"}, 7.0),),))
    [(_, call)] = access.calls
    assert (call["resourceArn"], call["secretArn"], call["database"]) == tuple(AURORA.values())


@pytest.mark.parametrize(
    ("name", "service", "settings", "limits"),
    [
        ("cloudwatch", "cloudwatch", {}, (2, 5.0)),
        ("cloudwatch_logs", "logs", {"log_groups": ["a"]}, (1, 30.0)),
        ("aurora", "rds-data", AURORA, (1, 10.0)),
    ],
)
def test_a_source_asks_as_the_role_in_its_settings_and_gives_up_as_its_definition_says(
    name: str, service: str, settings: dict[str, Any], limits: tuple[int, float]
) -> None:
    role = {"role_arn": "arn:aws:iam::123456789012:role/r", "external_id": "x", "region": "eu-west-1"}
    access = Stubbed([])
    kind(name).open(Definition(name, name, {**settings, **role}), access)
    kind(name).open(Definition(name, name, settings, timeout=timedelta(seconds=3), retries=4), access)
    assert access.made == [
        (service, limits, role),
        (service, (5, 3.0), {"role_arn": "", "external_id": "", "region": ""}),
    ]


def test_rows_that_moto_has_queued_are_samples() -> None:
    columns = [{"name": "queue", "label": "queue"}, {"name": "count", "label": "value"}]
    records: list[Any] = [
        [{"stringValue": "mail"}, {"longValue": 11}],
        [{"stringValue": "pdf"}, {"longValue": 3}],
    ]
    with mock_aws():
        backend = rdsdata_backends["123456789012"]["us-east-1"]
        backend.results_queue.append(QueryResults(records=records, column_metadata=columns))
        client = session().client("rds-data")
        plan = sql.compile(
            "SELECT queue, count(*) AS value FROM jobs WHERE at > :from AND at <= :at [5m] > 10"
        )
        source = AuroraSource(
            client, VirtualClock(T0), {"resourceArn": "arn:cluster", "secretArn": "arn:of:secret"}
        )
        [answer] = source.ask([Query("", (T0,), 60.0, plan)], 5)
    assert answer == Samples(((Sample({"queue": "mail"}, 11.0),),))
