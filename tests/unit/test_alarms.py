"""CloudWatch alarms as rules: what each becomes, and what is said of what its rule does otherwise."""

import json
from datetime import timedelta
from typing import Any

import pytest

from tocsin.expressions import cloudwatch
from tocsin.instants import instant
from tocsin.rules.alarmblocks import AlarmsError, parse_alarms
from tocsin.rules.alarms import Imported, Outcome, import_alarms
from tocsin.rules.rule import Rule
from tocsin.rules.rulefile import parse_rule_file
from tocsin.rules.rulewriting import format_rule_file
from tocsin.templates.expand import expand
from tocsin.templates.scene import Scene

CPU: dict[str, Any] = {
    "AlarmName": "Busy",
    "Namespace": "AWS/EC2",
    "MetricName": "CPUUtilization",
    "Dimensions": [{"Name": "InstanceId", "Value": "i-1"}],
    "Statistic": "Average",
    "Period": 300,
    "EvaluationPeriods": 1,
    "Threshold": 80.0,
    "ComparisonOperator": "GreaterThanThreshold",
    "TreatMissingData": "notBreaching",
}
CPU_EXPR = 'avg_over_time(CPUUtilization{namespace="AWS/EC2", InstanceId="i-1"}[5m])'


def one(alarm: dict[str, Any]) -> Imported:
    """Return what becomes of an alarm."""
    alarms = parse_alarms(json.dumps({"MetricAlarms": [alarm]}))
    [found] = import_alarms(alarms, "cloudwatch", "cloudwatch")
    return found


def rule(alarm: dict[str, Any]) -> Rule:
    """Return the rule that an alarm becomes."""
    found = one(alarm).rule
    assert found is not None
    return found


def stat(name: str, metric: str, *, returned: bool = False, **settings: Any) -> dict[str, Any]:
    """Return a query for a statistic of one of AWS/ApplicationELB's metrics."""
    found = {"Namespace": "AWS/ApplicationELB", "MetricName": metric, "Dimensions": []}
    return {
        "Id": name,
        "MetricStat": {"Metric": found, "Period": 60, "Stat": "Sum"},
        "ReturnData": returned,
        **settings,
    }


def of_queries(*queries: dict[str, Any], **settings: Any) -> dict[str, Any]:
    """Return an alarm on metric math."""
    kept = ("AlarmName", "EvaluationPeriods", "Threshold", "ComparisonOperator", "TreatMissingData")
    return {name: CPU[name] for name in kept} | {"Metrics": list(queries)} | settings


def test_an_alarm_on_a_metric_is_a_rule_that_does_the_same() -> None:
    found = one(CPU)
    assert (found.outcome, found.differs, found.missing) == (Outcome.SAME, (), ())
    assert found.rule == Rule(
        namespace="cloudwatch",
        group="every-5m",
        name="Busy",
        expr=f"{CPU_EXPR} > 80",
        source="cloudwatch",
        interval=timedelta(minutes=5),
        plan=cloudwatch.compile(f"{CPU_EXPR} > 80"),
    )


@pytest.mark.parametrize(
    ("edit", "expr"),
    [
        ({"Statistic": "SampleCount"}, CPU_EXPR.replace("avg", "count") + " > 80"),
        (
            {"Statistic": None, "ExtendedStatistic": "p99.9"},
            f"quantile_over_time(0.999, {CPU_EXPR[14:]} > 80",
        ),
        ({"Statistic": None, "ExtendedStatistic": "p5"}, f"quantile_over_time(0.05, {CPU_EXPR[14:]} > 80"),
        ({"ComparisonOperator": "LessThanOrEqualToThreshold", "Threshold": -0.5}, f"{CPU_EXPR} <= -0.5"),
        ({"Threshold": 1e21}, f"{CPU_EXPR} > 1e+21"),
        ({"Period": 10}, f"{CPU_EXPR.replace('5m', '10s')} > 80"),
        ({"Dimensions": []}, 'avg_over_time(CPUUtilization{namespace="AWS/EC2"}[5m]) > 80'),
        (
            {"MetricName": "disk used %", "Dimensions": [{"Name": "mount point", "Value": 'a"b\\'}]},
            'avg_over_time({"disk used %", namespace="AWS/EC2", "mount point"="a\\"b\\\\"}[5m]) > 80',
        ),
        ({"MetricName": "count", "Dimensions": []}, 'avg_over_time({"count", namespace="AWS/EC2"}[5m]) > 80'),
        ({"TreatMissingData": "breaching"}, f"FILL({CPU_EXPR}, 81) > 80"),
        (
            {"TreatMissingData": "breaching", "ComparisonOperator": "LessThanThreshold"},
            f"FILL({CPU_EXPR}, 79) < 80",
        ),
    ],
)
def test_what_the_expression_of_an_alarm_is(edit: dict[str, Any], expr: str) -> None:
    found = rule(CPU | edit)
    assert found.expr == expr
    assert found.plan == cloudwatch.compile(expr)


