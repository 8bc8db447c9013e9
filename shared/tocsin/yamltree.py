"""YAML as text with places: every scalar as it is written, and where in the file everything stands."""

from collections.abc import Iterator
from typing import Any

import yaml

Path = tuple[str | int, ...]
"""Where something stands in a document: the keys and the indexes that lead to it."""

Position = tuple[int, int]
"""A line and a column, counted from 1."""

_MERGE = "tag:yaml.org,2002:merge"
_NULL = "tag:yaml.org,2002:null"
_START = (1, 1)


class YamlError(ValueError):
    """The text is no YAML, or its keys are no text; `position` is where."""

    def __init__(self, reason: str, position: Position = _START) -> None:
        super().__init__(reason)
        self.position = position


class Tree:
    """The first document of a YAML text.

    `data` is made of dicts, lists, text and None. A scalar stays the text that was written and what reads it
    decides what it is: `17:00`, `yes` and `1.10` are what the user wrote where text is wanted (as in Go).
    `duplicates` are the keys that stand twice in a mapping. Raises YamlError.
    """

    def __init__(self, text: str) -> None:
        self.duplicates: list[tuple[Path, Position]] = []
        self._values: dict[int, Any] = {}
        try:
            self._root = _compose(text)
            self.data = self._value((), self._root) if self._root else None
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            raise YamlError(error.problem or error.context or "", _position(mark)) from None
        except yaml.YAMLError as error:
            raise YamlError(str(error).splitlines()[0]) from None
        except RecursionError:
            raise YamlError("nested too deeply, or an anchor that contains itself") from None

    def position(self, path: Path) -> Position:
        """Return where the last step of `path` that exists begins: an entry's key, or an item of a list."""
        node, mark = self._root, self._root.start_mark if self._root else None
        for step in path:
            entries = _entries(node)
            if step not in entries:
                break
            mark, node = entries[step]
        return _position(mark)

    def _value(self, path: Path, node: yaml.Node) -> Any:
        if isinstance(node, yaml.ScalarNode):
            return None if node.tag == _NULL else node.value
        if id(node) not in self._values:  # an alias leads to the same node: read once, however often used
            entries = {step: self._value((*path, step), value) for step, (_, value) in _entries(node).items()}
            self._values[id(node)] = (
                list(entries.values()) if isinstance(node, yaml.SequenceNode) else entries
            )
            self._note_duplicates(path, node)
        return self._values[id(node)]

    def _note_duplicates(self, path: Path, node: yaml.Node) -> None:
        if isinstance(node, yaml.MappingNode):
            seen = set()
            for key, _ in node.value:
                if key.value in seen and key.tag != _MERGE:
                    self.duplicates.append(((*path, key.value), _position(key.start_mark)))
                seen.add(key.value)


def _compose(text: str) -> yaml.Node | None:
    loader = yaml.CSafeLoader(text)
    try:
        return loader.get_node() if loader.check_node() else None
    finally:
        loader.dispose()


def _entries(node: yaml.Node | None) -> dict[str | int, tuple[yaml.Mark, yaml.Node]]:
    """Return what is right below `node`, and where it begins; an own key wins over a merged one."""
    if isinstance(node, yaml.SequenceNode):
        return {index: (item.start_mark, item) for index, item in enumerate(node.value)}
    if not isinstance(node, yaml.MappingNode):
        return {}
    merged: dict[str | int, tuple[yaml.Mark, yaml.Node]] = {}
    own: dict[str | int, tuple[yaml.Mark, yaml.Node]] = {}
    for key, value in node.value:
        if key.tag == _MERGE:
            for part in _merged(value):
                merged = _entries(part) | merged
        elif isinstance(key, yaml.ScalarNode):
            own[key.value] = (key.start_mark, value)
        else:
            raise YamlError("a key must be text", _position(key.start_mark))
    return merged | own


def _merged(node: yaml.Node) -> Iterator[yaml.Node]:
    nodes = node.value if isinstance(node, yaml.SequenceNode) else [node]
    for part in nodes:
        if not isinstance(part, yaml.MappingNode):
            raise YamlError("map merge requires a mapping or a list of mappings", _position(part.start_mark))
        yield part


def _position(mark: yaml.Mark | None) -> Position:
    return (mark.line + 1, mark.column + 1) if mark else _START
