"""A database that counts what its caller asks of another: requests by kind, and an estimate of the bill.

The rules are DynamoDB's on-demand ones (Developer Guide, "Read and write operations"): a strong read costs a
unit for every 4 KB, an eventual one half; a write costs one for every KB of the larger of the item before and
after it, refused or not, and one more for every entry of an index that comes or goes; all of it twice in a
transaction.
"""

from collections import Counter
from collections.abc import Iterable, Sequence

from tocsin.ports import Database, Item, Key, Lost, Outcome, Value, Write
from tocsin.stores.effects import after, copied_item
from tocsin.stores.limits import item_bytes
from tocsin.stores.tables import DISPATCH, DUE_ATTRIBUTES

READ_UNIT_BYTES = 4096
WRITE_UNIT_BYTES = 1024


class CountingDatabase:
    """A `Database` in front of another; `requests`, `read_units` and `write_units` are its figures.

    Requests are counted under get, batch_get, query, scan, due, put, update, delete and transact. The units are an
    estimate: an item that did not pass through here counts before a write as if it were not there.
    """

    def __init__(self, inner: Database) -> None:
        self._inner = inner
        self._seen: dict[Key, Item] = {}
        self.requests: Counter[str] = Counter()
        self.read_units = 0.0
        self.write_units = 0.0

    def reset(self) -> None:
        """Begin to count anew; what was seen of items stays known."""
        self.requests.clear()
        self.read_units = self.write_units = 0.0

    def get(self, *keys: Key) -> list[Item | None]:
        """Read and count: every item is rounded up on its own, and a missing one costs a unit."""
        items = self._inner.get(*keys)
        if keys:
            self.requests["get" if len(keys) == 1 else "batch_get"] += 1
        for key, item in dict(zip(keys, items, strict=True)).items():
            self._see(key, item)
            self.read_units += _read_units([item] if item else [])
        return items

    def query(
        self, table: str, pk: str, *, prefix: str = "", between: tuple[str, str] | None = None
    ) -> list[Item]:
        """Query and count: the items are rounded up together."""
        items = self._inner.query(table, pk, prefix=prefix, between=between)
        self.requests["query"] += 1
        self.read_units += _read_units(items)
        for item in items:
            self._see(Key(table, pk, str(item["sk"])), item)
        return items

    def scan(self, table: str, segment: int = 0, segments: int = 1) -> list[Item]:
        """Scan and count: the items are rounded up together."""
        items = self._inner.scan(table, segment, segments)
        self.requests["scan"] += 1
        self.read_units += _read_units(items)
        return items

    def due(self, slot: int, until_ms: int, limit: int) -> list[Item]:
        """Query the index and count: half, because an index is read eventually."""
        items = self._inner.due(slot, until_ms, limit)
        self.requests["due"] += 1
        self.read_units += _read_units(items) / 2
        return items

    def write(self, write: Write) -> Outcome:
        """Write and count."""
        outcome = self._inner.write(write)
        self.requests[type(write).__name__.lower()] += 1
        before = outcome.item if isinstance(outcome, Lost) else self._seen.get(write.key)
        self.write_units += self._written(write.key, before, outcome.item)
        return outcome

    def transact(self, writes: Sequence[Write]) -> bool:
        """Write together and count double."""
        done = self._inner.transact(writes)
        self.requests["transact"] += 1
        for write in writes:
            before = self._seen.get(write.key)
            now = after(write, before) if done else before
            self.write_units += 2 * self._written(write.key, before, now)
        return done

    def _written(self, key: Key, before: Item | None, now: Item | None) -> int:
        self._see(key, now)
        size = max(item_bytes(before or {}), item_bytes(now or {}))
        places = {_place(key.table, item or {}) for item in (before, now)}
        moved = len(places - {None}) if len(places) > 1 else 0
        return _units(size, WRITE_UNIT_BYTES) + moved

    def _see(self, key: Key, item: Item | None) -> None:
        self._seen[key] = copied_item(item or {})


def _place(table: str, item: Item) -> tuple[Value, ...] | None:
    """Return the item's place in the index of `dispatch`, None if it is not in it."""
    if table != DISPATCH or not all(name in item for name in DUE_ATTRIBUTES):
        return None
    return tuple(item[name] for name in DUE_ATTRIBUTES)


def _read_units(items: Iterable[Item]) -> int:
    return _units(sum(map(item_bytes, items)), READ_UNIT_BYTES)


def _units(size: int, unit: int) -> int:
    return max(1, -(-size // unit))
