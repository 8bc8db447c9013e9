"""`tocsin rules test` against `promtool test rules`: the same verdicts on the same files, for the same reasons."""

import json
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkdtemp
from time import monotonic, sleep
from typing import Any

import pytest
import yaml
from click.testing import CliRunner, Result

from tests.integration.prometheus_server import free_port, needs_prometheus
from tests.integration.ruletests.generated import filled, generate, spoiled
from tocsin.cli.ruletests import NOT_RUN, run_tests
from tocsin.cli.session import Session
from tocsin.ruletests.server import Server

needs_promtool = pytest.mark.skipif(
    shutil.which("promtool") is None, reason="promtool is not installed (apt-get install prometheus)"
)
pytestmark = [needs_prometheus, needs_promtool, pytest.mark.prometheus]

_FAILED = re.compile(
    r'^ {4}(?:name: [^\n]*\n {4})?(alertname|expr|rule): ("(?:[^"\\]|\\.)*"|[^,]*), time: (\w+),', re.M
)
_PARTS = re.compile(r"([0-9.]+)(ms|h|m|s)")
_SECONDS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600}

CORPUS = Path(__file__).parent / "ruletests" / "corpus"
"""Test files, each named after what it is about; its first line says what is to come of it."""
RULES = (CORPUS.parent / "rules" / "common.yml").read_text()
SEEDS = 12
SPOILED = 6
"""So many expectations of a generated test file are made wrong."""

Failed = tuple[str, str, float]


def seconds(duration: str) -> float:
    """Return what a duration of Go (`2m0s`) or of Prometheus (`2m`) stands for."""
    return sum(float(number) * _SECONDS[unit] for number, unit in _PARTS.findall(duration))


def theirs(file: Path) -> tuple[int, list[Failed]]:
    """Return promtool's exit code, and what it says has failed."""
    done = subprocess.run(
        ["promtool", "test", "rules", file.name], cwd=file.parent, capture_output=True, text=True
    )
    found = _FAILED.findall(done.stderr)
    return done.returncode, [
        (kind, json.loads(name) if name[:1] == '"' else name, seconds(at)) for kind, name, at in found
    ]


def invoke(*arguments: str) -> Result:
    """Run `tocsin rules test`."""
    return CliRunner().invoke(run_tests, arguments, obj=Session(), catch_exceptions=False)


def ours(file: Path) -> tuple[int, list[Failed]]:
    """Return our exit code, and what we say has failed."""
    done = invoke(str(file), "-o", "json")
    return done.exit_code, [failed for failure in failures(done) for failed in [_title(failure["what"])]]


def failures(done: Result) -> list[dict[str, Any]]:
    """Return the failures in a JSON report."""
    return [
        failure
        for each in json.loads(done.stdout)
        for verdict in each["tests"]
        for failure in verdict["failures"]
    ]


def _title(text: str) -> Failed:
    what, at = text.rsplit(", time: ", 1)
    kind, name = what.split(": ", 1)
    return kind, name, seconds(at)


@pytest.mark.parametrize("file", sorted(CORPUS.glob("*.yml")), ids=lambda file: file.stem)
def test_verdict_is_that_of_promtool(file: Path) -> None:
    expected = file.read_text().splitlines()[0]
    code, failed = ours(file)
    assert expected == ("# fails" if code else "# passes")
    assert (code, failed) == theirs(file)


@pytest.mark.parametrize("seed", range(SEEDS))
def test_what_comes_of_generated_rules_is_what_promtool_expects(seed: int, tmp_path: Path) -> None:
    drawn = generate(seed)
    (tmp_path / "rules.yml").write_text(yaml.safe_dump(drawn.rules))
    file = tmp_path / "test.yml"
    file.write_text(yaml.safe_dump(drawn.suite))
    came = invoke(str(file), "-o", "json")
    assert came.exit_code == 1, came.output
    suite = filled(drawn.suite, failures(came))
    file.write_text(yaml.safe_dump(suite))
    code, failed = ours(file)
    assert (code, failed) == theirs(file)
    if any(kind == "rule" for kind, *_ in failed):
        return  # A rule fails at some time, and nothing is looked at after it: there is nothing to spoil.
    assert code == 0
    file.write_text(yaml.safe_dump(spoiled(suite, seed)))
    code, failed = ours(file)
    assert (code, len(failed)) == (1, SPOILED)
    assert (code, failed) == theirs(file)


# -- what promtool 2.42 does not know -----------------------------------------------------------------

OWN = """
evaluation_interval: 1m
fuzzy_compare: true
tests:
  - name: a start
    start_timestamp: 2021-01-01T00:00:00Z
    input_series: [{series: x, values: 0+1x20}]
    promql_expr_test:
      - {expr: time(), eval_time: 1m, exp_samples: [{value: 1609459260}]}
      - {expr: x, eval_time: 1m, exp_samples: [{labels: x, value: 1}]}
  - name: a start in seconds
    start_timestamp: 1609459200.5
    promql_expr_test: [{expr: time(), eval_time: 1m, exp_samples: [{value: 1609459260.5}]}]
  - name: nearly equal
    input_series: [{series: x, values: 0.1+0.1x10}]
    promql_expr_test: [{expr: x, eval_time: 2m, exp_samples: [{labels: x, value: 0.3}]}]
"""


def test_a_start_of_its_own_and_nearly_equal_numbers(tmp_path: Path) -> None:
    file = tmp_path / "test.yml"
    file.write_text(OWN)
    done = invoke(str(file))
    assert done.exit_code == 0, done.output
    assert "SUCCESS: 3 tests" in done.output
    file.write_text(OWN.replace("fuzzy_compare: true", ""))
    assert invoke(str(file)).exit_code == 1


