"""Rule files: what is read, what is refused and where, what is written back."""

import shutil
import subprocess
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.documents import DocumentError
from tocsin.rules.rule import Jitter, Rule
from tocsin.rules.rulefile import format_rule_file, parse_rule_file

FULL = """\
namespace: shop
groups:
  - name: web
    interval: 30s
    query_offset: 10s
    limit: 5
    jitter: rule
    labels: {team: web, severity: page}
    rules:
      - alert: Down
        expr: up == 0
        for: 5m
        keep_firing_for: 1m30s
        labels:
          severity: warn
          code: 500
          url: '{{ $labels.instance }}'
        annotations:
          summary: '{{ $labels.instance }} is {{ $value | humanize }}'
      - alert: Down
        expr: |
          absent(up{job="web"})
  - name: machines
    source: cloudwatch
    interval: 5m
    rules:
      - alert: Busy
        expr: avg_over_time(CPUUtilization{namespace="AWS/EC2"}[5m]) > 80
"""


def reasons(text: str, namespace: str | None = None) -> list[str]:
    with pytest.raises(DocumentError) as refusal:
        parse_rule_file(text, "rules.yml", namespace)
    return str(refusal.value).splitlines()


def group(rules: str, settings: str = "name: g") -> str:
    return f"groups:\n- {settings}\n  rules:\n{rules}"


def test_a_rule_file_is_read() -> None:
    first, second, third = parse_rule_file(FULL, "rules.yml")
    assert first == Rule(
        namespace="shop",
        group="web",
        alert="Down",
        expr="up == 0",
        interval=timedelta(seconds=30),
        query_offset=timedelta(seconds=10),
        limit=5,
        hold=timedelta(minutes=5),
        keep_firing_for=timedelta(seconds=90),
        labels={"team": "web", "severity": "warn", "code": "500", "url": "{{ $labels.instance }}"},
        annotations={"summary": "{{ $labels.instance }} is {{ $value | humanize }}"},
        jitter=Jitter.RULE,
    )
    assert second.expr == 'absent(up{job="web"})\n'
    assert second.labels == {"team": "web", "severity": "page"}
    assert third.source == "cloudwatch"
    assert third.interval == timedelta(minutes=5)
    assert third.plan is not None
    assert third.plan["period_seconds"] == 300


@pytest.mark.parametrize(
    ("text", "file", "given_namespace", "expected"),
    [
        (FULL, "dir/rules.yml", None, "shop"),
        (FULL, "dir/rules.yml", "mine", "mine"),
        (group("  - {alert: A, expr: up}"), "dir/web.rules.yml", None, "web.rules"),
        (group("  - {alert: A, expr: up}"), "-", None, "-"),
    ],
)
def test_the_namespace_is_the_one_given_else_the_files_own_else_its_name(
    text: str, file: str, given_namespace: str | None, expected: str
) -> None:
    assert {rule.namespace for rule in parse_rule_file(text, file, given_namespace)} == {expected}


def test_a_file_without_rules_is_read() -> None:
    assert parse_rule_file("groups: []", "rules.yml") == []
    assert parse_rule_file("groups:\n- name: g\n", "rules.yml") == []


