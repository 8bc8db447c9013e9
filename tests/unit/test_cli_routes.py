"""tocsin config routes, on a file and on a stack in memory."""

import json
from pathlib import Path

import pytest

from tests.unit.commandline import Stack

TREE = """
route:
  receiver: ops
  group_by: [alertname]
  routes:
    - matchers: [severity=page, 'team=~"a|b"']
      receiver: oncall
      continue: true
      routes:
        - {match: {site: x}, match_re: {zone: 'eu.*'}, group_by: ['...']}
        - matchers: ['site!~"(y|z)"']
          receiver: site
    - receiver: rest
receivers: [{name: ops}, {name: oncall}, {name: site}, {name: rest}]
"""
DRAWN = """\
Routing tree:
.
└── default-route  receiver: ops
    ├── {severity="page",team=~"a|b"}  continue: true  receiver: oncall
    │\xa0\xa0 ├── {site="x",zone=~"^(?:eu.*)$"}  receiver: oncall
    │\xa0\xa0 └── {site!~"(y|z)"}  receiver: site
    └── default-route  receiver: rest

"""


@pytest.fixture
def stack(tmp_path: Path) -> Stack:
    """Return a stack with a tree of routes."""
    stack = Stack(tmp_path)
    stack.ok("config", "apply", "-", stdin=TREE)
    return stack


@pytest.mark.parametrize("words", [["show"], []], ids=["show", "no command is show"])
def test_the_tree_is_drawn_as_amtool_draws_it(stack: Stack, words: list[str]) -> None:
    assert stack.ok("config", "routes", *words) == DRAWN


@pytest.mark.parametrize("before", [True, False], ids=["before the command", "behind it"])
def test_a_file_is_looked_at_without_a_stack(tmp_path: Path, before: bool) -> None:
    empty = Stack(tmp_path)
    option = ["--config.file", empty.file("am.yml", TREE)]
    assert empty.ok("config", "routes", *option, "show" if before else "-otable") == DRAWN
    words = [*option, "test", "site=y"] if before else ["test", *option, "site=y"]
    assert empty.ok("config", "routes", *words) == "rest\n"


def test_the_tree_as_json_has_what_routes_inherit(stack: Stack) -> None:
    tree = json.loads(stack.ok("config", "routes", "-o", "json"))
    oncall, rest = tree["routes"]
    assert (tree["receiver"], tree["groupBy"], tree["groupWait"]) == ("ops", ["alertname"], "30s")
    assert (oncall["matchers"], oncall["continue"]) == (['severity="page"', 'team=~"a|b"'], True)
    assert [child["groupBy"] for child in oncall["routes"]] == [["..."], ["alertname"]]
    assert (rest["repeatInterval"], rest["routes"]) == ("4h", [])


@pytest.mark.parametrize(
    ("labels", "receivers"),
    [
        pytest.param(["severity=page", "team=a", "site=y"], "oncall,rest", id="continue"),
        pytest.param(["severity=page", "team=a", "site=x", "zone=eu-1"], "oncall,rest", id="the first child"),
        pytest.param(["severity=page", "team=b"], "site,rest", id="a label that is missing is empty"),
        pytest.param([], "rest", id="no labels"),
        pytest.param(
            ['severity="page"', "team=b", "site=", "größe=x"], "site,rest", id="quoted, empty, UTF-8"
        ),
    ],
)
def test_the_receivers_of_an_alert_are_printed_in_the_order_of_the_tree(
    stack: Stack, labels: list[str], receivers: str
) -> None:
    assert stack.ok("config", "routes", "test", *labels) == f"{receivers}\n"


def test_the_routes_of_an_alert_as_json(stack: Stack) -> None:
    found = json.loads(
        stack.ok("config", "routes", "test", "severity=page", "team=a", "site=y", "-o", "json")
    )
    assert found == {
        "receivers": ["oncall", "rest"],
        "routes": ['{}/{severity="page",team=~"a|b"}', "{}/{}"],
    }


def test_the_routes_that_match_are_drawn_where_the_alert_stays_with_the_receiver(stack: Stack) -> None:
    labels = ["severity=page", "team=a", "site=x", "zone=eu-1"]
    assert stack.ok("config", "routes", "test", "--tree", *labels) == (
        "Matching routes:\n.\n└── default-route\n"
        '    ├── {severity="page",team=~"a|b"}\n'
        '    │\xa0\xa0 └── {site="x",zone=~"^(?:eu.*)$"}  receiver: oncall\n'
        "    └── default-route  receiver: rest\n\n\noncall,rest\n"
    )


def test_expected_receivers_decide_the_exit_code(stack: Stack) -> None:
    labels = ["severity=page", "team=a", "site=y"]
    stack.ok("config", "routes", "test", "--verify.receivers=oncall,rest", *labels)
    result = stack.run("config", "routes", "test", "--verify.receivers=rest,oncall", *labels)
    assert (result.exit_code, result.stdout) == (1, "oncall,rest\n")
    assert result.stderr == "WARNING: Expected receivers did not match resolved receivers.\n"


@pytest.mark.parametrize(
    ("label", "reason"),
    [
        ("severity", "bad matcher format: severity"),
        ("severity=~page", "labels must be specified as key=value pairs"),
        ("severity!=page", "labels must be specified as key=value pairs"),
    ],
)
def test_what_is_no_label_is_refused_in_amtools_words(stack: Stack, label: str, reason: str) -> None:
    result = stack.run("config", "routes", "test", label)
    assert (result.exit_code, result.stderr) == (1, f"Error: Failed to parse labels: {reason}\n")


def test_a_file_with_a_mistake_is_refused(stack: Stack) -> None:
    result = stack.run("config", "routes", "--config.file", stack.file("bad.yml", "route: {receiver: x}\n"))
    assert result.exit_code == 1
    assert 'undefined receiver "x" used in route' in result.stderr


def test_without_a_configuration_there_are_no_routes(tmp_path: Path) -> None:
    result = Stack(tmp_path).run("config", "routes")
    assert (result.exit_code, result.stderr) == (1, "Error: no configuration is stored\n")