@pytest.mark.parametrize(
    ("queries", "expr"),
    [
        pytest.param(
            [
                {"Id": "e1", "Expression": "100 * errors / MAX([requests, errors])", "ReturnData": True},
                stat("errors", "HTTPCode_Target_5XX_Count"),
                stat("requests", "RequestCount"),
            ],
            '100 * sum_over_time(HTTPCode_Target_5XX_Count{namespace="AWS/ApplicationELB"}[1m]) / '
            'MAX([sum_over_time(RequestCount{namespace="AWS/ApplicationELB"}[1m]), '
            'sum_over_time(HTTPCode_Target_5XX_Count{namespace="AWS/ApplicationELB"}[1m])]) > 80',
            id="metric math",
        ),
        pytest.param(
            [
                {"Id": "e2", "Expression": "e1 * 2"},
                {"Id": "e1", "Expression": "m1 + 1", "ReturnData": False},
                stat("m1", "RequestCount"),
            ],
            '(sum_over_time(RequestCount{namespace="AWS/ApplicationELB"}[1m]) + 1) * 2 > 80',
            id="a formula of a formula",
        ),
        pytest.param(
            [stat("m1", "RequestCount", returned=True, AccountId="123456789012")],
            'sum_over_time(RequestCount{namespace="AWS/ApplicationELB", account_id="123456789012"}[1m]) > 80',
            id="another account",
        ),
        pytest.param(
            [{"Id": "q1", "Expression": 'SELECT MAX(m1) FROM "AWS/EC2" GROUP BY InstanceId', "Period": 300}],
            'SELECT MAX(m1) FROM "AWS/EC2" GROUP BY InstanceId [5m] > 80',
            id="Metrics Insights",
        ),
    ],
)
def test_what_the_expression_of_several_queries_is(queries: list[dict[str, Any]], expr: str) -> None:
    assert rule(of_queries(*queries)).expr == expr


@pytest.mark.parametrize(
    ("edit", "hold", "keep_firing_for", "outcome"),
    [
        pytest.param({"EvaluationPeriods": 3}, 10, 0, Outcome.SAME, id="3 of 3"),
        pytest.param(
            {"EvaluationPeriods": 3, "DatapointsToAlarm": 3}, 10, 0, Outcome.SAME, id="3 of 3 in words"
        ),
        pytest.param({"EvaluationPeriods": 3, "DatapointsToAlarm": 1}, 0, 10, Outcome.SAME, id="1 of 3"),
        pytest.param({"EvaluationPeriods": 5, "DatapointsToAlarm": 3}, 10, 10, Outcome.DIFFERS, id="3 of 5"),
    ],
)
def test_m_of_n_datapoints_are_clocks(
    edit: dict[str, Any], hold: int, keep_firing_for: int, outcome: Outcome
) -> None:
    found = rule(CPU | edit)
    assert (found.hold, found.keep_firing_for) == (
        timedelta(minutes=hold),
        timedelta(minutes=keep_firing_for),
    )
    assert one(CPU | edit).outcome is outcome


@pytest.mark.parametrize(
    ("alarm", "reason"),
    [
        pytest.param(
            CPU | {"EvaluationPeriods": 3, "DatapointsToAlarm": 2},
            "the alarm fires when any 2 of 3 datapoints breach; the rule when 2 in a row do,"
            " and ends when 2 in a row do not",
            id="m of n",
        ),
        pytest.param(
            CPU | {"TreatMissingData": "missing"},
            "without data the alarm has INSUFFICIENT_DATA after a while; the alert ends at once",
            id="missing",
        ),
        pytest.param(
            CPU | {"TreatMissingData": "ignore"},
            "without data the alarm stays as it is; the alert ends",
            id="ignore",
        ),
        pytest.param(
            of_queries(
                {"Id": "q", "Expression": 'SELECT MAX(a) FROM "b"', "Period": 60},
                TreatMissingData="breaching",
            ),
            "without data the alarm fires; the alert ends",
            id="breaching, of a query",
        ),
        pytest.param(
            CPU | {"Unit": "Percent"},
            "the alarm counts datapoints of the unit Percent only, the rule those of every unit",
            id="unit",
        ),
        pytest.param(
            CPU | {"EvaluateLowSampleCountPercentile": "ignore"},
            "with few samples the alarm stays as it is; the alert goes by the percentile all the same",
            id="few samples",
        ),
    ],
)
def test_what_a_rule_does_otherwise_is_said(alarm: dict[str, Any], reason: str) -> None:
    found = one(alarm)
    assert (found.outcome, found.differs) == (Outcome.DIFFERS, (reason,))
    assert found.rule is not None


