"""Dead letters: metrics that an output refuses for good, put aside with the reason, for people to look at."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from tocsin.instants import instant, millis
from tocsin.metric import Metric
from tocsin.packing import pack, unpack
from tocsin.ports import Database, Delete, Item, Key, Put, Refused, Value
from tocsin.samples.codec import from_document, to_document
from tocsin.shipping.cursor import cursor_key

KEPT = timedelta(days=14)
MOST_KEPT = 500
"""Of one output: of more the oldest go."""
_PREFIX = "DEAD#"
_ITEM_BYTES = 300_000


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """What an output refused at once, and why."""

    at: datetime
    reason: str
    detail: str
    metrics: tuple[Metric, ...]


@dataclass(frozen=True, slots=True)
class DeadLetters:
    """Puts aside what outputs refuse."""

    database: Database

    def put(
        self, output: str, metrics: Sequence[Metric], refused: Refused, place: str, now: datetime
    ) -> None:
        """Put metrics aside; at the same `place` of the log and time of the first metric they replace themselves."""
        packed = pack(to_document(metrics))
        if len(packed) > _ITEM_BYTES and len(metrics) > 1:
            middle = len(metrics) // 2
            self.put(output, metrics[:middle], refused, f"{place}+", now)
            self.put(output, metrics[middle:], refused, f"{place}-", now)
            return
        item: dict[str, Value] = {
            "at": millis(now),
            "reason": refused.reason,
            "detail": refused.detail,
            "metrics": packed,
            "expires": millis(now + KEPT) // 1000,
        }
        self.database.write(Put(_key(output, f"{_PREFIX}{millis(metrics[0].at):013d}#{place}"), item))

    def prune(self, output: str) -> None:
        """Delete the oldest if there are too many."""
        found = self._items(output)
        for item in found[: max(0, len(found) - MOST_KEPT)]:
            self.database.write(Delete(_key(output, str(item["sk"]))))

    def read(self, output: str, now: datetime) -> list[DeadLetter]:
        """Return what an output has refused and is still kept, by the time of its metrics."""
        found: list[Mapping[str, Any]] = [dict(item) for item in self._items(output)]
        return [
            DeadLetter(
                instant(item["at"]),
                item["reason"],
                item["detail"],
                tuple(from_document(unpack(item["metrics"]))),
            )
            for item in found
            if item["expires"] > millis(now) // 1000
        ]

    def _items(self, output: str) -> list[Item]:
        return self.database.query("samples", cursor_key(output).pk, prefix=_PREFIX)


def _key(output: str, sk: str) -> Key:
    return Key("samples", cursor_key(output).pk, sk)
