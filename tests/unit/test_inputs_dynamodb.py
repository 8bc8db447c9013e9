"""The input `dynamodb`: how large tables are, and what of them was throttled."""

from datetime import timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from tests.unit.aws_answering import Answering, refusal
from tests.unit.input_running import NOON, gathered, opened, stored

MINUTE = timedelta(minutes=1)
ARN = "arn:aws:dynamodb:eu-west-1:123456789012:table/orders"
SIZES = {"Table": {"ItemCount": 12, "TableSizeBytes": 3456}}


def series(*found: tuple[str, list[float]]) -> dict[str, Any]:
    """Return what CloudWatch answers: values under the names that the call gave."""
    return {
        "MetricDataResults": [
            {
                "Id": name,
                "Label": name,
                "Timestamps": [NOON - MINUTE * 2] * len(values),
                "Values": values,
                "StatusCode": "Complete",
            }
            for name, values in found
        ]
    }


def test_a_table_is_measured_by_its_name_or_its_arn() -> None:
    access = Answering(answers={"DescribeTable": [SIZES]})
    found = gathered("dynamodb", {"tables": ["jobs", ARN]}, access)
    assert [(metric.name, metric.fields, metric.tags) for metric in found.metrics] == [
        ("dynamodb", {"item_count": 12, "size_bytes": 3456}, {"table": "jobs", "region": "us-east-1"}),
        ("dynamodb", {"item_count": 12, "size_bytes": 3456}, {"table": "orders", "region": "eu-west-1"}),
    ]
    assert [params["TableName"] for _, params in access.calls] == ["jobs", ARN]


def test_what_was_throttled_is_asked_for_once_in_each_period() -> None:
    throttled = series(("m0", [3.0]), ("m1", []), ("e0", [5.0]))
    access = Answering(answers={"DescribeTable": [SIZES], "GetMetricData": [throttled]})
    run = opened("dynamodb", {"tables": ["jobs"], "throttles": True}, access)
    fields = [run(NOON + timedelta(seconds=after)).metrics[0].fields for after in (0, 30, 60)]
    throttles = {"read_throttle_events": 3, "write_throttle_events": 0, "throttled_requests": 5}
    assert fields[0] == {"item_count": 12, "size_bytes": 3456, **throttles}
    asked = [params for name, params in access.calls if name == "GetMetricData"]
    assert [(call["StartTime"], call["EndTime"]) for call in asked] == [
        (NOON - 2 * MINUTE, NOON - MINUTE),
        (NOON - MINUTE, NOON),
    ]
    assert [query.get("Expression") for query in asked[0]["MetricDataQueries"]] == [
        None,
        None,
        "SELECT SUM(ThrottledRequests) FROM SCHEMA(\"AWS/DynamoDB\", TableName, Operation) WHERE TableName = 'jobs'",
    ]


def test_what_is_not_known_is_no_zero_and_is_asked_for_again() -> None:
    forbidden = series(("m0", []), ("m1", []), ("e0", []))
    forbidden["MetricDataResults"][0]["StatusCode"] = "Forbidden"
    access = Answering(
        answers={"DescribeTable": [SIZES], "GetMetricData": [forbidden, refusal("Throttling")]}
    )
    run = opened("dynamodb", {"tables": ["jobs"], "throttles": True}, access)
    first, second = run(), run()
    assert "read_throttle_events" not in first.metrics[0].fields
    assert first.metrics[0].fields["write_throttle_events"] == 0
    assert first.failures == ["CloudWatch: this metric may not be read"]
    assert (second.metrics[0].fields, second.failures) == (
        {"item_count": 12, "size_bytes": 3456},
        ["cloudwatch: Throttling: no"],
    )


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (refusal("ResourceNotFoundException", "gone"), "jobs: dynamodb: ResourceNotFoundException: gone"),
        ({"Table": {}}, "jobs: dynamodb: an answer that makes no sense"),
    ],
)
def test_what_goes_wrong_is_said_and_harms_no_other_table(answer: Any, said: str) -> None:
    access = Answering(answers={"DescribeTable": [answer, SIZES]})
    found = gathered("dynamodb", {"tables": ["jobs", "orders"]}, access)
    assert (found.failures, [metric.tags["table"] for metric in found.metrics]) == ([said], ["orders"])


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ({}, "Field required"),
        ({"tables": ["a'; DROP"]}, "expected the name or the ARN of a table"),
        ({"tables": ["jobs"], "period": "90s"}, "expected a multiple of 1m"),
        ({"tables": ["jobs"], "delay": "-1s"}, "not a valid duration"),
    ],
)
def test_settings_that_are_wrong_are_refused(settings: dict[str, Any], reason: str) -> None:
    with pytest.raises(ValidationError, match=reason):
        stored("dynamodb", settings)
