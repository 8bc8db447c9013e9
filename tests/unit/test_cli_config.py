"""tocsin config, on a stack in memory."""

import json
from pathlib import Path

import pytest

from tests.unit.commandline import Stack
from tocsin.cli import configversions
from tocsin.cli.session import Session
from tocsin.dispatch.controls import Controls, store_config
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
        " - global config",
        " - route",
        " - 0 inhibit rules",
        " - 2 receivers",
        " - 0 templates",
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
    again = json.loads(stack.ok("config", "apply", "-", "-o", "json", stdin=GOOD + "# v2\n"))
    assert again == {"version": 2, "changed": True}


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
    expected = GOOD.replace("https://hooks.example/t0ken ", "https://<secret> ").replace(
        "pa55word", "<secret>"
    )
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


# -- versions ---------------------------------------------------------------------------------------

TWO = GOOD.replace("pa55word", "n3w").replace("severity=page", "severity=critical")


@pytest.fixture
def changed(stack: Stack) -> Stack:
    """Return a stack whose configuration was changed once."""
    stack.ok("config", "apply", "-", stdin=GOOD)
    stack.clock.sleep(60)
    stack.ok("config", "apply", "-", "--note", "critical only", stdin=TWO)
    return stack


def test_history_lists_who_stored_what_when_and_why_the_newest_first(changed: Stack) -> None:
    assert changed.ok("config", "history").splitlines() == [
        "Version  Written At            Written By  Note",
        "2        2026-01-31T12:01:00Z  ada         critical only",
        "1        2026-01-31T12:00:00Z  ada",
    ]
    first = json.loads(changed.ok("config", "history", "-o", "json"))[1]
    assert first == {"version": 1, "writtenAt": "2026-01-31T12:00:00Z", "writtenBy": "ada", "note": ""}


def test_history_is_empty_before_anything_is_stored(stack: Stack) -> None:
    assert json.loads(stack.ok("config", "history", "-o", "json")) == []


def test_the_last_hundred_versions_are_kept(stack: Stack) -> None:
    for number in range(1, 103):
        stack.ok("config", "apply", "-", stdin=f"{GOOD}# {number}\n")
    kept = [version["version"] for version in json.loads(stack.ok("config", "history", "-o", "json"))]
    assert kept == list(range(102, 2, -1))
    assert "no version 2 of the configuration" in stack.run("config", "show", "--version", "2").stderr


CHANGE = [
    "-  routes: [{matchers: [severity=page], receiver: oncall}]",
    "+  routes: [{matchers: [severity=critical], receiver: oncall}]",
]


@pytest.mark.parametrize(
    ("sides", "titles", "change"),
    [
        pytest.param([], ["--- version 1", "+++ version 2"], CHANGE, id="the last change"),
        pytest.param(["1"], ["--- version 1", "+++ version 2"], CHANGE, id="since then"),
        pytest.param(["2", "1"], ["--- version 2", "+++ version 1"], None, id="any two"),
        pytest.param(["-"], ["--- version 2", "+++ -"], None, id="what applying a file would change"),
    ],
)
def test_diff_shows_what_differs(
    changed: Stack, sides: list[str], titles: list[str], change: list[str] | None
) -> None:
    change = (
        change or [line.replace("-", "+", 1) if line[0] == "-" else f"-{line[1:]}" for line in CHANGE][::-1]
    )
    result = changed.run("config", "diff", *sides, "--exit-code", stdin=GOOD)
    lines = result.stdout.splitlines()
    assert (result.exit_code, lines[:2]) == (1, titles)
    assert [line for line in lines[2:] if line[0] in "+-"] == change


def test_no_diff_shows_a_secret(changed: Stack) -> None:
    changed.ok("config", "apply", "-", stdin=TWO.replace("n3w", "newer"))
    result = changed.run("config", "diff", "--exit-code")
    assert (result.exit_code, result.stdout, result.stderr) == (1, "", "only secrets differ\n")
    assert "n3w" not in changed.ok("config", "diff", "1") + changed.ok("config", "diff", "1", "-o", "json")


def test_a_change_of_a_secret_beside_others_is_mentioned(changed: Stack) -> None:
    changed.ok("config", "apply", "-", stdin=TWO.replace("n3w", "newer") + "# something else\n")
    result = changed.run("config", "diff")
    assert "+# something else" in result.stdout
    assert "newer" not in result.stdout
    assert result.stderr == "secrets differ, too\n"


def test_diff_of_what_is_the_same_exits_with_0(changed: Stack) -> None:
    result = changed.run("config", "diff", "2", "--exit-code")
    assert (result.exit_code, result.stdout, result.stderr) == (0, "", "no changes detected\n")
    same = json.loads(changed.ok("config", "diff", "2", "-o", "json"))
    expected = {"from": "version 2", "to": "version 2", "changed": False, "secretsChanged": False, "diff": []}
    assert same == expected


def test_the_diff_of_a_first_version_is_all_of_it(stack: Stack) -> None:
    stack.ok("config", "apply", "-", stdin=GOOD)
    assert stack.ok("config", "diff").startswith("--- nothing\n+++ version 1\n")


@pytest.mark.parametrize(
    ("sides", "code", "message"),
    [
        pytest.param(["9"], 1, "no version 9 of the configuration is stored", id="unknown version"),
        pytest.param(["1", "2", "3"], 2, "expected at most two versions, or one file", id="too many"),
        pytest.param(["nosuch.yml"], 1, "cannot be read", id="no file"),
    ],
)
def test_what_diff_refuses(changed: Stack, sides: list[str], code: int, message: str) -> None:
    result = changed.run("config", "diff", *sides)
    assert result.exit_code == code
    assert message in result.stderr


