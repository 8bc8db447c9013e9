"""Versions of the configuration: each is kept as it was written, until a hundred newer ones have been stored."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from tocsin.dispatch.config import Config
from tocsin.dispatch.configcodec import from_document, to_document
from tocsin.dispatch.controls import config_key
from tocsin.instants import maybe_instant
from tocsin.packing import pack, unpack
from tocsin.ports import Database, Item


@dataclass(frozen=True, slots=True)
class Version:
    """A stored configuration: `text` is the file as it was written, `document` what it said then."""

    number: int
    text: str = field(repr=False)
    document: Mapping[str, Any] = field(repr=False)
    by: str = ""
    at: datetime | None = None
    note: str = ""

    @property
    def templates(self) -> dict[str, str]:
        """The texts of its template files by their names."""
        return dict(self.document.get("templates", ()))

    def config(self) -> Config:
        """Return the configuration."""
        return replace(from_document(self.document), version=self.number)

    def says(self, text: str, config: Config) -> bool:
        """Tell whether it is this text and still means this configuration, template files included."""
        return self.text == text and self.document == unpack(pack(to_document(config)))


def read_version(database: Database, number: int) -> Version | None:
    """Return a version; None if it was never stored, or is no longer kept."""
    [item] = database.get(config_key(number)) if number else [None]
    return None if item is None else _from_item(item)


def read_versions(database: Database) -> list[Version]:
    """Return every version that is kept, the newest first."""
    return [_from_item(item) for item in reversed(database.query("config", "config"))]


def _from_item(item: Item) -> Version:
    at = item.get("at")
    return Version(
        number=int(str(item["sk"])),
        text=str(_unpacked(item, "text") or ""),
        document=_unpacked(item, "document") or {},
        by=str(item.get("by", "")),
        at=maybe_instant(at if isinstance(at, int) else None),
        note=str(item.get("note", "")),
    )


def _unpacked(item: Item, name: str) -> Any:
    packed = item.get(name)
    return unpack(packed) if isinstance(packed, bytes) else None
