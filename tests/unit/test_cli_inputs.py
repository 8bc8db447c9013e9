"""tocsin inputs, on a stack in memory."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from tests.unit.commandline import NOON, Stack
from tests.unit.fake_inputs import registered
from tests.unit.source_access import FakeAccess
from tocsin.bootstrap import collector
from tocsin.cli import inputsoutputs
from tocsin.collection.catalogue import Catalogue, read_catalogue
from tocsin.collection.crew import in_turn
from tocsin.history import read_history
from tocsin.index import read_index
from tocsin.inputs.network import Network
from tocsin.inputs.opening import Opened
from tocsin.inputs.reach import LOCAL
from tocsin.inputs.tools import Tools
from tocsin.schedule.ticks import floor_tick
from tocsin.settings import Settings
from tocsin.shipping.cursor import Counts, Cursor, Position, Trouble
from tocsin.views.outputs import OutputView

GOOD = """\
inputs:
- id: web/shop
  kind: fake
  interval: 1m
  settings:
    urls:
    - https://shop.example
- id: db
  kind: fake
  settings:
    urls:
    - tcp://db
    password:
      secret: prod/db
"""
OUTPUTS = """\
outputs:
- name: influx
  kind: fake
  settings:
    urls:
    - http://influx:8086
"""


@pytest.fixture(autouse=True, scope="module")
def kinds() -> Iterator[None]:
    with registered():
        yield


@pytest.fixture
def stack(tmp_path: Path) -> Stack:
    return Stack(tmp_path)


@pytest.fixture
def good(stack: Stack) -> str:
    return stack.file("inputs.yml", GOOD)


def catalogue(stack: Stack) -> Catalogue:
    return read_catalogue(stack.database, read_index(stack.database).inputs)


def ids(stack: Stack) -> list[str]:
    return sorted(catalogue(stack).inputs)


# -- check ----------------------------------------------------------------------------------------


def test_check_counts_what_is_there(stack: Stack, good: str) -> None:
    assert stack.ok("inputs", "check", good) == f"Checking '{good}'  SUCCESS: 2 inputs found\n"
    both = stack.ok("inputs", "check", stdin=GOOD + OUTPUTS)
    assert both == "Checking 'standard input'  SUCCESS: 2 inputs, 1 outputs found\n"


def test_check_names_every_mistake_of_every_file(stack: Stack, good: str) -> None:
    bad = stack.file("bad.yml", "inputs: [{id: a, kind: fake, interval: 1s}, {kind: fake}]\n")
    result = stack.run("inputs", "check", bad, good)
    assert result.exit_code == 1
    assert [line.split(": ")[1] for line in result.stderr.splitlines()[1:-1]] == [
        "inputs[0].settings",
        "inputs[0].interval",
        "inputs[1].id",
        "inputs[1].settings",
    ]
    assert result.stderr.endswith("Error: failed to validate 1 file(s)\n")
    [problems, none] = json.loads(stack.run("inputs", "check", bad, good, "-o", "json").stdout)
    assert (len(problems["problems"]), none["problems"]) == (4, [])


# -- apply and add --------------------------------------------------------------------------------


def test_apply_stores_what_is_new_and_then_changes_nothing(stack: Stack, good: str) -> None:
    assert stack.ok("inputs", "apply", good).splitlines() == [
        "+ Input: web/shop",
        "+ Input: db",
        "Inputs: 2 created, 0 updated, 0 deleted, 0 unchanged",
        "Stored: in force from the next tick on.",
    ]
    assert ids(stack) == ["db", "web/shop"]
    assert stack.ok("inputs", "apply", good).splitlines() == [
        "no changes detected",
        "Inputs: 0 created, 0 updated, 0 deleted, 2 unchanged",
    ]
    assert read_index(stack.database).inputs == 1


def test_apply_shows_what_an_edit_changes_and_keeps_the_rest(stack: Stack, good: str) -> None:
    stack.ok("inputs", "apply", good)
    stack.clock.sleep(60)
    edited = stack.run(
        "inputs", "apply", "-", stdin=GOOD.replace("interval: 1m", "interval: 30s").split("- id: db")[0]
    )
    assert edited.stdout.splitlines()[:3] == [
        "~ Input: web/shop",
        "    - interval: 1m",
        "    + interval: 30s",
    ]
    assert "kept (--prune deletes them):\n  db" in edited.stderr
    held = catalogue(stack).inputs
    assert held["web/shop"].since == NOON + timedelta(seconds=60)
    assert (held["db"].since, held["web/shop"].by) == (NOON, "ada")


def test_a_dry_run_only_shows_the_plan(stack: Stack, good: str) -> None:
    shown = stack.ok("inputs", "apply", "--dry-run", good)
    assert shown.splitlines()[-1] == "Dry run: nothing is stored."
    assert ids(stack) == []


def test_only_prune_deletes_and_that_is_asked_about(stack: Stack, good: str) -> None:
    stack.ok("inputs", "apply", good)
    only = stack.file("only.yml", GOOD.split("- id: db")[0])
    refused = stack.run("inputs", "apply", "--prune", only)
    assert (refused.exit_code, "needs --yes (Delete 1 inputs?)" in refused.stderr) == (1, True)
    assert ids(stack) == ["db", "web/shop"]
    done = stack.run("inputs", "apply", "--prune", only, stdin="y\n", answers=True)
    assert (done.exit_code, ids(stack)) == (0, ["web/shop"])
    assert "- Input: db" in done.stdout


def test_outputs_of_a_file_replace_those_that_are_stored(stack: Stack, good: str) -> None:
    stack.ok("inputs", "apply", "-", stdin=GOOD + OUTPUTS)
    stack.ok("inputs", "apply", good)  # a file that does not speak of outputs leaves them
    assert list(catalogue(stack).outputs) == ["influx"]
    other = GOOD + OUTPUTS.replace("influx\n", "second\n")
    shown = stack.ok("inputs", "apply", "--yes", "-", stdin=other)
    assert shown.splitlines()[:2] == ["+ Output: second", "- Output: influx"]
    assert list(catalogue(stack).outputs) == ["second"]


def test_the_plan_as_json(stack: Stack, good: str) -> None:
    stack.ok("inputs", "apply", good)
    edited = GOOD.replace("1m", "30s") + OUTPUTS
    plan = json.loads(stack.ok("inputs", "apply", "-", "-o", "json", stdin=edited))
    [change] = plan["updated"]
    assert (change["id"], change["after"]["schedule"]["interval_seconds"]) == ("web/shop", 30)
    assert (plan["unchanged"], plan["applied"], plan["outputs"]["created"]) == (1, True, ["influx"])


def test_a_plan_shows_no_secret_that_somebody_has_written_out(stack: Stack) -> None:
    text = GOOD.replace("\n      secret: prod/db", " hunter2")
    stack.ok("inputs", "apply", "-", stdin=text)
    for words in (["-"], ["-", "-o", "json"]):
        shown = stack.ok("inputs", "apply", "--dry-run", *words, stdin=text.replace("hunter2", "hunter3"))
        assert ("db" in shown, "hunter" in shown) == (True, False)


def test_a_refused_file_leaves_all_as_it_is(stack: Stack, good: str) -> None:
    stack.ok("inputs", "apply", good)
    result = stack.run("inputs", "apply", "--prune", "--yes", "-", stdin=GOOD + "- {id: x, kind: nope}\n")
    assert (result.exit_code, "inputs[2].kind: no kind of input" in result.stderr) == (1, True)
    assert ids(stack) == ["db", "web/shop"]


def test_add_does_all_or_nothing(stack: Stack, good: str) -> None:
    assert stack.ok("inputs", "add", good) == "web/shop added\ndb added\n"
    more = GOOD + "- {id: new, kind: fake, settings: {urls: [u]}}\n"
    result = stack.run("inputs", "add", "-", stdin=more)
    assert result.exit_code == 1
    assert result.stderr == "Error: there already: db, web/shop (nothing is changed)\n"
    assert ids(stack) == ["db", "web/shop"]


def test_add_takes_inputs_only(stack: Stack) -> None:
    result = stack.run("inputs", "add", "-", stdin=OUTPUTS)
    assert (result.exit_code, "they are stored by `tocsin inputs apply`" in result.stderr) == (1, True)


# -- delete, pause, resume ------------------------------------------------------------------------


def test_delete_does_all_or_nothing(stack: Stack, good: str) -> None:
    stack.ok("inputs", "apply", good)
    result = stack.run("inputs", "delete", "db", "gone", "lost")
    assert (result.exit_code, result.stderr) == (1, "Error: no such input: gone, lost (nothing is changed)\n")
    assert stack.ok("inputs", "delete", "db") == "db deleted\n"
    assert ids(stack) == ["web/shop"]


def test_a_pause_ends_by_itself_or_is_ended(stack: Stack, good: str) -> None:
    stack.ok("inputs", "apply", good)
    assert stack.ok("inputs", "pause", "db", "--for", "2h") == "db paused until 2026-01-31T14:00:00Z\n"
    held = catalogue(stack).inputs["db"]
    assert (held.paused(NOON), held.paused(NOON + timedelta(hours=2))) == (True, False)
    assert held.pause is not None
    assert held.pause.by == "ada"
    stack.clock.sleep(60)
    assert json.loads(stack.ok("inputs", "resume", "db", "-o", "json")) == {"resumed": ["db"]}
    assert catalogue(stack).inputs["db"].since == NOON + timedelta(seconds=60)
    assert stack.ok("inputs", "pause", "db") == "db paused\n"


@pytest.mark.parametrize(
    ("words", "code", "expected"),
    [
        (["pause", "db", "--for", "1h", "--until", "2027-01-01T00:00:00Z"], 2, "not both"),
        (["pause", "db", "--until", "2025-01-01T00:00:00Z"], 2, "a pause ends in the future"),
        (["pause", "db", "--for", "soon"], 2, "not a valid duration"),
        (["pause", "db", "gone"], 1, "no such input: gone (nothing is changed)"),
        (["resume", "gone"], 1, "no such input: gone (nothing is changed)"),
        (["get", "gone"], 1, "no such input: gone"),
        (["test", "gone"], 1, "no such input: gone, and no such file"),
    ],
    ids=["both", "past", "no duration", "pause", "resume", "get", "test"],
)
def test_what_cannot_be_is_refused(
    stack: Stack, good: str, words: list[str], code: int, expected: str
) -> None:
    stack.ok("inputs", "apply", good)
    result = stack.run("inputs", *words)
    assert (result.exit_code, expected in result.stderr) == (code, True)
    assert catalogue(stack).inputs["db"].pause is None


def test_who_changed_what_is_in_the_history(stack: Stack, good: str) -> None:
    stack.ok("inputs", "apply", good)
    stack.ok("inputs", "pause", "db")
    stack.ok("inputs", "resume", "db")
    stack.ok("inputs", "delete", "db")
    changes, _ = read_history(stack.database, NOON + timedelta(seconds=1), 10)
    told = {(change.what, change.by, change.via, change.targets) for change in changes}
    assert told == {
        ("inputs", "ada", "cli", ("web/shop", "db")),
        ("input_pause", "ada", "cli", ("db",)),
        ("input_resume", "ada", "cli", ("db",)),
        ("inputs_deleted", "ada", "cli", ("db",)),
    }


# -- list and get ---------------------------------------------------------------------------------


def run_due(stack: Stack, seconds: float) -> None:
    """Let time pass, and the collector run what is due then."""
    stack.clock.sleep(seconds)
    tools = Tools(FakeAccess(), Network(LOCAL))
    world = replace(
        stack.world, probes=Opened(tools), in_time=in_turn, runs=stack.flushes, shipments=stack.flushes
    )
    layout = read_index(stack.database).layout
    collector(world, Settings()).tick(layout.version, 0, floor_tick(stack.clock.at))


def test_list_tells_how_runs_went(stack: Stack) -> None:
    stack.ok("inputs", "apply", "-", stdin=GOOD.replace("tcp://db", "fail").replace("shop.example", "x"))
    stack.ok("inputs", "pause", "web/shop", "--for", "1h")
    waiting, never = (line.split() for line in stack.ok("inputs", "list").splitlines()[1:])
    assert waiting == ["db", "fake", "10s", "waiting", *"----0000"]
    assert never == ["web/shop", "fake", "1m", "paused", "until", "2026-01-31T13:00:00Z", *"----0000"]
    run_due(stack, 10)
    run_due(stack, 30)
    headers, failing, _ = (line.split() for line in stack.ok("inputs", "list").splitlines())
    assert headers[:5] == ["ID", "KIND", "SCHEDULE", "STATE", "LAST"]
    ran = ["db", "fake", "10s", "failing", "2026-01-31T12:00:40Z", "failed:", "fail:", "refused"]
    assert (failing[:8], failing[9:]) == (ran, ["0.0s", "2", "2", "0", "2"])
    [db, web] = json.loads(stack.ok("inputs", "list", "-o", "json"))
    assert (web["state"], web["pausedUntil"]) == ("paused", "2026-01-31T13:00:00Z")
    assert (db["health"]["outcome"], db["health"]["missed"], db["id"]) == ("failed", 2, "db")
    assert web["health"]["outcome"] is None


def test_a_resumed_input_runs_and_what_is_deleted_does_not(stack: Stack, good: str) -> None:
    stack.ok("inputs", "apply", good)
    stack.ok("inputs", "pause", "db")
    run_due(stack, 60)
    stack.ok("inputs", "resume", "db")
    run_due(stack, 60)
    [db, web] = json.loads(stack.ok("inputs", "list", "-o", "json"))
    assert [(one["health"]["runs"], one["state"]) for one in (db, web)] == [(1, "ok"), (2, "ok")]
    stack.ok("inputs", "delete", "db")
    assert [one["id"] for one in json.loads(stack.ok("inputs", "list", "-o", "json"))] == ["web/shop"]


def test_get_prints_the_file_that_would_store_it(stack: Stack) -> None:
    stack.ok("inputs", "apply", "-", stdin=GOOD + OUTPUTS)
    db, web = GOOD.split("- id: db")[1], GOOD.split("- id: db")[0]
    assert stack.ok("inputs", "get", "db") == "inputs:\n- id: db" + db
    assert stack.ok("inputs", "get", "web/shop", "db") == web + "- id: db" + db
    assert stack.ok("inputs", "apply", "-", stdin=stack.ok("inputs", "get")).startswith("no changes detected")
    assert "influx" in stack.ok("inputs", "get")
    assert [each["id"] for each in json.loads(stack.ok("inputs", "get", "-o", "json"))["inputs"]] == [
        "db",
        "web/shop",
    ]


def test_outputs_tells_how_far_each_is(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    stack.ok("inputs", "apply", "-", stdin=OUTPUTS)
    assert stack.ok("inputs", "outputs").splitlines()[1].split() == ["influx", "fake", "waiting", *"00000-"]
    trouble = Trouble(NOON, 3, NOON, "unreachable", "HTTP 503")
    cursor = Cursor({"inputs.0": Position(4)}, Counts(7, 1, 2, 3, 4), trouble)
    view = OutputView(catalogue(stack).outputs["influx"], cursor, {"inputs.0": 9})
    monkeypatch.setattr(inputsoutputs, "read_outputs", lambda *_: [view])
    cells = ["influx", "fake", "failing", "5", "7", "2", "3", "4", "unreachable:", "HTTP", "503"]
    assert stack.ok("inputs", "outputs").splitlines()[1].split() == cells
    [told] = json.loads(stack.ok("inputs", "outputs", "-o", "json"))
    assert (told["waiting"], told["unwritable"], told["trouble"]["tries"]) == (5, 1, 3)


# -- test -----------------------------------------------------------------------------------------


def file_of(url: str, more: str = "") -> str:
    return f"inputs: [{{id: a, kind: fake, {more} settings: {{urls: [{url}], count: 3}}}}]\n"


def test_test_prints_samples_as_line_protocol(stack: Stack) -> None:
    result = stack.run("inputs", "test", stack.file("inputs.yml", file_of("u", "tags: {team: x},")))
    assert result.exit_code == 0
    line = result.stdout.splitlines()[0]
    assert line.startswith("fake,input=a,server=u,team=x count=3i,up=true ")
    assert result.stderr.startswith("a  success in 0.")


@pytest.mark.parametrize(
    ("url", "more", "outcome", "detail"),
    [
        ("fail", "", "failed", "fail: refused"),
        ("crash", "", "crashed", "ZeroDivisionError at fake_inputs.py:"),
        ("hang", "deadline: 10ms,", "timeout", "not done within 0.01 s"),
    ],
    ids=["failed", "crashed", "hung"],
)
def test_test_says_why_a_run_failed(stack: Stack, url: str, more: str, outcome: str, detail: str) -> None:
    result = stack.run("inputs", "test", "-", "-o", "json", stdin=file_of(url, more))
    [told] = json.loads(result.stdout)
    assert (result.exit_code, told["outcome"], told["detail"][: len(detail)]) == (1, outcome, detail)


def test_test_runs_one_of_a_file_or_all_of_it_or_one_that_is_stored(stack: Stack, good: str) -> None:
    assert [one["id"] for one in json.loads(stack.ok("inputs", "test", good, "-o", "json"))] == [
        "web/shop",
        "db",
    ]
    assert [one["id"] for one in json.loads(stack.ok("inputs", "test", good, "db", "-o", "json"))] == ["db"]
    stack.ok("inputs", "apply", good)
    [told] = json.loads(stack.ok("inputs", "test", "db", "-o", "json"))
    assert (told["metrics"][0]["name"], told["metrics"][0]["tags"]) == (
        "fake",
        {"input": "db", "server": "tcp://db"},
    )
    nothing = stack.run("inputs", "test", good, "gone")
    assert (nothing.exit_code, nothing.stderr) == (1, f"Error: {good}: no such input: gone\n")
