"""What the DynamoDB adapter asks, and what it does when AWS throttles, forgets to answer, or answers in part.

The faults lie between botocore and moto. Moto still does a request whose answer is replaced, which is just
what happens when an answer is lost on its way.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from typing import TYPE_CHECKING, Any, cast

import pytest
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.compat import HTTPHeaders
from botocore.exceptions import ClientError
from urllib3 import HTTPResponse

from tests.engines import dynamodb_client, tables_on
from tocsin.ports import Absent, Equals, Key, Lost, Put, Update, Won
from tocsin.stores.dynamodb import PAUSES_SECONDS, DynamoDatabase, UnprocessedKeysError

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

KEY = Key("state", "shard-0", "HEAD")
OTHER = Key("state", "shard-1", "HEAD")
ATTEMPTS = 5


def error(code: str, **details: Any) -> dict[str, Any]:
    return {
        "__type": f"com.amazonaws.dynamodb.v20120810#{code}",
        "message": "as the test wants it",
        **details,
    }


def cancelled(*codes: str) -> dict[str, Any]:
    return error("TransactionCanceledException", CancellationReasons=[{"Code": code} for code in codes])


THROTTLED = (400, error("ProvisionedThroughputExceededException"))
LOST = (500, error("InternalServerError"))
DENIED = (400, error("AccessDeniedException"))
IN_A_TRANSACTION = (400, error("TransactionConflictException"))
CONFLICT = (400, cancelled("None", "TransactionConflict"))
CONFLICT_AND_CONDITION = (400, cancelled("ConditionalCheckFailed", "TransactionConflict"))
CONDITION = (400, cancelled("ConditionalCheckFailed", "None"))


@contextmanager
def answering(operation: str, *answers: tuple[int, dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    """Replace the first answers to an operation, and yield the list of all requests for it."""
    left = list(answers)
    seen: list[dict[str, Any]] = []

    def replace(request: AWSPreparedRequest, **kwargs: Any) -> AWSResponse | None:
        seen.append(json.loads(cast("bytes", request.body)))
        if not left:
            return None
        status, body = left.pop(0)
        raw = HTTPResponse(BytesIO(json.dumps(body).encode()), preload_content=False)
        return AWSResponse(request.url, status, HTTPHeaders(), raw)

    events: Any = dynamodb_client(None).meta.events  # whose stubs know of no answer
    events.register_first(f"before-send.dynamodb.{operation}", replace)
    try:
        yield seen
    finally:
        events.unregister(f"before-send.dynamodb.{operation}", replace)


@contextmanager
def leaving_keys_unread(times: int) -> Iterator[None]:
    """Let BatchGetItem leave all keys but one unread in its first answers."""
    left = [None] * times

    def cut(parsed: dict[str, Any], **kwargs: Any) -> None:
        if left:
            left.pop()
            ((table, items),) = parsed["Responses"].items()
            unread = [{name: item[name] for name in ("pk", "sk")} for item in items[1:]]
            del items[1:]
            parsed["UnprocessedKeys"] = {table: {"Keys": unread, "ConsistentRead": True}} if unread else {}

    events = dynamodb_client(None).meta.events
    events.register("after-call.dynamodb.BatchGetItem", cut)
    try:
        yield
    finally:
        events.unregister("after-call.dynamodb.BatchGetItem", cut)


@pytest.fixture
def slept(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Return the list of pauses, the SDK's and ours, none of which is made."""
    pauses: list[float] = []
    monkeypatch.setattr("botocore.endpoint.time.sleep", pauses.append)
    return pauses


@pytest.fixture
def client(moto: None) -> "DynamoDBClient":
    return dynamodb_client(None)


@pytest.fixture
def dynamo(client: "DynamoDBClient", slept: list[float]) -> Iterator[DynamoDatabase]:
    with tables_on(client) as tables:
        yield DynamoDatabase(client, tables, sleep=slept.append)


def within(slept: list[float], most: tuple[float, ...]) -> bool:
    return len(slept) == len(most) and all(m / 2 <= pause <= m for pause, m in zip(slept, most, strict=True))


def test_reads_are_strong_and_one_request_each(dynamo: DynamoDatabase) -> None:
    with answering("GetItem") as one, answering("BatchGetItem") as many, answering("Query") as query:
        dynamo.get(KEY)
        dynamo.get(KEY, OTHER, Key("rules", "slot-0", "INDEX"))
        dynamo.query("state", "shard-0")
    assert [request["ConsistentRead"] for request in (*one, *query)] == [True, True]
    ((first, second),) = [tuple(request["RequestItems"].values()) for request in many]
    assert [table["ConsistentRead"] for table in (first, second)] == [True, True]


def test_the_sdk_waits_out_throttling(dynamo: DynamoDatabase, slept: list[float]) -> None:
    dynamo.write(Put(KEY, {"seq": 1}))
    with answering("GetItem", THROTTLED, THROTTLED) as requests:
        assert dynamo.get(KEY) == [{"pk": KEY.pk, "sk": KEY.sk, "seq": 1}]
    assert (len(requests), len(slept)) == (3, 2)