PENDING = """
rule_files: [rules.yml]
tests:
  - input_series: [{series: 'load{job="api"}', values: 9x9}]
    alert_rule_test:
      - eval_time: 1m
        alertname: Held
        exp_pending: [{exp_labels: {job: api}, exp_annotations: {summary: 'for a while: 9.0'}}]
      - {eval_time: 1m, alertname: Kept, exp_pending: [], exp_alerts: [{exp_labels: {job: api}}]}
"""


def test_what_is_pending_can_be_expected_too(tmp_path: Path) -> None:
    (tmp_path / "rules.yml").write_text(RULES)
    file = tmp_path / "test.yml"
    file.write_text(PENDING)
    done = invoke(str(file))
    assert done.exit_code == 0, done.output
    file.write_text(PENDING.replace("9.0", "8.0"))
    done = invoke(str(file))
    assert done.exit_code == 1
    assert "alertname: Held, time: 1m, pending" in done.output


INTERVALS = """
rule_files: [rules.yml]
tests:
  - input_series: [{series: x, values: 0+1x20}]
    promql_expr_test: [{expr: y, eval_time: 5m, exp_samples: [{labels: y, value: 4}]}]
"""


def test_groups_can_have_their_own_intervals(tmp_path: Path) -> None:
    rules = "groups: [{name: slow, interval: 2m, rules: [{record: y, expr: x}]}]"
    (tmp_path / "rules.yml").write_text(rules)
    file = tmp_path / "test.yml"
    file.write_text(INTERVALS)
    assert invoke("--intervals", str(file)).exit_code == 0
    assert invoke(str(file)).exit_code == 1


# -- who answers --------------------------------------------------------------------------------------

TWO = """
tests:
  - name: first
    input_series: [{series: x, values: 1 2}]
    promql_expr_test: [{expr: x, eval_time: 1m, exp_samples: [{labels: x, value: 2}]}]
  - name: second
    promql_expr_test: [{expr: x, eval_time: 1m}]
"""


def test_a_running_prometheus_takes_one_test_while_it_is_empty(tmp_path: Path) -> None:
    file = tmp_path / "test.yml"
    file.write_text(TWO)
    with empty_prometheus(tmp_path, "--web.enable-remote-write-receiver") as url:
        done = invoke("--prometheus", url, str(file))
        assert done.exit_code == NOT_RUN
        assert "NOT RUN: second: it holds series already" in done.output
    with empty_prometheus(tmp_path, "--web.enable-remote-write-receiver") as url:
        done = invoke("--prometheus", url, "--run", "^first$", str(file))
        assert done.exit_code == 0, done.output


def test_a_running_prometheus_has_to_take_samples(tmp_path: Path) -> None:
    file = tmp_path / "test.yml"
    file.write_text(TWO)
    with empty_prometheus(tmp_path) as url:
        done = invoke("--prometheus", url, "--run", "first", str(file))
    assert done.exit_code == NOT_RUN
    assert "the input series cannot be written: " in done.output
    assert "remote-write-receiver" in done.output


@contextmanager
def empty_prometheus(tmp_path: Path, *arguments: str) -> Iterator[str]:
    """Run a Prometheus that scrapes nothing."""
    directory = Path(mkdtemp(dir=tmp_path))
    (directory / "prometheus.yml").write_text("global: {}\n")
    command = [
        "prometheus",
        f"--config.file={directory}/prometheus.yml",
        f"--storage.tsdb.path={directory}/data",
    ]
    listen = f"127.0.0.1:{free_port()}"
    with (directory / "log").open("wb") as log:
        process = subprocess.Popen(
            [*command, f"--web.listen-address={listen}", *arguments], stdout=log, stderr=log
        )
        try:
            url = f"http://{listen}"
            wait_until_ready(url)
            yield url
        finally:
            process.kill()
            process.wait()


def wait_until_ready(url: str) -> None:
    """Return once a Prometheus takes queries."""
    deadline = monotonic() + 30
    while not Server(url).ready:
        assert monotonic() < deadline, "prometheus did not start"
        sleep(0.02)


def test_all_series_can_be_seen(tmp_path: Path) -> None:
    file = tmp_path / "test.yml"
    file.write_text(TWO)
    done = invoke("--debug", "--run", "first", str(file))
    assert done.stderr == '{__name__="x"}\n  1 @[0]\n  2 @[60]\n'


def test_nothing_is_left_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "test.yml"
    file.write_text(TWO)
    started = tmp_path / "started"
    binary = tmp_path / "prometheus"
    binary.write_text(f'#!/bin/sh\necho $$ >>{started}\nexec prometheus "$@"\n')
    binary.chmod(0o755)
    (tmp_path / "tmp").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "tmp"))
    assert invoke("--prometheus", str(binary), str(file)).exit_code == 0
    processes = started.read_text().split()
    assert len(processes) == 2
    assert not any(Path("/proc", process).exists() for process in processes)
    assert list((tmp_path / "tmp").iterdir()) == []


def test_a_recorded_series_of_a_day_is_whole(tmp_path: Path) -> None:
    (tmp_path / "rules.yml").write_text("groups: [{name: day, rules: [{record: y, expr: x}]}]")
    file = tmp_path / "test.yml"
    file.write_text(
        """
rule_files: [rules.yml]
evaluation_interval: 10m
tests:
  - interval: 5m
    input_series: [{series: x, values: 0+1x1000}]
    promql_expr_test: [{expr: 'count_over_time(y[2d])', eval_time: 1d, exp_samples: [{value: 145}]}]
"""
    )
    assert ours(file) == theirs(file) == (0, [])
