"""What a write does to an item, as DynamoDB documents it: the decisions of the in-memory twin."""

from collections.abc import Mapping, Sequence
from typing import assert_never

from tocsin.ports import (
    Above,
    Absent,
    AtMost,
    Below,
    Condition,
    Delete,
    Either,
    Equals,
    Every,
    Item,
    Present,
    Put,
    Update,
    Value,
    Write,
)
from tocsin.stores.codec import unstorable
from tocsin.stores.expressions import clauses
from tocsin.stores.limits import MAX_ITEM_BYTES, InvalidRequestError, item_bytes
from tocsin.stores.tables import DISPATCH, DUE_ATTRIBUTES

_IMMUTABLE = frozenset({str, int, bool, bytes, type(None)})


def holds(condition: Condition | None, item: Item) -> bool:
    """Tell whether a condition holds of an item, empty if there is none."""
    match condition:
        case None:
            return True
        case Absent(name):
            return name not in item
        case Present(name):
            return name in item
        case Equals(name, value):
            return name in item and _same(item[name], copied(value))
        case Below(name, value):
            return _order(item.get(name), value) == -1
        case AtMost(name, value):
            return _order(item.get(name), value) in {-1, 0}
        case Above(name, value):
            return _order(item.get(name), value) == 1
        case Every():
            return all(holds(clause, item) for clause in clauses(condition))
        case Either():
            return any(holds(clause, item) for clause in clauses(condition))
        case _:
            assert_never(condition)


def _same(left: Value, right: Value) -> bool:
    """Compare as DynamoDB does, where 1 is not true."""
    if type(left) is not type(right):
        return False
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(_same(value, right[name]) for name, value in left.items())
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(_same, left, right))
    return left == right


def _order(value: Value, limit: int | str) -> int | None:
    """Return -1, 0 or 1; None for values of two types, which have no order.

    Texts are ordered by their UTF-8 bytes, which is the order of code points and so Python's.
    """
    if isinstance(value, int) and isinstance(limit, int) and not isinstance(value, bool):
        return (value > limit) - (value < limit)
    if isinstance(value, str) and isinstance(limit, str):
        return (value > limit) - (value < limit)
    return None


def after(write: Write, before: Item | None) -> Item | None:
    """Return the item as the write leaves it; None where it leaves none.

    `before` is not changed, and the new item shares nothing mutable with the write.
    """
    match write:
        case Delete():
            return None
        case Put():
            item = copied_item(write.item)
        case Update():
            item = _updated(write, before or {})
    item["pk"], item["sk"] = write.key.pk, write.key.sk
    _check_item(write.key.table, item)
    return item


def _updated(update: Update, before: Item) -> Item:
    item = before | copied_item(update.set)
    for name, amount in update.add.items():
        number = before.get(name, 0)
        if not isinstance(number, int) or isinstance(number, bool):
            raise InvalidRequestError(f"cannot add to {name}, which is no number")
        item[name] = number + amount
    for name in update.remove:
        item.pop(name, None)
    return item


def _check_item(table: str, item: Item) -> None:
    if (size := item_bytes(item)) > MAX_ITEM_BYTES:
        raise InvalidRequestError(f"an item has at most {MAX_ITEM_BYTES} bytes, not {size}")
    if table == DISPATCH and any(type(item.get(name, 0)) is not int for name in DUE_ATTRIBUTES):
        raise InvalidRequestError("slot and due are keys of an index and must be numbers")


def copied(value: Value) -> Value:
    """Return a value that shares nothing mutable with its original, of the types that DynamoDB gives back."""
    if type(value) in _IMMUTABLE:
        return value
    if isinstance(value, Mapping):
        return copied_item(value)
    if isinstance(value, str):
        return str.__str__(value)  # an enum's member, whose str() might be its name
    if isinstance(value, int):
        return int(value)
    if isinstance(value, Sequence):
        return [copied(element) for element in value]
    raise unstorable(value)


def copied_item(item: Mapping[str, Value]) -> Item:
    """Return an item, or a mapping in one, that shares nothing mutable with its original."""
    return {name: copied(value) for name, value in item.items()}
