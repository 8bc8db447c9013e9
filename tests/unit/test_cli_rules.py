"""tocsin rules, command by command, on a stack in memory."""

import json
from pathlib import Path

import pytest

from tests.unit.commandline import Stack
from tocsin.index import read_index
from tocsin.ports import Refused, Unanswered
from tocsin.views.rules import read_stored

DISKS = """
groups:
  - name: disks
    rules:
      - alert: DiskFull
        expr: full == 1
        labels: {severity: page}
      - alert: DiskSlow
        expr: slow == 1
        for: 5m
"""
BROKEN = """
groups:
  - name: broken
    rules:
      - alert: Oops
        expr: up ==
        fr: 5m
"""
BILLED = """
groups:
  - name: ec2
    source: cloudwatch
    rules:
      - alert: Busy
        expr: avg_over_time(CPUUtilization{namespace="AWS/EC2"}[1m]) > 80
      - alert: Idle
        expr: avg_over_time(CPUUtilization{namespace="AWS/EC2"}[1m]) < 1
"""


@pytest.fixture
def stack(tmp_path: Path) -> Stack:
    """Return an empty stack."""
    return Stack(tmp_path)


@pytest.fixture
def disks(stack: Stack) -> Stack:
    """Return a stack with two rules in the namespace `node`."""
    stack.ok("rules", "apply", stack.file("node.yml", DISKS))
    return stack


def keys(stack: Stack) -> list[str]:
    """Return the keys of the rules that are stored."""
    return [stored.rule.key for stored in read_stored(stack.database, read_index(stack.database))]


# -- check ----------------------------------------------------------------------------------------


def test_check_prints_what_promtool_does(stack: Stack) -> None:
    good = stack.file("good.yml", DISKS)
    assert stack.ok("rules", "check", good) == f"Checking {good}\n  SUCCESS: 2 rules found\n"


def test_check_reads_standard_input_if_no_file_is_named(stack: Stack) -> None:
    assert stack.ok("rules", "check", stdin=DISKS) == "Checking standard input\n  SUCCESS: 2 rules found\n"


def test_check_names_file_line_and_field_of_every_problem_on_stderr_and_goes_on(stack: Stack) -> None:
    bad, good = stack.file("bad.yml", BROKEN), stack.file("good.yml", DISKS)
    result = stack.run("rules", "check", bad, good)
    assert result.exit_code == 1
    assert result.stdout == f"Checking {good}\n  SUCCESS: 2 rules found\n"
    lines = result.stderr.splitlines()
    assert lines[:2] == [f"Checking {bad}", "  FAILED:"]
    assert lines[2].startswith(f"{bad}:5:9: groups[0].rules[0].expr: could not parse expression")
    assert lines[3].startswith(f"{bad}:6:9: groups[0].rules[0].fr: unknown key")
    assert len(lines) == 4


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        pytest.param(None, "cannot be read: No such file or directory", id="missing"),
        pytest.param(b"\xff\xfe", "cannot be read: not UTF-8", id="no text"),
    ],
)
def test_check_says_why_a_file_cannot_be_read(stack: Stack, content: bytes | None, reason: str) -> None:
    path = stack.directory / "odd.yml"
    if content is not None:
        path.write_bytes(content)
    result = stack.run("rules", "check", str(path))
    assert result.exit_code == 1
    assert f"{path}:1:1: {reason}" in result.stderr


def test_check_refuses_a_group_that_an_earlier_file_has(stack: Stack) -> None:
    one = stack.file("one.yml", "namespace: node" + DISKS)
    two = stack.file("two.yml", "namespace: node" + DISKS)
    result = stack.run("rules", "check", one, two)
    assert result.exit_code == 1
    assert f"{two}:1:1: group node/disks is in {one} already" in result.stderr


def test_check_prints_what_cloudwatch_rules_cost_a_month(stack: Stack) -> None:
    output = stack.ok("rules", "check", stack.file("aws.yml", BILLED))
    assert output.splitlines()[2:] == [
        "  CloudWatch will charge up to $0.88 a month:",
        "    $0.44  aws/ec2/Busy",
        "    $0.44  aws/ec2/Idle",
    ]


