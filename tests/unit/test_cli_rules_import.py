"""tocsin rules import-alarms: a rule file on stdout, what does not carry over on stderr."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws

from tests.unit.commandline import Stack
from tocsin.index import read_index
from tocsin.views.rules import read_stored

BUSY: dict[str, Any] = {
    "AlarmName": "Busy",
    "Namespace": "AWS/EC2",
    "MetricName": "CPUUtilization",
    "Dimensions": [],
    "Statistic": "Average",
    "Period": 60,
    "EvaluationPeriods": 2,
    "Threshold": 80.0,
    "ComparisonOperator": "GreaterThanThreshold",
    "TreatMissingData": "notBreaching",
}
ALARMS: dict[str, Any] = {
    "MetricAlarms": [
        BUSY | {"AlarmActions": ["arn:aws:sns:eu-west-1:123456789012:ops"]},
        BUSY | {"AlarmName": "Flaky", "EvaluationPeriods": 3, "DatapointsToAlarm": 2, "Unit": "Percent"},
        BUSY | {"AlarmName": "Trimmed", "Statistic": "tm90"},
    ],
    "CompositeAlarms": [{"AlarmName": "Both", "AlarmRule": "ALARM(Busy) AND ALARM(Flaky)"}],
}
RULES = """\
namespace: cloudwatch
groups:
- name: every-1m
  source: cloudwatch
  rules:
  - alert: Busy
    expr: avg_over_time(CPUUtilization{namespace="AWS/EC2"}[1m]) > 80
    for: 1m
"""
FLAKY = """\
  - alert: Flaky
    expr: avg_over_time(CPUUtilization{namespace="AWS/EC2"}[1m]) > 80
    for: 1m
    keep_firing_for: 1m
"""


@pytest.fixture
def stack(tmp_path: Path) -> Stack:
    """Return an empty stack."""
    return Stack(tmp_path)


def test_the_file_is_printed_and_what_does_not_carry_over_told(stack: Stack) -> None:
    result = stack.run("rules", "import-alarms", stack.file("alarms.json", json.dumps(ALARMS)))
    assert (result.exit_code, result.stdout) == (0, RULES + FLAKY)
    busy, flaky, unit, trimmed, both, summary = result.stderr.splitlines()[1:]
    assert busy.split(None, 2) == [
        "Busy",
        "same",
        "actions on ALARM, which need a route: arn:aws:sns:eu-west-1:123456789012:ops",
    ]
    assert flaky.split(None, 2)[:2] == ["Flaky", "differs"]
    assert "any 2 of 3 datapoints" in flaky
    assert unit.strip().startswith("the alarm counts datapoints of the unit Percent only")
    assert "left out" in trimmed
    assert "its statistic is tm90" in trimmed
    assert "a composite alarm" in both
    assert summary == "4 alarms: 1 do the same as rules, 1 differ, 2 are left out; 2 rules written"


def test_what_is_printed_can_be_applied(stack: Stack) -> None:
    rules = stack.ok("rules", "import-alarms", "-", stdin=json.dumps(ALARMS))
    stack.ok("rules", "apply", stdin=rules)
    stored = read_stored(stack.database, read_index(stack.database))
    assert [found.rule.key for found in stored] == ["cloudwatch/every-1m/Busy", "cloudwatch/every-1m/Flaky"]


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        pytest.param(["--exact"], RULES, id="exact"),
        pytest.param(["--prefix", "Bu"], RULES, id="prefix"),
        pytest.param(["--prefix", "None"], "groups: []\n", id="none"),
        pytest.param(
            ["--exact", "--namespace", "aws", "--source", "prod"],
            RULES.replace("namespace: cloudwatch", "namespace: aws").replace(
                "source: cloudwatch", "source: prod"
            ),
            id="names",
        ),
    ],
)
def test_what_is_imported_can_be_chosen(stack: Stack, options: list[str], expected: str) -> None:
    assert stack.ok("rules", "import-alarms", *options, "-", stdin=json.dumps(ALARMS)) == expected


def test_the_rules_can_go_to_a_file_and_the_report_to_a_machine(stack: Stack) -> None:
    path = stack.directory / "rules.yml"
    words = ["rules", "import-alarms", "--output-file", str(path), "-"]
    assert stack.ok(*words, stdin=json.dumps(ALARMS)) == ""
    assert path.read_text() == RULES + FLAKY
    document = json.loads(stack.ok(*words, "-o", "json", stdin=json.dumps(ALARMS)))
    assert document["rules"] == RULES + FLAKY
    assert [(found["alarm"], found["outcome"], found["key"]) for found in document["alarms"]] == [
        ("Busy", "same", "cloudwatch/every-1m/Busy"),
        ("Flaky", "differs", "cloudwatch/every-1m/Flaky"),
        ("Trimmed", "left out", None),
        ("Both", "left out", None),
    ]


@pytest.mark.parametrize("stdin", ["", "[]", '{"MetricAlarms": 5}'])
def test_what_holds_no_alarms_is_refused(stack: Stack, stdin: str) -> None:
    result = stack.run("rules", "import-alarms", "-", stdin=stdin)
    assert result.exit_code == 1
    assert "no alarms: " in result.stderr


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Put alarms into an account in moto."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    with mock_aws():
        client = boto3.client("cloudwatch", region_name="us-east-1")
        for number in range(120):
            client.put_metric_alarm(**BUSY | {"AlarmName": f"Busy{number:03}"})
        yield


def test_the_alarms_of_the_account_are_imported_if_no_file_is_named(account: None, stack: Stack) -> None:
    result = stack.run("rules", "import-alarms", "--prefix", "Busy", "-o", "json")
    document = json.loads(result.stdout)
    assert [found["outcome"] for found in document["alarms"]] == ["same"] * 120
    assert document["rules"].count("- alert: Busy") == 120
