"""Mutated rule files: nothing crashes, nothing hangs, every refusal has its place, its field and its reason.

`TOCSIN_FUZZ=100000 pytest tests/fuzz` mutates as many; by default 10,000. Seeds are counted up from 0: what
fails can be run again by its number.
"""

import os
from time import process_time

import pytest

from tests.fuzz.mutating import mutated_file
from tocsin.documents import DocumentError
from tocsin.rules.rulefile import parse_rule_file
from tocsin.rules.rulewriting import format_rule_file

COUNT = int(os.environ.get("TOCSIN_FUZZ", "10000"))
SLOWEST_SECONDS = 10.0

FILES = (
    """\
namespace: shop
defaults: {interval: 30s, source: prometheus}
groups:
  - name: web
    query_offset: 10s
    limit: 5
    jitter: rule
    gap_policy: hold
    evaluate_during: [{weekdays: ['monday:friday'], times: [{start_time: '09:00', end_time: '17:00'}]}]
    labels: {team: web}
    rules:
      - record: job:up:min
        expr: min by (job) (up)
      - alert: Down
        expr: job:up:min == 0
        for: 5m
        keep_firing_for: 1m30s
        labels: {severity: page, url: '{{ $labels.instance }}'}
        annotations: {summary: '{{ $value | humanize }} of {{ printf "%.2f" $value }}'}
""",
    """\
groups:
- name: g
  rules:
  - &a {alert: A, expr: 'sum(rate(x{a=~"b|c"}[5m] offset 1m)) by (job) / 2 > bool 1e3', for: 1m}
  - <<: *a
    alert: B
  - {alert: C, expr: "max_over_time({'ü.b', c!=`\\\\d`}[1h:5m] @ end())", labels: &l {x: y}, annotations: *l}
""",
    """\
groups:
- name: aws
  source: cloudwatch
  interval: 5m
  rules:
  - alert: Busy
    expr: |
      IF(avg_over_time(CPUUtilization{namespace="AWS/EC2"}[5m]) > 5, 1, 0) * 100 >= 80
  - alert: Many
    expr: SELECT MAX(CPUUtilization) FROM "AWS/EC2" GROUP BY InstanceId [5m] > 80
""",
)
SCRAPS = (
    *(
        "\n",
        "  ",
        "\t",
        ":",
        ": ",
        "- ",
        ",",
        "#",
        "'",
        '"',
        "|",
        ">",
        "&a ",
        "*a",
        "<<: *a\n",
        "!!int ",
        "? ",
        "%",
    ),
    *(
        "[",
        "]",
        "{",
        "}",
        "[" * 300,
        "{a: " * 300,
        "- " * 300,
        "(" * 3000,
        "-" * 3000,
        "sum(" * 700,
        "{{",
        "}}",
    ),
    *(
        "\0",
        "\ufeff",
        "\x85",
        "\u2028",
        "é",
        "😀",
        "\\",
        "\\x",
        "\\ud800",
        "null",
        "~",
        "yes",
        "0x10",
        "1e999",
        "-1",
    ),
    *(
        "9" * 40,
        "99999999y",
        "[99999999999999999999]",
        " offset 1e400",
        "@ start()",
        " or ",
        "by (job)",
        "=~",
        "`",
    ),
    *(
        "---\n",
        "...\n",
        "groups:\n",
        "rules: *a\n",
        "expr: &a [*a]\n",
        "alert: ",
        "record: ",
        "source: x\n",
        "x" * 5000,
    ),
    *("{{ range . }}" * 50, '{{ printf "%999999999d" 1 }}', "{{ $x }}", "{{ define", "{{/*"),
)


def check(text: str) -> bool:
    """Read a file; tell whether it is taken. A refusal says where and why, what is taken can be written."""
    started = process_time()
    try:
        rules = parse_rule_file(text, "rules.yml", "n")
    except DocumentError as error:
        lines = len(text.splitlines()) + 1
        for problem in error.problems:
            assert problem.file == "rules.yml"
            assert 1 <= problem.line <= lines + text.count("\x85")
            assert problem.column >= 1
            assert problem.reason
            assert problem.field or problem.reason.startswith(("not valid YAML: ", "expected a mapping"))
        return False
    finally:
        assert process_time() - started < SLOWEST_SECONDS
    assert parse_rule_file(format_rule_file(rules), "again.yml") == rules
    return True


def test_mutated_rule_files_are_read_or_refused_with_place_and_reason() -> None:
    taken = 0
    for seed in range(COUNT):
        try:
            taken += check(mutated_file(seed, FILES, SCRAPS))
        except Exception as error:
            raise AssertionError(f"seed {seed}: {type(error).__name__}: {error}") from error
    assert COUNT * 0.02 < taken < COUNT * 0.9, "too many of one sort to tell anything"


def aliases(shape: str, count: int) -> str:
    """Return a chain of anchors, each of which holds the one before it more than once."""
    lines = ["a0: &a0 {x: y}"]
    lines += [f"a{n}: &a{n} {shape.format(f'*a{n - 1}')}" for n in range(1, count)]
    return "\n".join(lines) + f"\ngroups: [*a{count - 1}]\n"


BOMBS = {
    "lists of aliases": aliases("[{0}, {0}, {0}, {0}, {0}, {0}, {0}, {0}, {0}]", 30),
    "merged twice each": aliases("{{<<: [{0}, {0}], y: z}}", 60),
    "a long chain of aliases": aliases("[{0}]", 1400),
    "a long chain of merges": aliases("{{<<: {0}}}", 1400),
    "many groups of the same rules": "groups:\n- {name: g, rules: &r ["
    + "{alert: A, expr: up}, " * 2000
    + "]}\n"
    + "".join(f"- {{name: g{n}, rules: *r}}\n" for n in range(2000)),
    "brackets": "[" * 200_000,
    "closed brackets": "[" * 200_000 + "]" * 200_000,
    "mappings": "{a: " * 200_000,
    "dashes": "- " * 200_000,
    "indented": "\n".join(" " * n + "a:" for n in range(1500)),
    "parentheses in an expression": "groups: [{name: g, rules: [{alert: A, expr: '" + "(" * 100_000 + "'}]}]",
    "signs in an expression": "groups: [{name: g, rules: [{alert: A, expr: '" + "-" * 100_000 + "x'}]}]",
    "braces in a template": "groups: [{name: g, rules: [{alert: A, expr: up, labels: {a: '"
    + "{{" * 50_000
    + "'}}]}]",
    "parentheses in a template": "groups: [{name: g, rules: [{alert: A, expr: up, labels: {a: '{{ "
    + "(" * 20_000
    + " }}'}}]}]",
    "itself": "groups: &g [{name: *g}]\n",
    "a merge of itself": "&a {<<: *a}\n",
    "a key of a list": "? [a, b]\n: c\n",
    "no Unicode": "a: \ud800\n",
}


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_is_refused_before_it_goes_off(name: str) -> None:
    assert not check(BOMBS[name])


def test_thousands_of_mistakes_are_told_in_no_time() -> None:
    rules = "".join(f"  - {{alert: A{n}, expr: up, fro: 5m}}\n" for n in range(3000))
    assert not check(f"groups:\n- name: g\n  rules:\n{rules}")
