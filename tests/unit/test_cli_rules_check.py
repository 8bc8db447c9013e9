"""tocsin rules check and lint: what promtool's users and mimirtool's expect of them."""

import json
from pathlib import Path

import pytest

from tests.unit.commandline import Stack
from tocsin.sources.definition import Definition
from tocsin.sources.sourcefile import parse_sources
from tocsin.sources.stored import store_definitions

TWICE = """
groups:
  - name: g
    rules:
      - {record: up_sum, expr: sum(up)}
      - {alert: Down, expr: up==0}
      - {alert: Down, expr: up == 1}
"""
SOURCES = """
sources:
  - {name: metrics, kind: cloudwatch}
  - {name: mimir, kind: prometheus, settings: {url: "http://mimir:8080/prometheus"}}
"""
BILLED = """
groups:
  - name: g
    source: metrics
    rules:
      - {alert: Busy, expr: 'avg_over_time(CPUUtilization{namespace="AWS/EC2"}[1m]) > 80'}
"""


@pytest.fixture
def stack(tmp_path: Path) -> Stack:
    """Return an empty stack."""
    return Stack(tmp_path)


@pytest.mark.parametrize(
    ("options", "code", "findings"),
    [
        pytest.param([], 0, ["duplicate-rules"], id="default"),
        pytest.param(["--lint=duplicate-rules"], 0, ["duplicate-rules"], id="named"),
        pytest.param(["--lint=all"], 0, ["duplicate-rules", "record-names"], id="all"),
        pytest.param(["--lint=none"], 0, [], id="none"),
        pytest.param(["--lint-fatal"], 3, ["duplicate-rules"], id="fatal"),
        pytest.param(["--lint=none", "--lint-fatal"], 0, [], id="fatal, and nothing found"),
    ],
)
def test_check_lints_as_promtool_does(
    stack: Stack, options: list[str], code: int, findings: list[str]
) -> None:
    file = stack.file("rules.yml", TWICE)
    result = stack.run("rules", "check", *options, file)
    assert result.exit_code == code
    assert result.stdout == f"Checking {file}\n  SUCCESS: 3 rules found\n"
    told = {
        "duplicate-rules": f"{file}:6:9: Down is there already, in line 5 (duplicate-rules)",
        "record-names": (
            f"{file}:4:9: up_sum does not match level:metric:operation, with at least one colon (record-names)"
        ),
    }
    assert result.stderr.splitlines() == [told[name] for name in findings]


def test_a_mistake_weighs_more_than_what_lint_finds(stack: Stack) -> None:
    files = stack.file("rules.yml", TWICE), stack.file("bad.yml", "groups: [{}]")
    assert stack.run("rules", "check", "--lint-fatal", *files).exit_code == 1


def test_what_lint_finds_is_in_the_json(stack: Stack) -> None:
    file = stack.file("rules.yml", TWICE)
    [checked] = json.loads(stack.ok("rules", "check", "--lint=all", "-o", "json", file))
    assert [(found["line"], found["column"]) for found in checked["findings"]] == [(6, 9), (4, 9)]


def test_unknown_fields_can_be_ignored(stack: Stack) -> None:
    file = stack.file("rules.yml", "groups: [{name: g, owner: me, rules: [{alert: A, expr: up, fro: 5m}]}]\n")
    assert stack.run("rules", "check", file).exit_code == 1
    assert "1 rules found" in stack.ok("rules", "check", "--ignore-unknown-fields", file)


# -- sources --------------------------------------------------------------------------------------


def test_the_language_of_a_source_is_that_of_its_definition(stack: Stack) -> None:
    rules, sources = stack.file("rules.yml", BILLED), stack.file("sources.yml", SOURCES)
    result = stack.run("rules", "check", rules)
    assert "could not use expression" not in result.stderr
    assert result.exit_code == 0, "nobody defines sources: it is taken for PromQL"
    assert "$0.44  rules/g/Busy" in stack.ok("rules", "check", "--sources", sources, rules)


def test_a_source_that_is_not_defined_is_refused(stack: Stack) -> None:
    rules = stack.file("rules.yml", BILLED.replace("metrics", "metric"))
    result = stack.run("rules", "check", "--sources", stack.file("sources.yml", SOURCES), rules)
    assert result.exit_code == 1
    known = "(there are: cloudwatch, inputs, metrics, mimir, prometheus)"
    assert f'{rules}:3:5: groups[0].source: no source is named "metric" {known}' in result.stderr


def test_a_source_named_like_a_kind_is_of_it_where_none_is_defined(stack: Stack) -> None:
    text = 'groups: [{name: g, source: loki, rules: [{alert: A, expr: \'sum(rate({app="x"} |= "err" [5m])) > 1\'}]}]\n'
    assert "1 rules found" in stack.ok("rules", "check", stack.file("rules.yml", text))


def test_the_sources_of_a_stack_are_known_to_whoever_names_it(stack: Stack) -> None:
    store_definitions(
        stack.database, parse_sources(SOURCES, "s.yml"), SOURCES, by="ada", now=stack.clock.now()
    )
    rules = stack.file("rules.yml", BILLED)
    assert "$0.44" in stack.ok("--stack", "prod", "rules", "check", rules)
    wrong = stack.file("wrong.yml", BILLED.replace("metrics", "metric"))
    result = stack.run("rules", "apply", wrong)
    assert (result.exit_code, "no source is named" in result.stderr) == (1, True)
    assert "1 Rules Created" in stack.ok("rules", "apply", rules)