@pytest.mark.parametrize(
    ("alarm", "reason"),
    [
        pytest.param(
            CPU | {"Statistic": None, "ExtendedStatistic": "tm90"}, "its statistic is tm90", id="statistic"
        ),
        pytest.param(CPU | {"Statistic": None}, "its statistic is missing", id="no statistic"),
        pytest.param(CPU | {"Period": 45}, "period 45s is not CloudWatch's", id="period"),
        pytest.param(CPU | {"Threshold": None}, "it has no threshold", id="no threshold"),
        pytest.param(
            CPU | {"Dimensions": [{"Name": "namespace", "Value": "x"}]},
            "a dimension is named namespace",
            id="dimension",
        ),
        pytest.param(
            of_queries(
                stat("m1", "RequestCount", returned=True),
                {"Id": "ad1", "Expression": "ANOMALY_DETECTION_BAND(m1, 2)", "ReturnData": True},
                ThresholdMetricId="ad1",
                ComparisonOperator="GreaterThanUpperThreshold",
            ),
            "its threshold is a band of anomaly detection",
            id="anomaly detection",
        ),
        pytest.param(
            of_queries({"Id": "e1", "Expression": "SUM(SEARCH('{AWS/EC2} CPU', 'Sum', 60))"}),
            "SEARCH is not allowed",
            id="search",
        ),
        pytest.param(
            of_queries({"Id": "e1", "Expression": "RATE(m1)"}, stat("m1", "a")),
            "RATE is not allowed",
            id="rate",
        ),
        pytest.param(
            of_queries({"Id": "e1", "Expression": "e1 + 1"}), "its query e1 refers to itself", id="itself"
        ),
        pytest.param(
            of_queries(stat("m1", "A", returned=True), stat("m2", "B", returned=True)),
            "2 of its queries return data, and a rule has one",
            id="two results",
        ),
        pytest.param(of_queries(stat("m1", "A")), "0 of its queries return data", id="no result"),
        pytest.param(
            {"AlarmName": "Odd", "EvaluationPeriods": 1}, "its comparison is missing", id="nothing known"
        ),
    ],
)
def test_what_no_rule_can_say_is_left_out_with_the_reason(alarm: dict[str, Any], reason: str) -> None:
    found = one(alarm)
    assert (found.outcome, found.rule) == (Outcome.LEFT_OUT, None)
    assert reason in found.differs[0]


def test_a_composite_alarm_is_left_out() -> None:
    alarms = parse_alarms({"CompositeAlarms": [{"AlarmName": "Both", "AlarmRule": "ALARM(a) AND ALARM(b)"}]})
    [found] = import_alarms(alarms, "n", "cloudwatch")
    assert (found.alarm, found.outcome) == ("Both", Outcome.LEFT_OUT)
    assert "alertmanager.yml" in found.differs[0]


def test_who_was_told_is_listed_for_the_routes() -> None:
    found = one(
        CPU
        | {"ActionsEnabled": False, "AlarmActions": ["arn:a", "arn:b"], "OKActions": ["arn:c"]}
        | {"InsufficientDataActions": ["arn:d"]}
    )
    assert found.outcome is Outcome.SAME
    assert found.missing == (
        "its actions are off; the alert goes where its route leads (tocsin rules pause stops it)",
        "actions on ALARM, which need a route: arn:a, arn:b",
        "actions on OK, which need a route: arn:c",
        "actions on INSUFFICIENT_DATA, which need a route: arn:d",
    )


def test_a_description_is_no_template() -> None:
    text = "use {{ $value }} of {{{x}}}"
    described = rule(CPU | {"AlarmDescription": text}).annotations["description"]
    assert expand(described, Scene({}, 1.0, instant(0))) == text


def test_the_rules_of_all_alarms_are_a_file_that_is_read_back() -> None:
    alarms = [
        CPU,
        CPU | {"AlarmName": "B", "Period": 60},
        CPU | {"AlarmName": 'C "x"\n'},
        CPU | {"Threshold": None},
    ]
    found = import_alarms(parse_alarms({"MetricAlarms": alarms}), "n", "cloudwatch")
    rules = [each.rule for each in found if each.rule]
    assert [(each.group, each.position) for each in rules] == [
        ("every-5m", 0),
        ("every-1m", 0),
        ("every-5m", 1),
    ]
    assert sorted(parse_rule_file(format_rule_file(rules), "f"), key=lambda each: each.name) == [
        rules[1],
        rules[0],
        rules[2],
    ]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "Invalid JSON"),
        ("[]", "should be an object"),
        ('{"MetricAlarms": [{}]}', "MetricAlarms.0.AlarmName: Field required"),
        ('{"MetricAlarms": [{"AlarmName": "a", "Period": "x"}]}', "MetricAlarms.0.Period"),
    ],
)
def test_what_is_no_answer_of_describe_alarms_is_refused(text: str, reason: str) -> None:
    with pytest.raises(AlarmsError, match=reason):
        parse_alarms(text)
