"""Reports of what came of tests: for people, as JUnit XML for a CI, as JSON."""

from collections.abc import Iterator, Sequence
from difflib import unified_diff
from typing import Any
from xml.etree import ElementTree

from tocsin.ruletests.play import Failure
from tocsin.ruletests.verdict import FileVerdict, Verdict


def lines(tested: FileVerdict, *, diff: bool = False) -> Iterator[str]:
    """Yield what people are told of a file; with `diff` both sides of a failure line by line."""
    yield f"Unit testing: {tested.file}{_answered(tested)}"
    yield from (f"  WARNING: {warning}" for warning in tested.warnings)
    if tested.failed:
        yield "  FAILED:"
        yield from (f"    {problem}" for problem in tested.problems)
        for verdict in tested.verdicts:
            for failure in verdict.failures:
                yield from _failure(verdict, failure, diff=diff)
    for verdict in tested.verdicts:
        if verdict.not_run:
            yield f"  NOT RUN: {verdict.name}: {verdict.not_run}"
    if not tested.failed and not tested.not_run:
        yield f"  SUCCESS: {len(tested.verdicts)} tests"


def _answered(tested: FileVerdict) -> str:
    versions = sorted({verdict.prometheus for verdict in tested.verdicts if verdict.prometheus})
    return f" (PromQL answered by Prometheus {', '.join(versions)})" if versions else ""


def _failure(verdict: Verdict, failure: Failure, *, diff: bool) -> Iterator[str]:
    yield f"    name: {verdict.name}, {failure.title}"
    found = _both(failure) if diff and (failure.expected or failure.got) else failure.differences
    yield from (f"        {line}" for line in found)


def _both(failure: Failure) -> Iterator[str]:
    expected, got = (
        [line for each in side for line in each.lines()] for side in (failure.expected, failure.got)
    )
    return unified_diff(expected, got, "expected", "got", lineterm="", n=max(len(expected), len(got)))


def junit(files: Sequence[FileVerdict]) -> str:
    """Return a JUnit XML document: a suite for each file, a case for each test group."""
    root = ElementTree.Element("testsuites")
    for tested in files:
        _suite(root, tested)
    ElementTree.indent(root)
    return f"{ElementTree.tostring(root, encoding='unicode', xml_declaration=True)}\n"


def _suite(root: ElementTree.Element, tested: FileVerdict) -> None:
    verdicts = tested.verdicts
    figures = {
        "tests": len(verdicts),
        "failures": sum(bool(verdict.failures) for verdict in verdicts),
        "errors": int(bool(tested.problems)),
        "skipped": sum(bool(verdict.not_run) for verdict in verdicts),
    }
    attributes = {"name": tested.file, **{key: str(figure) for key, figure in figures.items()}}
    suite = ElementTree.SubElement(root, "testsuite", attributes)
    for problem in tested.problems:
        case = ElementTree.SubElement(suite, "testcase", name="the file")
        ElementTree.SubElement(case, "error", message=problem)
    for verdict in verdicts:
        case = ElementTree.SubElement(suite, "testcase", name=verdict.name, time=f"{verdict.seconds:.3f}")
        for failure in verdict.failures:
            told = ElementTree.SubElement(case, "failure", message=failure.title)
            told.text = "\n".join(failure.differences)
        if verdict.not_run:
            ElementTree.SubElement(case, "skipped", message=verdict.not_run)


def to_json(tested: FileVerdict) -> dict[str, Any]:
    """Return what came of a file as JSON."""
    return {
        "file": tested.file,
        "problems": list(tested.problems),
        "warnings": list(tested.warnings),
        "tests": [_verdict_to_json(verdict) for verdict in tested.verdicts],
    }


def _verdict_to_json(verdict: Verdict) -> dict[str, Any]:
    return {
        "name": verdict.name,
        "result": "not run" if verdict.not_run else "failed" if verdict.failures else "passed",
        "reason": verdict.not_run,
        "prometheus": verdict.prometheus,
        "seconds": round(verdict.seconds, 3),
        "failures": [
            {
                "what": failure.title,
                "differences": list(failure.differences),
                "expected": [each.to_json() for each in failure.expected],
                "got": [each.to_json() for each in failure.got],
            }
            for failure in verdict.failures
        ],
    }
