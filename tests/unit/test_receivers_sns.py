"""SNS: what is published, and what becomes of it; moto stands in for AWS."""

import json
from collections.abc import Iterator
from dataclasses import replace
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.stub import Stubber
from hypothesis import given
from hypothesis import strategies as st
from moto import mock_aws

from tests.unit.notifications import ENDED, alert, notification
from tocsin.notification import Delivered, Failed, Failure, Notification
from tocsin.receivers.message import text
from tocsin.receivers.sns import MESSAGE_BYTES, SnsReceiver, client_config, cut, region

if TYPE_CHECKING:
    from mypy_boto3_sns.client import SNSClient

SESSION = boto3.Session("test", "test", region_name="eu-west-1")


def sns_client() -> "SNSClient":
    return SESSION.client("sns", config=client_config())


class Topic:
    """A topic with a queue that listens."""

    def __init__(self, *, fifo: bool) -> None:
        suffix = ".fifo" if fifo else ""
        attributes = {"FifoTopic": "true"} if fifo else {}
        self.client = sns_client()
        self.sqs = SESSION.client("sqs")
        self.arn = self.client.create_topic(Name=f"pages{suffix}", Attributes=attributes)["TopicArn"]
        queue: Any = {"FifoQueue": "true"} if fifo else {}
        self.url = self.sqs.create_queue(QueueName=f"listener{suffix}", Attributes=queue)["QueueUrl"]
        endpoint = f"arn:aws:sqs:eu-west-1:123456789012:listener{suffix}"
        self.client.subscribe(TopicArn=self.arn, Protocol="sqs", Endpoint=endpoint)

    def send(self, sent: Notification, **settings: Any) -> dict[str, Any]:
        receiver = SnsReceiver(self.client, {"topic_arn": self.arn, **settings})
        answer = receiver.send(sent, 10)
        assert isinstance(answer, Delivered)
        [message] = self.sqs.receive_message(QueueUrl=self.url, AttributeNames=["All"])["Messages"]
        self.sqs.delete_message(QueueUrl=self.url, ReceiptHandle=message["ReceiptHandle"])
        body: dict[str, Any] = json.loads(message["Body"])
        assert body["MessageId"] == answer.detail
        return {**body, "queue": message["Attributes"]}


@pytest.fixture
def topic() -> Iterator[Topic]:
    with mock_aws():
        yield Topic(fifo=False)


@pytest.fixture
def fifo_topic() -> Iterator[Topic]:
    with mock_aws():
        yield Topic(fifo=True)


def test_the_notification_arrives_in_words(topic: Topic) -> None:
    one = notification(alert(job="j"))
    published = topic.send(one, attributes={"team": "ops", "empty": ""})
    assert published["Subject"] == "[FIRING:1] Down (j)"
    assert published["Message"] == text(one)
    assert published["MessageAttributes"] == {
        "team": {"Type": "String", "Value": "ops"},
        "tocsin-notification": {"Type": "String", "Value": "n-1"},
    }


def test_a_subject_configured_empty_is_none(topic: Topic) -> None:
    assert "Subject" not in topic.send(notification(alert()), subject="")


def test_a_subject_is_what_sns_takes(topic: Topic) -> None:
    subject = topic.send(notification(alert(where="Größe\n" + "x" * 200)))["Subject"]
    assert len(subject) == 99
    assert subject.startswith("[FIRING:1] Down (Gr??e xxx")
    assert subject.endswith("...")


def test_a_message_that_is_too_long_is_cut_and_says_so(topic: Topic) -> None:
    published = topic.send(notification(alert(long="é" * MESSAGE_BYTES)))
    attributes = published["MessageAttributes"]
    size = sum(len(name) + len("String") + len(a["Value"]) for name, a in attributes.items())
    assert attributes["truncated"] == {"Type": "String", "Value": "true"}
    assert MESSAGE_BYTES - 1 <= len(published["Message"].encode()) + size <= MESSAGE_BYTES


def test_on_a_fifo_topic_a_group_keeps_its_order_and_each_notification_its_id(fifo_topic: Topic) -> None:
    for sent in (notification(alert()), replace(notification(alert(ENDED)), id="n-2")):
        queued = fifo_topic.send(sent)["queue"]
        assert queued["MessageGroupId"] == sha256(sent.group_key.encode()).hexdigest()
        assert queued["MessageDeduplicationId"] == sent.id


def test_a_topic_that_does_not_exist_is_final(topic: Topic) -> None:
    answer = SnsReceiver(topic.client, {"topic_arn": topic.arn + "x"}).send(notification(alert()), 10)
    assert isinstance(answer, Failed)
    assert (answer.reason, answer.retry) == (Failure.CLIENT_ERROR, False)


@pytest.mark.parametrize(
    ("settings", "where"),
    [
        ({"topic_arn": "arn:aws:sns:eu-west-1:123456789012:t"}, "eu-west-1"),
        ({"topic_arn": "arn:aws:sns:eu-west-1:1:t", "sigv4": {"region": "us-east-1"}}, "us-east-1"),
        ({"topic_arn": "nonsense"}, ""),
        ({}, ""),
    ],
)
def test_the_client_belongs_where_the_topic_is(settings: dict[str, Any], where: str) -> None:
    assert region(settings) == where


def test_the_client_tries_once() -> None:
    client = sns_client()
    with Stubber(client) as stubber:
        stubber.add_client_error("publish", "Throttling", "Rate exceeded", 400)
        receiver = SnsReceiver(client, {"topic_arn": "arn:aws:sns:eu-west-1:1:t"})
        answer = receiver.send(notification(alert()), 10)
        stubber.assert_no_pending_responses()
    assert answer == Failed(Failure.RATE_LIMITED, retry=True, detail="Throttling: Rate exceeded")
    config: Any = client.meta.config
    assert config.retries["total_max_attempts"] == 1


@given(st.text(alphabet="aé温🔥", max_size=30), st.integers(0, 60))
def test_a_cut_is_at_a_character_and_takes_no_more_than_it_must(message: str, limit: int) -> None:
    kept, missing = cut(message, limit)
    assert message.startswith(kept)
    assert missing is (kept != message)
    assert limit - 3 <= len(kept.encode()) <= limit or not missing
