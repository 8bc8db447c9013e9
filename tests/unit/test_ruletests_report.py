"""Reports of what came of tests."""

from xml.etree import ElementTree

from tocsin.ruletests import report
from tocsin.ruletests.compare import Number, Seen
from tocsin.ruletests.play import Failure
from tocsin.ruletests.verdict import FileVerdict, Verdict

SAMPLES = Failure(
    "expr: x, time: 1m", ["{}: expected 1, got +Inf"], [Number({}, 1)], [Number({}, float("inf"))]
)
ALERTS = Failure(
    "alertname: A, time: 1m",
    ["fires, but not expected"],
    [],
    [Seen({"alertname": "A"}, {"summary": 'a "text"\nof <two> lines'})],
)
FAILED = Verdict("one", [SAMPLES, ALERTS], "", "2.42.0", 1.25)
PASSED = Verdict("two", prometheus="2.42.0", seconds=0.5)
NOT_RUN = Verdict("three", not_run="no prometheus")


def lines(*verdicts: Verdict, diff: bool = False) -> list[str]:
    """Return what people are told of a file with these verdicts."""
    return list(report.lines(FileVerdict("t.yml", verdicts=verdicts), diff=diff))


def test_success_says_who_answered() -> None:
    assert lines(PASSED, PASSED) == [
        "Unit testing: t.yml (PromQL answered by Prometheus 2.42.0)",
        "  SUCCESS: 2 tests",
    ]


def test_failures_say_what_differs() -> None:
    assert lines(PASSED, FAILED) == [
        "Unit testing: t.yml (PromQL answered by Prometheus 2.42.0)",
        "  FAILED:",
        "    name: one, expr: x, time: 1m",
        "        {}: expected 1, got +Inf",
        "    name: one, alertname: A, time: 1m",
        "        fires, but not expected",
    ]


def test_a_diff_shows_both_sides() -> None:
    assert lines(FAILED, diff=True)[3:] == [
        "        --- expected",
        "        +++ got",
        "        @@ -1 +1 @@",
        "        -{} 1",
        "        +{} +Inf",
        "    name: one, alertname: A, time: 1m",
        "        --- expected",
        "        +++ got",
        "        @@ -0,0 +1,2 @@",
        '        +{alertname="A"}',
        '        +  summary: "a \\"text\\"\\nof <two> lines"',
    ]


def test_a_diff_of_what_has_no_sides_is_the_reason() -> None:
    failed = Verdict("one", [Failure("rule: y, time: 0s", ["it failed"])])
    assert lines(failed, diff=True)[2:] == ["    name: one, rule: y, time: 0s", "        it failed"]


def test_what_could_not_be_run_is_said() -> None:
    assert lines(NOT_RUN, PASSED)[1:] == ["  NOT RUN: three: no prometheus"]


def test_problems_and_warnings_of_a_file_are_said() -> None:
    assert list(report.lines(FileVerdict("t.yml", ["t.yml:1:1: no"], ["no file matches x"]))) == [
        "Unit testing: t.yml",
        "  WARNING: no file matches x",
        "  FAILED:",
        "    t.yml:1:1: no",
    ]


def test_junit() -> None:
    text = report.junit(
        [FileVerdict("t.yml", verdicts=[FAILED, PASSED, NOT_RUN]), FileVerdict("u.yml", ["u.yml:1:1: <no>"])]
    )
    root = ElementTree.fromstring(text)  # noqa: S314 - our own
    suites = list(root)
    assert [suite.attrib for suite in suites] == [
        {"name": "t.yml", "tests": "3", "failures": "1", "errors": "0", "skipped": "1"},
        {"name": "u.yml", "tests": "0", "failures": "0", "errors": "1", "skipped": "0"},
    ]
    one, two, three = suites[0]
    assert one.attrib == {"name": "one", "time": "1.250"}
    assert [(failure.get("message"), failure.text) for failure in one] == [
        ("expr: x, time: 1m", "{}: expected 1, got +Inf"),
        ("alertname: A, time: 1m", "fires, but not expected"),
    ]
    assert list(two) == []
    assert [(each.tag, each.get("message")) for each in three] == [("skipped", "no prometheus")]
    assert [(each.tag, each.get("message")) for case in suites[1] for each in case] == [
        ("error", "u.yml:1:1: <no>")
    ]


def test_json() -> None:
    document = report.to_json(FileVerdict("t.yml", verdicts=[FAILED, PASSED, NOT_RUN], warnings=["w"]))
    assert (document["file"], document["problems"], document["warnings"]) == ("t.yml", [], ["w"])
    assert [(case["name"], case["result"], case["reason"]) for case in document["tests"]] == [
        ("one", "failed", ""),
        ("two", "passed", ""),
        ("three", "not run", "no prometheus"),
    ]
    [samples, alerts] = document["tests"][0]["failures"]
    assert samples == {
        "what": "expr: x, time: 1m",
        "differences": ["{}: expected 1, got +Inf"],
        "expected": [{"labels": {}, "value": "1"}],
        "got": [{"labels": {}, "value": "+Inf"}],
    }
    assert alerts["got"] == [
        {"labels": {"alertname": "A"}, "annotations": {"summary": 'a "text"\nof <two> lines'}}
    ]
