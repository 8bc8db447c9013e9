"""Rule files: what is read, what is refused and where, what is written back."""

from datetime import timedelta

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tocsin.documents import DocumentError
from tocsin.expressions import cloudwatch
from tocsin.expressions.languages import Language, UnknownSourceError, built_in
from tocsin.expressions.promql import Facts
from tocsin.rules.rule import GapPolicy, Jitter, Kind, Rule
from tocsin.rules.rulefile import parse_rule_file, read_rule_file
from tocsin.rules.rulewriting import format_rule_file
from tocsin.timeintervals import TimeInterval

FULL = """\
namespace: shop
groups:
  - name: web
    interval: 30s
    query_offset: 10s
    limit: 5
    jitter: rule
    gap_policy: hold
    evaluate_during:
      - weekdays: [monday:friday]
        times: [{start_time: "09:00", end_time: "17:30"}]
        location: Europe/Berlin
      - days_of_month: ["-1"]
    labels: {team: web, severity: page}
    rules:
      - record: job:up:min
        expr: min by (job) (up)
        labels: {severity: "", raw: "{{ $labels.kept"}
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
    recorded, first, second, third = parse_rule_file(FULL, "rules.yml")
    windows = (
        TimeInterval(times=((540, 1050),), weekdays=((1, 5),), location="Europe/Berlin"),
        TimeInterval(days_of_month=((-1, -1),)),
    )
    assert recorded.key == 'shop/web/record:job:up:min{raw="{{ $labels.kept", severity="", team="web"}'
    assert (recorded.kind, recorded.reads, recorded.position) == (Kind.RECORD, ("up",), 0)
    assert (recorded.interval, recorded.windows) == (timedelta(seconds=30), windows)
    assert first == Rule(
        namespace="shop",
        group="web",
        name="Down",
        expr="up == 0",
        interval=timedelta(seconds=30),
        query_offset=timedelta(seconds=10),
        limit=5,
        hold=timedelta(minutes=5),
        keep_firing_for=timedelta(seconds=90),
        labels={"team": "web", "severity": "warn", "code": "500", "url": "{{ $labels.instance }}"},
        annotations={"summary": "{{ $labels.instance }} is {{ $value | humanize }}"},
        jitter=Jitter.RULE,
        gap=GapPolicy.HOLD,
        windows=windows,
        reads=("up",),
        position=1,
    )
    assert second.expr == 'absent(up{job="web"})\n'
    assert second.labels == {"team": "web", "severity": "page"}
    assert (third.source, third.windows, third.reads) == ("cloudwatch", (), ())
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


@pytest.mark.parametrize(
    "text",
    [
        "",
        "# nothing\n",
        "---\n",
        "{}",
        "groups: []",
        "groups:\n- name: g\n",
        "groups:\n- {name: g, rules: []}\n",
    ],
)
def test_a_file_without_rules_is_read(text: str) -> None:
    file = read_rule_file(text, "dir/empty.yml")
    assert (file.namespace, file.rules) == ("empty", [])


def test_anchors_serve_many_rules() -> None:
    text = group("  - &a {alert: A, expr: up, for: 1m}\n  - <<: *a\n    alert: B\n")
    assert [(rule.name, rule.hold) for rule in parse_rule_file(text, "f")] == [
        ("A", timedelta(minutes=1)),
        ("B", timedelta(minutes=1)),
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("- a", "rules.yml:1:1: expected a mapping"),
        ("groups: {}", "rules.yml:1:1: groups: expected a list"),
        ("groups:\n- {}", "rules.yml:2:3: groups[0].name: required, but missing"),
        ("groups:\n- name: ''", "rules.yml:2:3: groups[0].name: required, but empty"),
        (
            "groups:\n- name: g\n- name: g",
            "rules.yml:3:3: groups[1].name: duplicate group: g is there already",
        ),
        ("namespace: a/b\ngroups: []", 'rules.yml:1:1: namespace: a namespace has no slash: "a/b"'),
        (
            group("", "{name: g, interval: 999ms}")[:-9],
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
        (
            group("  - expr: up"),
            "rules.yml:4:5: groups[0].rules[0].alert: one of record and alert is required",
        ),
        (
            group("  - {record: 'a:b', alert: A, expr: up}"),
            "rules.yml:4:6: groups[0].rules[0].record: only one of record and alert may be there",
        ),
        (
            group("  - {record: 'up{job=\"a\"}', expr: up}"),
            (
                'rules.yml:4:6: groups[0].rules[0].record: invalid metric name: "up{job="a"}" '
                "(a name has no braces)"
            ),
        ),
        (
            group("  - {record: 'a:b', expr: up, for: 5m}"),
            "rules.yml:4:31: groups[0].rules[0].for: not allowed in a recording rule",
        ),
        (
            group("  - {record: 'a:b', expr: up, keep_firing_for: 5m}"),
            "rules.yml:4:31: groups[0].rules[0].keep_firing_for: not allowed in a recording rule",
        ),
        (
            group("  - {record: 'a:b', expr: up, annotations: {a: b}}"),
            "rules.yml:4:31: groups[0].rules[0].annotations: not allowed in a recording rule",
        ),
        (
            group("  - {alert: A, expr: up, labels: {__name__: x}}"),
            'rules.yml:4:35: groups[0].rules[0].labels.__name__: invalid label name: "__name__"',
        ),
        (
            group("  - {alert: A, expr: up, labels: {'': x}}"),
            'rules.yml:4:35: groups[0].rules[0].labels.: invalid label name: ""',
        ),
        ("groups:\n- name: g\n  limit: 1.5", "rules.yml:3:3: groups[0].limit: expected a whole number"),
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
        (
            "groups:\n- name: g\n  gap_policy: x",
            "rules.yml:3:3: groups[0].gap_policy: expected 'shift', 'hold' or 'count'",
        ),
        (
            "groups:\n- name: g\n  evaluate_during: []",
            "rules.yml:3:3: groups[0].evaluate_during: expected at least one entry",
        ),
        (
            "groups:\n- name: g\n  evaluate_during: [{weekdays: [someday]}]",
            (
                "rules.yml:3:33: groups[0].evaluate_during[0].weekdays[0]: "
                'not a weekday: "someday" (expected e.g. monday, or monday:friday)'
            ),
        ),
        (
            "defaults:\n  evaluate_during: [{hours: []}]\ngroups: [{name: g}]",
            (
                "rules.yml:2:22: defaults.evaluate_during[0].hours: unknown key"
                " (known here: days_of_month, location, months, times, weekdays, years)"
            ),
        ),
        (
            "defaults: {interval: x}",
            'rules.yml:1:12: defaults.interval: not a valid duration: "x" (expected e.g. 30s, 5m, 1h30m)',
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
    limit: few
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
    rule = Rule(namespace="n", group="g", name="A", expr="up")
    text = format_rule_file([rule])
    assert text == "namespace: n\ngroups:\n- name: g\n  rules:\n  - alert: A\n    expr: up\n"


def test_no_rules_are_a_file_without_groups() -> None:
    assert parse_rule_file(format_rule_file([]), "f") == []


@pytest.mark.parametrize(
    ("other", "reason"),
    [
        (Rule(namespace="m", group="g", name="B", expr="up"), "one namespace"),
        (Rule(namespace="n", group="g", name="B", expr="up", limit=3), "rules of group g differ"),
    ],
)
def test_rules_that_no_file_can_hold_are_not_written(other: Rule, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        format_rule_file([Rule(namespace="n", group="g", name="A", expr="up"), other])


def test_a_group_without_rules_cannot_be_written_and_is_not_missed() -> None:
    assert format_rule_file(parse_rule_file("groups: [{name: empty}]", "f")) == "groups: []\n"


WORDS = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1)
VALUES = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="{"))
MAPPINGS = st.dictionaries(WORDS.filter(lambda name: name != "__name__"), VALUES, max_size=3)
DURATIONS = st.integers(0, 10**12).map(lambda ms: timedelta(milliseconds=ms))
EXPRESSIONS = {
    "up == 0": Facts(("up",), singly=False),
    "a\n  and on (x)\nb @ end()": Facts(("a", "b"), singly=True),
    'x{y="#: é\\n"} > 1': Facts(("x",), singly=False),
    '{"ü.b", job="x"}': Facts(("ü.b",), singly=False),
    '{job="x"}': Facts(None, singly=False),
}
RANGES = st.tuples(st.integers(1, 5), st.integers(6, 12))
WINDOWS = st.builds(
    TimeInterval,
    times=st.lists(st.tuples(st.integers(0, 600), st.integers(601, 1440)), max_size=2).map(tuple),
    weekdays=st.lists(st.tuples(st.integers(0, 3), st.integers(3, 6)), max_size=2).map(tuple),
    days_of_month=st.lists(RANGES, max_size=2).map(tuple),
    months=st.lists(RANGES, max_size=2).map(tuple),
    years=st.lists(st.tuples(st.integers(2020, 2025), st.integers(2025, 2030)), max_size=2).map(tuple),
    location=st.sampled_from(["UTC", "Europe/Berlin"]),
)
SETTINGS = st.fixed_dictionaries(
    {
        "interval": DURATIONS.map(lambda duration: duration + timedelta(seconds=1)),
        "query_offset": DURATIONS,
        "limit": st.integers(0, 10**6),
        "source": st.sampled_from(["prometheus", "mimir"]),
        "jitter": st.sampled_from(Jitter),
        "gap": st.sampled_from(GapPolicy),
        "windows": st.lists(WINDOWS, max_size=2).map(tuple),
    }
)
ALERTS = st.fixed_dictionaries(
    {
        "name": WORDS,
        "expr": st.sampled_from(list(EXPRESSIONS)),
        "hold": DURATIONS,
        "keep_firing_for": DURATIONS,
        "labels": MAPPINGS,
        "annotations": MAPPINGS,
    }
)
RECORDS = st.fixed_dictionaries(
    {
        "kind": st.just(Kind.RECORD),
        "name": WORDS.filter(lambda name: not {"{", "}"} & set(name)),
        "expr": st.sampled_from(list(EXPRESSIONS)),
        "labels": MAPPINGS,
    }
)


@st.composite
def rule_files(draw: st.DrawFn) -> list[Rule]:
    """Draw the rules of a file as they are read: in order, with what their expressions tell."""
    found: list[Rule] = []
    for group in draw(st.lists(WORDS, max_size=3, unique=True)):
        settings = draw(SETTINGS)
        for position, rule in enumerate(draw(st.lists(ALERTS | RECORDS, min_size=1, max_size=4))):
            facts = EXPRESSIONS[str(rule["expr"])]
            whole = {"reads": facts.reads, "singly": facts.singly, "position": position, **settings, **rule}
            found.append(Rule(namespace="n", group=group, **whole))
    keys = [rule.key for rule in found]
    assume(len(set(keys)) == len(keys))
    return found


@given(rule_files())
def test_any_rules_survive_being_written(rules: list[Rule]) -> None:
    assert parse_rule_file(format_rule_file(rules), "f") == rules


# -- what Prometheus allows ---------------------------------------------------------------------------


def test_rules_of_one_name_and_labels_are_told_apart_by_their_order() -> None:
    text = group(
        "  - {alert: A, expr: up}\n  - {alert: A, expr: down}\n  - {record: A, expr: up}\n"
        "  - {alert: A, expr: up, labels: {a: b}}\n  - {alert: A, expr: 'up > 1'}\n"
    )
    rules = parse_rule_file(text, "f")
    assert [rule.key for rule in rules] == ["f/g/A", "f/g/A#2", "f/g/record:A", 'f/g/A{a="b"}', "f/g/A#3"]
    assert parse_rule_file(format_rule_file(rules), "f") == rules


def test_names_that_read_alike_in_a_key_are_told_apart() -> None:
    text = (
        "groups:\n- {name: a/b, rules: [{alert: c, expr: up}]}\n- {name: a, rules: [{alert: b/c, expr: up}]}"
    )
    rules = parse_rule_file(text, "f")
    assert len({rule.key for rule in rules}) == len({rule.id for rule in rules}) == 2


def test_many_rules_of_one_name_are_read_in_no_time() -> None:
    rules = parse_rule_file(group("  - {alert: A, expr: up}\n" * 5000), "f")
    assert rules[-1].ordinal == 5000


@pytest.mark.parametrize(
    ("setting", "expected"),
    [
        ("interval: 0s", {"interval": timedelta(minutes=1)}),
        ("interval: 1s", {"interval": timedelta(seconds=1)}),
        ("limit: -1", {"limit": 0}),
        ("query_offset: 0s", {"query_offset": timedelta(0)}),
        ("query_offset:", {"query_offset": timedelta(seconds=9)}),
        ("jitter: never", {"jitter": Jitter.NEVER}),
        ("labels:", {"labels": {}}),
        ("evaluate_during: [{years: ['2026']}]", {"windows": (TimeInterval(years=((2026, 2026),)),)}),
        ("name: h", {"interval": timedelta(minutes=5), "windows": (TimeInterval(months=((1, 1),)),)}),
    ],
)
def test_a_group_has_the_files_defaults_unless_it_says_otherwise(
    setting: str, expected: dict[str, object]
) -> None:
    name = "" if setting.startswith("name") else "name: g\n  "
    text = f"""\