def test_check_as_json_has_the_place_of_every_problem(stack: Stack) -> None:
    bad, billed = stack.file("bad.yml", BROKEN), stack.file("aws.yml", BILLED)
    result = stack.run("rules", "check", bad, billed, "-o", "json")
    first, second = json.loads(result.stdout)
    assert [(p["line"], p["field"]) for p in first["problems"]] == [
        (5, "groups[0].rules[0].expr"),
        (6, "groups[0].rules[0].fr"),
    ]
    assert second == {"file": billed, "rules": 2, "monthlyPriceUsd": 0.876, "problems": [], "findings": []}
    assert result.exit_code == 1


# -- apply and diff -------------------------------------------------------------------------------


def test_apply_shows_its_plan_and_stores_the_rules(stack: Stack) -> None:
    assert stack.ok("rules", "apply", stack.file("node.yml", DISKS)).splitlines() == [
        "Changes are indicated with the following symbols:",
        "  + created",
        "",
        "Namespace: node",
        "  + Group: disks",
        '    + Rule: DiskFull{severity="page"}',
        "    + Rule: DiskSlow",
        "",
        "Diff Summary: 1 Groups Created, 0 Groups Updated, 0 Groups Deleted",
        "              2 Rules Created, 0 Rules Updated, 0 Rules Deleted",
        "Stored: in force from the next tick on.",
    ]
    assert keys(stack) == ['node/disks/DiskFull{severity="page"}', "node/disks/DiskSlow"]


def test_apply_writes_no_rule_that_has_not_changed(disks: Stack) -> None:
    before = read_stored(disks.database, read_index(disks.database))
    edited = disks.file("node.yml", DISKS.replace("for: 5m", "for: 10m"))
    output = disks.ok("rules", "apply", edited)
    assert "    ~ Rule: DiskSlow\n      - for: 5m\n      + for: 10m\n" in output
    assert "0 Rules Created, 1 Rules Updated, 0 Rules Deleted" in output
    after = read_stored(disks.database, read_index(disks.database))
    first, second = sorted(stored.revision for stored in after)
    assert second == first + 1
    assert after[0] == before[0]


def test_apply_of_what_is_stored_changes_nothing(disks: Stack) -> None:
    index = read_index(disks.database)
    output = disks.ok("rules", "apply", disks.file("node.yml", DISKS))
    assert output.splitlines() == [
        "no changes detected",
        "Diff Summary: 0 Groups Created, 0 Groups Updated, 0 Groups Deleted",
        "              0 Rules Created, 0 Rules Updated, 0 Rules Deleted",
    ]
    assert read_index(disks.database) == index


def test_a_dry_run_stores_nothing(stack: Stack) -> None:
    output = stack.ok("rules", "apply", "--dry-run", stack.file("node.yml", DISKS))
    assert "2 Rules Created" in output
    assert output.endswith("Dry run: nothing is stored.\n")
    assert keys(stack) == []


def test_a_bad_file_is_refused_whole_and_the_good_one_beside_it_applies(disks: Stack) -> None:
    bad = disks.file("node.yml", DISKS.replace("for: 5m", "for: five"))
    good = disks.file("web.yml", DISKS)
    result = disks.run("rules", "apply", bad, good)
    assert result.exit_code == 1
    assert f"{bad}:9:9: groups[0].rules[1].for: not a valid duration" in result.stderr
    assert keys(disks) == [
        'node/disks/DiskFull{severity="page"}',
        "node/disks/DiskSlow",
        'web/disks/DiskFull{severity="page"}',
        "web/disks/DiskSlow",
    ]


def test_nothing_is_compared_if_every_file_is_refused(stack: Stack) -> None:
    result = stack.run("rules", "apply", "--prune", stack.file("bad.yml", BROKEN))
    assert (result.exit_code, result.stdout) == (1, "")


def test_a_rule_that_no_file_has_is_kept_and_said_so_unless_pruned(disks: Stack) -> None:
    less = disks.file("node.yml", DISKS.split("      - alert: DiskSlow")[0])
    kept = disks.run("rules", "apply", less)
    assert kept.exit_code == 0
    assert kept.stderr.splitlines() == [
        "stored, in none of the files, and kept (--prune deletes them):",
        "  node/disks/DiskSlow",
    ]
    output = disks.ok("rules", "apply", "--prune", "--yes", less)
    assert "    - Rule: DiskSlow\n" in output
    assert keys(disks) == ['node/disks/DiskFull{severity="page"}']


def test_pruning_leaves_other_namespaces_alone(disks: Stack) -> None:
    disks.ok("rules", "apply", "--prune", disks.file("web.yml", DISKS))
    assert len(keys(disks)) == 4


