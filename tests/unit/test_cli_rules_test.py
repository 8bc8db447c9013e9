"""tocsin rules test, where there is no Prometheus: what it says, and its exit codes."""

import json
from pathlib import Path
from xml.etree import ElementTree

import pytest
from click.testing import CliRunner, Result

from tocsin.cli.main import main

GOOD = "tests: [{name: one, promql_expr_test: [{expr: x}]}, {name: two}]"
BAD = "tests: [{name: one, unknown: x}]"


@pytest.fixture(autouse=True)
def nothing_on_the_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave no program to be found, and work in a directory of its own."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    Path("good.yml").write_text(GOOD)
    Path("bad.yml").write_text(BAD)
    Path("empty.yml").touch()


def run(*arguments: str) -> Result:
    """Run `tocsin rules test`."""
    return CliRunner().invoke(main, ["rules", "test", *arguments], catch_exceptions=False)


def program(text: str) -> str:
    """Return the path of a program."""
    path = Path("program").absolute()
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return str(path)


def test_without_a_prometheus_it_says_what_it_could_not_run() -> None:
    done = run("good.yml")
    reason = "no prometheus on the path to answer PromQL (install one, or name it with --prometheus)"
    assert done.exit_code == 4
    assert done.stdout == f"Unit testing: good.yml\n  NOT RUN: one: {reason}\n  NOT RUN: two: {reason}\n"


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["empty.yml"], 0),
        (["good.yml", "--run", "three"], 0),
        (["good.yml", "empty.yml"], 4),
        (["bad.yml"], 1),
        (["bad.yml", "good.yml"], 1),
        (["missing.yml"], 1),
        (["bad.yml", "--ignore-unknown-fields"], 4),
        ([], 2),
        (["good.yml", "--run", "("], 2),
        (["good.yml", "--unknown"], 2),
        (["good.yml", "--junit", "missing/file.xml"], 1),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else str(value),
)
def test_exit_codes(arguments: list[str], code: int) -> None:
    assert run(*arguments).exit_code == code


def test_a_broken_file_is_refused_with_the_place() -> None:
    assert run("bad.yml").stdout.startswith(
        "Unit testing: bad.yml\n  FAILED:\n    bad.yml:1:21: tests[0].unknown: unknown key (known here: "
    )


def test_only_the_tests_that_are_chosen_are_run() -> None:
    done = run("good.yml", "--run", "^tw", "--run", "nothing")
    assert "NOT RUN: two" in done.stdout
    assert "NOT RUN: one" not in done.stdout


@pytest.mark.parametrize(
    ("prometheus", "reason"),
    [
        ("missing", "cannot start missing: No such file or directory"),
        ("http://127.0.0.1:1", "no answer of a Prometheus: http://127.0.0.1:1: Connection refused"),
    ],
)
def test_a_prometheus_that_is_not_there(prometheus: str, reason: str) -> None:
    done = run("good.yml", "--run", "one", "--prometheus", prometheus)
    assert done.exit_code == 4
    assert f"  NOT RUN: one: {reason}\n" in done.stdout


@pytest.mark.parametrize(
    ("text", "said"),
    [("exit 1", "it said nothing"), ("echo it is broken >&2", "it is broken")],
    ids=["mute", "loud"],
)
def test_a_prometheus_that_does_not_start(text: str, said: str) -> None:
    done = run("good.yml", "--run", "one", "--prometheus", program(text))
    assert done.exit_code == 4
    assert f"  NOT RUN: one: Prometheus (2.42 or later) did not start: {said}\n" in done.stdout


def test_results_as_json_and_junit() -> None:
    done = run("good.yml", "-o", "json", "--junit", "results.xml")
    assert [case["result"] for case in json.loads(done.stdout)[0]["tests"]] == ["not run", "not run"]
    root = ElementTree.parse("results.xml").getroot()  # noqa: S314 - our own
    assert [case.get("name") for case in root.iter("testcase")] == ["one", "two"]
    assert len(list(root.iter("skipped"))) == 2