defaults: {{interval: 5m, query_offset: 9s, limit: 7, evaluate_during: [{{months: [january]}}]}}
groups:
- {name}{setting}
  rules: [{{alert: A, expr: up}}]
"""
    [rule] = parse_rule_file(text, "f")
    assert {name: getattr(rule, name) for name in expected} == expected


def test_unknown_keys_can_be_passed_over() -> None:
    text = "owner: me\ngroups: [{name: g, team: a, rules: [{alert: A, expr: up, fro: 1m, for: 2m}]}]"
    [rule] = read_rule_file(text, "f", ignore_unknown=True).rules
    assert rule.hold == timedelta(minutes=2)


@pytest.mark.parametrize(
    ("rules", "fields"),
    [
        ("  - {alert: A, expr: up, annotations: {a: '{{ $x }}'}}", ["groups[0].rules[0].annotations.a"]),
        ("  - {alert: A, expr: up, labels: {a: '{{ if }}'}}", ["groups[0].rules[0].labels.a"]),
        ("  - {alert: A, expr: up, annotations: {a: '{{ nope }}'}}", ["groups[0].rules[0].annotations.a"]),
        ("  - {alert: A, expr: up}", ["groups[0].labels.team"]),
        ("  - {record: A, expr: up, labels: {b: '{{ if }}'}}", []),
    ],
)
def test_templates_of_alerts_are_checked_and_labels_of_records_are_literal(
    rules: str, fields: list[str]
) -> None:
    team = "{{ nope }}" if not fields or "team" in fields[0] else "x"
    text = group(rules, f"name: g\n  labels: {{team: '{team}'}}")
    if not fields:
        assert len(parse_rule_file(text, "f")) == 1
        return
    assert [reason.split(": ")[1] for reason in reasons(text)] == fields


# -- sources ------------------------------------------------------------------------------------------


def languages(source: str) -> Language:
    """Return the languages of a stack that has defined one source."""
    if source == "metrics":
        return built_in("cloudwatch")
    raise UnknownSourceError(f"no source is named {source}")


def test_the_language_of_an_expression_is_that_of_its_source() -> None:
    expr = 'sum_over_time(Errors{namespace="AWS/Lambda"}[1m]) > 5'
    text = f"defaults: {{source: metrics}}\ngroups: [{{name: g, rules: [{{alert: A, expr: '{expr}'}}]}}]"
    [rule] = parse_rule_file(text, "f", languages=languages)
    assert (rule.source, rule.plan, rule.reads) == ("metrics", cloudwatch.compile(expr), ())


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("groups: [{name: g, source: loki}]", "f:1:20: groups[0].source: no source is named loki"),
        ("defaults: {source: x}\ngroups: [{name: g}]", "f:1:12: defaults.source: no source is named x"),
        ("groups: [{name: g, source: ''}]", "f:1:20: groups[0].source: required, but empty"),
    ],
)
def test_a_source_that_is_not_defined_is_refused_where_it_is_named(text: str, expected: str) -> None:
    with pytest.raises(DocumentError) as refusal:
        parse_rule_file(text, "f", languages=languages)
    assert expected in str(refusal.value).splitlines()
