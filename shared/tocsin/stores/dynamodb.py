"""The database that is DynamoDB: one request a call, strongly consistent wherever DynamoDB can be."""

import random
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar, cast
from uuid import uuid4

from botocore.config import Config
from botocore.exceptions import ClientError

from tocsin.ports import Delete, Item, Key, Lost, Outcome, Put, Update, Won, Write
from tocsin.stores.codec import decode_item, encode, encode_attributes, encode_key
from tocsin.stores.expressions import write_parameters
from tocsin.stores.limits import InvalidRequestError, check_keys, check_range, check_transaction, check_write
from tocsin.stores.tables import DISPATCH, DUE_INDEX

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

T = TypeVar("T")

PAUSES_SECONDS = (0.05, 0.1, 0.2, 0.4, 0.8)
"""How long we wait, at most, before each further try of what the SDK does not try again."""

_PASSING = frozenset(
    {
        "TransactionConflict",
        "TransactionConflictException",
        "ThrottlingError",
        "ProvisionedThroughputExceeded",
    }
)
_INVALID = frozenset({"ValidationException", "ValidationError"})


class UnprocessedKeysError(RuntimeError):
    """DynamoDB left keys unread, try after try."""


def client_config(*, patient: bool = False) -> Config:
    """Return how a client behaves: throttling and network faults are left to the SDK's standard retries.

    The timeouts suit a Lambda that has seconds, not the SDK's minute; `patient`, an engine that is slow.
    """
    return Config(
        retries={"mode": "standard", "total_max_attempts": 5},
        connect_timeout=20 if patient else 2,
        read_timeout=60 if patient else 4,
        tcp_keepalive=True,
        max_pool_connections=20,
    )


