"""A masked configuration that comes back: its secrets put in again from what is stored.

Whoever edits a configuration that was shown to them sends the masks back. A mask stands for the secret at the same
place of the stored text: under the same keys, and in a list in the entry of the same name; without names in the entry
that looks the same but for its secrets, or in the only one left. And only while the secret goes where it went before.
Any other mask stays, and `parse_config` refuses it.
"""

from collections import Counter
from collections.abc import Iterator, Sequence

import yaml

from tocsin.configfile.fields import MASK
from tocsin.views.secrets import MERGE, masked, without_marks
from tocsin.views.ways import MASKS, Step, leads_as_before, plain
from tocsin.yamltree import Tree, YamlError


def unmasked(text: str, stored: str) -> str:
    """Return a configuration's text with the secrets of the stored one where masks stand.

    What is no YAML is returned as it is: who parses it says where not.
    """
    if MASK not in text or not stored or not _is_yaml(text):
        return text
    root = _root(text)
    secrets: dict[int, list[str]] = {}
    masks: dict[int, yaml.Node] = {}
    for steps, new, shown, known in _pairs((), root, _root(masked(stored)), _root(stored)):
        if new.value in MASKS and shown.value in MASKS and shown.value != known.value:
            masks[id(new)] = new
            if leads_as_before(steps):
                secrets.setdefault(id(new), []).append(known.value)
    places = Counter(map(id, _scalars(root)))
    for mask in sorted(masks.values(), key=lambda node: node.start_mark.index, reverse=True):
        found = secrets.get(id(mask), [])
        # By an alias a mask stands at several places: all of them must be of the same secret.
        if len(found) == places[id(mask)] and len(set(found)) == 1:
            start, end = without_marks(text, mask.start_mark.index, mask.end_mark.index)
            text = text[:start] + _written(found[0]) + text[end:]
    return text


def _written(secret: str) -> str:
    return str(yaml.dump(secret, Dumper=yaml.SafeDumper, default_style='"', width=float("inf"))).rstrip("\n")


_Steps = tuple[Step, ...]
_Found = tuple[_Steps, yaml.Node, yaml.Node, yaml.Node]
"""The way to a value, and the value as it came, as it is shown, and as it is stored."""


def _is_yaml(text: str) -> bool:
    """Tell whether the text can be composed: it may be no YAML, or a bomb."""
    try:
        return Tree(text).data is not None
    except YamlError:
        return False


def _root(text: str) -> yaml.Node:
    return next(yaml.compose_all(text, Loader=yaml.CSafeLoader))


def _scalars(node: yaml.Node) -> Iterator[yaml.Node]:
    """Yield every scalar, a key or a value, by an alias again."""
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            yield from (*_scalars(key), *_scalars(value))
    elif isinstance(node, yaml.SequenceNode):
        for item in node.value:
            yield from _scalars(item)
    else:
        yield node


def _pairs(steps: _Steps, new: yaml.Node, shown: yaml.Node, known: yaml.Node) -> Iterator[_Found]:
    """Yield the scalars that stand at the same places, below a key; what is merged (`<<`) stands at many."""
    if type(new) is not type(shown):
        return
    if isinstance(new, yaml.ScalarNode) and steps:
        yield steps, new, shown, known
    elif isinstance(new, yaml.MappingNode):
        places = {key.value: place for place, (key, _) in enumerate(shown.value)}
        for key, value in new.value:
            if key.value in places and key.tag != MERGE:
                place = places[key.value]
                further = (*steps, Step(key.value, new, shown))
                yield from _pairs(further, value, shown.value[place][1], known.value[place][1])
    elif isinstance(new, yaml.SequenceNode):
        for item, place in _matched(new.value, shown.value):
            yield from _pairs(steps, item, shown.value[place], known.value[place])


def _matched(new: Sequence[yaml.Node], shown: Sequence[yaml.Node]) -> list[tuple[yaml.Node, int]]:
    """Return which items of a list are which of the shown one, by their places there."""
    names = [_name(item) for item in shown]
    if all(names) and len(set(names)) == len(names):
        return [(item, names.index(name)) for item in new if (name := _name(item)) in names]
    left = {place: plain(item) for place, item in enumerate(shown)}
    found, others = [], []
    for item in new:
        content = plain(item)
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
