"""Controls: what people have set (configuration, silences), read by version and written with it."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from tocsin.dispatch import silence as silences
from tocsin.dispatch.config import Config
from tocsin.dispatch.configcodec import from_document
from tocsin.dispatch.silence import Silence, SilenceState
from tocsin.index import INDEX, Index, bump, read_index
from tocsin.instants import millis
from tocsin.packing import pack, unpack
from tocsin.ports import Absent, Database, Delete, Either, Equals, Item, Key, Present, Put, Update, Value

SILENCE_RETENTION = timedelta(days=5)
_EXPIRE_TRIES = 5


class Controls:
    """Reads configuration and silences, again only when the index says that they have changed."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._config: Config | None = None
        self._silences: tuple[int, tuple[Silence, ...]] | None = None

    def config(self, index: Index) -> Config | None:
        """Return the configuration in force; None if none was ever stored."""
        if self._config is None or self._config.version != index.config:
            [item] = self._database.get(config_key(index.config)) if index.config else [None]
            self._config = _config_from(item, index.config) if item else None
        return self._config

    def silences(self, index: Index) -> tuple[Silence, ...]:
        """Return every silence that is stored, those that have passed and not yet been removed included."""
        if self._silences is None or self._silences[0] != index.silences:
            items = self._database.query("config", "silence")
            self._silences = (index.silences, tuple(_silence_from(item) for item in items))
        return self._silences[1]


def config_key(version: int) -> Key:
    """Return where a version of the configuration is."""
    return Key("config", "config", f"{version:08d}")


def silence_key(silence_id: str) -> Key:
    """Return where a silence is."""
    return Key("config", "silence", silence_id)


def wake_key(silence_id: str) -> Key:
    """Return where it is noted that a silence has ended and its waiters are to be woken."""
    return Key("config", "wake", silence_id)


def store_config(
    database: Database, document: Mapping[str, Any], text: str, *, by: str, now: datetime
) -> int | None:
    """Store a configuration as the next version and put it in force; None if somebody else was faster."""
    version = read_index(database).config
    item: dict[str, Value] = {
        "document": pack(document),
        "text": pack(text),
        "by": by,
        "at": millis(now),
    }
    unchanged = Either((Equals("config", version), Absent("config")))
    stored = database.transact(
        [
            Put(config_key(version + 1), item, Absent("pk")),
            Update(INDEX, set={"config": version + 1}, condition=unchanged),
        ]
    )
    return version + 1 if stored else None


def config_text(item: Item) -> str:
    """Return a stored configuration as it was written."""
    packed = item["text"]
    return str(unpack(packed)) if isinstance(packed, bytes) else ""


def put_silence(database: Database, silence: Silence) -> None:
    """Store a new silence, or one that only reaches further than before."""
    database.transact([Put(silence_key(silence.id), _silence_item(silence)), bump("silences")])


def expire_silence(database: Database, silence_id: str, now: datetime) -> Silence | None:
    """End a silence now and note that its waiters are to be woken; None if there is no such silence.

    One that has expired already is left as it is.
    """
    for _ in range(_EXPIRE_TRIES):
        [item] = database.get(silence_key(silence_id))
        if item is None:
            return None
        silence = _silence_from(item)
        if silence.state(now) is SilenceState.EXPIRED:
            return silence
        starts = min(millis(silence.starts_at), millis(now))
        ended: dict[str, Value] = {"starts_at": starts, "ends_at": millis(now), "updated_at": millis(now)}
        written = database.transact(
            [
                Update(silence_key(silence_id), set=ended, condition=Present("pk")),
                Put(wake_key(silence_id), {"at": millis(now)}),
                bump("silences"),
            ]
        )
        if written:
            return silence
    return None


def forget_wake(database: Database, silence_id: str) -> None:
    """Remove the note of a silence's end: its waiters are awake."""
    database.write(Delete(wake_key(silence_id)))


def _silence_item(silence: Silence) -> dict[str, Value]:
    expires = millis(silence.ends_at + SILENCE_RETENTION) // 1000
    return silences.to_document(silence) | {"expires": expires}


def _silence_from(item: Item) -> Silence:
    return silences.from_document(str(item["sk"]), item)


def _config_from(item: Item, version: int) -> Config:
    packed = item["document"]
    document = unpack(packed) if isinstance(packed, bytes) else {}
    return replace(from_document(document), version=version)