class DynamoDatabase:
    """A `Database` on a boto3 client; `tables` gives the physical name of each logical one.

    InvalidRequestError is raised for what DynamoDB calls invalid; other ClientErrors pass through.
    """

    def __init__(
        self,
        client: "DynamoDBClient",
        tables: Mapping[str, str],
        *,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._client = client
        self._tables = dict(tables)
        self._logical = {physical: logical for logical, physical in tables.items()}
        self._sleep = sleep

    def get(self, *keys: Key) -> list[Item | None]:
        """Read up to 100 items: GetItem for one, which costs least, BatchGetItem for more."""
        check_keys(keys)
        with _refusals():
            found = self._get_one(*keys) if len(keys) == 1 else self._get_many(keys)
        return [decode_item(found[key]) if key in found else None for key in keys]

    def query(
        self, table: str, pk: str, *, prefix: str = "", between: tuple[str, str] | None = None
    ) -> list[Item]:
        """Return a partition or a range of it: a request for every megabyte."""
        check_range(pk, prefix, between)
        request = {
            "TableName": self._tables[table],
            "ConsistentRead": True,
            **_key_condition(pk, prefix, between),
        }
        with _refusals():
            return _all_pages(self._client.query, request)

    def scan(self, table: str, segment: int = 0, segments: int = 1) -> list[Item]:
        """Return every item of a table, or of one of its segments: a request for every megabyte."""
        request = {"TableName": self._tables[table], "ConsistentRead": True}
        with _refusals():
            return _all_pages(self._client.scan, request | {"Segment": segment, "TotalSegments": segments})

    def due(self, slot: int, until_ms: int, limit: int) -> list[Item]:
        """Return what the index has due in a slot; an index cannot be read strongly."""
        page = self._client.query(
            TableName=self._tables[DISPATCH],
            IndexName=DUE_INDEX,
            KeyConditionExpression="#slot = :slot AND #due <= :until",
            ProjectionExpression="#pk, #sk, #due",
            ExpressionAttributeNames={"#slot": "slot", "#due": "due", "#pk": "pk", "#sk": "sk"},
            ExpressionAttributeValues={":slot": encode(slot), ":until": encode(until_ms)},
            Limit=limit,
        )
        return [decode_item(item) for item in page["Items"]]

    def write(self, write: Write) -> Outcome:
        """Do one conditional write: PutItem, UpdateItem or DeleteItem."""
        check_write(write)
        request = self._request(write)
        if write.condition is not None:
            request["ReturnValuesOnConditionCheckFailure"] = "ALL_OLD"
        try:
            with _refusals():
                return Won(self._patiently(lambda: self._do(write, request)))
        except ClientError as error:
            answer = _answer(error)
            if answer["Error"]["Code"] != "ConditionalCheckFailedException":
                raise
            found = answer.get("Item")
            return Lost(decode_item(found) if found else None)

    def transact(self, writes: Sequence[Write]) -> bool:
        """Do all of the writes or none: TransactWriteItems, which costs twice what the writes do alone."""
        check_transaction(writes)
        items = [{type(write).__name__: self._request(write)} for write in writes]
        try:
            with _refusals():
                self._patiently(lambda: self._do_all(items))
        except ClientError as error:
            if _codes(error) != {"ConditionalCheckFailed"}:
                raise
            return False
        return True

    def _get_one(self, key: Key) -> dict[Key, Any]:
        table = self._tables[key.table]
        answer = self._client.get_item(TableName=table, Key=encode_key(key), ConsistentRead=True)
        return {key: answer["Item"]} if "Item" in answer else {}

    def _get_many(self, keys: Sequence[Key]) -> dict[Key, Any]:
        found: dict[Key, Any] = {}
        request = self._batch(keys)
        for pause in (0.0, *PAUSES_SECONDS):
            if not request:
                break
            self._wait(pause)
            answer = self._client.batch_get_item(RequestItems=request)
            for physical, items in answer["Responses"].items():
                logical = self._logical[physical]
                found |= {Key(logical, item["pk"]["S"], item["sk"]["S"]): item for item in items}
            request = cast("dict[str, Any]", answer.get("UnprocessedKeys", {}))
        if request:
            raise UnprocessedKeysError(
                f"some of {len(keys)} keys unread after {len(PAUSES_SECONDS) + 1} tries"
            )
        return found

    def _batch(self, keys: Sequence[Key]) -> dict[str, Any]:
        request: dict[str, Any] = {}
        for key in dict.fromkeys(keys):  # a key asked for twice would be refused
            of_table = request.setdefault(self._tables[key.table], {"Keys": [], "ConsistentRead": True})
            of_table["Keys"].append(encode_key(key))
        return request

    def _request(self, write: Write) -> dict[str, Any]:
        parameters = {"TableName": self._tables[write.key.table], **write_parameters(write)}
        if isinstance(write, Put):
            return {**parameters, "Item": encode_attributes(write.item) | encode_key(write.key)}
        return {**parameters, "Key": encode_key(write.key)}

    def _do(self, write: Write, request: Mapping[str, Any]) -> Item:
        match write:
            case Put():
                self._client.put_item(**request)
                return decode_item(request["Item"])
            case Update():
                return decode_item(self._client.update_item(**request, ReturnValues="ALL_NEW")["Attributes"])
            case Delete():
                self._client.delete_item(**request)
                return {}

    def _do_all(self, items: Sequence[Mapping[str, Any]]) -> None:
        # The SDK repeats its tries under this token, so that one whose answer was lost is not done twice;
        # after a conflict nothing was done, and the next try is a new transaction.
        self._client.transact_write_items(TransactItems=cast("Any", items), ClientRequestToken=str(uuid4()))

    def _patiently(self, request: Callable[[], T]) -> T:
        """Repeat a request that meets a transaction on the same items."""
        for pause in PAUSES_SECONDS:
            try:
                return request()
            except ClientError as error:
                if _codes(error).isdisjoint(_PASSING):
                    raise
            self._wait(pause)
        return request()

    def _wait(self, most_seconds: float) -> None:
        if most_seconds:
            self._sleep(random.uniform(most_seconds / 2, most_seconds))


def _all_pages(read: Callable[..., Any], request: dict[str, Any]) -> list[Item]:
    items: list[Item] = []
    while True:
        page = read(**request)
        items += map(decode_item, page["Items"])
        if not (last := page.get("LastEvaluatedKey")):
            return items
        request = request | {"ExclusiveStartKey": last}


def _key_condition(pk: str, prefix: str, between: tuple[str, str] | None) -> dict[str, Any]:
    condition, names, values = "#pk = :pk", {"#pk": "pk"}, {":pk": encode(pk)}
    if between is not None:
        condition += " AND #sk BETWEEN :low AND :high"
        values |= {":low": encode(between[0]), ":high": encode(between[1])}
    elif prefix:
        condition += " AND begins_with(#sk, :prefix)"
        values[":prefix"] = encode(prefix)
    if len(values) > 1:
        names["#sk"] = "sk"
    return {
        "KeyConditionExpression": condition,
        "ExpressionAttributeNames": names,
        "ExpressionAttributeValues": values,
    }


@contextmanager
def _refusals() -> Iterator[None]:
    """Turn what DynamoDB calls invalid into the port's error."""
    try:
        yield
    except ClientError as error:
        if _codes(error).isdisjoint(_INVALID):
            raise
        raise InvalidRequestError(_answer(error)["Error"]["Message"]) from error


def _codes(error: ClientError) -> set[str]:
    """Return the error's code; for a cancelled transaction the codes of the writes to blame."""
    answer = _answer(error)
    reasons = {reason["Code"] for reason in answer.get("CancellationReasons", ())}
    return (reasons - {"None"}) or {answer["Error"]["Code"]}


def _answer(error: ClientError) -> dict[str, Any]:
    # The stubs know only the parts that every error has.
    return cast("dict[str, Any]", error.response)
