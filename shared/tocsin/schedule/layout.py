"""The layout: which shard owns which buckets. It is an item, and it changes while everything runs."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from tocsin.schedule.buckets import BUCKETS, SLOTS


@dataclass(frozen=True, slots=True, order=True)
class Buckets:
    """A half-open range of buckets."""

    first: int
    end: int

    def __contains__(self, bucket: object) -> bool:
        return isinstance(bucket, int) and self.first <= bucket < self.end

    def overlap(self, other: "Buckets") -> "Buckets | None":
        """Return what both ranges hold, None if nothing."""
        first, end = max(self.first, other.first), min(self.end, other.end)
        return Buckets(first, end) if first < end else None

    def without(self, other: "Buckets") -> "list[Buckets]":
        """Return the parts of the range that the other one does not hold: none, one or two."""
        parts = (
            Buckets(self.first, min(self.end, other.first)),
            Buckets(max(self.first, other.end), self.end),
        )
        return [part for part in parts if part.first < part.end]

    def slots(self) -> range:
        """Return the partitions that hold the range's units."""
        width = BUCKETS // SLOTS
        return range(self.first // width, (self.end - 1) // width + 1)


@dataclass(frozen=True, slots=True)
class Shard:
    """One part of one layout."""

    layout: int
    index: int
    buckets: Buckets

    @property
    def id(self) -> str:
        """The shard's name, also its partition: `2.0` is the first shard of layout 2."""
        return f"{self.layout}.{self.index}"


@dataclass(frozen=True, slots=True)
class Layout:
    """A numbered division of all buckets into equal shards, and the divisions before it."""

    version: int = 1
    shards: int = 1
    before: Mapping[int, int] = field(default_factory=dict)
    """Shard counts of earlier versions, by version: where a new shard finds what it inherits."""

    def shard(self, index: int, version: int | None = None) -> Shard:
        """Return one shard of this layout, or of the earlier one with that version."""
        version = self.version if version is None else version
        count = self.shards if version == self.version else self.before[version]
        return Shard(version, index, Buckets(BUCKETS * index // count, BUCKETS * (index + 1) // count))

    def overlapping(self, buckets: Buckets, version: int) -> Iterator[tuple[Shard, Buckets]]:
        """Yield the shards of an earlier version that own some of `buckets`, each with what they share."""
        for index in range(self.before.get(version, 0)):
            shard = self.shard(index, version)
            if shared := shard.buckets.overlap(buckets):
                yield shard, shared

    def changed(self, shards: int) -> "Layout":
        """Return the next layout, with another number of shards."""
        return Layout(self.version + 1, shards, {**self.before, self.version: self.shards})

    def to_document(self) -> dict[str, Any]:
        """Return the layout as it is stored."""
        before = {str(version): shards for version, shards in self.before.items()}
        return {"version": self.version, "shards": self.shards, "before": before}

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> "Layout":
        """Return the layout that `to_document` wrote."""
        before = {int(version): shards for version, shards in document["before"].items()}
        return cls(document["version"], document["shards"], before)