def test_anchors_serve_many_rules() -> None:
    text = group("  - &a {alert: A, expr: up, for: 1m}\n  - <<: *a\n    alert: B\n")
    assert [(rule.alert, rule.hold) for rule in parse_rule_file(text, "f")] == [
        ("A", timedelta(minutes=1)),
        ("B", timedelta(minutes=1)),
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "rules.yml:1:1: expected a mapping"),
        ("groups: {}", "rules.yml:1:1: groups: expected a list"),
        ("groups:\n- {}", "rules.yml:2:3: groups[0].name: required, but missing"),
        ("groups:\n- name: ''", "rules.yml:2:3: groups[0].name: required, but empty"),
        (
            "groups:\n- name: g\n- name: g",
            "rules.yml:3:3: groups[1].name: duplicate group: g is there already",
        ),
        ("namespace: a/b\ngroups: []", 'rules.yml:1:1: namespace: a namespace has no slash: "a/b"'),
        (
            group("", "{name: g, interval: 0s}")[:-9],
            "rules.yml:2:13: groups[0].interval: an interval is at least 1s",
        ),
        (
            group("  - {alert: A, expr: up, for: 5x}"),
            'rules.yml:4:26: groups[0].rules[0].for: not a valid duration: "5x" (expected e.g. 30s, 5m, 1h30m)',
        ),
        (
            group("  - alert: A\n    expr: up\n    fro: 5m"),
            (
                "rules.yml:6:5: groups[0].rules[0].fro: unknown key"
                " (known here: alert, annotations, expr, for, keep_firing_for, labels, record)"
            ),
        ),
        (group("  - alert: A"), "rules.yml:4:5: groups[0].rules[0].expr: required, but missing"),
        (group("  - {alert: A, expr: ''}"), "rules.yml:4:16: groups[0].rules[0].expr: required, but empty"),
        (
            group("  - {alert: A, expr: sum(up}"),
            "rules.yml:4:16: groups[0].rules[0].expr: could not parse expression: unclosed left parenthesis",
        ),
        (group("  - expr: up"), "rules.yml:4:5: groups[0].rules[0].alert: required, but missing or empty"),
        (
            group("  - {record: 'a:b', alert: A, expr: up}"),
            "rules.yml:4:6: groups[0].rules[0].record: only one of record and alert may be there",
        ),
        (
            group("  - {record: 'a:b', expr: up}"),
            "rules.yml:4:6: groups[0].rules[0].record: recording rules are not supported yet",
        ),
        (
            group("  - {alert: A, expr: up}\n  - {alert: A, expr: down}"),
            "rules.yml:5:5: groups[0].rules[1]: duplicate rule: rules/g/A is there already",
        ),
        (
            group("  - {alert: A, expr: up, labels: {__name__: x}}"),
            'rules.yml:4:35: groups[0].rules[0].labels.__name__: invalid label name: "__name__"',
        ),
        (
            group("  - {alert: A, expr: up, labels: {'': x}}"),
            'rules.yml:4:35: groups[0].rules[0].labels.: invalid label name: ""',
        ),
        (
            group("  - {alert: A, expr: up, annotations: {a: '{{ $x }}'}}"),
            (
                "rules.yml:4:40: groups[0].rules[0].annotations.a: not understood: {{ $x }} (expected $value, "
                "$labels.NAME, or one of humanize, humanize1024, humanizeDuration, humanizePercentage, printf)"
            ),
        ),
        (
            "groups:\n- name: g\n  limit: -1",
            "rules.yml:3:3: groups[0].limit: expected greater than or equal to 0",
        ),
        ("groups:\n- name: g\n  limit: 1.5", "rules.yml:3:3: groups[0].limit: expected a whole number"),
        (
            "groups:\n- name: g\n  source: mimir",
            "rules.yml:3:3: groups[0].source: expected 'prometheus' or 'cloudwatch'",
        ),
        (
            "groups:\n- name: g\n  jitter: x",
            "rules.yml:3:3: groups[0].jitter: expected 'group', 'rule' or 'never'",
        ),
        (
            "groups:\n- name: g\n  source: cloudwatch\n  rules:\n  - alert: A\n    expr: avg_over_time(up[1m])",
            (
                "rules.yml:6:5: groups[0].rules[0].expr: a CloudWatch metric needs a name and a label namespace, e.g."
                ' avg_over_time(CPUUtilization{namespace="AWS/EC2", InstanceId="i-1"}[1m]) > 80'
            ),
        ),
        ("groups: [", "rules.yml:2:1: not valid YAML: did not find expected node content"),
    ],
)
def test_a_mistake_is_refused_with_file_line_field_and_reason(text: str, expected: str) -> None:
    assert reasons(text) == [expected]


def test_every_mistake_of_a_file_is_told_at_once() -> None:
    text = """\
groups:
  - name: [g]
    limit: -1
    rules:
      - alert: A
        expr: up ==
        for: 5x
      - alert: A
        expr: up
  - name: h
    rules: 5
more: 1
"""
    places = [reason.split(": ")[0] + " " + reason.split(": ")[1] for reason in reasons(text)]
    assert places == [
        "rules.yml:2:5 groups[0].name",
        "rules.yml:3:5 groups[0].limit",
        "rules.yml:6:9 groups[0].rules[0].expr",
        "rules.yml:7:9 groups[0].rules[0].for",
        "rules.yml:11:5 groups[1].rules",
        "rules.yml:12:1 more",
    ]


# -- writing ------------------------------------------------------------------------------------------


def test_what_is_written_is_read_back_as_it_was() -> None:
    rules = parse_rule_file(FULL, "rules.yml")
    assert parse_rule_file(format_rule_file(rules), "other.yml") == rules


def test_a_written_file_leaves_defaults_out() -> None:
    rule = Rule(namespace="n", group="g", alert="A", expr="up")
    text = format_rule_file([rule])
    assert text == "namespace: n\ngroups:\n- name: g\n  rules:\n  - alert: A\n    expr: up\n"


