"""What DynamoDB refuses, and the sizes it refuses and bills by.

Source: the Amazon DynamoDB Developer Guide, "Quotas and constraints" and "Item sizes and formats".
"""

from collections.abc import Mapping, Sequence
from itertools import chain

from tocsin.ports import Key, Update, Value, Write
from tocsin.stores.tables import KEY_ATTRIBUTES

MAX_ITEM_BYTES = 400 * 1024
MAX_PARTITION_KEY_BYTES = 2048
MAX_SORT_KEY_BYTES = 1024
MAX_KEYS_IN_A_GET = 100
MAX_WRITES_IN_A_TRANSACTION = 100
_NUMBERS_END = 10**38


class InvalidRequestError(ValueError):
    """The database refuses the request as it stands; repeating it would not help."""


def text_bytes(text: str) -> int:
    """Return the length of a text in UTF-8."""
    return len(text) if text.isascii() else len(text.encode())


def value_bytes(value: Value) -> int:
    """Return the size of a value; InvalidRequestError for a number of more than 38 digits."""
    if isinstance(value, str):
        return text_bytes(value)
    if value is None or isinstance(value, bool):
        return 1
    if isinstance(value, int):
        return _number_bytes(value)
    if isinstance(value, bytes):
        return len(value)
    if isinstance(value, Mapping):
        return 3 + len(value) + item_bytes(value)
    return 3 + len(value) + sum(map(value_bytes, value))


def item_bytes(item: Mapping[str, Value]) -> int:
    """Return the size of an item: the names and the values of its attributes."""
    return sum(text_bytes(name) + value_bytes(value) for name, value in item.items())


def _number_bytes(number: int) -> int:
    if not -_NUMBERS_END < number < _NUMBERS_END:
        raise InvalidRequestError("a number has more than 38 digits")
    # A byte for every two digits, one more, and one for a minus.
    return (len(str(abs(number))) + 1) // 2 + 1 + (number < 0)


def check_key(key: Key) -> None:
    """Refuse a key with an empty or too long part."""
    if not 0 < text_bytes(key.pk) <= MAX_PARTITION_KEY_BYTES:
        raise InvalidRequestError(f"{key.table}: pk must have 1 to {MAX_PARTITION_KEY_BYTES} bytes")
    if not 0 < text_bytes(key.sk) <= MAX_SORT_KEY_BYTES:
        raise InvalidRequestError(f"{key.table}: sk must have 1 to {MAX_SORT_KEY_BYTES} bytes")


def check_keys(keys: Sequence[Key]) -> None:
    """Refuse to read too many keys at once, or one that none can have."""
    if len(keys) > MAX_KEYS_IN_A_GET:
        raise InvalidRequestError(f"a get reads at most {MAX_KEYS_IN_A_GET} keys, not {len(keys)}")
    for key in keys:
        check_key(key)


def check_write(write: Write) -> None:
    """Refuse what no state of the database allows: a bad key, an update of the key or of a name twice."""
    check_key(write.key)
    if isinstance(write, Update):
        _check_update(write)


def _check_update(update: Update) -> None:
    touched = list(chain(update.set, update.add, update.remove))
    if twice := {name for name in touched if touched.count(name) > 1}:
        raise InvalidRequestError(f"an update touches {', '.join(sorted(twice))} twice")
    if not set(KEY_ATTRIBUTES).isdisjoint(touched):
        raise InvalidRequestError("an update cannot touch pk or sk, which are the item's key")


def check_range(pk: str, prefix: str, between: tuple[str, str] | None) -> None:
    """Refuse a partition without a name, and a range of sort keys that is none."""
    if not pk:
        raise InvalidRequestError("a query names a partition, and pk is empty")
    low, high = between or ("a", "b")
    if (prefix and between) or not low or low > high:
        raise InvalidRequestError(
            f"a query has a prefix or a range that runs forwards, not {prefix=} {between=}"
        )


def check_transaction(writes: Sequence[Write]) -> None:
    """Refuse a transaction with too many writes, none, two of the same item, or a bad one."""
    if not 0 < len(writes) <= MAX_WRITES_IN_A_TRANSACTION:
        most = MAX_WRITES_IN_A_TRANSACTION
        raise InvalidRequestError(f"a transaction has 1 to {most} writes, not {len(writes)}")
    if len({write.key for write in writes}) < len(writes):
        raise InvalidRequestError("a transaction writes an item only once")
    for write in writes:
        check_write(write)
