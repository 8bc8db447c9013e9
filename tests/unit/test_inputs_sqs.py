"""The input `sqs`: what is asked of SQS and CloudWatch, and what of the answers becomes samples."""

from datetime import timedelta
from typing import Any

import pytest
from botocore.exceptions import ConnectionClosedError, ReadTimeoutError
from pydantic import ValidationError

from tests.unit.aws_answering import Answering, refusal
from tests.unit.input_running import NOON, gathered, opened, stored
from tocsin.inputs.aws import CallError, Service

URL = "https://sqs.eu-west-1.amazonaws.com/123456789012/mail"
MINUTE = timedelta(minutes=1)
COUNTS = {
    "Attributes": {
        "ApproximateNumberOfMessages": "7",
        "ApproximateNumberOfMessagesNotVisible": "2",
        "ApproximateNumberOfMessagesDelayed": "0",
    }
}
FIELDS = {"messages_visible": 7, "messages_not_visible": 2, "messages_delayed": 0}


def age(*values: float) -> dict[str, Any]:
    """Return datapoints, the newest last."""
    times = [NOON - MINUTE * (len(values) - number) for number in range(len(values))]
    result = {"Id": "m0", "Label": "a", "Timestamps": times, "Values": values, "StatusCode": "Complete"}
    return {"MetricDataResults": [result]}


def test_a_queue_is_counted_by_its_url_in_the_region_that_it_names() -> None:
    access = Answering(answers={"GetQueueAttributes": [COUNTS]})
    [metric] = gathered("sqs", {"queue_urls": [URL]}, access).metrics
    assert (metric.name, metric.fields, metric.at) == ("sqs", FIELDS, NOON)
    assert metric.tags == {"queue": "mail", "region": "eu-west-1"}
    assert [(service, region) for service, region, _, _ in access.made] == [("sqs", "eu-west-1")]


def test_the_url_of_a_queue_is_looked_up_once() -> None:
    access = Answering(answers={"GetQueueUrl": [{"QueueUrl": URL}], "GetQueueAttributes": [COUNTS]})
    run = opened("sqs", {"queue_names": ["mail"]}, access)
    assert [run().metrics[0].tags["queue"] for _ in range(2)] == ["mail", "mail"]
    assert access.operations() == ["GetQueueUrl", "GetQueueAttributes", "GetQueueAttributes"]


def test_queues_that_begin_alike_are_looked_for_at_each_run() -> None:
    listed = [{"QueueUrls": [f"{URL}-a", f"{URL}-b"]}, {"QueueUrls": [f"{URL}-b"]}, {}]
    access = Answering(answers={"ListQueues": listed, "GetQueueAttributes": [COUNTS]})
    run = opened("sqs", {"queue_name_prefix": "mail-"}, access)
    assert [[metric.tags["queue"] for metric in run().metrics] for _ in range(3)] == [
        ["mail-a", "mail-b"],
        ["mail-b"],
        [],
    ]


def test_the_age_is_asked_for_once_a_minute_and_the_newest_counts() -> None:
    access = Answering(
        answers={"GetQueueAttributes": [COUNTS], "GetMetricData": [age(40.0, 55.0), age(90.0)]}
    )
    run = opened("sqs", {"queue_urls": [URL], "age": True}, access)
    ages = [run(NOON + timedelta(seconds=after)).metrics[0].fields for after in (0, 10, 59, 60)]
    assert [fields["oldest_message_age_seconds"] for fields in ages] == [55.0, 55.0, 55.0, 90.0]
    [first, _] = [params for name, params in access.calls if name == "GetMetricData"]
    assert (first["StartTime"], first["EndTime"]) == (NOON - 5 * MINUTE, NOON)
    assert first["MetricDataQueries"][0]["MetricStat"]["Metric"]["Dimensions"] == [
        {"Name": "QueueName", "Value": "mail"}
    ]


