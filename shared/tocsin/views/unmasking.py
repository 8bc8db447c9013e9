"""A masked configuration that comes back: its secrets put in again from what is stored.

Whoever edits a configuration that was shown to them sends the masks back. A mask stands for the secret at the same
place of the stored text: under the same keys, and in a list in the entry of the same name; without names in the entry
that looks the same but for its secrets, or in the only one left. Any other mask stays, and `parse_config` refuses it.
"""

from collections.abc import Iterator, Sequence

import yaml

from tocsin.configfile.fields import MASK
from tocsin.views.secrets import masked, without_marks
from tocsin.yamltree import Tree, YamlError

_MASKS = (MASK, f"https://{MASK}")


def unmasked(text: str, stored: str) -> str:
    """Return a configuration's text with the secrets of the stored one where masks stand.

    What is no YAML is returned as it is: who parses it says where not.
    """
    if MASK not in text or not stored or not _is_yaml(text):
        return text
    cuts = {
        cut
        for new, shown, known in _pairs(_root(text), _root(masked(stored)), _root(stored))
        for cut in _filled(text, new, shown, known)
    }
    for start, end, secret in sorted(cuts, reverse=True):
        text = text[:start] + secret + text[end:]
    return text


_Three = tuple[yaml.Node, yaml.Node, yaml.Node]
"""A value as it came, as it is shown, and as it is stored."""


def _is_yaml(text: str) -> bool:
    """Tell whether the text can be composed: it may be no YAML, or a bomb."""
    try:
        return Tree(text).data is not None
    except YamlError:
        return False


def _root(text: str) -> yaml.Node:
    return next(yaml.compose_all(text, Loader=yaml.CSafeLoader))


def _filled(text: str, new: yaml.Node, shown: yaml.Node, known: yaml.Node) -> Iterator[tuple[int, int, str]]:
    """Yield where a mask stands and what is to stand there."""
    if new.value in _MASKS and shown.value in _MASKS and shown.value != known.value:
        secret = yaml.dump(known.value, Dumper=yaml.SafeDumper, default_style='"', width=float("inf"))
        yield (*without_marks(text, new.start_mark.index, new.end_mark.index), secret.rstrip("\n"))


def _pairs(new: yaml.Node, shown: yaml.Node, known: yaml.Node) -> Iterator[_Three]:
    """Yield the scalars that stand at the same places."""
    if type(new) is not type(shown):
        return
    if isinstance(new, yaml.ScalarNode):
        yield new, shown, known
    elif isinstance(new, yaml.MappingNode):
        places = {key.value: place for place, (key, _) in enumerate(shown.value)}
        for key, value in new.value:
            if key.value in places:
                place = places[key.value]
                yield from _pairs(value, shown.value[place][1], known.value[place][1])
    elif isinstance(new, yaml.SequenceNode):
        for item, place in _matched(new.value, shown.value):
            yield from _pairs(item, shown.value[place], known.value[place])


def _matched(new: Sequence[yaml.Node], shown: Sequence[yaml.Node]) -> list[tuple[yaml.Node, int]]:
    """Return which items of a list are which of the shown one, by their places there."""
    names = [_name(item) for item in shown]
    if all(names) and len(set(names)) == len(names):
        return [(item, names.index(name)) for item in new if (name := _name(item)) in names]
    left = {place: _plain(item) for place, item in enumerate(shown)}
    found, others = [], []
    for item in new:
        content = _plain(item)
        place = next((place for place, known in left.items() if known == content), None)
        if place is None:
            others.append(item)
        else:
            found.append((item, place))
            del left[place]
    if len(others) == len(left) == 1:
        found += zip(others, left, strict=True)
    return found


def _name(node: yaml.Node) -> str:
    entries = node.value if isinstance(node, yaml.MappingNode) else ()
    return next((str(value.value) for key, value in entries if key.value == "name"), "")


def _plain(node: yaml.Node) -> object:
    """Return what a value says, whatever its style and whichever mask."""
    if isinstance(node, yaml.MappingNode):
        return frozenset((key.value, _plain(value)) for key, value in node.value)
    if isinstance(node, yaml.SequenceNode):
        return tuple(map(_plain, node.value))
    return MASK if node.value in _MASKS else node.value
