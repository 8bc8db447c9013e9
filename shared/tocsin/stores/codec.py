"""Values as DynamoDB's low-level client takes and gives them: {"S": "text"}, {"N": "1"} and so on.

Own code because boto3's TypeDeserializer returns Decimal for every number and a Binary wrapper for bytes, and
because it is part of boto3's resource layer, which costs a cold start; here a number is an int.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from tocsin.ports import Item, Key, Value
from tocsin.stores.limits import InvalidRequestError

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.type_defs import AttributeValueTypeDef


def encode(value: Value) -> "AttributeValueTypeDef":
    """Return the typed form of a value; InvalidRequestError for a type that is none of `Value`'s."""
    match value:
        case str():
            return {"S": value}
        case None:
            return {"NULL": True}
        case bool():
            return {"BOOL": value}
        case int():
            return {"N": str(int(value))}
        case bytes():
            return {"B": value}
        case Mapping():
            return {"M": encode_attributes(value)}
        case Sequence():
            return {"L": [encode(element) for element in value]}
    raise unstorable(value)


def decode(typed: Mapping[str, Any]) -> Value:
    """Return the value of a typed form."""
    ((kind, content),) = typed.items()
    match kind:
        case "N":
            return int(content)
        case "NULL":
            return None
        case "M":
            return decode_item(content)
        case "L":
            return [decode(element) for element in content]
        case "S" | "B" | "BOOL":
            value: Value = content
            return value
    raise ValueError(f"an attribute of type {kind} is none of ours")


def encode_attributes(attributes: Mapping[str, Value]) -> "dict[str, AttributeValueTypeDef]":
    """Return the typed form of named values."""
    return {name: encode(value) for name, value in attributes.items()}


def encode_key(key: Key) -> "dict[str, AttributeValueTypeDef]":
    """Return the typed form of a key."""
    return {"pk": {"S": key.pk}, "sk": {"S": key.sk}}


def decode_item(typed: Mapping[str, Mapping[str, Any]]) -> Item:
    """Return the item of a typed form."""
    return {name: decode(value) for name, value in typed.items()}


def unstorable(value: object) -> InvalidRequestError:
    """Return the error for a value of a type that is none of `Value`'s."""
    kind = type(value).__name__
    return InvalidRequestError(
        f"cannot store a {kind}: expected None, bool, int, str, bytes, list or mapping"
    )
