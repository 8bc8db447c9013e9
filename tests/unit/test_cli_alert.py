"""tocsin alert, on a stack in memory."""

import json
import re
from pathlib import Path

import pytest

from tests.unit.commandline import Stack

RULES = """
groups:
  - name: disks
    jitter: never
    rules:
      - alert: DiskFull
        expr: full == 1
        labels: {severity: page}
        annotations: {summary: "{{ $labels.instance }} is full"}
      - alert: DiskSlow
        expr: slow == 1
        for: 5m
"""
ROUTES = """
route:
  receiver: ops
  routes: [{matchers: [severity=page], receiver: oncall, continue: true}, {receiver: archive}]
receivers: [{name: ops}, {name: oncall}, {name: archive}]
"""


@pytest.fixture
def stack(tmp_path: Path) -> Stack:
    """Return a stack where two disks are full, one of them silenced, and one is slow but not for long."""
    stack = Stack(tmp_path)
    stack.ok("config", "apply", "-", stdin=ROUTES)
    stack.ok("rules", "apply", "--namespace", "node", stdin=RULES)
    stack.source.series = {
        "full == 1": [{"instance": "a"}, {"instance": "b"}],
        "slow == 1": [{"instance": "c"}],
    }
    stack.tick(60, steps=2)
    stack.ok("silence", "add", "instance=b", "-c", "moving")
    return stack


A = "DiskFull   2026-01-31T12:01:00Z  a is full  active"
B = "DiskFull   2026-01-31T12:01:00Z  b is full  suppressed"
C = "DiskSlow   2026-01-31T12:01:00Z             pending"


@pytest.mark.parametrize(
    ("words", "lines"),
    [
        pytest.param([], [A], id="active by default"),
        pytest.param(["-a"], [A], id="active"),
        pytest.param(["-s"], [B], id="silenced"),
        pytest.param(["-a", "-s"], [A, B], id="all that fire"),
        pytest.param(["--pending"], [C], id="pending"),
        pytest.param(["-a", "-s", "--pending"], [A, B, C], id="all"),
        pytest.param(["DiskFull"], [A], id="by name"),
        pytest.param(["DiskSlow"], [], id="another name"),
        pytest.param(["-a", "-s", "DiskFull", "instance=~b|c"], [B], id="by labels"),
        pytest.param(["severity!=page", "-a", "--pending"], [C], id="without a label"),
        pytest.param(["-a", "-s", "-r", "on.*"], [A, B], id="of a receiver"),
        pytest.param(["-a", "-s", "-r", "on"], [], id="of no such receiver"),
        pytest.param(["-i"], [], id="inhibited"),
    ],
)
def test_query_lists_what_is_asked_for(stack: Stack, words: list[str], lines: list[str]) -> None:
    listed = stack.ok("alert", "query", *words).splitlines()
    assert listed[0].split() == ["Alertname", "Starts", "At", "Summary", "State"]
    assert [" ".join(line.split()) for line in listed[1:]] == [" ".join(line.split()) for line in lines]


def test_extended_shows_labels_and_all_else_as_amtool_does(stack: Stack) -> None:
    header, row = stack.ok("alert", "query", "-o", "extended").splitlines()
    assert re.split("  +", header) == [
        "Labels",
        "Annotations",
        "Starts At",
        "Ends At",
        "Generator URL",
        "State",
    ]
    labels = 'alertname="DiskFull" instance="a" severity="page"'
    assert re.split("  +", row) == [labels, 'summary="a is full"', "2026-01-31T12:01:00Z", "-", "active"]


def test_an_inhibited_alert_is_neither_active_nor_silenced(stack: Stack) -> None:
    rule = (
        "inhibit_rules: [{source_matchers: [instance=a], target_matchers: [instance=b], equal: [alertname]}]"
    )
    stack.ok("config", "apply", "-", stdin=ROUTES + rule)
    stack.tick(60)
    for silence in stack.ok("silence", "query", "-q").split():
        stack.ok("silence", "expire", silence)
    assert listed(stack, "-s") == []
    assert listed(stack, "-a") == ["a"]
    assert listed(stack, "-i") == ["b"]


def listed(stack: Stack, *words: str) -> list[str]:
    """Return the instances that a query lists."""
    return [
        found["labels"]["instance"] for found in json.loads(stack.ok("alert", "query", "-o", "json", *words))
    ]


def test_an_alert_as_json_says_who_is_told_and_what_silences_it(stack: Stack) -> None:
    [silence] = stack.ok("silence", "query", "-q").split()
    [listed] = json.loads(stack.ok("alert", "query", "-s", "-o", "json"))
    assert listed == {
        "labels": {"alertname": "DiskFull", "instance": "b", "severity": "page"},
        "annotations": {"summary": "b is full"},
        "startsAt": "2026-01-31T12:01:00Z",
        "endsAt": None,
        "status": {"state": "suppressed", "silencedBy": [silence], "inhibitedBy": []},
        "receivers": [{"name": "archive"}, {"name": "oncall"}],
        "fingerprint": listed["fingerprint"],
        "generatorURL": "",
    }
    assert len(listed["fingerprint"]) == 16


def test_what_has_resolved_is_not_listed(stack: Stack) -> None:
    stack.source.series["full == 1"] = [{"instance": "b"}]
    stack.tick(60)
    assert json.loads(stack.ok("alert", "query", "-o", "json")) == []
    assert len(json.loads(stack.ok("alert", "query", "-s", "-o", "json"))) == 1


def test_a_refused_matcher_is_a_usage_error(stack: Stack) -> None:
    result = stack.run("alert", "query", "a=~(")
    assert result.exit_code == 2
    assert "error parsing regexp" in result.stderr
