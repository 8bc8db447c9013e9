"""What is known of each unit besides its rule: its instances in packed chunks, and its health."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from tocsin.evaluation.codec import instance_from_document, instance_to_document
from tocsin.evaluation.redo import ChunkWrite
from tocsin.evaluation.states import Instance
from tocsin.instants import instant
from tocsin.labels import LabelSet, format_labels
from tocsin.packing import address, divide, home, unpack
from tocsin.ports import Database
from tocsin.schedule.layout import Buckets


@dataclass(frozen=True, slots=True)
class Record:
    """A unit's instances, the prefixes of the chunks they are stored in, and its health (empty: well)."""

    instances: Mapping[LabelSet, Instance] = field(default_factory=dict)
    prefixes: frozenset[str] = frozenset()
    health: str = ""
    detail: str = ""
    since: datetime | None = None

    @property
    def outstanding(self) -> bool:
        """Whether dispatch has yet to be told something of one of the instances."""
        return any(held.outstanding for held in self.instances.values())


NOTHING = Record()


def load(database: Database, buckets: Buckets) -> dict[str, Record]:
    """Read the records of every unit in a range of buckets."""
    records: dict[str, Record] = {}
    bounds = (f"{buckets.first:04x}", f"{buckets.end - 1:04x}~")
    for slot in buckets.slots():
        for item in database.query("state", str(slot), between=bounds):
            _add(records, item)
    return records


def _add(records: dict[str, Record], item: Mapping[str, Any]) -> None:
    sort_key: str = item["sk"]
    if sort_key.endswith("!"):
        unit = sort_key[:-1]
        known = records.get(unit, NOTHING)
        if item.get("reason"):
            well = {"health": item["reason"], "detail": item["detail"], "since": instant(item["since"])}
            records[unit] = Record(known.instances, known.prefixes, **well)
        return
    unit, prefix = sort_key.split("#", 1)
    known = records.get(unit, NOTHING)
    if "instances" not in item:
        return  # A tombstone: of an emptied chunk, or of one that was divided.
    added = {held.labels: held for held in map(instance_from_document, unpack(item["instances"]))}
    records[unit] = Record(
        {**known.instances, **added}, known.prefixes | {prefix}, known.health, known.detail, known.since
    )


def chunk_writes(
    unit: str, before: Record, after: Mapping[LabelSet, Instance]
) -> tuple[tuple[ChunkWrite, ...], frozenset[str]]:
    """Return the chunks that must be written for what has changed, and the prefixes there are afterwards.

    A chunk nothing changed in is not touched; one with nothing left becomes a tombstone.
    """
    changed = [
        labels for labels in {**before.instances, **after} if _differs(before.instances, after, labels)
    ]
    if not changed:
        return (), before.prefixes
    prefixes = set(before.prefixes)
    touched = set()
    for labels in changed:
        touched.add(prefix := home(_address(labels), prefixes))
        prefixes.add(prefix)
    documents: dict[str, list[Any]] = {}
    for labels, held in after.items():
        if (addressed := _address(labels)).startswith(tuple(touched)):
            documents.setdefault(addressed, []).append(instance_to_document(held))
    writes: list[ChunkWrite] = []
    for prefix in sorted(touched):
        chunks = divide(documents, prefix)
        writes += [ChunkWrite(unit, part, packed) for part, packed in chunks.items()]
        if prefix not in chunks:
            writes.append(ChunkWrite(unit, prefix, None))
            prefixes.discard(prefix)
        prefixes |= chunks.keys()
    return tuple(writes), frozenset(prefixes)


def _address(labels: LabelSet) -> str:
    return address(format_labels(dict(labels)))


def _differs(
    before: Mapping[LabelSet, Instance], after: Mapping[LabelSet, Instance], labels: LabelSet
) -> bool:
    old, new = before.get(labels), after.get(labels)
    if old is None or new is None:
        return old is not new
    return new is not old and not new.same_but_for_value(old)
