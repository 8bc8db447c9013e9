"""YAML as text with places: every scalar as it is written, and where in the file everything stands."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import yaml
from yaml._yaml import Mark as CMark

Path = tuple[str | int, ...]
"""Where something stands in a document: the keys and the indexes that lead to it."""

Position = tuple[int, int]
"""A line and a column, counted from 1."""

_Entries = dict[str | int, tuple[yaml.Mark, yaml.Node]]

_MERGE = "tag:yaml.org,2002:merge"
_NULL = "tag:yaml.org,2002:null"
_START = (1, 1)
_MAX_DEPTH = 100
"""libyaml's composer recurses in C: a text nested a hundred thousand deep would end the process."""
_MAX_VALUES = 1_000_000
"""With each alias counted as what it stands for: ten lines of aliases can stand for ten thousand million."""


class YamlError(ValueError):
    """The text is no YAML, or its keys are no text; `position` is where."""

    def __init__(self, reason: str, position: Position = _START) -> None:
        super().__init__(reason)
        self.position = position


@dataclass(frozen=True, slots=True)
class Scalar:
    """Where a scalar is written: its first character and the one after its last, and the column of its key.

    Inside brackets or braces (`flow`) it cannot be a block.
    """

    start: int
    end: int
    column: int
    flow: bool


class Tree:
    """The first document of a YAML text.

    `data` is made of dicts, lists, text and None. A scalar stays the text that was written and what reads it
    decides what it is: `17:00`, `yes` and `1.10` are what the user wrote where text is wanted (as in Go).
    `duplicates` are the keys that stand twice in a mapping. Raises YamlError.
    """

    def __init__(self, text: str) -> None:
        self.duplicates: list[tuple[Path, Position]] = []
        self._values: dict[int, Any] = {}
        self._known: dict[int, _Entries] = {}
        try:
            _refuse_bombs(text)
            self._root = _compose(text)
            self.data = self._value((), self._root) if self._root else None
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            raise YamlError(error.problem or error.context or "", _position(mark)) from None
        except yaml.YAMLError as error:
            raise YamlError(str(error).splitlines()[0]) from None
        except UnicodeEncodeError:
            raise YamlError("half a character (a surrogate) is in it") from None
        except RecursionError:
            raise YamlError("aliases nested too deeply") from None

    def position(self, path: Path) -> Position:
        """Return where the last step of `path` that exists begins: an entry's key, or an item of a list."""
        return _position(self._steps(path)[-1][0])

    def scalar(self, path: Path) -> Scalar | None:
        """Return where the scalar at `path` is written, None if there is none."""
        steps = self._steps(path)
        mark, node = steps[-1]
        if len(steps) <= len(path) or not isinstance(node, yaml.ScalarNode):
            return None
        flow = any(getattr(above, "flow_style", False) for _, above in steps)
        return Scalar(node.start_mark.index, node.end_mark.index, mark.column if mark else 0, flow)

    def _steps(self, path: Path) -> list[tuple[yaml.Mark | None, yaml.Node | None]]:
        """Return the nodes on the way to `path` with where they begin, as far as they exist."""
        steps = [(self._root.start_mark if self._root else None, self._root)]
        for step in path:
            entries = self._entries(steps[-1][1])
            if step not in entries:
                break
            steps.append(entries[step])
        return steps

    def _value(self, path: Path, node: yaml.Node) -> Any:
        if isinstance(node, yaml.ScalarNode):
            return None if node.tag == _NULL else node.value
        if id(node) not in self._values:  # an alias leads to the same node: read once, however often used
            entries = {
                step: self._value((*path, step), value) for step, (_, value) in self._entries(node).items()
            }
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

    def _entries(self, node: yaml.Node | None) -> _Entries:
        """Return what is right below `node`, and where it begins; an own key wins over a merged one."""
        if not isinstance(node, yaml.CollectionNode):
            return {}
        if id(node) not in self._known:
            self._known[id(node)] = (
                self._merged(node) | _own(node) if isinstance(node, yaml.MappingNode) else _items(node)
            )
        return self._known[id(node)]

    def _merged(self, node: yaml.MappingNode) -> _Entries:
        merged: _Entries = {}
        for key, value in node.value:
            if key.tag == _MERGE:
                for part in _parts(value):
                    merged = self._entries(part) | merged
        return merged


def _refuse_bombs(text: str) -> None:
    """Raise YamlError for a document that takes stack or memory out of proportion (the first; others go unread)."""
    weights, names, weight_of = [0], [""], dict[str, int]()
    for event in yaml.parse(text, Loader=yaml.CSafeLoader):
        match event:
            case yaml.CollectionStartEvent():
                weights.append(1)
                names.append(event.anchor or "")
            case yaml.CollectionEndEvent():
                weight_of[names.pop()] = weights[-1]
                weights[-2:] = [weights[-2] + weights[-1]]
            case yaml.ScalarEvent():
                weight_of[event.anchor or ""] = 1
                weights[-1] += 1
            case yaml.AliasEvent():
                if event.anchor in names:
                    raise YamlError("an anchor contains itself", _position(event.start_mark))
                weights[-1] += weight_of.get(event.anchor or "", 1)
            case yaml.DocumentEndEvent():
                return
        if len(weights) > _MAX_DEPTH:
            raise YamlError(f"nested more than {_MAX_DEPTH} deep", _position(event.start_mark))
        if weights[-1] > _MAX_VALUES:
            raise YamlError(
                f"more than {_MAX_VALUES:,} values, aliases included", _position(event.start_mark)
            )


def _compose(text: str) -> yaml.Node | None:
    loader = yaml.CSafeLoader(text)
    try:
        return loader.get_node() if loader.check_node() else None
    finally:
        loader.dispose()


def _items(node: yaml.CollectionNode) -> _Entries:
    return {index: (item.start_mark, item) for index, item in enumerate(node.value)}


def _own(node: yaml.MappingNode) -> _Entries:
    own: _Entries = {}
    for key, value in node.value:
        if key.tag == _MERGE:
            continue
        if not isinstance(key, yaml.ScalarNode):
            raise YamlError("a key must be text", _position(key.start_mark))
        own[key.value] = (key.start_mark, value)
    return own


def _parts(node: yaml.Node) -> Iterator[yaml.Node]:
    nodes = node.value if isinstance(node, yaml.SequenceNode) else [node]
    for part in nodes:
        if not isinstance(part, yaml.MappingNode):
            raise YamlError("map merge requires a mapping or a list of mappings", _position(part.start_mark))
        yield part


def _position(mark: yaml.Mark | CMark | None) -> Position:
    return (mark.line + 1, mark.column + 1) if mark else _START
