"""Silences where they are stored, and the log of which of them each version has changed.

By the log a reader who knows an earlier version reads what has changed since, not thousands of silences again.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from tocsin.dispatch.silence import Silence, from_document, to_document
from tocsin.dispatch.silences import SilenceIndex
from tocsin.index import INDEX, read_index
from tocsin.instants import millis
from tocsin.ports import Absent, Condition, Database, Either, Equals, Item, Key, Put, Update, Value, Write

_LOGGED = timedelta(days=1)
_MOST_VERSIONS = 50
"""Of one or two silences each; for more than that all are read."""


def silence_key(silence_id: str) -> Key:
    """Return where a silence is."""
    return Key("config", "silence", silence_id)


def _log_key(version: int) -> Key:
    return Key("config", "silenced", f"{version:012d}")


class StoredSilences:
    """Reads silences when their version has changed: all of them at first, then those that the log names."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._version: int | None = None
        self._known: dict[str, Silence] = {}
        self._index = SilenceIndex(())

    def at(self, version: int) -> SilenceIndex:
        """Return what is stored, those that have passed and are not yet removed included."""
        if version != self._version:
            changed = self._changed(version)
            if changed is None:
                self._known = _parsed(self._database.query("config", "silence"))
            else:
                self._known |= _parsed(self._database.get(*map(silence_key, changed)))
            self._index = SilenceIndex(silence for _, silence in sorted(self._known.items()))
            self._version = version
        return self._index

    def _changed(self, version: int) -> Sequence[str] | None:
        """Return which silences have changed since they were read; None if the log does not tell."""
        if self._version is None or not 0 < version - self._version <= _MOST_VERSIONS:
            return None
        first, last = _log_key(self._version + 1), _log_key(version)
        entries: Sequence[Mapping[str, Any]] = self._database.query(
            first.table, first.pk, between=(first.sk, last.sk)
        )
        if len(entries) < version - self._version:
            return None
        return sorted({silence for entry in entries for silence in entry["changed"]})


def _parsed(items: Iterable[Item | None]) -> dict[str, Silence]:
    return {str(item["sk"]): parse_silence(item) for item in items if item is not None}


def parse_silence(item: Item) -> Silence:
    """Return the silence that an item holds."""
    return from_document(str(item["sk"]), item)


def read_silence(database: Database, silence_id: str) -> Silence | None:
    """Read one silence; None if there is none of that id."""
    [item] = database.get(silence_key(silence_id))
    return parse_silence(item) if item else None


def put_silence(silence: Silence, before: Silence | None = None) -> Put:
    """Return the write of a silence, which holds if the one it is made of is still as it was `before`."""
    item: dict[str, Value] = to_document(silence) | {"expires": millis(silence.kept_until) // 1000}
    unchanged = Equals("updated_at", millis(before.updated_at)) if before else None
    return Put(silence_key(silence.id), item, unchanged)


def log_changes(database: Database, changed: Sequence[str], now: datetime) -> list[Write]:
    """Return what makes the next version of all silences and logs which ones it has changed, for a transaction."""
    version = read_index(database).silences
    unchanged: Condition = Either((Equals("silences", version), Absent("silences")))
    entry: dict[str, Value] = {"changed": list(changed), "expires": millis(now + _LOGGED) // 1000}
    return [
        Put(_log_key(version + 1), entry),
        Update(INDEX, set={"silences": version + 1}, condition=unchanged),
    ]
