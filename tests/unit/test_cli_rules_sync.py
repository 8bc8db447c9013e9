"""tocsin rules sync and diff on whole namespaces, as mimirtool's; what becomes of rules that move."""

import json
from pathlib import Path

import pytest

from tests.unit.commandline import Stack
from tocsin.index import read_index
from tocsin.rules.book import StoredRule
from tocsin.views.rules import read_stored

NODE = """
groups:
  - name: disks
    rules:
      - {alert: Full, expr: full == 1, labels: {severity: page}}
      - {alert: Slow, expr: slow == 1}
  - name: load
    rules:
      - {record: job:load:sum, expr: sum by (job) (load)}
"""
WEB = "groups: [{name: web, rules: [{alert: Down, expr: up == 0}]}]\n"


@pytest.fixture
def stack(tmp_path: Path) -> Stack:
    """Return a stack with rules in the namespaces `node` and `web`."""
    stack = Stack(tmp_path)
    stack.ok("rules", "apply", stack.file("node.yml", NODE), stack.file("web.yml", WEB))
    return stack


def stored(stack: Stack) -> dict[str, StoredRule]:
    """Return the rules that are stored by their keys."""
    return {found.rule.key: found for found in read_stored(stack.database, read_index(stack.database))}


EDITED = NODE.replace("      - {alert: Slow, expr: slow == 1}\n", "").replace(
    "  - name: load\n    rules:\n      - {record: job:load:sum, expr: sum by (job) (load)}",
    "  - name: new\n    rules:\n      - {alert: New, expr: new}",
)


def test_sync_shows_its_plan_asks_and_makes_the_namespace_what_the_file_says(stack: Stack) -> None:
    result = stack.run("rules", "sync", stack.file("node.yml", EDITED), stdin="y\n", answers=True)
    assert result.exit_code == 0
    assert result.stdout.splitlines() == [
        "Changes are indicated with the following symbols:",
        "  + created",
        "  - deleted",
        "",
        "Namespace: node",
        "  ~ Group: disks",
        "    - Rule: Slow",
        "  - Group: load",
        "    - Rule: job:load:sum",
        "  + Group: new",
        "    + Rule: New",
        "",
        "Diff Summary: 1 Groups Created, 1 Groups Updated, 1 Groups Deleted",
        "              1 Rules Created, 0 Rules Updated, 2 Rules Deleted",
        "Stored: in force from the next tick on.",
    ]
    assert result.stderr.startswith("Do this? [y/N]: ")
    assert list(stored(stack)) == ['node/disks/Full{severity="page"}', "node/new/New", "web/web/Down"]


@pytest.mark.parametrize(
    ("options", "answers", "stdin", "code"),
    [
        pytest.param([], True, "n\n", 1, id="no"),
        pytest.param([], False, "", 1, id="nobody to ask"),
        pytest.param(["--dry-run"], False, "", 0, id="dry run"),
    ],
)
def test_sync_does_nothing_unless_somebody_says_yes(
    stack: Stack, options: list[str], answers: bool, stdin: str, code: int
) -> None:
    before = stored(stack)
    file = stack.file("node.yml", EDITED)
    assert stack.run("rules", "sync", *options, file, stdin=stdin, answers=answers).exit_code == code
    assert stored(stack) == before


def test_sync_asks_nothing_if_there_is_nothing_to_do(stack: Stack) -> None:
    assert "no changes detected" in stack.ok("rules", "sync", stack.file("node.yml", NODE))


def test_sync_with_yes_is_for_machines(stack: Stack) -> None:
    file = stack.file("node.yml", EDITED)
    document = json.loads(stack.ok("rules", "sync", "--yes", "-o", "json", file))
    assert document["groups"] == {
        "created": ["node/new"],
        "updated": ["node/disks"],
        "deleted": ["node/load"],
    }
    assert (document["deleted"], document["applied"]) == (
        ["node/disks/Slow", "node/load/record:job:load:sum"],
        True,
    )


def test_sync_deletes_nothing_if_a_file_is_refused(stack: Stack) -> None:
    bad, good = stack.file("web.yml", "groups: [{}]"), stack.file("node.yml", EDITED)
    result = stack.run("rules", "sync", "--yes", bad, good)
    assert result.exit_code == 1
    assert "nothing is deleted, because a file was refused" in result.stderr
    assert "node/disks/Slow" in stored(stack)
    assert "node/new/New" in stored(stack)


