"""The top of the command line: options everywhere, groups loaded late, errors on one line."""

import json
import subprocess
import sys
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from types import ModuleType

import click
import pytest
from click.testing import CliRunner

from tests.unit.commandline import Stack
from tocsin import __version__
from tocsin.bootstrap import World
from tocsin.cli import connection
from tocsin.cli.main import main
from tocsin.cli.session import Session, Target, operator
from tocsin.settings import Settings, SettingsError


def no_world(target: Target) -> AbstractContextManager[World]:
    """Stand in for a connection: say what would be connected to."""
    raise click.ClickException(str(target))


def target_of(words: list[str], **environment: str | None) -> str:
    """Return what a command would connect to."""
    result = CliRunner().invoke(main, words, obj=Session(connect=no_world), env=environment)
    return result.stderr.removeprefix("Error: ").strip()


CLEAN = {"TOCSIN_STACK": None, "AWS_REGION": None}


@pytest.mark.parametrize(
    ("words", "environment", "target"),
    [
        pytest.param(["status"], {}, Target(), id="nothing said"),
        pytest.param(["--stack", "prod", "status"], {}, Target("prod"), id="before"),
        pytest.param(["status", "--stack", "prod"], {}, Target("prod"), id="behind"),
        pytest.param(["rules", "list", "--stack", "prod"], {}, Target("prod"), id="behind a subcommand"),
        pytest.param(["--stack", "a", "status", "--stack", "b"], {}, Target("b"), id="the later counts"),
        pytest.param(["status"], {"TOCSIN_STACK": "prod"}, Target("prod"), id="environment"),
        pytest.param(
            ["status", "--stack", "b"], {"TOCSIN_STACK": "a"}, Target("b"), id="over the environment"
        ),
        pytest.param(["status"], {"AWS_REGION": "eu-west-1"}, Target(region="eu-west-1"), id="region"),
        pytest.param(
            ["--endpoint-url", "http://x", "status", "--profile", "p", "--region", "r"],
            {},
            Target(endpoint_url="http://x", region="r", profile="p"),
            id="all of them",
        ),
    ],
)
def test_where_the_stack_is_can_be_said_anywhere(
    words: list[str], environment: dict[str, str], target: Target
) -> None:
    assert target_of(words, **{**CLEAN, **environment}) == str(target)


@pytest.mark.parametrize("words", [["-o", "json", "rules", "list"], ["rules", "list", "--output", "json"]])
def test_the_output_can_be_said_before_and_behind(tmp_path: Path, words: list[str]) -> None:
    assert json.loads(Stack(tmp_path).ok(*words)) == []


def test_an_unknown_command_is_a_usage_error(tmp_path: Path) -> None:
    result = Stack(tmp_path).run("ruls")
    assert result.exit_code == 2
    assert "No such command 'ruls'" in result.stderr


def test_the_words_of_amtool_are_answered_with_ours(tmp_path: Path) -> None:
    result = Stack(tmp_path).run("check-config", "alertmanager.yml")
    assert result.exit_code == 2
    assert "No such command 'check-config': type tocsin config check" in result.stderr


def test_version(tmp_path: Path) -> None:
    assert Stack(tmp_path).ok("--version") == f"tocsin {__version__}\n"


def test_help_imports_neither_aws_nor_a_parser() -> None:
    code = (
        "import sys\nfrom click.testing import CliRunner\nfrom tocsin.cli.main import main\n"
        "assert CliRunner().invoke(main, ['--help']).exit_code == 0\n"
        "print([name for name in ('boto3', 'botocore', 'pydantic', 'yaml', 'moto') if name in sys.modules])"
    )
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert answer.stdout == "[]\n"


def test_the_top_help_says_of_every_group_what_the_group_says() -> None:
    context = click.Context(main)
    for name in ("rules", "config", "receivers", "template", "silence", "alert", "status"):
        command = main.get_command(context, name)
        assert command is not None
        assert command.get_short_help_str(200) == main.lazy[name].help


def test_what_an_extra_would_bring_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def missing(_: str) -> ModuleType:
        raise ModuleNotFoundError("No module named 'moto'", name="moto.server")

    monkeypatch.setattr("tocsin.cli.command.import_module", missing)
    result = Stack(tmp_path).run("local")
    message = "tocsin local needs moto.server, which is not installed: pip install 'tocsin[local]'"
    assert (result.exit_code, result.stderr) == (1, f"Error: {message}\n")


def test_colours_are_for_terminals_only(tmp_path: Path) -> None:
    stack = Stack(tmp_path)
    path = stack.file("x.yml", "groups: [{name: g, rules: [{alert: A, expr: up}]}]")
    assert "\x1b[" not in stack.ok("rules", "diff", path)
    session = Session(connect=lambda _: nullcontext(stack.world))
    coloured = CliRunner().invoke(main, ["rules", "diff", path], obj=session, color=True)
    assert "\x1b[32m    + Rule: A" in coloured.stdout


def test_what_a_terminal_would_obey_is_not_printed(tmp_path: Path) -> None:
    stack = Stack(tmp_path)
    stack.ok("silence", "add", "DiskFull", "-c", "two\nlines \x1b[31mred")
    _, row = stack.ok("silence", "query").splitlines()
    assert row.endswith("two lines  [31mred")


# -- the stack's outputs ----------------------------------------------------------------------------

OUTPUTS = {
    "RulesTable": "r",
    "StateTable": "s",
    "DispatchTable": "d",
    "ConfigTable": "c",
    "SamplesTable": "m",
    "TicksQueueUrl": "https://ticks",
    "FlushesQueueUrl": "https://flushes",
    "TopicArn": "arn:aws:sns:…",
}


def test_a_stacks_outputs_name_its_tables_and_queues() -> None:
    settings = connection.of_stack(Settings(), "prod", OUTPUTS)
    assert settings.tables == {"rules": "r", "state": "s", "dispatch": "d", "config": "c", "samples": "m"}
    assert (settings.ticks_queue_url, settings.flushes_queue_url) == ("https://ticks", "https://flushes")


def test_a_stack_of_another_kind_is_refused() -> None:
    with pytest.raises(
        SettingsError, match="prod is not Tocsin's: it has no output StateTable, ConfigTable, SamplesTable"
    ):
        connection.of_stack(Settings(), "prod", {"RulesTable": "r", "DispatchTable": "d"})


@pytest.mark.parametrize(
    ("target", "environment", "found"),
    [
        pytest.param(Target("tocsin-local"), {}, ("http://127.0.0.1:9093", "us-east-1"), id="nothing said"),
        pytest.param(
            Target("tocsin-local", region="eu-west-1"),
            {},
            ("http://127.0.0.1:9093", "eu-west-1"),
            id="region",
        ),
        pytest.param(Target("tocsin-local", "http://x"), {}, ("http://x", ""), id="option"),
        pytest.param(Target("tocsin-local"), {"AWS_ENDPOINT_URL": "http://x"}, ("", ""), id="boto3 knows"),
    ],
)
def test_where_the_local_stack_is_looked_for(
    target: Target, environment: dict[str, str], found: tuple[str, str]
) -> None:
    local = connection.local_target(target, environment)
    assert (local.endpoint_url, local.region) == found


@pytest.mark.parametrize("error", [OSError("no entry"), KeyError("uid")])
def test_a_user_without_a_name_is_unknown(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    def nobody() -> str:
        raise error

    monkeypatch.setattr("getpass.getuser", nobody)
    assert operator() == "unknown"
