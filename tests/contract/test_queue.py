"""What the queue on SQS does, on moto and on ministack."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest

from tests.engines import MINISTACK, endpoint_of, sqs_client
from tocsin.ports import Message
from tocsin.stores.sqs import PAUSES_SECONDS, SqsQueue, UnsentError

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient


@pytest.fixture(params=["moto", MINISTACK])
def client(request: pytest.FixtureRequest) -> "SQSClient":
    return sqs_client(endpoint_of(request.param, request))


@pytest.fixture
def url(client: "SQSClient") -> Iterator[str]:
    url = client.create_queue(QueueName=f"tocsin-{uuid4().hex[:8]}")["QueueUrl"]
    yield url
    client.delete_queue(QueueUrl=url)


@contextmanager
def refusing(client: "SQSClient", *refusals: list[str]) -> Iterator[list[list[dict[str, Any]]]]:
    """Report in each answer the ids to refuse, and yield the list of the entries that each request held."""
    left = list(refusals)
    seen: list[list[dict[str, Any]]] = []

    def see(params: dict[str, Any], **kwargs: Any) -> None:
        seen.append(params["Entries"])

    def refuse(parsed: dict[str, Any], **kwargs: Any) -> None:
        refused = left.pop(0) if left else []
        parsed["Failed"] = [{"Id": each, "Code": "InternalError", "Message": "later"} for each in refused]

    client.meta.events.register("provide-client-params.sqs.SendMessageBatch", see)
    client.meta.events.register("after-call.sqs.SendMessageBatch", refuse)
    try:
        yield seen
    finally:
        client.meta.events.unregister("provide-client-params.sqs.SendMessageBatch", see)
        client.meta.events.unregister("after-call.sqs.SendMessageBatch", refuse)


def ids(requests: list[list[dict[str, Any]]]) -> list[list[str]]:
    return [[entry["Id"] for entry in entries] for entries in requests]


def messages(count: int) -> list[Message]:
    return [Message({"shard": n, "kind": "tick"}) for n in range(count)]


def received(client: "SQSClient", url: str) -> list[str]:
    bodies: list[str] = []
    while batch := client.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
        bodies += [message["Body"] for message in batch]
    return bodies


@pytest.mark.parametrize("count", [0, 1, 10, 25])
def test_every_message_arrives(client: "SQSClient", url: str, count: int) -> None:
    SqsQueue(client, url).send(messages(count))
    arrived = sorted(json.loads(body)["shard"] for body in received(client, url))
    assert arrived == list(range(count))


def test_a_body_is_json_with_sorted_keys(client: "SQSClient", url: str) -> None:
    SqsQueue(client, url).send([Message({"version": 2, "at": "é", "kind": "tick"})])
    assert received(client, url) == ['{"at":"\\u00e9","kind":"tick","version":2}']


def test_a_delayed_message_is_not_there_yet(client: "SQSClient", url: str) -> None:
    with refusing(client) as requests:
        SqsQueue(client, url).send(
            [Message({"kind": "late"}, delay_seconds=5000), Message({"kind": "now"}, -3)]
        )
    assert received(client, url) == ['{"kind":"now"}']
    assert [entry["DelaySeconds"] for entry in requests[0]] == [900, 0]


def test_only_what_was_refused_is_sent_again(client: "SQSClient", url: str) -> None:
    slept: list[float] = []
    with refusing(client, ["1", "2"], ["2"]) as requests:
        SqsQueue(client, url, sleep=slept.append).send(messages(3))
    assert ids(requests) == [["0", "1", "2"], ["1", "2"], ["2"]]
    assert [most / 2 <= pause <= most for pause, most in zip(slept, PAUSES_SECONDS, strict=False)] == [
        True
    ] * 2


def test_what_is_refused_for_good_is_an_error_after_the_rest_was_sent(client: "SQSClient", url: str) -> None:
    tries = len(PAUSES_SECONDS) + 1
    with (
        refusing(client, *[["4"]] * tries) as requests,
        pytest.raises(UnsentError, match="1 of 12 messages were not sent: InternalError: later"),
    ):
        SqsQueue(client, url, sleep=lambda _: None).send(messages(12))
    assert len(requests) == tries + 1
    assert ids(requests)[-1] == ["0", "1"]
