"""Controls: what people have set (configuration, silences), read by version and written with it."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from tocsin.dispatch.config import Config
from tocsin.dispatch.configcodec import from_document
from tocsin.dispatch.silence import Silence
from tocsin.dispatch.silences import SilenceIndex
from tocsin.dispatch.silencestore import StoredSilences
from tocsin.history import Via, What, new_version, record
from tocsin.index import INDEX, Index, read_index
from tocsin.instants import millis
from tocsin.packing import pack, unpack
from tocsin.ports import (
    Absent,
    AtMost,
    Database,
    Delete,
    Either,
    Equals,
    Item,
    Key,
    Put,
    Update,
    Value,
    Write,
)

VERSIONS_KEPT = 100
CONFIG_NOTE = "config"
"""Of the notes of what is to be woken the one that says that the configuration has changed."""
BEGIN_NOTE = "begin."
"""What the notes begin with that say when a silence begins."""


class Controls:
    """Reads configuration and silences, again only when the index says that they have changed."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._config: Config | None = None
        self._silences = StoredSilences(database)

    def config(self, index: Index) -> Config | None:
        """Return the configuration in force; None if none was ever stored."""
        if self._config is None or self._config.version != index.config:
            [item] = self._database.get(config_key(index.config)) if index.config else [None]
            self._config = _config_from(item, index.config) if item else None
        return self._config

    def silences(self, index: Index) -> tuple[Silence, ...]:
        """Return every silence that is stored, those that have passed and not yet been removed included."""
        return self._silences.at(index.silences).all

    def silence_index(self, index: Index) -> SilenceIndex:
        """Return the same, arranged to be asked what mutes an alert."""
        return self._silences.at(index.silences)


def config_key(version: int) -> Key:
    """Return where a version of the configuration is."""
    return Key("config", "config", f"{version:08d}")


def wake_key(silence_id: str) -> Key:
    """Return where it is noted that a silence has ended and its waiters are to be woken."""
    return Key("config", "wake", silence_id)


def store_config(
    database: Database,
    document: Mapping[str, Any],
    text: str,
    *,
    by: str,
    now: datetime,
    note: str = "",
    via: Via = Via.UNKNOWN,
) -> int | None:
    """Store a configuration as the next version and put it in force; None if somebody else was faster.

    What is in force and the versions before it are kept, `VERSIONS_KEPT` in all.
    """
    version = read_index(database).config
    item: dict[str, Value] = {
        "document": pack(document),
        "text": pack(text),
        "by": by,
        "at": millis(now),
        "note": note,
    }
    unchanged = Either((Equals("config", version), Absent("config")))
    writes: list[Write] = [
        Put(config_key(version + 1), item, Absent("pk")),
        Update(INDEX, set={"config": version + 1}, condition=unchanged),
        Put(wake_key(CONFIG_NOTE), {"at": millis(now)}),
        record(new_version(What.CONFIG, version, now, by=by, via=via, note=note)),
    ]
    if version >= VERSIONS_KEPT:
        writes.append(Delete(config_key(version + 1 - VERSIONS_KEPT)))
    return version + 1 if database.transact(writes) else None


def forget_config_note(database: Database, notes: Iterable[Item]) -> None:
    """Remove the note that the configuration has changed, unless it has changed again since `notes` were read."""
    for note in notes:
        if note["sk"] == CONFIG_NOTE:
            database.write(Delete(wake_key(CONFIG_NOTE), Equals("at", note["at"])))


def begin_key(silence_id: str) -> Key:
    """Return where it is noted that a silence begins, and groups are to see whether it concerns them."""
    return wake_key(BEGIN_NOTE + silence_id)


def forget_wake(database: Database, silence_id: str, woken: datetime) -> None:
    """Remove the note of a silence's end, unless it was written after its waiters were `woken`."""
    database.write(Delete(wake_key(silence_id), AtMost("at", millis(woken))))


def _config_from(item: Item, version: int) -> Config:
    packed = item["document"]
    document = unpack(packed) if isinstance(packed, bytes) else {}
    return replace(from_document(document), version=version)
