"""tocsin rules export, delete, pause and resume; what list tells of rules."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.unit.commandline import Stack
from tocsin.index import read_index
from tocsin.rules.book import RuleBook, StoredRule
from tocsin.rules.rule import Rule
from tocsin.views.rules import read_stored

NODE = """
namespace: node
groups:
- name: disks
  interval: 30s
  gap_policy: count
  evaluate_during:
  - times:
    - start_time: 09:00
      end_time: '17:00'
  rules:
  - alert: Full
    expr: full == 1
    labels:
      severity: page
  - alert: Slow
    expr: slow == 1
    for: 5m
- name: load
  rules:
  - record: job:load:sum
    expr: sum by (job) (load)
"""
WEB = "namespace: web\ngroups:\n- name: web\n  rules:\n  - alert: Down\n    expr: up == 0\n"


@pytest.fixture
def stack(tmp_path: Path) -> Stack:
    """Return a stack with rules in the namespaces `node` and `web`."""
    stack = Stack(tmp_path)
    stack.ok("rules", "apply", stack.file("node.yml", NODE), stack.file("web.yml", WEB))
    return stack


def stored(stack: Stack) -> dict[str, StoredRule]:
    """Return the rules that are stored by their keys."""
    return {found.rule.key: found for found in read_stored(stack.database, read_index(stack.database))}


def listed(stack: Stack, key: str) -> Any:
    """Return what `get` tells of one rule."""
    [found] = json.loads(stack.ok("rules", "get", key, "-o", "json"))
    return found


# -- export ---------------------------------------------------------------------------------------


def test_export_writes_a_file_for_each_namespace_and_applying_them_changes_nothing(stack: Stack) -> None:
    directory = stack.directory / "out" / "rules"
    output = stack.ok("rules", "export", "--output-dir", str(directory))
    assert output == f"{directory}/node.yml\n{directory}/web.yml\n"
    assert (directory / "node.yml").read_text() == NODE.lstrip("\n")
    files = [str(path) for path in directory.iterdir()]
    assert stack.run("rules", "diff", "--prune", "--exit-code", *files).exit_code == 0


def test_export_of_one_namespace_is_printed(stack: Stack) -> None:
    assert stack.ok("rules", "export", "web") == WEB
    assert json.loads(stack.ok("rules", "export", "-o", "json")) == {"node": NODE.lstrip("\n"), "web": WEB}


def test_export_to_a_directory_as_json_names_the_files(stack: Stack) -> None:
    document = json.loads(
        stack.ok("rules", "export", "web", "--output-dir", str(stack.directory), "-o", "json")
    )
    assert document == {"web": str(stack.directory / "web.yml")}


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        pytest.param([], "name one of node, web, or give --output-dir", id="several namespaces"),
        pytest.param(["db", "web"], "no rules are stored in db", id="unknown namespace"),
        pytest.param(["web", "--output-dir", "/dev/null/x"], "cannot be written", id="no directory"),
    ],
)
def test_export_says_why_it_cannot(stack: Stack, words: list[str], reason: str) -> None:
    result = stack.run("rules", "export", *words)
    assert (result.exit_code, result.stdout) == (1, "")
    assert reason in result.stderr


def test_export_of_nothing_prints_nothing(tmp_path: Path) -> None:
    assert Stack(tmp_path).ok("rules", "export") == ""


def test_a_group_that_no_file_can_hold_is_not_exported(stack: Stack) -> None:
    RuleBook(stack.database).write([Rule("web", "web", "Other", "up", limit=5)], [], by="", at_ms=0)
    result = stack.run("rules", "export", "web")
    assert "web: rules of group web differ in one of interval" in result.stderr


# -- delete ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("key", "deleted"),
    [
        pytest.param("node/disks", ['node/disks/Full{severity="page"}', "node/disks/Slow"], id="a group"),
        pytest.param(
            "node",
            ['node/disks/Full{severity="page"}', "node/disks/Slow", "node/load/record:job:load:sum"],
            id="a namespace",
        ),
        pytest.param(
            "node/",
            ['node/disks/Full{severity="page"}', "node/disks/Slow", "node/load/record:job:load:sum"],
            id="a beginning",
        ),
    ],
)
def test_delete_says_which_rules_are_meant_and_asks(stack: Stack, key: str, deleted: list[str]) -> None:
    before = list(stored(stack))
    for answers, stdin in ((False, ""), (True, "n\n")):
        result = stack.run("rules", "delete", key, stdin=stdin, answers=answers)
        assert (result.exit_code, list(stored(stack))) == (1, before)
        assert result.stderr.startswith("\n  ".join([f"{len(deleted)} rules are meant:", *deleted]) + "\n")
    assert stack.run("rules", "delete", key, stdin="y\n", answers=True).exit_code == 0
    assert list(stored(stack)) == [each for each in before if each not in deleted]


@pytest.mark.parametrize("key", ["node/disks/Full", "node/disks/S", "web/web/Down", "web"])
def test_delete_of_one_rule_is_not_asked_about(stack: Stack, key: str) -> None:
    assert stack.ok("rules", "delete", key).count(" deleted\n") == 1
    assert len(stored(stack)) == 3


def test_delete_with_yes_is_for_machines(stack: Stack) -> None:
    document = json.loads(stack.ok("rules", "delete", "--yes", "-o", "json", "node/disks", "node/disks/Slow"))
    assert document == {"deleted": ['node/disks/Full{severity="page"}', "node/disks/Slow"]}


def test_delete_of_what_is_not_there_deletes_nothing(stack: Stack) -> None:
    result = stack.run("rules", "delete", "--yes", "web", "node/disks/Nope")
    assert (result.exit_code, result.stderr) == (1, "Error: node/disks/Nope: no such rule\n")
    assert len(stored(stack)) == 4


# -- pause and resume -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "until"),
    [
        pytest.param([], None, id="for ever"),
        pytest.param(["--for", "2h"], "2026-01-31T14:00:00Z", id="for two hours"),
        pytest.param(["--until", "2026-02-01T08:00:00+01:00"], "2026-02-01T07:00:00Z", id="until a time"),
    ],
)
def test_a_pause_has_an_end_if_it_is_given_one(stack: Stack, options: list[str], until: str | None) -> None:
    output = stack.ok("rules", "pause", "web/web/Down", *options)
    assert output == "web/web/Down paused" + (f" until {until}" if until else "") + "\n"
    found = listed(stack, "web/web/Down")
    assert (found["paused"], found["pausedUntil"]) == (True, until)
    row = stack.ok("rules", "list", "--namespace", "web").splitlines()[1]
    assert row.endswith(f"until {until}" if until else "yes")


def test_a_rule_is_evaluated_again_when_its_pause_has_ended(stack: Stack) -> None:
    stack.source.series = {"up == 0": [{"job": "a"}]}
    stack.ok("rules", "pause", "web", "--for", "5m")
    stack.tick(60, steps=4)
    assert (listed(stack, "web/web/Down")["state"], listed(stack, "web/web/Down")["lagSeconds"]) == (
        "inactive",
        None,
    )
    stack.tick(60, steps=3)
    found = listed(stack, "web/web/Down")
    assert (found["paused"], found["pausedUntil"], found["state"]) == (False, None, "firing")


def test_groups_and_namespaces_are_paused_and_resumed(stack: Stack) -> None:
    document = json.loads(stack.ok("rules", "pause", "node/disks", "web", "--for", "1h", "-o", "json"))
    assert document == {
        "paused": ['node/disks/Full{severity="page"}', "node/disks/Slow", "web/web/Down"],
        "until": "2026-01-31T13:00:00Z",
    }
    now = stack.clock.now()
    assert [found.paused(now) for found in stored(stack).values()] == [True, True, False, True]
    stack.ok("rules", "resume", "node")
    assert [found.paused(now) for found in stored(stack).values()] == [False, False, False, True]


def test_an_edit_keeps_the_pause(stack: Stack) -> None:
    stack.ok("rules", "pause", "web", "--for", "1h")
    stack.ok("rules", "apply", stack.file("web.yml", WEB.replace("up == 0", "up == 1")))
    assert listed(stack, "web/web/Down")["pausedUntil"] == "2026-01-31T13:00:00Z"


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        pytest.param(
            ["--for", "1h", "--until", "2027-01-01T00:00:00Z"], "give --for or --until, not both", id="both"
        ),
        pytest.param(["--until", "2025-01-01T00:00:00Z"], "a pause ends in the future", id="past"),
        pytest.param(["--for", "0s"], "a pause ends in the future", id="no time"),
        pytest.param(["--for", "soon"], "not a valid duration", id="no duration"),
        pytest.param(["--until", "soon"], "not a time", id="no moment"),
    ],
)
def test_a_pause_that_cannot_be_is_a_mistake_in_usage(stack: Stack, options: list[str], reason: str) -> None:
    result = stack.run("rules", "pause", "web", *options)
    assert result.exit_code == 2
    assert reason in result.stderr
    assert not listed(stack, "web/web/Down")["paused"]


# -- list -----------------------------------------------------------------------------------------


def test_list_tells_of_recording_rules_lag_and_what_has_not_begun(stack: Stack) -> None:
    assert stack.ok("rules", "list").splitlines()[1:] == [
        'node       disks  Full{severity="page"}  30s       inactive   ok      -    no',
        "node       disks  Slow                   30s       inactive   ok      -    no",
        "node       load   job:load:sum           1m        records 0  ok      -    no",
        "web        web    Down                   1m        inactive   ok      -    no",
    ]
    stack.tick(60)
    stack.clock.sleep(45)
    assert stack.ok("rules", "list", "--namespace", "web").splitlines()[1].split()[-2:] == ["45s", "no"]


def test_get_as_json_has_the_words_of_rule_files(stack: Stack) -> None:
    found = listed(stack, "node/load/record:job:load:sum")
    assert (found["record"], "alert" in found, found["interval"]) == ("job:load:sum", False, "1m")
    slow = listed(stack, "node/disks/Slow")
    assert (slow["alert"], slow["for"], slow["gap_policy"]) == ("Slow", "5m", "count")
    assert slow["evaluate_during"] == [{"times": [{"start_time": "09:00", "end_time": "17:00"}]}]


def test_get_prints_recording_rules_too(stack: Stack) -> None:
    assert "- record: job:load:sum\n    expr: sum by (job) (load)\n" in stack.ok("rules", "get", "node/load")