def test_nothing_is_pruned_if_a_file_was_refused(disks: Stack) -> None:
    less = disks.file("node.yml", DISKS.split("      - alert: DiskSlow")[0])
    result = disks.run("rules", "apply", "--prune", less, disks.file("bad.yml", BROKEN))
    assert result.exit_code == 1
    assert "nothing is deleted, because a file was refused" in result.stderr
    assert "node/disks/DiskSlow" in keys(disks)


def test_an_empty_file_empties_its_namespace_if_pruned(disks: Stack) -> None:
    empty = disks.file("node.yml", "groups: []\n")
    assert disks.run("rules", "apply", empty).exit_code == 0
    assert len(keys(disks)) == 2
    disks.ok("rules", "apply", "--prune", "--yes", empty)
    assert keys(disks) == []


@pytest.mark.parametrize(
    ("answer", "options", "left"),
    [
        pytest.param("y\n", [], 1, id="yes"),
        pytest.param("n\n", [], 2, id="no"),
        pytest.param("", ["--yes"], 1, id="not asked with --yes"),
    ],
)
def test_a_person_is_asked_before_rules_are_deleted(
    disks: Stack, answer: str, options: list[str], left: int
) -> None:
    less = disks.file("node.yml", DISKS.split("      - alert: DiskSlow")[0])
    result = disks.run("rules", "apply", "--prune", *options, less, stdin=answer, answers=True)
    assert ("Delete 1 rules?" in result.stderr) is not bool(options)
    assert result.exit_code == (1 if answer == "n\n" else 0)
    assert len(keys(disks)) == left


def test_without_a_person_to_ask_nothing_is_deleted(disks: Stack) -> None:
    less = disks.file("node.yml", DISKS.split("      - alert: DiskSlow")[0])
    result = disks.run("rules", "apply", "--prune", less)
    assert result.exit_code == 1
    assert "needs --yes" in result.stderr
    assert len(keys(disks)) == 2


def test_labels_in_another_order_are_no_difference(stack: Stack) -> None:
    def text(labels: str, expr: str) -> str:
        return DISKS.replace("{severity: page}", labels).replace("full == 1", expr)

    stack.ok("rules", "apply", stack.file("node.yml", text("{zone: b, severity: page}", "full == 1")))
    same = stack.file("node.yml", text("{severity: page, zone: b}", "full == 1"))
    assert "0 Rules Created, 0 Rules Updated" in stack.ok("rules", "diff", same)
    other = stack.file("node.yml", text("{zone: b, severity: page}", "full == 2"))
    changed = [line for line in stack.ok("rules", "diff", other).splitlines() if line.lstrip()[:1] in "+-"]
    assert [line for line in changed if "severity" in line or "zone" in line] == []


def test_a_person_is_not_asked_if_nothing_is_deleted(stack: Stack) -> None:
    result = stack.run("rules", "apply", stack.file("node.yml", DISKS), answers=True)
    assert result.exit_code == 0
    assert len(keys(stack)) == 2


def test_an_edited_label_replaces_the_rule_instead_of_adding_another(disks: Stack) -> None:
    disks.ok("rules", "pause", "node/disks/DiskFull")
    edited = disks.file("node.yml", DISKS.replace("severity: page", "severity: ticket"))
    output = disks.ok("rules", "apply", edited)
    assert '    ~ Rule: DiskFull{severity="ticket"}\n      - severity: page\n' in output
    assert keys(disks) == ['node/disks/DiskFull{severity="ticket"}', "node/disks/DiskSlow"]
    [listed] = json.loads(disks.ok("rules", "get", "node/disks/DiskFull", "-o", "json"))
    assert listed["paused"] is True


def test_the_namespace_of_files_can_be_given(stack: Stack) -> None:
    stack.ok("rules", "apply", "--namespace", "blue", stdin=DISKS)
    assert keys(stack) == ['blue/disks/DiskFull{severity="page"}', "blue/disks/DiskSlow"]


def test_apply_as_json_says_what_was_done_and_what_was_refused(disks: Stack) -> None:
    edited = disks.file("node.yml", DISKS.replace("for: 5m", "for: 10m"))
    bad = disks.file("bad.yml", BROKEN)
    result = disks.run("rules", "apply", "-o", "json", edited, bad)
    document = json.loads(result.stdout)
    assert result.exit_code == 1
    assert document["applied"] is True
    assert (document["created"], document["deleted"], document["unchanged"]) == ([], [], 1)
    [updated] = document["updated"]
    assert (updated["key"], updated["was"]) == ("node/disks/DiskSlow", "node/disks/DiskSlow")
    assert (updated["before"]["hold_ms"], updated["after"]["hold_ms"]) == (300_000, 600_000)
    assert {problem["file"] for problem in document["refused"]} == {bad}


