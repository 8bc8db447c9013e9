"""Where the tables and keys of a TOML file stand: tomllib reads values and keeps no lines, so a light scan does."""

import re
from collections.abc import Mapping
from typing import Any

from tocsin.yamltree import Path

_HEADER = re.compile(r"\s*(\[\[?)\s*([^\[\]#]+?)\s*\]\]?\s*(?:#.*)?")
_PART = r"[A-Za-z0-9_-]+|\"[^\"]*\"|'[^']*'"
_KEY = re.compile(rf"\s*((?:{_PART})(?:\s*\.\s*(?:{_PART}))*)\s*=")
_QUOTES = ('"""', "'''")


class Places:
    """The lines of a file that tomllib takes; elements of arrays of tables count from 0."""

    def __init__(self, text: str) -> None:
        self._lines: dict[Path, int] = {}
        self._tables: dict[Path, int] = {}
        table: Path = ()
        inside = ""
        for number, line in enumerate(text.splitlines(), 1):
            if inside:
                inside = "" if inside in line else inside
                continue
            if header := _HEADER.fullmatch(line):
                table = self._entered(_parts(header[2]), is_array=header[1] == "[[")
                self._lines.setdefault(table, number)
            elif key := _KEY.match(line):
                self._lines.setdefault((*table, *_parts(key[1])), number)
            inside = next((quote for quote in _QUOTES if line.count(quote) % 2), "")

    def _entered(self, parts: Path, *, is_array: bool) -> Path:
        path: Path = ()
        for number, part in enumerate(parts, 1):
            path = (*path, part)
            if is_array and number == len(parts):
                self._tables[path] = self._tables.get(path, -1) + 1
            if path in self._tables:
                path = (*path, self._tables[path])
        return path

    def line(self, path: Path) -> int:
        """Return the line of what stands at `path`, or of the nearest thing around it."""
        while path and path not in self._lines:
            path = path[:-1]
        return self._lines.get(path, 1)


def _parts(text: str) -> Path:
    return tuple(part.strip("\"'") for part in re.findall(_PART, text))


def table(document: Mapping[str, Any], section: str) -> Mapping[str, Any]:
    """Return a section; an empty one if it is none."""
    found = document.get(section)
    return found if isinstance(found, Mapping) else {}


def tables(document: Mapping[str, Any], section: str) -> list[tuple[str, Path, Mapping[str, Any]]]:
    """Return the plug-ins' tables of a section with their names and paths: `[[inputs.cpu]]`, or once `[inputs.cpu]`."""
    found: list[tuple[str, Path, Mapping[str, Any]]] = []
    for name, value in table(document, section).items():
        if isinstance(value, Mapping):
            found.append((name, (section, name), value))
        elif isinstance(value, list):
            found += [
                (name, (section, name, number), each)
                for number, each in enumerate(value)
                if isinstance(each, Mapping)
            ]
    return found
