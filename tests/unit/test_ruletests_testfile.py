"""Test files in promtool's format: what is read, and where a mistake is."""

from datetime import UTC, datetime, timedelta

import pytest

from tocsin.documents import DocumentError
from tocsin.ruletests.testfile import EPOCH, Suite, parse_test_file

WHOLE = """
rule_files: [rules.yml, 'more/*.yml']
evaluation_interval: 30s
group_eval_order: [first, second]
fuzzy_compare: true
tests:
  - name: a case
    interval: 15s
    input_series:
      - {series: 'up{job="api"}', values: '1 0x2'}
    alert_rule_test:
      - eval_time: 5m
        alertname: Down
        exp_alerts: [{exp_labels: {job: api, code: 5}, exp_annotations: {summary: }}]
        exp_pending: []
    promql_expr_test:
      - {expr: up, eval_time: 10m30s, exp_samples: [{labels: up, value: .inf}]}
    external_labels: {site: here}
    external_url: http://prometheus.example
    start_timestamp: 2021-01-01T01:00:00+01:00
"""


def test_everything_is_read() -> None:
    suite = parse_test_file(WHOLE, "test.yml")
    assert suite.rule_files == ("rules.yml", "more/*.yml")
    assert suite.interval == timedelta(seconds=30)
    assert suite.group_eval_order == ("first", "second")
    assert suite.fuzzy_compare
    [case] = suite.tests
    assert case.interval == timedelta(seconds=15)
    assert case.length == timedelta(minutes=10, seconds=30)
    assert case.input_series[0].series == (("__name__", "up"), ("job", "api"))
    [check] = case.alert_rule_test
    assert check.exp_alerts[0].exp_labels == {"job": "api", "code": "5"}
    assert check.exp_alerts[0].exp_annotations == {"summary": ""}
    assert check.exp_pending == ()
    assert case.promql_expr_test[0].exp_samples[0].value == float("inf")
    assert (case.external_labels, case.external_url) == ({"site": "here"}, "http://prometheus.example")
    assert case.start_timestamp == datetime(2021, 1, 1, tzinfo=UTC)


def test_defaults() -> None:
    suite = parse_test_file("tests: [{alert_rule_test: [{alertname: Down}]}]", "test.yml")
    assert suite.interval == timedelta(minutes=1)
    [case] = suite.tests
    assert case.start_timestamp == EPOCH
    assert case.length == timedelta(0)
    assert case.alert_rule_test[0].exp_pending is None


@pytest.mark.parametrize("text", ["", "# nothing\n", "---\n"])
def test_an_empty_file_is_a_suite_without_tests(text: str) -> None:
    assert parse_test_file(text, "test.yml") == Suite()


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("0", 0),
        ("90", 90),
        ("1609459200.5", 1609459200.5),
        ("-60", -60),
        ("2021-01-01T00:00:00Z", 1609459200),
    ],
)
def test_starts(text: str, at: float) -> None:
    suite = parse_test_file(f"tests: [{{start_timestamp: {text}}}]", "test.yml")
    assert suite.tests[0].start_timestamp.timestamp() == at


CASE = "tests:\n  - input_series: [{{series: {series}, values: {values}}}]\n"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("tests: {}", "test.yml:1:1: tests: expected a list"),
        ("test: []", "test.yml:1:1: test: unknown key (known here: evaluation_interval, fuzzy_compare, "),
        ("rule_files: []\nrule_files: []", "test.yml:2:1: rule_files: this key is there twice"),
        ("group_eval_order: [a, b, a]", "group_eval_order[2]: group a is there already"),
        ("evaluation_interval: 60", "test.yml:1:1: evaluation_interval: not a valid duration"),
        (
            "tests:\n  - input_series:\n    - series: 'up{a}'\n      values: 1",
            'test.yml:3:7: tests[0].input_series[0].series: expected label="value", not "a"',
        ),
        (
            "tests:\n  - input_series:\n    - series: up\n      values: 1 two",
            "test.yml:4:7: tests[0].input_series[0].values: expected values as in 1 2+3x4 _ _x5 stale NaN Inf",
        ),
        ("tests: [{input_series: [{series: '{}'}]}]", "a series needs a name or a label"),
        ("tests: [{alert_rule_test: [{eval_time: 1m}]}]", "tests[0].alert_rule_test[0].alertname: required"),
        ("tests: [{alert_rule_test: [{alertname: ''}]}]", "tests[0].alert_rule_test[0].alertname: required"),
        (
            "tests:\n- promql_expr_test:\n  - exp_samples: [{labels: x, value: Inf}]",
            "test.yml:3:31: tests[0].promql_expr_test[0].exp_samples[0].value: expected a number (infinity is .inf",
        ),
        (
            "tests: [{promql_expr_test: [{exp_samples: [{histogram: '{{}}'}]}]}]",
            "tests[0].promql_expr_test[0].exp_samples[0].histogram: not supported yet",
        ),
        (
            "tests: [{start_timestamp: 2021-01-01}]",
            "tests[0].start_timestamp: expected seconds since 1970 or a time",
        ),
        (
            "tests: [{start_timestamp: 1e300}]",
            "tests[0].start_timestamp: expected seconds since 1970 or a time",
        ),
        ("tests: [", "test.yml:2:1: not valid YAML"),
    ],
)
def test_a_mistake_is_refused_with_its_place(text: str, problem: str) -> None:
    with pytest.raises(DocumentError) as refused:
        parse_test_file(text, "test.yml")
    assert problem in str(refused.value)


def test_unknown_keys_can_be_left_out() -> None:
    suite = parse_test_file("team: a\ntests: [{name: one, owner: b}]", "test.yml", ignore_unknown=True)
    assert [case.name for case in suite.tests] == ["one"]


def test_what_is_known_but_not_supported_is_refused_all_the_same() -> None:
    text = "tests: [{promql_expr_test: [{exp_samples: [{histogram: '{{}}', odd: 1}], even: 2}]}]"
    with pytest.raises(DocumentError, match="histogram: not supported yet"):
        parse_test_file(text, "test.yml", ignore_unknown=True)
