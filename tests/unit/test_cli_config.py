"""tocsin config, on a stack in memory."""

import json
from pathlib import Path

import pytest

from tests.unit.commandline import Stack
from tocsin.dispatch.controls import Controls
from tocsin.index import read_index

GOOD = """
route:
  receiver: ops
  routes: [{matchers: [severity=page], receiver: oncall}]
receivers:
  - name: ops
  - name: oncall
    webhook_configs:
      - url: https://hooks.example/t0ken  # the token is t0ken's
        http_config:
          basic_auth: {username: u, password: pa55word}
time_intervals:
  - name: weekends
    time_intervals: [{weekdays: [saturday, sunday]}]
"""


@pytest.fixture
def stack(tmp_path: Path) -> Stack:
    """Return an empty stack."""
    return Stack(tmp_path)


def test_check_prints_what_amtool_does(stack: Stack) -> None:
    good = stack.file("am.yml", GOOD)
    assert stack.ok("config", "check", good).splitlines() == [
        f"Checking '{good}'  SUCCESS",
        "Found:",
        " - 2 routes",
        " - 2 receivers",
        " - 1 time intervals",
        "",
    ]


def test_check_counts_the_files_that_failed(stack: Stack) -> None:
    bad = stack.file("bad.yml", "route: {receiver: nobody}\nreceivers: []\n")
    result = stack.run("config", "check", bad, stack.file("am.yml", GOOD))
    assert result.exit_code == 1
    assert result.stderr.splitlines() == [
        f"Checking '{bad}'  FAILED:",
        f'{bad}:1:9: route.receiver: undefined receiver "nobody" used in route',
        "Error: failed to validate 1 file(s)",
    ]


def test_check_as_json_has_the_place_of_every_problem(stack: Stack) -> None:
    result = stack.run("config", "check", "-o", "json", stdin="route: {receiver: nobody}\n")
    [checked] = json.loads(result.stdout)
    assert (result.exit_code, checked["file"]) == (1, "standard input")
    assert [(p["line"], p["field"]) for p in checked["problems"]] == [(1, "route.receiver")]


def test_apply_puts_a_configuration_in_force_and_says_its_version(stack: Stack) -> None:
    good = stack.file("am.yml", GOOD)
    assert stack.ok("config", "apply", good) == "Stored: version 1 is in force.\n"
    stored = Controls(stack.database).config(read_index(stack.database))
    assert stored is not None
    assert sorted(stored.receivers) == ["oncall", "ops"]
    assert stack.ok("config", "apply", good) == "Unchanged: version 1 is in force.\n"
    assert json.loads(stack.ok("config", "apply", "-", "-o", "json", stdin=GOOD + "# v2\n")) == {
        "version": 2,
        "changed": True,
    }


def test_a_refused_configuration_leaves_the_one_in_force(stack: Stack) -> None:
    stack.ok("config", "apply", "-", stdin=GOOD)
    result = stack.run("config", "apply", stack.file("bad.yml", "route: {}\n"))
    assert result.exit_code == 1
    assert "root route must specify a default receiver" in result.stderr
    assert read_index(stack.database).config == 1


def test_who_is_overtaken_by_another_apply_is_told(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stack.database, "transact", lambda writes: False)
    result = stack.run("config", "apply", "-", stdin=GOOD)
    assert result.exit_code == 1
    assert "somebody else has just stored a configuration" in result.stderr


def test_show_masks_secrets_and_keeps_all_else_as_written(stack: Stack) -> None:
    stack.ok("config", "apply", "-", stdin=GOOD)
    expected = GOOD.replace("https://hooks.example/t0ken ", "<secret> ").replace("pa55word", "<secret>")
    assert stack.ok("config", "show") == expected


def test_show_can_show_an_earlier_version(stack: Stack) -> None:
    stack.ok("config", "apply", "-", stdin=GOOD)
    stack.ok("config", "apply", "-", stdin="# two\n" + GOOD)
    assert stack.ok("config", "show").startswith("# two")
    first = json.loads(stack.ok("config", "show", "--version", "1", "-o", "json"))
    assert (first["version"], first["writtenBy"], first["writtenAt"]) == (1, "ada", "2026-01-31T12:00:00Z")
    assert first["original"].startswith("\nroute:")
    assert "pa55word" not in first["original"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        pytest.param([], "no configuration is stored", id="none"),
        pytest.param(["--version", "7"], "no version 7 of the configuration is stored", id="unknown"),
    ],
)
def test_show_says_what_is_not_there(stack: Stack, options: list[str], message: str) -> None:
    result = stack.run("config", "show", *options)
    assert (result.exit_code, result.stderr) == (1, f"Error: {message}\n")
