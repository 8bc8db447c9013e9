"""The input `cloudwatch`: Telegraf's names and choices of metrics, and each period asked for once."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from tests.unit.aws_answering import Answering, refusal
from tests.unit.input_running import NOON, gathered, opened, stored
from tocsin.inputs import cloudwatch_names as names
from tocsin.inputs.pace import Pace
from tocsin.sources.cloudwatch_series import Metric

MINUTE = timedelta(minutes=1)


@pytest.mark.parametrize(
    ("name", "snake"),
    [
        ("Latency", "latency"),
        ("CPUUtilization", "cpu_utilization"),
        ("HTTPCode_Target_5XX_Count", "http_code_target_5xx_count"),
        ("LoadBalancerName", "load_balancer_name"),
        ("4xxErrorRate", "4xx_error_rate"),
        ("5XXError", "5xx_error"),
        ("disk used percent", "disk_used_percent"),
        ("NetworkPacketsIn", "network_packets_in"),
        ("EBSIOBalance%", "ebsio_balance%"),
        ("omg_wtf_bbq", "omg_wtf_bbq"),  # from here on telegraf's own cases
        ("OMGWTFBBQ", "omgwtfbbq"),
        ("SnakeIDGoogle", "snake_id_google"),
        ("LinuxMOTD", "linux_motd"),
    ],
)
def test_names_are_in_snake_case_as_telegraf_writes_it(name: str, snake: str) -> None:
    assert names.snake_case(name) == snake


@pytest.mark.parametrize(
    ("namespace", "measurement"),
    [
        ("AWS/ELB", "cloudwatch_aws_elb"),
        ("AWS/ApplicationELB", "cloudwatch_aws_application_elb"),
        ("AWS/Lambda", "cloudwatch_aws_lambda"),
        ("My App/Back End", "cloudwatch_my_app_back_end"),
    ],
)
def test_a_measurement_is_named_after_its_namespace(namespace: str, measurement: str) -> None:
    assert names.measurement(namespace) == measurement


# -- a CloudWatch ---------------------------------------------------------------------------------


def listed(name: str, **dimensions: str) -> dict[str, Any]:
    """Return a metric as it is listed."""
    return {"MetricName": name, "Dimensions": [{"Name": k, "Value": v} for k, v in dimensions.items()]}


LISTED = [
    listed("Latency", LoadBalancerName="p-example", AvailabilityZone="us-east-1a"),
    listed("Latency", LoadBalancerName="p-example", AvailabilityZone="us-east-1b"),
    listed("Latency", LoadBalancerName="q-example", AvailabilityZone="us-east-1a"),
    listed("Latency", LoadBalancerName="q-example", AvailabilityZone="us-east-1b"),
    listed("Latency", LoadBalancerName="p-example"),
    {"MetricName": "Errors"},
]
"""The metrics of Telegraf's README, and one without dimensions."""


