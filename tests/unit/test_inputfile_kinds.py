"""Every kind there is: what an inputs.yml says of it comes back as it is written, and is stored as JSON."""

import json
from textwrap import dedent

import pytest

from tocsin.collection import inputcodec
from tocsin.inputs import registry
from tocsin.inputsfile.inputfile import parse_inputs
from tocsin.inputsfile.writing import format_inputs
from tocsin.outputs import registry as output_registry
from tocsin.shipping import outputcodec

INPUTS = {
    "cloudwatch": """
        region: eu-west-1
        period: 5m
        namespaces: [AWS/ELB]
        metrics: [{names: [Latency], dimensions: [{name: LoadBalancerName, value: p}]}]
        """,
    "dns_query": """
        servers: [9.9.9.9]
        domains: [example.org]
        record_type: MX
        port: 5353
        timeout: 1s500ms
        """,
    "dynamodb": """
        tables: [orders]
        throttles: false
        """,
    "exec": """
        commands: [echo 1]
        data_format: value
        data_type: integer
        """,
    "http": """
        urls: [https://shop.example/metrics]
        data_format: prometheus
        prometheus_metric_version: 1
        success_status_codes: [200, 204]
        headers:
          X-Key: {secret: prod/shop, key: api}
        """,
    "http_response": """
        urls: [https://shop.example]
        response_timeout: 2s
        response_status_code: 204
        follow_redirects: true
        password: {parameter: /prod/shop}
        username: ada
        """,
    "lambda": """
        function_name: queue-depths
        payload: {queue: mail}
        """,
    "net_response": """
        protocol: tcp
        address: db.example:5432
        read_timeout: 3s
        """,
    "ping": """
        urls: [example.org]
        count: 3
        deadline: 4s
        """,
    "prometheus": """
        urls: ['http://shop.example:9100/metrics']
        metric_version: 2
        """,
    "sql": """
        driver: postgres
        dsn: {secret: prod/db, key: dsn}
        queries: [{query: SELECT 1 AS one, measurement: ones}]
        """,
    "sqs": """
        queue_names: [mail]
        """,
    "x509_cert": """
        sources: ['tcp://shop.example:443']
        timeout: 3s
        """,
}
OUTPUTS = {
    "cloudwatch": """
        namespace: Checks
        region: eu-west-1
        """,
    "influxdb": """
        urls: ['http://influx.example:8086']
        database: checks
        skip_database_creation: true
        """,
    "influxdb_v2": """
        urls: ['http://influx.example:8086']
        token: {secret: prod/influx}
        organization: shop
        bucket: checks
        """,
    "remote_write": """
        url: https://mimir.example/api/v1/push
        auth: {bearer: {secret: prod/mimir}}
        """,
    "timestream_influxdb": """
        endpoint: x.timestream-influxdb.eu-west-1.on.aws
        token: {secret: prod/influx}
        organization: shop
        bucket: checks
        """,
}


def indented(settings: str) -> str:
    return "".join(f"      {line}\n" for line in dedent(settings).strip().splitlines())


def test_the_table_has_every_kind() -> None:
    assert INPUTS.keys() == registry.BUILT_IN.keys()
    assert OUTPUTS.keys() == output_registry.BUILT_IN.keys()


@pytest.mark.parametrize("kind", INPUTS)
def test_an_input_of_every_kind_is_written_as_it_was_read(kind: str) -> None:
    [found] = parse_inputs(
        f"inputs:\n  - id: a\n    kind: {kind}\n    settings:\n{indented(INPUTS[kind])}", "f"
    ).inputs
    assert parse_inputs(format_inputs([found]), "f").inputs == (found,)
    assert inputcodec.from_document(json.loads(json.dumps(inputcodec.to_document(found)))) == found


@pytest.mark.parametrize("kind", OUTPUTS)
def test_an_output_of_every_kind_is_written_as_it_was_read(kind: str) -> None:
    found = parse_inputs(f"outputs:\n  - kind: {kind}\n    settings:\n{indented(OUTPUTS[kind])}", "f").outputs
    assert found is not None
    assert parse_inputs(format_inputs((), found), "f").outputs == found
    assert [
        outputcodec.from_document(json.loads(json.dumps(outputcodec.to_document(one)))) for one in found
    ] == [*found]