@pytest.mark.parametrize(
    ("text", "options", "code"),
    [
        pytest.param(DISKS, ["--exit-code"], 0, id="no differences"),
        pytest.param(DISKS.replace("5m", "6m"), [], 0, id="differences"),
        pytest.param(DISKS.replace("5m", "6m"), ["--exit-code"], 1, id="differences with --exit-code"),
        pytest.param(BROKEN, [], 1, id="a refused file"),
    ],
)
def test_diff_changes_nothing_and_exits_as_asked(
    disks: Stack, text: str, options: list[str], code: int
) -> None:
    before = read_stored(disks.database, read_index(disks.database))
    assert disks.run("rules", "diff", *options, disks.file("node.yml", text)).exit_code == code
    assert read_stored(disks.database, read_index(disks.database)) == before


def test_diff_as_json_lists_the_keys(disks: Stack) -> None:
    less = disks.file("node.yml", DISKS.split("      - alert: DiskSlow")[0])
    kept = json.loads(disks.ok("rules", "diff", "-o", "json", less))
    assert (kept["deleted"], kept["kept"]) == ([], ["node/disks/DiskSlow"])
    pruned = json.loads(disks.ok("rules", "diff", "-o", "json", "--prune", less))
    assert (pruned["deleted"], pruned["kept"]) == (["node/disks/DiskSlow"], [])


# -- list and get ---------------------------------------------------------------------------------


def test_list_shows_what_each_rule_is_doing(disks: Stack) -> None:
    disks.source.series = {
        "full == 1": [{"instance": "a"}, {"instance": "b"}],
        "slow == 1": [{"instance": "a"}],
    }
    disks.tick(60, steps=2)
    assert disks.ok("rules", "list").splitlines() == [
        "NAMESPACE  GROUP  RULE                       INTERVAL  STATE      HEALTH  LAG  PAUSED",
        'node       disks  DiskFull{severity="page"}  1m        firing 2   ok      0s   no',
        "node       disks  DiskSlow                   1m        pending 1  ok      0s   no",
    ]


def test_list_shows_why_a_rule_is_not_well(disks: Stack) -> None:
    disks.source.series = {"full == 1": Refused("bad_data", "no such function"), "slow == 1": Unanswered()}
    disks.tick(60, steps=2)
    full, slow = json.loads(disks.ok("rules", "list", "-o", "json"))
    assert (full["health"], full["healthDetail"]) == ("bad_data", "no such function")
    assert slow["health"] == "unanswered"


@pytest.mark.parametrize(
    ("options", "alerts"),
    [
        pytest.param([], ["DiskFull", "DiskSlow", "DiskFull", "DiskSlow"], id="all"),
        pytest.param(["--namespace", "web"], ["DiskFull", "DiskSlow"], id="namespace"),
        pytest.param(["--state", "firing"], ["DiskFull", "DiskFull"], id="firing"),
        pytest.param(["--state", "inactive"], ["DiskSlow", "DiskSlow"], id="inactive"),
        pytest.param(["--health", "ok"], ["DiskFull", "DiskFull"], id="well"),
        pytest.param(["--health", "err"], ["DiskSlow", "DiskSlow"], id="not well"),
        pytest.param(["--health", "http_500"], ["DiskSlow", "DiskSlow"], id="reason"),
        pytest.param(["--health", "garbage"], [], id="another reason"),
        pytest.param(["--state", "firing", "--namespace", "web"], ["DiskFull"], id="both"),
    ],
)
def test_list_can_be_narrowed(disks: Stack, options: list[str], alerts: list[str]) -> None:
    disks.ok("rules", "apply", disks.file("web.yml", DISKS))
    disks.source.series = {"full == 1": [{}], "slow == 1": Refused("http_500", "")}
    disks.tick(60, steps=2)
    listed = json.loads(disks.ok("rules", "list", "-o", "json", *options))
    assert [rule["alert"] for rule in listed] == alerts


@pytest.mark.parametrize("what", ["node", "node/disks"])
def test_get_prints_a_rule_file_that_stores_the_same(disks: Stack, what: str) -> None:
    text = disks.ok("rules", "get", what)
    assert disks.ok("rules", "diff", stdin=text).startswith("no changes detected")


