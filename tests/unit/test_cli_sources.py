"""tocsin sources, on a stack in memory."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from tests.unit.commandline import Stack
from tests.unit.source_access import FakeAccess
from tocsin.cli import connection
from tocsin.http import Response
from tocsin.index import read_index
from tocsin.settings import Prometheus, Settings
from tocsin.sources.book import Sources
from tocsin.sources.built_in import built_in

GOOD = """
# the team's own
sources:
  - name: mimir
    kind: prometheus
    settings:
      url: https://mimir.example/prometheus
      auth: {bearer: {secret: prod/mimir, key: token}}
      write: {url: https://mimir.example/api/v1/push}
  - name: logs
    kind: loki
    on_error: freeze
    settings: {url: "http://loki:3100"}
    write_to: mimir
"""
VECTOR = (
    b'{"status":"success","data":{"resultType":"vector","result":'
    b'[{"metric":{"__name__":"up","job":"node"},"value":[1769860800,"0"]}]}}'
)


@pytest.fixture
def access() -> FakeAccess:
    return FakeAccess([Response(200, {}, VECTOR)], {"prod/mimir/token": "t0ken"})


@pytest.fixture
def stack(tmp_path: Path, access: FakeAccess) -> Stack:
    stack = Stack(tmp_path)
    book = Sources(stack.database, access, built_in(Prometheus("http://p:9090")))
    stack.world = replace(stack.world, backends=book)
    return stack


def test_check_counts_what_is_there(stack: Stack) -> None:
    good = stack.file("sources.yml", GOOD)
    assert stack.ok("sources", "check", good) == f"Checking '{good}'  SUCCESS: 2 sources found\n"


def test_check_names_every_mistake_and_counts_the_files_that_failed(stack: Stack) -> None:
    bad = stack.file("bad.yml", "sources: [{name: a, kind: graphite}]\n")
    result = stack.run("sources", "check", bad, stack.file("sources.yml", GOOD))
    assert result.exit_code == 1
    kinds = "aurora, cloudwatch, cloudwatch_logs, cloudwatch_promql, inputs, loki, prometheus"
    reason = f"no kind of source is named 'graphite' (there are: {kinds})"
    assert result.stderr.splitlines()[:2] == [
        f"Checking '{bad}'  FAILED:",
        f"{bad}:1:21: sources[0].kind: {reason}",
    ]
    assert result.stderr.endswith("Error: failed to validate 1 file(s)\n")


def test_check_as_json_has_the_place_of_every_problem(stack: Stack) -> None:
    result = stack.run("sources", "check", "-o", "json", stdin="sources: [{name: a}]\n")
    [checked] = json.loads(result.stdout)
    assert (result.exit_code, [p["field"] for p in checked["problems"]]) == (1, ["sources[0].kind"])


def test_apply_puts_sources_in_force_and_says_their_version(stack: Stack) -> None:
    good = stack.file("sources.yml", GOOD)
    assert stack.ok("sources", "apply", good) == "Stored: version 1 is in force.\n"
    assert stack.ok("sources", "apply", good) == "Unchanged: version 1 is in force.\n"
    again = stack.ok("sources", "apply", "-", "-o", "json", stdin=GOOD + "# v2\n")
    assert json.loads(again) == {"version": 2, "changed": True}
    assert read_index(stack.database).sources == 2


def test_a_refused_file_leaves_what_is_in_force(stack: Stack) -> None:
    stack.ok("sources", "apply", "-", stdin=GOOD)
    assert stack.run("sources", "apply", stack.file("bad.yml", "sources: [{}]\n")).exit_code == 1
    assert read_index(stack.database).sources == 1


def test_who_is_overtaken_by_another_apply_is_told(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stack.database, "transact", lambda writes: False)
    result = stack.run("sources", "apply", "-", stdin=GOOD)
    assert (result.exit_code, "somebody else has just stored sources" in result.stderr) == (1, True)


def test_list_has_those_that_the_stack_defines_too(stack: Stack) -> None:
    stack.ok("sources", "apply", "-", stdin=GOOD)
    rows = [line.split() for line in stack.ok("sources", "list").splitlines()]
    assert rows == [
        ["NAME", "KIND", "LANGUAGE", "ON", "ERROR", "WRITES", "TO"],
        ["cloudwatch", "cloudwatch", "cloudwatch", "hold", "-"],
        ["inputs", "inputs", "promql", "hold", "-"],
        ["logs", "loki", "logql", "freeze", "mimir"],
        ["mimir", "prometheus", "promql", "hold", "https://mimir.example/api/v1/push"],
        ["prometheus", "prometheus", "promql", "hold", "-"],
    ]
    found = json.loads(stack.ok("sources", "list", "-o", "json"))
    assert {one["name"]: one["hold_for_seconds"] for one in found}["logs"] == 3600.0


def test_get_prints_what_was_written(stack: Stack) -> None:
    stack.ok("sources", "apply", "-", stdin=GOOD)
    stack.ok("sources", "apply", "-", stdin="sources: []\n")
    assert stack.ok("sources", "get", "--version", "1") == GOOD
    assert stack.ok("sources", "get") == "sources: []\n"


def test_get_of_one_is_a_file_that_would_store_it(stack: Stack) -> None:
    stack.ok("sources", "apply", "-", stdin=GOOD)
    logs = stack.ok("sources", "get", "logs")
    assert logs.startswith("sources:\n- name: logs\n  kind: loki\n")
    assert (
        json.loads(stack.ok("sources", "get", "prometheus", "-o", "json"))["settings"]["url"]
        == "http://p:9090"
    )


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([], "no sources are stored"),
        (["--version", "7"], "no version 7 is stored"),
        (["nobody"], "no source is named nobody (there are: cloudwatch, inputs, prometheus)"),
    ],
)
def test_get_says_what_is_not_there(stack: Stack, words: list[str], message: str) -> None:
    result = stack.run("sources", "get", *words)
    assert (result.exit_code, result.stderr) == (1, f"Error: {message}\n")


def test_test_asks_a_source_once_and_prints_its_answer(stack: Stack, access: FakeAccess) -> None:
    stack.ok("sources", "apply", "-", stdin=GOOD)
    printed = stack.ok("sources", "test", "mimir", "up == 0")
    assert [line.split() for line in printed.splitlines()] == [["SERIES", "VALUE"], ['up{job="node"}', "0"]]
    [request] = access.requests
    assert request.headers["Authorization"] == "Bearer t0ken"
    assert b"query=up+%3D%3D+0" in request.body
    assert json.loads(stack.ok("sources", "test", "mimir", "-o", "json")) == [
        {"labels": {"__name__": "up", "job": "node"}, "value": "0.0"}
    ]
    assert b"query=vector%281%29" in access.requests[-1].body


def test_test_says_why_a_source_does_not_answer(stack: Stack, access: FakeAccess) -> None:
    access.replies = [Response(403, {}, b"s3cret")]
    result = stack.run("sources", "test", "prometheus")
    assert (result.exit_code, result.stderr) == (1, "Error: auth: HTTP 403\n")
    result = stack.run("sources", "test", "prometheus", "-o", "json")
    assert json.loads(result.stdout) == {"reason": "auth", "detail": "HTTP 403"}


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["nobody"], "no source is named nobody"),
        (["cloudwatch"], "give an expression: there is none that every source of kind cloudwatch has"),
        (["prometheus", "up ="], "could not parse expression"),
    ],
)
def test_test_says_what_it_cannot_ask(stack: Stack, words: list[str], message: str) -> None:
    result = stack.run("sources", "test", *words)
    assert result.exit_code == 1
    assert message in result.stderr


PARAMETERS = {
    "PrometheusUrl": "https://aps.example",
    "PrometheusAuth": "sigv4",
    "PrometheusSecretArn": "",
    "PrometheusRegion": "",
    "PrometheusWriteUrl": "https://aps.example/api/v1/remote_write",
}


def test_the_prometheus_of_a_stack_is_that_of_its_parameters() -> None:
    found = connection.with_prometheus(Settings(), PARAMETERS, "eu-west-1").prometheus
    assert found == Prometheus(
        "https://aps.example", "sigv4", "", "eu-west-1", "https://aps.example/api/v1/remote_write"
    )
    assert connection.with_prometheus(Settings(), {"Shards": "1"}, "eu-west-1") == Settings()
