"""The database in memory: DynamoDB's twin for tests, simulations and virtual time."""

from bisect import bisect_left, bisect_right, insort
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import islice, takewhile
from threading import Lock
from zlib import crc32

from tocsin.ports import Item, Key, Lost, Outcome, Won, Write
from tocsin.stores.effects import after, copied_item, holds
from tocsin.stores.limits import check_keys, check_range, check_transaction, check_write
from tocsin.stores.tables import DISPATCH, TABLES


@dataclass(slots=True)
class _Partition:
    items: dict[str, Item] = field(default_factory=dict)
    sort_keys: list[str] = field(default_factory=list)

    def replace(self, sk: str, item: Item | None) -> None:
        if item is None:
            del self.items[sk]
            del self.sort_keys[bisect_left(self.sort_keys, sk)]
            return
        if sk not in self.items:
            insort(self.sort_keys, sk)
        self.items[sk] = item

    def range(self, prefix: str, between: tuple[str, str] | None) -> Sequence[str]:
        # Python orders texts by code point, which is the order of their UTF-8 bytes and so DynamoDB's.
        if between is not None:
            low, high = between
            return self.sort_keys[bisect_left(self.sort_keys, low) : bisect_right(self.sort_keys, high)]
        if not prefix:
            return self.sort_keys
        behind = islice(self.sort_keys, bisect_left(self.sort_keys, prefix), None)
        return list(takewhile(lambda sk: sk.startswith(prefix), behind))


class MemoryDatabase:
    """A `Database` that lives and dies with the process; threads may share it.

    It raises InvalidRequestError where DynamoDB does. The time to live deletes nothing here.
    """

    def __init__(self) -> None:
        self._tables: dict[str, dict[str, _Partition]] = {name: {} for name in TABLES}
        self._due: dict[int, list[tuple[int, str, str]]] = {}
        self._lock = Lock()

    def get(self, *keys: Key) -> list[Item | None]:
        """Read up to 100 items at once."""
        check_keys(keys)
        with self._lock:
            return [_found(self._read(key)) for key in keys]

    def query(
        self, table: str, pk: str, *, prefix: str = "", between: tuple[str, str] | None = None
    ) -> list[Item]:
        """Return a partition or a range of it."""
        check_range(pk, prefix, between)
        with self._lock:
            partition = self._tables[table].get(pk)
            if partition is None:
                return []
            return [copied_item(partition.items[sk]) for sk in partition.range(prefix, between)]

    def scan(self, table: str, segment: int = 0, segments: int = 1) -> list[Item]:
        """Return every item of a table, or of the partitions that fall into a segment."""
        with self._lock:
            return [
                copied_item(partition.items[sk])
                for pk, partition in self._tables[table].items()
                if crc32(pk.encode()) % segments == segment
                for sk in partition.sort_keys
            ]

    def due(self, slot: int, until_ms: int, limit: int) -> list[Item]:
        """Return what is due in a slot; this index is never behind."""
        with self._lock:
            entries = islice(self._due.get(slot, ()), limit)
            return [{"pk": pk, "sk": sk, "due": due} for due, pk, sk in entries if due <= until_ms]

    def write(self, write: Write) -> Outcome:
        """Do one conditional write."""
        check_write(write)
        with self._lock:
            before = self._read(write.key)
            if not holds(write.condition, before or {}):
                return Lost(_found(before))
            changed = after(write, before)
            self._replace(write.key, before, changed)
            return Won(copied_item(changed or {}))

    def transact(self, writes: Sequence[Write]) -> bool:
        """Do all of the writes or none."""
        check_transaction(writes)
        with self._lock:
            pairs = [(write, self._read(write.key)) for write in writes]
            if not all(holds(write.condition, before or {}) for write, before in pairs):
                return False
            # Every item is known before the first is stored: one that is refused leaves all as they were.
            changes = [(write.key, before, after(write, before)) for write, before in pairs]
            for change in changes:
                self._replace(*change)
            return True

    def _read(self, key: Key) -> Item | None:
        partition = self._tables[key.table].get(key.pk)
        return None if partition is None else partition.items.get(key.sk)

    def _replace(self, key: Key, before: Item | None, changed: Item | None) -> None:
        if before is None and changed is None:
            return
        self._tables[key.table].setdefault(key.pk, _Partition()).replace(key.sk, changed)
        if key.table == DISPATCH:
            self._index(before or {}, changed or {})

    def _index(self, before: Item, changed: Item) -> None:
        left, entered = _entry(before), _entry(changed)
        if left == entered:
            return
        if left is not None:
            slot, entry = left
            del self._due[slot][bisect_left(self._due[slot], entry)]
        if entered is not None:
            slot, entry = entered
            insort(self._due.setdefault(slot, []), entry)


def _entry(item: Item) -> tuple[int, tuple[int, str, str]] | None:
    slot, due = item.get("slot"), item.get("due")
    if not isinstance(slot, int) or not isinstance(due, int):
        return None
    return slot, (due, str(item["pk"]), str(item["sk"]))


def _found(item: Item | None) -> Item | None:
    return None if item is None else copied_item(item)