@pytest.mark.parametrize(
    ("options", "left"),
    [
        pytest.param([], ["node", "web"], id="those of the files"),
        pytest.param(["--namespaces", "node,web"], ["node"], id="one that no file has is emptied"),
        pytest.param(["--namespaces", "web"], ["node", "node", "node"], id="only those that are named"),
        pytest.param(
            ["--ignored-namespaces", "node"], ["node", "node", "node", "web"], id="not those ignored"
        ),
    ],
)
def test_the_namespaces_to_compare_can_be_chosen(stack: Stack, options: list[str], left: list[str]) -> None:
    file = stack.file("node.yml", "groups: [{name: disks, rules: [{alert: Slow, expr: slow == 1}]}]\n")
    stack.ok("rules", "sync", "--yes", *options, file)
    assert [found.rule.namespace for found in stored(stack).values()] == left


def test_diff_of_whole_namespaces_shows_what_sync_would_do(stack: Stack) -> None:
    file = stack.file("node.yml", EDITED)
    result = stack.run("rules", "diff", "--prune", "--exit-code", "--namespaces", "node,web", file)
    assert result.exit_code == 1
    assert "1 Groups Created, 1 Groups Updated, 2 Groups Deleted" in result.stdout
    assert len(stored(stack)) == 4


def test_several_files_may_not_share_a_group(stack: Stack) -> None:
    files = stack.file("a.yml", "namespace: n\n" + WEB), stack.file("b.yml", "namespace: n\n" + WEB)
    result = stack.run("rules", "apply", *files)
    assert f"{files[1]}:1:1: group n/web is in {files[0]} already" in result.stderr
    assert "n/web/Down" in stored(stack)


# -- what a change is -----------------------------------------------------------------------------


def test_a_new_neighbour_moves_rules_silently(stack: Stack) -> None:
    first = NODE.replace(
        "    rules:\n      - {alert: Full",
        "    rules:\n      - {alert: First, expr: up}\n      - {alert: Full",
    )
    document = json.loads(stack.ok("rules", "diff", "-o", "json", stack.file("node.yml", first)))
    assert (document["created"], document["updated"]) == (["node/disks/First"], [])
    assert document["moved"] == ['node/disks/Full{severity="page"}', "node/disks/Slow"]
    stack.ok("rules", "apply", stack.file("node.yml", first))
    assert [found.rule.position for found in stored(stack).values()] == [0, 1, 2, 0, 0]


def test_another_order_is_written_though_it_is_no_difference(stack: Stack) -> None:
    lines = NODE.splitlines(keepends=True)
    lines[4], lines[5] = lines[5], lines[4]
    file = stack.file("node.yml", "".join(lines))
    assert stack.run("rules", "diff", "--exit-code", file).exit_code == 0
    assert "no changes detected" in stack.ok("rules", "sync", file)
    assert stored(stack)["node/disks/Slow"].rule.position == 0


def test_a_change_of_wording_is_told_apart_from_one_of_meaning(stack: Stack) -> None:
    worded = NODE.replace("expr: slow == 1}", "expr: slow == 1, annotations: {summary: slow}}")
    file = stack.file("node.yml", worded.replace("full == 1", "full > 1"))
    output = stack.ok("rules", "diff", file)
    assert "    ~ Rule: Slow (reworded)\n      + annotations:\n      + summary: slow\n" in output
    assert '    ~ Rule: Full{severity="page"}\n' in output
    document = json.loads(stack.ok("rules", "diff", "-o", "json", file))
    assert {change["key"]: change["semantic"] for change in document["updated"]} == {
        'node/disks/Full{severity="page"}': True,
        "node/disks/Slow": False,
    }


def test_a_relabelled_rule_stays_paused_and_knows_what_it_was(stack: Stack) -> None:
    before = stored(stack)['node/disks/Full{severity="page"}']
    stack.ok("rules", "pause", "node/disks/Full", "--for", "2h")
    stack.ok(
        "rules", "sync", "--yes", stack.file("node.yml", NODE.replace("severity: page", "severity: ticket"))
    )
    after = stored(stack)['node/disks/Full{severity="ticket"}']
    assert after.paused(stack.clock.now())
    assert after.former is not None
    assert after.former.unit == before.id