def test_get_prints_one_rule(disks: Stack) -> None:
    assert disks.ok("rules", "get", "node/disks/DiskSlow").splitlines() == [
        "namespace: node",
        "groups:",
        "- name: disks",
        "  rules:",
        "  - alert: DiskSlow",
        "    expr: slow == 1",
        "    for: 5m",
    ]


def test_get_says_so_if_a_group_fits_into_no_one_file(disks: Stack) -> None:
    other = "namespace: node\ngroups: [{name: disks, interval: 5m, rules: [{alert: More, expr: up}]}]"
    disks.ok("rules", "apply", stdin=other)
    result = disks.run("rules", "get", "node/disks")
    assert result.exit_code == 1
    assert result.stderr.startswith("Error: rules of group disks differ")


# -- delete, pause, resume ------------------------------------------------------------------------


@pytest.mark.parametrize(
    "key",
    ["node/disks/DiskSlow", "node/disks/DiskS"],
    ids=["key", "beginning"],
)
def test_delete_takes_a_key_or_a_beginning_that_only_one_rule_has(disks: Stack, key: str) -> None:
    assert disks.ok("rules", "delete", key) == "node/disks/DiskSlow deleted\n"
    assert keys(disks) == ['node/disks/DiskFull{severity="page"}']


@pytest.mark.parametrize("command", ["pause", "resume"])
@pytest.mark.parametrize(
    ("key", "message"),
    [
        pytest.param(
            "node/disks/",
            'Error: node/disks/: 2 rules begin so\n  node/disks/DiskFull{severity="page"}\n  node/disks/DiskSlow\n',
            id="ambiguous",
        ),
        pytest.param("node/disks/Nope", "Error: node/disks/Nope: no such rule\n", id="unknown"),
        pytest.param("", "Error: : no such rule\n", id="empty"),
    ],
)
def test_nothing_is_done_unless_every_key_is_clear(
    disks: Stack, command: str, key: str, message: str
) -> None:
    before = read_stored(disks.database, read_index(disks.database))
    result = disks.run("rules", command, "node/disks/DiskSlow", key)
    assert (result.exit_code, result.stderr) == (1, message)
    assert read_stored(disks.database, read_index(disks.database)) == before


def test_a_deleted_rule_resolves_what_fires_of_it(disks: Stack) -> None:
    disks.ok("config", "apply", disks.file("am.yml", "route: {receiver: ops}\nreceivers: [{name: ops}]\n"))
    disks.source.series = {"full == 1": [{"instance": "a"}]}
    disks.tick(60, steps=2)
    assert len(json.loads(disks.ok("alert", "query", "-o", "json"))) == 1
    disks.ok("rules", "delete", "node/disks/DiskFull")
    disks.tick(10)
    assert json.loads(disks.ok("alert", "query", "-o", "json")) == []


def test_a_paused_rule_is_not_evaluated_until_it_is_resumed(disks: Stack) -> None:
    disks.source.series = {"full == 1": [{"instance": "a"}]}
    assert (
        disks.ok("rules", "pause", "node/disks/DiskFull") == 'node/disks/DiskFull{severity="page"} paused\n'
    )
    disks.tick(60, steps=2)
    [listed] = json.loads(disks.ok("rules", "get", "node/disks/DiskFull", "-o", "json"))
    assert (listed["paused"], listed["state"]) == (True, "inactive")
    assert json.loads(disks.ok("rules", "resume", "node/disks/DiskFull", "-o", "json")) == {
        "resumed": ['node/disks/DiskFull{severity="page"}']
    }
    disks.tick(60, steps=2)
    [listed] = json.loads(disks.ok("rules", "get", "node/disks/DiskFull", "-o", "json"))
    assert (listed["paused"], listed["state"]) == (False, "firing")


def test_who_wrote_a_rule_and_when_is_on_record(disks: Stack) -> None:
    [listed] = json.loads(disks.ok("rules", "get", "node/disks/DiskSlow", "-o", "json"))
    assert (listed["writtenBy"], listed["writtenAt"]) == ("ada", "2026-01-31T12:00:00Z")


def test_several_files_may_follow_one_option(stack: Stack) -> None:
    good, missing = stack.file("good.yml", DISKS), stack.directory / "missing.yml"
    result = stack.run("local", "--rules", good, str(missing))
    assert (result.exit_code, "missing.yml' does not exist" in result.stderr) == (2, True)