def test_throttling_that_does_not_end_is_raised(dynamo: DynamoDatabase) -> None:
    with answering("GetItem", *[THROTTLED] * 9) as requests, pytest.raises(ClientError, match="Throughput"):
        dynamo.get(KEY)
    assert len(requests) == ATTEMPTS


def test_what_is_denied_is_raised_at_once(dynamo: DynamoDatabase) -> None:
    with answering("PutItem", DENIED) as requests, pytest.raises(ClientError, match="AccessDenied"):
        dynamo.write(Put(KEY, {}, Absent("pk")))
    assert len(requests) == 1


def test_a_put_whose_answer_is_lost_loses_to_its_own_token(dynamo: DynamoDatabase) -> None:
    with answering("PutItem", LOST) as requests:
        outcome = dynamo.write(Put(KEY, {"owner": "me"}, Absent("pk")))
    assert len(requests) == 2
    assert outcome == Lost({"pk": KEY.pk, "sk": KEY.sk, "owner": "me"})


def test_an_update_whose_answer_is_lost_loses_to_its_own_token(dynamo: DynamoDatabase) -> None:
    dynamo.write(Put(KEY, {"seq": 1, "owner": "other"}))
    with answering("UpdateItem", LOST):
        outcome = dynamo.write(Update(KEY, {"owner": "me"}, add={"seq": 1}, condition=Equals("seq", 1)))
    assert outcome == Lost({"pk": KEY.pk, "sk": KEY.sk, "seq": 2, "owner": "me"})


def test_a_write_that_meets_a_transaction_is_tried_again(dynamo: DynamoDatabase, slept: list[float]) -> None:
    with answering("PutItem", IN_A_TRANSACTION, IN_A_TRANSACTION) as requests:
        assert isinstance(dynamo.write(Put(KEY, {"seq": 1})), Won)
    assert len(requests) == 3
    assert within(slept, PAUSES_SECONDS[:2])


def test_the_sdk_repeats_a_transaction_under_its_token(dynamo: DynamoDatabase) -> None:
    with answering("TransactWriteItems", LOST) as requests:
        assert dynamo.transact([Put(KEY, {}), Put(OTHER, {})]) is True
    first, second = [request["ClientRequestToken"] for request in requests]
    assert first == second


def test_a_transaction_that_met_another_is_tried_anew(dynamo: DynamoDatabase, slept: list[float]) -> None:
    with answering("TransactWriteItems", CONFLICT, CONFLICT_AND_CONDITION) as requests:
        assert dynamo.transact([Put(KEY, {}), Put(OTHER, {})]) is True
    assert len({request["ClientRequestToken"] for request in requests}) == 3
    assert within(slept, PAUSES_SECONDS[:2])


def test_a_condition_that_fails_after_a_conflict_is_no_error(dynamo: DynamoDatabase) -> None:
    with answering("TransactWriteItems", CONFLICT_AND_CONDITION, CONDITION):
        assert dynamo.transact([Put(KEY, {}), Put(OTHER, {})]) is False


@pytest.mark.parametrize("answer", [CONFLICT, CONFLICT_AND_CONDITION], ids=["alone", "with a condition"])
def test_conflicts_that_do_not_end_are_raised(
    dynamo: DynamoDatabase, slept: list[float], answer: tuple[int, dict[str, Any]]
) -> None:
    with (
        answering("TransactWriteItems", *[answer] * 9) as requests,
        pytest.raises(ClientError, match="TransactionCanceled"),
    ):
        dynamo.transact([Put(KEY, {}), Put(OTHER, {})])
    assert len(requests) == len(PAUSES_SECONDS) + 1
    assert within(slept, PAUSES_SECONDS)


def test_keys_left_unread_are_asked_for_again(dynamo: DynamoDatabase, slept: list[float]) -> None:
    keys = [Key("rules", "slot-0", f"{n}") for n in range(4)]
    for key in keys:
        dynamo.write(Put(key, {"is": key.sk}))
    with leaving_keys_unread(times=2):
        found = dynamo.get(*keys[::-1])
    assert found == [{"pk": key.pk, "sk": key.sk, "is": key.sk} for key in keys[::-1]]
    assert within(slept, PAUSES_SECONDS[:2])


def test_keys_left_unread_again_and_again_are_an_error(dynamo: DynamoDatabase, slept: list[float]) -> None:
    keys = [Key("rules", "slot-0", f"{n}") for n in range(len(PAUSES_SECONDS) + 2)]
    for key in keys:
        dynamo.write(Put(key, {}))
    with (
        leaving_keys_unread(times=99),
        pytest.raises(UnprocessedKeysError, match="7 keys unread after 6 tries"),
    ):
        dynamo.get(*keys)
    assert within(slept, PAUSES_SECONDS)