def test_no_rules_are_a_file_without_groups() -> None:
    assert parse_rule_file(format_rule_file([]), "f") == []


@pytest.mark.parametrize(
    ("other", "reason"),
    [
        (Rule(namespace="m", group="g", alert="B", expr="up"), "one namespace"),
        (Rule(namespace="n", group="g", alert="B", expr="up", limit=3), "rules of group g differ"),
    ],
)
def test_rules_that_no_file_can_hold_are_not_written(other: Rule, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        format_rule_file([Rule(namespace="n", group="g", alert="A", expr="up"), other])


WORDS = st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="/{"), min_size=1).filter(
    str.strip
)
VALUES = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="{"))
MAPPINGS = st.dictionaries(WORDS.filter(lambda name: name != "__name__"), VALUES, max_size=3)
DURATIONS = st.integers(0, 10**12).map(lambda ms: timedelta(milliseconds=ms))
RULES = st.builds(
    Rule,
    namespace=st.just("n"),
    group=WORDS,
    alert=WORDS,
    expr=st.sampled_from(["up == 0", "a\n  and on (x)\nb", 'x{y="#: é\\n"} > 1']),
    interval=DURATIONS.map(lambda duration: duration + timedelta(seconds=1)),
    query_offset=DURATIONS,
    hold=DURATIONS,
    keep_firing_for=DURATIONS,
    limit=st.integers(0, 10**6),
    labels=MAPPINGS,
    annotations=MAPPINGS,
    jitter=st.sampled_from(Jitter),
)


@given(st.lists(RULES, max_size=3, unique_by=lambda rule: rule.group))
def test_any_rules_survive_being_written(rules: list[Rule]) -> None:
    assert parse_rule_file(format_rule_file(rules), "f") == rules


# -- promtool -----------------------------------------------------------------------------------------

GOOD = {
    "plain": group("  - {alert: A, expr: up == 0, for: 5m}"),
    "no rules": "groups:\n- name: g\n",
    "no groups": "groups: []\n",
    "labels and templates": group(
        "  - alert: A\n    expr: up\n    labels: {a: yes, b: 1.0}\n    annotations: {c: '{{ $value | humanize }}'}"
    ),
    "anchor": group("  - &a {alert: A, expr: up}\n  - {<<: *a, alert: B}"),
    "limit": "groups:\n- name: g\n  limit: 3\n  interval: 1m\n  rules: [{alert: A, expr: up}]\n",
    "scalar": group("  - {alert: A, expr: '1'}"),
    "second document": "groups: []\n---\nnonsense: [\n",
}
BAD = {
    "unknown key at the top": "gruops: []\n",
    "unknown key of a group": "groups:\n- name: g\n  intervall: 1m\n",
    "unknown key of a rule": group("  - {alert: A, expr: up, fro: 5m}"),
    "bad duration": group("  - {alert: A, expr: up, for: 5x}"),
    "fraction": group("  - {alert: A, expr: up, for: 1.5h}"),
    "no expression": group("  - {alert: A}"),
    "bad expression": group("  - {alert: A, expr: up ==}"),
    "bad function": group("  - {alert: A, expr: rate(up)}"),
    "neither": group("  - {expr: up}"),
    "both": group("  - {alert: A, record: 'a:b', expr: up}"),
    "two groups of a name": "groups:\n- name: g\n- name: g\n",
    "no name": "groups:\n- rules: []\n",
    "name of a metric": group("  - {alert: A, expr: up, labels: {__name__: x}}"),
    "unclosed template": group("  - {alert: A, expr: up, annotations: {a: '{{ $value'}}"),
    "unknown function in a template": group("  - {alert: A, expr: up, annotations: {a: '{{ foo }}'}}"),
    "a key twice": group("  - {alert: A, alert: B, expr: up}"),
    "no yaml": "groups: [",
    "a list as labels": group("  - {alert: A, expr: up, labels: [a]}"),
}


@pytest.mark.prometheus
@pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool is not on the path")
@pytest.mark.parametrize(
    ("text", "good"),
    [(t, True) for t in GOOD.values()] + [(t, False) for t in BAD.values()],
    ids=[*GOOD, *BAD],
)
def test_promtool_takes_and_refuses_the_same_files(text: str, good: bool, tmp_path: Path) -> None:
    (tmp_path / "rules.yml").write_text(text)
    run = subprocess.run(
        ["promtool", "check", "rules", "rules.yml"], cwd=tmp_path, capture_output=True, text=True
    )
    assert (run.returncode == 0) is good, run.stdout + run.stderr
    if good:
        parse_rule_file(text, "rules.yml")
    else:
        assert reasons(text)
