"""The table of templates against a real Prometheus: it expands, fails and refuses all of them alike."""

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.unit.templating import EXPANSIONS, FAILURES, LABELS, REFUSALS, VALUE, Case

pytestmark = [
    pytest.mark.prometheus,
    pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool is not on the path"),
]

_PREAMBLE = len(
    "{{$labels := .Labels}}{{$externalLabels := .ExternalLabels}}"
    "{{$externalURL := .ExternalURL}}{{$value := .Value}}"
)
"""How much stands before the text on its first line: Prometheus counts it."""

DIFFERENT = {
    "newer than Debian's": ("Value interface {}", "{{ eq $labels $labels }}", "unexpected right paren"),
    "we give the place of what fails, Go that of what it last looked at": (
        '{{ (print "a") "b" }}',
        '{{ print "a" | (print 1) }}',
        "{{ $x = 1 }}",
        "(1).foo",
        "(args 1).arg9.foo",
        "(args).x",
        '(query "nope").banana',
        '(query "x" | first).Nope',
        "(toTime 0).Nope",
        "(toTime 0).Format",
        '{{ toUpper (safeHtml "x") }}',
    ),
    "we say what is wrong, Go that the syntax is invalid": ("{{ '' }}", '{{ "\\q" }}'),
    "we say what was expected": ("not a valid duration",),
    "Go crashes and recovers": ("{{ len nil }}", "{{ call nil }}"),
    "imaginary numbers": ("1i",),
    "a slip of Go's": ("multiple definition",),
}


def alike(case: Case) -> bool:
    """Return whether Prometheus is expected to say exactly the same."""
    return not any(
        part in case.template or part in case.message for parts in DIFFERENT.values() for part in parts
    )


def rules(cases: list[Case]) -> dict[str, Any]:
    named = enumerate(case.template for case in cases)
    return {
        "groups": [
            {
                "name": "g",
                "rules": [
                    {"alert": f"Case{n}", "expr": "x", "annotations": {"text": text}} for n, text in named
                ],
            }
        ]
    }


def promtool(tmp_path: Path, *arguments: str, **files: Any) -> subprocess.CompletedProcess[str]:
    for name, document in files.items():
        (tmp_path / f"{name}.yml").write_text(yaml.safe_dump(document, allow_unicode=True))
    return subprocess.run(["promtool", *arguments], cwd=tmp_path, capture_output=True, text=True)


def as_promtool_says(n: int, case: Case) -> str:
    """Return the text of a case, or its error as Prometheus puts it."""
    if case in EXPANSIONS:
        return case.text
    name = f"__alert_Case{n}"
    message = re.sub("text:1:([0-9]+)", lambda at: f"text:1:{int(at[1]) + _PREAMBLE}", case.message)
    message = message.replace(" text:", f" {name}:").replace('"text"', f'"{name}"')
    return f"<error expanding template: error executing template {name}: {message}>"


def test_prometheus_expands_and_fails_alike(tmp_path: Path) -> None:
    cases = [case for case in [*EXPANSIONS, *FAILURES] if alike(case)]
    labels = {name: value for name, value in LABELS.items() if name != "__name__"}
    expected = [
        {
            "alertname": f"Case{n}",
            "eval_time": "0m",
            "exp_alerts": [{"exp_labels": labels, "exp_annotations": {"text": as_promtool_says(n, case)}}],
        }
        for n, case in enumerate(cases)
    ]
    series = (
        "x{"
        + ",".join(f"{name}={json.dumps(value, ensure_ascii=False)}" for name, value in labels.items())
        + "}"
    )
    inputs = [{"series": series, "values": str(VALUE)}]
    test = {"rule_files": ["rules.yml"], "tests": [{"input_series": inputs, "alert_rule_test": expected}]}
    run = promtool(tmp_path, "test", "rules", "test.yml", rules=rules(cases), test=test)
    assert run.returncode == 0, run.stdout + run.stderr
    assert len(cases) > 200


def test_prometheus_refuses_alike(tmp_path: Path) -> None:
    cases = [case for case in REFUSALS if alike(case)]
    run = promtool(tmp_path, "check", "rules", "rules.yml", rules=rules(cases))
    said = dict(re.findall(r'rule [0-9]+, "Case([0-9]+)": annotation "text": (.*)', run.stderr + run.stdout))
    for n, case in enumerate(cases):
        line = case.message.replace(f"text:{case.place}:", f"text:{case.place.partition(':')[0]}:")
        assert said[str(n)] == line.replace(" text:", f" __alert_Case{n}:")
    assert len(cases) > 80