def test_rollback_stores_the_version_before_as_a_new_one(changed: Stack) -> None:
    output = changed.ok("config", "rollback", "--yes")
    assert output.startswith("--- version 2\n+++ version 1\n")
    assert output.endswith("Stored: version 3 is in force, as version 1 was.\n")
    assert changed.ok("config", "show") == changed.ok("config", "show", "--version", "1")
    newest = json.loads(changed.ok("config", "history", "-o", "json"))[0]
    assert (newest["version"], newest["note"]) == (3, "rollback to version 1")
    stored = Controls(changed.database).config(read_index(changed.database))
    assert stored is not None
    assert [str(matcher) for matcher in stored.route.routes[0].matchers] == ['severity="page"']


def test_rollback_can_go_back_to_any_version_that_is_kept(changed: Stack) -> None:
    changed.ok("config", "apply", "-", stdin=GOOD + "# three\n")
    output = changed.ok("config", "rollback", "2", "--yes", "--note", "mistaken", "-o", "json")
    assert json.loads(output) == {"version": 4, "changed": True, "rollbackTo": 2}
    assert json.loads(changed.ok("config", "history", "-o", "json"))[0]["note"] == "mistaken"


def test_rollback_asks(changed: Stack) -> None:
    refused = changed.run("config", "rollback")
    assert (refused.exit_code, read_index(changed.database).config) == (1, 2)
    assert "without a terminal this needs --yes (Put version 1 in force again?)" in refused.stderr
    assert changed.run("config", "rollback", stdin="n\n", answers=True).exit_code == 1
    assert changed.run("config", "rollback", stdin="y\n", answers=True).exit_code == 0
    assert read_index(changed.database).config == 3


def test_rollback_takes_back_nothing_that_was_stored_while_it_asked(
    changed: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    def slowly(session: Session, question: str) -> None:
        changed.ok("config", "apply", "-", stdin=GOOD + "# meanwhile\n")

    monkeypatch.setattr(configversions, "confirm", slowly)
    result = changed.run("config", "rollback")
    assert (result.exit_code, read_index(changed.database).config) == (1, 3)
    assert "somebody else has just stored a configuration" in result.stderr


def test_rollback_can_only_be_shown(changed: Stack) -> None:
    assert changed.ok("config", "rollback", "--dry-run").endswith("Dry run: nothing is stored.\n")
    assert read_index(changed.database).config == 2


def test_rollback_to_what_is_in_force_changes_nothing(changed: Stack) -> None:
    assert changed.ok("config", "rollback", "2", "--yes") == "Unchanged: version 2 is in force.\n"


def test_rollback_needs_a_version_before(stack: Stack) -> None:
    stack.ok("config", "apply", "-", stdin=GOOD)
    result = stack.run("config", "rollback", "--yes")
    assert (result.exit_code, result.stderr) == (1, "Error: there is no version before version 1\n")


def test_rollback_refuses_what_is_no_longer_accepted(changed: Stack) -> None:
    store_config(changed.database, {}, "route: {}\n", by="an older release", now=changed.clock.now())
    changed.ok("config", "apply", "-", stdin=GOOD)
    result = changed.run("config", "rollback", "--yes")
    assert result.exit_code == 1
    assert (
        "version 3 is no longer accepted:\nalertmanager.yml:1:1: route.receiver: root route must"
        in result.stderr
    )
    assert read_index(changed.database).config == 4


# -- template files -----------------------------------------------------------------------------------

TEMPLATES = GOOD + "templates: ['t/*.tmpl', 'none*.tmpl']\n"


@pytest.fixture
def templated(stack: Stack) -> Stack:
    """Return a stack whose configuration comes with a template file."""
    (stack.directory / "t").mkdir()
    stack.file("t/words.tmpl", '{{ define "words" }}one{{ end }}')
    stack.ok("config", "apply", stack.file("am.yml", TEMPLATES))
    return stack


def test_check_counts_the_templates_as_amtool_does(templated: Stack) -> None:
    lines = templated.ok("config", "check", str(templated.directory / "am.yml")).splitlines()
    assert lines[-3:] == [" - 2 templates", "  SUCCESS", ""]


def test_a_mistake_in_a_template_file_refuses_the_configuration(templated: Stack) -> None:
    templated.file("t/words.tmpl", '{{ define "words" }}{{ en }}{{ end }}')
    result = templated.run("config", "check", str(templated.directory / "am.yml"))
    assert result.exit_code == 1
    assert "words.tmpl" in result.stderr
    assert "failed to validate 1 file(s)" in result.stderr


def test_template_files_are_stored_compared_and_rolled_back(templated: Stack) -> None:
    file = str(templated.directory / "am.yml")
    assert templated.ok("config", "apply", file) == "Unchanged: version 1 is in force.\n"
    templated.file("t/words.tmpl", '{{ define "words" }}two{{ end }}')
    assert [line for line in templated.ok("config", "diff", file).splitlines() if line[0] in "+-"] == [
        "--- version 1: t/words.tmpl",
        f"+++ {file}: t/words.tmpl",
        '-{{ define "words" }}one{{ end }}',
        '+{{ define "words" }}two{{ end }}',
    ]
    assert templated.ok("config", "apply", file) == "Stored: version 2 is in force.\n"
    templated.ok("config", "rollback", "--yes")
    stored = Controls(templated.database).config(read_index(templated.database))
    assert stored is not None
    assert stored.templates == {"t/words.tmpl": '{{ define "words" }}one{{ end }}'}