def test_a_source_whose_kind_is_not_installed_here_is_refused(stack: Stack) -> None:
    gone = [Definition("metrics", "queues")]
    store_definitions(stack.database, gone, "", by="ada", now=stack.clock.now())
    result = stack.run("rules", "apply", stack.file("rules.yml", BILLED))
    assert result.exit_code == 1
    assert "groups[0].source: no kind of source is named 'queues'" in result.stderr


def test_what_logs_cost_depends_on_what_is_scanned(stack: Stack) -> None:
    expr = "stats count(*) as errors [5m] > 100"
    text = f"groups: [{{name: g, source: cloudwatch_logs, interval: 5m, rules: [{{alert: A, expr: '{expr}'}}]}}]\n"
    assert stack.ok("rules", "check", stack.file("logs.yml", text)).splitlines()[2:] == [
        "  CloudWatch Logs charges $0.005 for each GB that an evaluation scans:",
        "    8760 times a month  logs/g/A",
    ]


def test_a_broken_file_of_sources_is_refused_with_its_place(stack: Stack) -> None:
    sources = stack.file("sources.yml", "sources: [{name: a, kind: nope}]\n")
    result = stack.run("rules", "check", "--sources", sources, stack.file("rules.yml", BILLED))
    assert result.exit_code == 1
    assert f"{sources}:1:21: sources[0].kind: no kind of source is named 'nope'" in result.stderr


# -- lint -----------------------------------------------------------------------------------------

UNTIDY = """\
# Ours.
groups:
  - name: g   # the only one
    interval: 1m
    rules:
      - alert: Down
        expr: up==0  # why
        for: 5m

      - alert: Slow
        expr: |
          histogram_quantile(0.9,
            sum(rate(x_bucket[5m]))by(le))>1

      - {alert: Tight, expr: 'x{b="1",a="2"}>1', for: 1m}
      - alert: Tidy
        expr: |
          up == 1
      - alert: Commented
        expr: |
          up==1 # indeed
"""
TIDY = """\
# Ours.
groups:
  - name: g   # the only one
    interval: 1m
    rules:
      - alert: Down
        expr: up == 0  # why
        for: 5m

      - alert: Slow
        expr: histogram_quantile(0.9, sum by (le) (rate(x_bucket[5m]))) > 1

      - {alert: Tight, expr: 'x{a="2",b="1"} > 1', for: 1m}
      - alert: Tidy
        expr: |
          up == 1
      - alert: Commented
        expr: |
          up==1 # indeed
"""


def test_lint_formats_expressions_in_place_and_nothing_else(stack: Stack) -> None:
    untidy, tidy = stack.file("untidy.yml", UNTIDY), stack.file("tidy.yml", TIDY)
    assert stack.ok("rules", "lint", untidy, tidy) == f"{untidy}: formatted\n"
    assert Path(untidy).read_text() == Path(tidy).read_text() == TIDY
    assert stack.ok("rules", "lint", untidy) == ""


def test_lint_keeps_line_ends_and_marks_of_byte_order(stack: Stack) -> None:
    path = stack.directory / "windows.yml"
    path.write_bytes(b"\xef\xbb\xbf" + UNTIDY.replace("\n", "\r\n").encode())
    stack.ok("rules", "lint", str(path))
    assert b"up == 0  # why\r\n" in path.read_bytes()


def test_long_expressions_become_blocks_where_there_can_be_one(stack: Stack) -> None:
    expr = (
        "sum(rate(http_errors_total{job=~'a|b|c|d'}[5m]))/sum(rate(http_requests_total{job=~'a|b'}[5m]))>0.1"
    )
    text = f'groups:\n- name: g\n  rules:\n  - alert: A\n    expr: {expr}\n  - {{alert: B, expr: "{expr}"}}\n'
    file = stack.file("long.yml", text)
    stack.ok("rules", "lint", file)
    assert Path(file).read_text() == (
        "groups:\n- name: g\n  rules:\n  - alert: A\n    expr: |2-\n"
        '        sum(rate(http_errors_total{job=~"a|b|c|d"}[5m])) / sum(rate(http_requests_total{job=~"a|b"}[5m]))\n'
        "      >\n        0.1\n"
        f'  - {{alert: B, expr: "{expr}"}}\n'
    )


@pytest.mark.parametrize(
    ("options", "code"), [([], 0), (["--exit-code"], 1)], ids=["dry run", "dry run with --exit-code"]
)
def test_a_dry_run_of_lint_writes_nothing(stack: Stack, options: list[str], code: int) -> None:
    file = stack.file("untidy.yml", UNTIDY)
    result = stack.run("rules", "lint", "-n", *options, file)
    assert (result.exit_code, result.stdout) == (code, f"{file}: would be formatted\n")
    assert Path(file).read_text() == UNTIDY


def test_lint_tells_what_it_finds_and_what_it_refuses(stack: Stack) -> None:
    twice, bad = (
        stack.file("twice.yml", TWICE),
        stack.file("bad.yml", "groups: [{name: g, rules: [{expr: up==0}]}]"),
    )
    result = stack.run("rules", "lint", twice, bad)
    assert result.exit_code == 1
    assert "(duplicate-rules)" in result.stderr
    assert "(record-names)" in result.stderr
    assert f"Checking {bad}\n  FAILED:\n{bad}:1:28" in result.stderr
    assert Path(bad).read_text().endswith("{expr: up==0}]}]")
    document = json.loads(stack.run("rules", "lint", "-n", "-o", "json", twice, bad).stdout)
    assert (document["formatted"], document["written"], len(document["refused"])) == ([], False, 1)


def test_lint_needs_files(stack: Stack) -> None:
    assert stack.run("rules", "lint").exit_code == 2
    assert "lint writes files" in stack.run("rules", "lint", "-", stdin=UNTIDY).stderr
