"""Notices: what of a telegraf.toml is left out or becomes something else, with its line and the reason."""

from dataclasses import dataclass
from enum import StrEnum

from tocsin.inputsfile.tomlplaces import Places
from tocsin.yamltree import Path


class Became(StrEnum):
    """What became of something that does not fit as it is."""

    CHANGED = "changed"
    LEFT_OUT = "left out"


@dataclass(frozen=True, slots=True, order=True)
class Notice:
    """One thing that does not fit as it is; lines count from 1."""

    file: str
    line: int
    what: str
    became: Became
    reason: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.what}: {self.became.value}: {self.reason}"


@dataclass(frozen=True, slots=True)
class Notices:
    """Takes notices of one file."""

    file: str
    places: Places
    found: list[Notice]

    def left_out(self, path: Path, reason: str) -> None:
        """Note what is left out."""
        self._note(path, Became.LEFT_OUT, reason)

    def changed(self, path: Path, reason: str) -> None:
        """Note what becomes something else."""
        self._note(path, Became.CHANGED, reason)

    def _note(self, path: Path, became: Became, reason: str) -> None:
        what = ".".join(str(part) for part in path if not isinstance(part, int))
        self.found.append(Notice(self.file, self.places.line(path), what, became, reason))
