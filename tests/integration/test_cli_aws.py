"""The command line on AWS as moto plays it: a stack found by name or by variables, and what AWS refuses."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from uuid import uuid4

import boto3
import pytest
from click.testing import CliRunner, Result
from moto import mock_aws

from tests.engines import create_tables
from tocsin.cli.main import main
from tocsin.local.stack import blueprint, find_template
from tocsin.stores.tables import TABLES

Environment = Mapping[str, str | None]

ENVIRONMENT: Environment = {
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_EC2_METADATA_DISABLED": "true",
    "AWS_CONFIG_FILE": "/dev/null",
    "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
    **dict.fromkeys(("AWS_REGION", "AWS_PROFILE", "AWS_ENDPOINT_URL", "TOCSIN_STACK")),
    **{f"TOCSIN_{table.upper()}_TABLE": None for table in TABLES},
}
RULES = "groups: [{name: disks, rules: [{alert: DiskFull, expr: full == 1}]}]\n"
ROUTES = "route: {receiver: ops}\nreceivers: [{name: ops, webhook_configs: [{url: http://hooks/t0ken}]}]\n"


def run(*words: str, stdin: str = "", environment: Environment | None = None) -> Result:
    """Run `tocsin words…`; nothing but a clean exit is allowed."""
    result = CliRunner().invoke(main, words, input=stdin, env={**ENVIRONMENT, **(environment or {})})
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


def ok(*words: str, stdin: str = "", environment: Environment | None = None) -> str:
    """Run a command that succeeds and return what it prints."""
    result = run(*words, stdin=stdin, environment=environment)
    assert result.exit_code == 0, result.output
    return result.stdout


@pytest.fixture
def tables(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, str]]:
    """Create the tables of a stack in moto and yield their names."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    with mock_aws():
        client = boto3.client("dynamodb", region_name="us-east-1")
        yield create_tables(client, f"tocsin-{uuid4().hex[:8]}-")


@pytest.fixture
def stack(tables: dict[str, str]) -> str:
    """Create a stack with the outputs of Tocsin's and return its name."""
    queue = boto3.client("sqs", region_name="us-east-1").create_queue(QueueName="flushes")["QueueUrl"]
    outputs = {f"{table.capitalize()}Table": {"Value": name} for table, name in tables.items()}
    return make_stack("prod", {**outputs, "FlushesQueueUrl": {"Value": queue}})


def make_stack(name: str, outputs: dict[str, dict[str, str]]) -> str:
    """Create a stack that has these outputs."""
    template = {"Resources": {"Topic": {"Type": "AWS::SNS::Topic"}}, "Outputs": outputs}
    client = boto3.client("cloudformation", region_name="us-east-1")
    client.create_stack(StackName=name, TemplateBody=json.dumps(template))
    return name


def test_the_way_of_a_user_through_a_stack_found_by_its_name(stack: str, tmp_path: Path) -> None:
    rules = tmp_path / "node.yml"
    rules.write_text(RULES)
    named: Environment = {"TOCSIN_STACK": stack}
    assert "1 Rules Created" in ok("rules", "apply", str(rules), environment=named)
    assert ok("rules", "diff", str(rules), "--exit-code", environment=named).startswith("no changes detected")
    assert ok("config", "apply", "-", stdin=ROUTES, environment=named) == "Stored: version 1 is in force.\n"
    shown = ok("config", "show", environment=named)
    assert "https://<secret>" in shown
    assert "hooks" not in shown
    silence = ok("silence", "add", "DiskFull", "-c", "moving", environment=named).strip()
    assert ok("silence", "query", "-q", environment=named).split() == [silence]
    assert ok("silence", "expire", silence, environment=named) == ""
    assert ok("silence", "query", "-q", environment=named) == ""
    assert json.loads(ok("alert", "query", "-a", "--pending", "-o", "json", environment=named)) == []
    assert ok("rules", "pause", "node/disks/DiskFull", environment=named) == "node/disks/DiskFull paused\n"
    status = json.loads(ok("status", "-o", "json", environment=named))
    assert (status["configuration"], status["rules"], status["paused"]) == (1, 1, 1)
    assert ok("rules", "delete", "node/disks/DiskFull", environment=named) == "node/disks/DiskFull deleted\n"
    assert json.loads(ok("--stack", stack, "rules", "list", "-o", "json")) == []


def test_the_tables_can_be_named_by_variables(tables: dict[str, str]) -> None:
    named: Environment = {f"TOCSIN_{table.upper()}_TABLE": name for table, name in tables.items()}
    ok("rules", "apply", "--namespace", "node", stdin=RULES, environment=named)
    assert "DiskFull" in ok("rules", "list", environment=named)


@pytest.mark.usefixtures("tables")
def test_the_local_stack_is_found_without_cloudformation() -> None:
    client = boto3.client("dynamodb", region_name="us-east-1")
    for wanted in blueprint(find_template(), {}).tables.values():
        client.create_table(**wanted)
    named: Environment = {"AWS_ENDPOINT_URL": "https://dynamodb.us-east-1.amazonaws.com"}
    output = ok("status", "--stack", "tocsin-local", environment=named)
    assert "Rules          0" in output


NOWHERE: Environment = {f"TOCSIN_{table.upper()}_TABLE": "nowhere" for table in TABLES}


@pytest.mark.parametrize(
    ("words", "environment", "message"),
    [
        pytest.param([], {}, "which stack? Give --stack NAME or TOCSIN_STACK", id="no stack"),
        pytest.param(
            ["--stack", "nope"], {}, "DescribeStacks: Stack with id nope does not exist", id="unknown"
        ),
        pytest.param(["--stack", "other"], {}, "stack other is not Tocsin's: it has no output", id="other"),
        pytest.param([], NOWHERE, "no such table", id="no table"),
        pytest.param(
            ["--profile", "nope"], NOWHERE, "The config profile (nope) could not be found", id="profile"
        ),
        pytest.param(
            [], {**NOWHERE, "AWS_DEFAULT_REGION": None}, "You must specify a region", id="no region"
        ),
        pytest.param([], {"TOCSIN_SHARDS": "many"}, "TOCSIN_SHARDS: expected a positive", id="variable"),
    ],
)
@pytest.mark.usefixtures("tables")
def test_what_is_missing_is_said_on_one_line(
    words: list[str], environment: Environment, message: str
) -> None:
    make_stack("other", {"Topic": {"Value": "x"}})
    result = run("status", *words, environment=environment)
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.startswith("Error: ")
    assert message in result.stderr
    assert result.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("environment", "message"),
    [
        pytest.param(
            {"AWS_ACCESS_KEY_ID": None, "AWS_SECRET_ACCESS_KEY": None},
            "Unable to locate credentials",
            id="no credentials",
        ),
        pytest.param({}, 'Could not connect to the endpoint URL: "http://127.0.0.1:1/"', id="nobody there"),
    ],
)
def test_what_cannot_be_reached_is_said_on_one_line(environment: Environment, message: str) -> None:
    result = run("status", "--endpoint-url", "http://127.0.0.1:1", environment={**NOWHERE, **environment})
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == f"Error: {message}\n"


def test_the_local_stack_needs_neither_credentials_nor_a_region() -> None:
    nothing: Environment = dict.fromkeys(("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_DEFAULT_REGION"))
    result = run(
        "status", "--stack", "tocsin-local", "--endpoint-url", "http://127.0.0.1:1", environment=nothing
    )
    assert result.stderr.startswith('Error: Could not connect to the endpoint URL: "http://127.0.0.1:1/": is')
