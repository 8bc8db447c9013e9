"""A configuration's text as it may be shown: what is secret in it is masked, all else is as it was written."""

import re
from collections.abc import Iterator
from itertools import pairwise

import yaml

MASK = "<secret>"
SECRET_KEYS = frozenset({"url", "password", "credentials", "bearer_token"})
"""Of the keys that Tocsin takes those whose values Alertmanager masks too."""

_ANCHOR_AND_TAG = re.compile(r"(?:[&!]\S*\s+)*")
_IN_COMMENT = re.compile(rf"\b(?P<key>{'|'.join(sorted(SECRET_KEYS))})\s*:\s*(?P<value>\S.*)")

_Cut = tuple[int, int]


def masked(text: str) -> str:
    """Return YAML text, with the values of secret keys masked, also where they are commented out."""
    loader = yaml.SafeLoader(text)  # the one in C counts characters differently behind a byte order mark
    try:
        root = loader.get_single_node()
    finally:
        loader.dispose()
    cuts = {*_values(text, root), *_comments(text)}
    for start, end in sorted(cuts, reverse=True):
        if start < end:
            text = text[:start] + MASK + text[end:]
    return text


def _values(text: str, node: yaml.Node | None) -> Iterator[_Cut]:
    if isinstance(node, yaml.SequenceNode):
        for item in node.value:
            yield from _values(text, item)
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if key.value in SECRET_KEYS and isinstance(value, yaml.ScalarNode):
                yield _without_marks(text, value.start_mark.index, value.end_mark.index)
            yield from _values(text, value)


def _without_marks(text: str, start: int, end: int) -> _Cut:
    """Return the part of a scalar that is its value: no anchor and no tag before it, no line break after it."""
    marks = _ANCHOR_AND_TAG.match(text, start, end)
    return marks.end() if marks else start, start + len(text[start:end].rstrip("\n"))


def _comments(text: str) -> Iterator[_Cut]:
    """Yield the values of secret keys that stand in comments: all there is between tokens but white space."""
    for before, after in pairwise(yaml.scan(text, Loader=yaml.SafeLoader)):
        for found in _IN_COMMENT.finditer(text, before.end_mark.index, after.start_mark.index):
            yield found.span("value")
