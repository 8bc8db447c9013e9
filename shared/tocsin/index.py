"""The index: one item that says which version of everything the control plane wrote is in force.

Readers compare versions and reload only what has changed; writers change rows and version in one transaction.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tocsin.ports import Absent, Database, Equals, Item, Key, Update, Won
from tocsin.schedule.buckets import SLOTS
from tocsin.schedule.layout import Layout

INDEX = Key("rules", "INDEX", "INDEX")


@dataclass(frozen=True, slots=True)
class Index:
    """Versions: of the rules in each slot, of configuration, silences, sources, access and inputs; and the layout."""

    layout: Layout = field(default_factory=Layout)
    slots: tuple[int, ...] = (0,) * SLOTS
    config: int = 0
    silences: int = 0
    sources: int = 0
    access: int = 0
    inputs: int = 0
    outputs: tuple[str, ...] = ()
    """The names of outputs: who gathers tells them that there is something to write."""

    @classmethod
    def from_item(cls, item: Item | None) -> "Index":
        """Return the index as stored; before anything is stored everything has version 0."""
        stored: Mapping[str, Any] = item or {}
        return cls(
            layout=Layout.from_document(stored["layout"]) if "layout" in stored else Layout(),
            slots=tuple(stored.get(f"slot{slot}", 0) for slot in range(SLOTS)),
            config=stored.get("config", 0),
            silences=stored.get("silences", 0),
            sources=stored.get("sources", 0),
            access=stored.get("access", 0),
            inputs=stored.get("inputs", 0),
            outputs=tuple(stored.get("outputs", ())),
        )


def read_index(database: Database) -> Index:
    """Read the index, strongly consistent."""
    [item] = database.get(INDEX)
    return Index.from_item(item)


def bump(*names: str) -> Update:
    """Return the write that counts versions up (`slot3`, `config`, `sources`, …), for a transaction with rows."""
    return Update(INDEX, add=dict.fromkeys(names, 1))


def settle_layout(database: Database, index: Index, shards: int) -> Layout:
    """Apply the wish for a number of shards and return the layout in force; a race is settled by one of us."""
    if index.layout.shards == shards:
        return index.layout
    [item] = database.get(INDEX)
    current = Index.from_item(item).layout
    wanted = current.changed(shards)
    was = Equals("layout", item["layout"]) if item and "layout" in item else Absent("layout")
    outcome = database.write(Update(INDEX, set={"layout": wanted.to_document()}, condition=was))
    return wanted if isinstance(outcome, Won) else Index.from_item(outcome.item).layout