def data(params: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a 1.0 for each period that is asked for of each metric, by the number of the metric in the call."""
    found = []
    for number, query in enumerate(params["MetricDataQueries"]):
        period, times = timedelta(seconds=query["MetricStat"]["Period"]), []
        at = params["StartTime"]
        while at < params["EndTime"]:
            times.append(at)
            at += period
        result = {"Id": query["Id"], "Label": "", "Timestamps": times, "Values": [number + 1.0] * len(times)}
        found.append({**result, "StatusCode": "Complete"})
    return {"MetricDataResults": found}


def aws(*pages: Any) -> Answering:
    return Answering(answers={"ListMetrics": pages or [{"Metrics": LISTED}], "GetMetricData": [data]})


def asked(access: Answering, operation: str = "GetMetricData") -> list[Mapping[str, Any]]:
    return [params for name, params in access.calls if name == operation]


ONE = {"namespaces": ["AWS/ELB"], "metrics": [{"names": ["Latency"]}], "period": "1m", "delay": "2m"}
ELB = {"name": "LoadBalancerName", "value": "p-example"}


def test_all_statistics_of_a_metric_are_fields_of_one_sample() -> None:
    access = aws()
    [metric] = gathered(
        "cloudwatch", {**ONE, "metrics": [{"names": ["Latency"], "dimensions": [ELB]}]}, access
    ).metrics
    assert metric.name == "cloudwatch_aws_elb"
    assert metric.tags == {"load_balancer_name": "p-example", "region": "us-east-1"}
    assert metric.fields == {
        "latency_average": 1.0,
        "latency_maximum": 2.0,
        "latency_minimum": 3.0,
        "latency_sample_count": 4.0,
        "latency_sum": 5.0,
    }
    assert metric.at == NOON - 3 * MINUTE
    [call] = asked(access)
    assert (call["StartTime"], call["EndTime"]) == (NOON - 3 * MINUTE, NOON - 2 * MINUTE)
    assert access.operations() == ["GetMetricData"]  # what is named needs no list


def test_in_the_dense_format_the_metric_is_a_tag() -> None:
    settings = {
        **ONE,
        "metric_format": "dense",
        "statistic_include": ["sum", "m*"],
        "statistic_exclude": ["min*"],
    }
    [metric] = gathered("cloudwatch", settings, aws()).metrics
    assert (metric.fields, metric.tags) == (
        {"maximum": 1.0, "sum": 2.0},
        {"metric_name": "latency", "region": "us-east-1"},
    )


def chosen(*choices: Mapping[str, Any], **settings: Any) -> list[tuple[str, dict[str, str]]]:
    """Return what is asked for: names and dimensions."""
    access = aws()
    metrics = {"metrics": list(choices)} if choices else {}
    found = gathered(
        "cloudwatch", {"namespaces": ["AWS/ELB"], "statistic_include": ["sum"], **metrics, **settings}, access
    )
    assert found.failures == []
    queries = [query["MetricStat"]["Metric"] for call in asked(access) for query in call["MetricDataQueries"]]
    return [(query["MetricName"], {d["Name"]: d["Value"] for d in query["Dimensions"]}) for query in queries]


def test_everything_that_is_listed_is_asked_for_if_nothing_is_chosen() -> None:
    assert len(chosen()) == len(LISTED)
    assert [len(names) for names in [chosen(), chosen(batch_size=1)]] == [6, 6]


@pytest.mark.parametrize("value", ["*", "", "us-east-1?", "us-*"])
def test_a_glob_chooses_metrics_that_have_just_these_dimensions(value: str) -> None:
    zone = {"name": "AvailabilityZone", "value": value}
    assert chosen({"names": ["Latency"], "dimensions": [ELB, zone]}) == [
        ("Latency", {"AvailabilityZone": "us-east-1a", "LoadBalancerName": "p-example"}),
        ("Latency", {"AvailabilityZone": "us-east-1b", "LoadBalancerName": "p-example"}),
    ]


def test_a_name_is_no_glob_and_what_is_chosen_twice_is_asked_for_once() -> None:
    errors = {"names": ["Errors"]}
    assert chosen(errors, errors) == [("Errors", {})]
    assert chosen({"names": ["Err*"], "dimensions": [{"name": "LoadBalancerName"}]}) == []


def test_a_choice_has_statistics_of_its_own() -> None:
    access = aws()
    metrics = [{"names": ["Errors"], "statistic_include": ["max*"]}, {"names": ["Latency"]}]
    gathered("cloudwatch", {**ONE, "metrics": metrics, "statistic_include": ["sum"]}, access)
    queries = asked(access)[0]["MetricDataQueries"]
    assert [query["MetricStat"]["Stat"] for query in queries] == ["Maximum", "Sum"]


def test_a_list_is_kept_for_a_while_and_has_pages() -> None:
    pages = [{"Metrics": LISTED[:2], "NextToken": "n"}, {"Metrics": LISTED[2:]}]
    access = aws(*pages, *pages)
    settings = {"namespaces": ["AWS/ELB"], "cache_ttl": "10m", "recently_active": "PT3H", "period": "1m"}
    run = opened("cloudwatch", settings, access)
    for minutes in (0, 9, 10):
        assert run(NOON + MINUTE * minutes).failures == []
    lists = asked(access, "ListMetrics")
    assert [call.get("NextToken") for call in lists] == [None, "n", None, "n"]
    assert lists[0] == {"Namespace": "AWS/ELB", "RecentlyActive": "PT3H"}
    assert len(asked(access)[0]["MetricDataQueries"]) == 5 * len(LISTED)


def test_metrics_of_other_accounts_are_tagged_with_them() -> None:
    access = aws({"Metrics": [{"MetricName": "Errors"}], "OwningAccounts": ["123456789012"]})
    settings = {"namespaces": ["AWS/ELB"], "include_linked_accounts": True}
    [metric] = gathered("cloudwatch", settings, access).metrics
    assert metric.tags == {"account": "123456789012", "region": "us-east-1"}
    assert asked(access, "ListMetrics")[0]["IncludeLinkedAccounts"] is True
    assert asked(access)[0]["MetricDataQueries"][0]["AccountId"] == "123456789012"


def test_each_period_is_asked_for_once_however_often_the_input_runs() -> None:
    access = aws()
    run = opened("cloudwatch", ONE, access)
    seen = [
        [metric.at for metric in run(NOON + timedelta(seconds=after)).metrics] for after in (10, 20, 60, 240)
    ]
    first = NOON - 3 * MINUTE
    assert seen == [[first], [], [first + MINUTE], [first + MINUTE * number for number in (2, 3, 4)]]
    assert len(asked(access)) == 3


def test_what_could_not_be_asked_is_asked_for_the_next_time() -> None:
    access = aws()
    access.answers = {"GetMetricData": [refusal("Throttling", "slow down"), data]}
    run = opened("cloudwatch", {**ONE, "statistic_include": ["sum"]}, access)
    assert run().failures == ["cloudwatch: Throttling: slow down"]
    assert [metric.at for metric in run(NOON + 2 * MINUTE).metrics] == [NOON - MINUTE]


def test_after_a_long_pause_no_more_is_asked_for_than_one_call_answers() -> None:
    access = aws()
    run = opened("cloudwatch", {**ONE, "statistic_include": ["sum"]}, access)
    run()
    run(NOON + timedelta(days=1))
    last = asked(access)[-1]
    assert last["EndTime"] - last["StartTime"] == 200 * MINUTE


def test_what_was_found_before_a_failure_is_kept() -> None:
    access = aws()
    access.answers = {"GetMetricData": [data, refusal("InternalFailure")]}
    settings = {**ONE, "metrics": [{"names": ["A", "B"]}], "statistic_include": ["sum"], "batch_size": 1}
    found = gathered("cloudwatch", settings, access)
    assert [list(metric.fields) for metric in found.metrics] == [["a_sum"]]
    assert found.failures == ["cloudwatch: InternalFailure: no"]


def test_each_namespace_in_each_region_is_a_probe_of_its_own() -> None:
    access = aws()
    settings = {**ONE, "namespaces": ["A", "B"], "namespace": "C", "regions": ["eu-west-1", "us-west-2"]}
    found = gathered("cloudwatch", settings, access)
    assert [(metric.name, metric.tags["region"]) for metric in found.metrics] == [
        (f"cloudwatch_{name}", region) for region in ("eu-west-1", "us-west-2") for name in "abc"
    ]
    assert [region for _, region, _, _ in access.made] == ["eu-west-1", "us-west-2"]


def test_an_answer_that_makes_no_sense_is_said() -> None:
    access = Answering(answers={"GetMetricData": [{"MetricDataResults": [{"Id": "m9"}]}]})
    found = gathered("cloudwatch", ONE, access)
    assert (found.failures, found.metrics) == (["cloudwatch: an answer that makes no sense"], [])


def test_a_field_is_named_after_the_metric_and_its_statistic() -> None:
    metric = Metric("AWS/EC2", "CPUUtilization", (), "SampleCount", 60)
    assert names.field_name(metric) == "cpu_utilization_sample_count"


def test_calls_pass_at_their_pace() -> None:
    now, slept = [100.0], list[float]()
    pace = Pace(4, slept.append, lambda: now[0])
    for _ in range(3):
        pace()
    now[0] = 200.0
    pace()
    assert slept == [0.25, 0.5]


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ({}, "expected namespaces"),
        ({**ONE, "period": "90s"}, "expected a multiple of 1m"),
        ({**ONE, "statistic_include": ["p99"]}, "no statistic is like that"),
        ({**ONE, "recently_active": "PT1H"}, "Input should be"),
        ({**ONE, "region": "eu-west-1", "regions": ["us-west-2"]}, "expected region or regions"),
        ({**ONE, "metrics": [{"dimensions": [ELB]}]}, "names"),
        ({**ONE, "metrics": [{"names": ["a"], "dimensions": [{"name": "b", "value": "[a"}]}]}, "in brackets"),
        ({**ONE, "batch_size": 501}, "less than or equal to 500"),
    ],
)
def test_settings_that_are_wrong_are_refused(settings: dict[str, Any], reason: str) -> None:
    with pytest.raises(ValidationError, match=reason):
        stored("cloudwatch", settings)
