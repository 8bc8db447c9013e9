"""An intent too long for one item goes on beside it, and comes back whole."""

import random

from tests.unit.dispatching import at
from tocsin.alert import Alert
from tocsin.dispatch.nflog import PREFIX, Entry, Intent, from_item, intend, record
from tocsin.notification import Reason
from tocsin.ports import Item
from tocsin.stores.memory import MemoryDatabase

ENTRY = Entry("group.0", "team", "webhook/0")


def crowd(number: int, seed: int = 1) -> tuple[Alert, ...]:
    """Return alerts whose texts compress badly."""
    rng = random.Random(seed)
    return tuple(
        Alert({"alertname": "Down", "pod": f"pod-{one}"}, {"summary": f"{rng.getrandbits(400):x}"}, at(0))
        for one in range(number)
    )


def read(database: MemoryDatabase) -> tuple[Entry, dict[str, Item]]:
    items = {str(item["sk"]): item for item in database.query("dispatch", "group.0")}
    [entry] = [from_item(item, items) for name, item in items.items() if name.startswith(PREFIX)]
    return entry, {name: item for name, item in items.items() if name.startswith("INTENT#")}


def test_ten_thousand_alerts_are_written_down_read_back_and_logged() -> None:
    database = MemoryDatabase()
    intent = Intent(1, Reason.FIRST, at(10), crowd(10_000), "t")
    stored = intend(database, ENTRY, intent)
    assert stored is not None
    assert stored.parts > 0
    entry, parts = read(database)
    assert entry.intent == stored
    assert len(parts) == stored.parts
    after = record(database, entry, stored, now=at(11))
    entry, parts = read(database)
    assert (entry, parts) == (after, {})
    assert len(entry.firing) == 10_000
    again = intend(database, entry, Intent(2, Reason.REPEAT, at(9000), crowd(10_000), "u"))
    assert again is not None


def test_who_was_late_takes_its_own_parts_back_and_no_others() -> None:
    database = MemoryDatabase()
    first = intend(database, ENTRY, Intent(1, Reason.FIRST, at(10), crowd(4000), "first"))
    assert first is not None
    assert intend(database, ENTRY, Intent(1, Reason.FIRST, at(10), crowd(4000, seed=2), "late")) is None
    entry, parts = read(database)
    assert entry.intent == first
    assert len(parts) == first.parts


def test_a_short_intent_is_one_item() -> None:
    database = MemoryDatabase()
    stored = intend(database, ENTRY, Intent(1, Reason.FIRST, at(10), crowd(3), "t"))
    assert stored is not None
    assert stored.parts == 0
    assert read(database)[1] == {}
