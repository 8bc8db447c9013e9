"""Where definitions of sources are stored: as a whole, version by version, as `sources.yml` was written."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from tocsin.history import Via, What, new_version, record
from tocsin.index import INDEX, read_index
from tocsin.instants import millis
from tocsin.packing import pack, unpack
from tocsin.ports import Absent, Database, Either, Equals, Item, Key, Put, Update, Value
from tocsin.sources.definition import Definition, from_document, to_document


def sources_key(version: int) -> Key:
    """Return where a version of the definitions is."""
    return Key("config", "sources", f"{version:08d}")


def read_definitions(database: Database, version: int) -> Mapping[str, Definition]:
    """Return the definitions of a version, by name; none before anything was stored."""
    [item] = database.get(sources_key(version)) if version else [None]
    packed = item["document"] if item else None
    documents = unpack(packed) if isinstance(packed, bytes) else []
    found = (_definition(document) for document in documents)
    return {definition.name: definition for definition in found if definition is not None}


def _definition(document: Mapping[str, Any]) -> Definition | None:
    """Return a stored definition; None if a later version wrote it: only its rules go without a source."""
    try:
        return from_document(document)
    except (KeyError, TypeError, ValueError):
        return None


def store_definitions(
    database: Database,
    definitions: Sequence[Definition],
    text: str,
    *,
    by: str,
    now: datetime,
    via: Via = Via.UNKNOWN,
) -> int | None:
    """Store definitions as the next version and put it in force; None if somebody else was faster."""
    version = read_index(database).sources
    item: dict[str, Value] = {
        "document": pack([to_document(definition) for definition in definitions]),
        "text": pack(text),
        "by": by,
        "at": millis(now),
    }
    unchanged = Either((Equals("sources", version), Absent("sources")))
    stored = database.transact(
        [
            Put(sources_key(version + 1), item, Absent("pk")),
            Update(INDEX, set={"sources": version + 1}, condition=unchanged),
            record(new_version(What.SOURCES, version, now, by=by, via=via)),
        ]
    )
    return version + 1 if stored else None


def sources_text(item: Item) -> str:
    """Return stored definitions as they were written."""
    packed = item["text"]
    return str(unpack(packed)) if isinstance(packed, bytes) else ""