def test_a_queue_whose_age_is_not_known_is_counted_all_the_same() -> None:
    none = {
        "MetricDataResults": [
            {"Id": "m0", "Label": "", "Timestamps": [], "Values": [], "StatusCode": "Complete"}
        ]
    }
    for answer, said in [(none, []), (refusal("AccessDenied"), ["cloudwatch: AccessDenied: no"])]:
        access = Answering(answers={"GetQueueAttributes": [COUNTS], "GetMetricData": [answer]})
        found = gathered("sqs", {"queue_urls": [URL], "age": True}, access)
        assert (found.metrics[0].fields, found.failures) == (FIELDS, said)


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (
            refusal("AWS.SimpleQueueService.NonExistentQueue", "gone"),
            "mail: sqs: AWS.SimpleQueueService.NonExistentQueue: gone",
        ),
        (ReadTimeoutError(endpoint_url="https://sqs"), "mail: sqs: ReadTimeoutError"),
        ({"Attributes": {"ApproximateNumberOfMessages": "many"}}, "mail: sqs: an answer that makes no sense"),
        ({}, "mail: sqs: an answer that makes no sense"),
    ],
    ids=["no such queue", "no answer", "no number", "nothing"],
)
def test_what_goes_wrong_is_said_and_harms_no_other_queue(answer: Any, said: str) -> None:
    access = Answering(answers={"GetQueueAttributes": [answer, COUNTS]})
    found = gathered("sqs", {"queue_urls": [URL, f"{URL}-b"]}, access)
    assert (found.failures, [metric.tags["queue"] for metric in found.metrics]) == ([said], ["mail-b"])


def test_hundreds_of_queues_share_one_client_of_each_service() -> None:
    access = Answering(answers={"GetQueueAttributes": [COUNTS], "GetMetricData": [age(1.0)]})
    settings = {"queue_urls": [f"{URL}-{number}" for number in range(20)], "age": True}
    assert len(gathered("sqs", settings, access, seconds=30).metrics) == 20
    assert sorted(service for service, _, _, _ in access.made) == ["cloudwatch", "sqs"]


def test_no_more_time_is_taken_than_is_left() -> None:
    access = Answering(answers={"GetQueueAttributes": [COUNTS]})
    run = opened("sqs", {"queue_urls": [URL], "timeout": "10s"}, access)
    assert run(seconds=2.5).failures == []
    [(_, _, _, config)] = access.made
    limits: Any = config
    assert (limits.read_timeout, limits.connect_timeout, limits.retries["total_max_attempts"]) == (2, 2.0, 1)
    assert run(seconds=0).failures == ["mail: sqs: no time left to ask"]


def test_a_connection_that_had_been_dropped_is_made_again_once() -> None:
    dropped = ConnectionClosedError(endpoint_url="https://sqs")
    access = Answering(answers={"GetQueueAttributes": [dropped, COUNTS]})
    assert gathered("sqs", {"queue_urls": [URL]}, access).failures == []
    once = Service(
        "sqs", stored("sqs", {"queue_urls": [URL]}), Answering(answers=access.answers), repeatable=False
    )
    with pytest.raises(CallError, match="ConnectionClosedError"):
        once.call("get_queue_attributes", 5, QueueUrl=URL)


def test_a_role_is_assumed() -> None:
    access = Answering(answers={"GetQueueAttributes": [COUNTS]})
    role = "arn:aws:iam::123456789012:role/watch"
    gathered("sqs", {"queue_urls": [URL], "role_arn": role, "region": "us-west-2"}, access)
    assert [made[:3] for made in access.made] == [("sqs", "us-west-2", role)]


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ({}, "expected queue_urls, queue_names or queue_name_prefix"),
        ({"queue_urls": ["sqs"]}, "expected a URL"),
        ({"queue_names": ["a b"]}, "expected the name of a queue"),
        ({"queue_names": ["a"], "timeout": "0s"}, "expected more than 0s"),
        ({"queue_names": ["a"], "access_key": "s3cret"}, "Extra inputs are not permitted"),
    ],
)
def test_settings_that_are_wrong_are_refused(settings: dict[str, Any], reason: str) -> None:
    with pytest.raises(ValidationError, match=reason) as caught:
        stored("sqs", settings)
    assert "s3cret" not in str(caught.value)
