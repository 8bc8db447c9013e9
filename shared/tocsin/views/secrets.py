"""A configuration's text as it may be shown: what is secret in it is masked, all else is as it was written."""

import re
from collections.abc import Iterator
from functools import cache
from itertools import pairwise
from typing import Any, get_args, get_origin

import yaml

from tocsin.access.secrets import Reference
from tocsin.configfile.fields import MASK
from tocsin.configfile.receivers import blocks
from tocsin.configfile.shared import Global
from tocsin.configfile.unused import Tracing
from tocsin.documents import Block

_BYTE_ORDER_MARK = "\ufeff"
_ANCHOR_AND_TAG = re.compile(r"(?:[&!]\S*\s+)*")
MERGE, _NULL = "tag:yaml.org,2002:merge", "tag:yaml.org,2002:null"

_Cut = tuple[int, int, str]
"""Where a value begins and ends, and what is shown in its place."""


def masked(text: str) -> str:
    """Return the YAML text of a configuration, its secrets masked, also where they are commented out.

    What is secret is what the blocks that read it keep out of their `repr`. Alertmanager's own tools can read the
    result, `parse_config` refuses it. Of several documents the first is returned: nobody reads the others.
    """
    if text.startswith(_BYTE_ORDER_MARK):  # libyaml does not count it
        return _BYTE_ORDER_MARK + masked(text.removeprefix(_BYTE_ORDER_MARK))
    text = _first_document(text)
    for start, end, mask in reversed(_cuts(text)):
        text = text[:start] + mask + text[end:]
    return text


def same_secrets(one: str, other: str) -> bool:
    """Tell whether two configurations hold the same secrets in the same order."""
    return _hidden(one) == _hidden(other)


def _hidden(text: str) -> list[str]:
    text = _first_document(text.removeprefix(_BYTE_ORDER_MARK))
    return [text[start:end] for start, end, _ in _cuts(text)]


def _cuts(text: str) -> list[_Cut]:
    root = yaml.compose(text, Loader=yaml.CSafeLoader)
    return sorted(cut for cut in {*_of_file(text, root), *_of_comments(text)} if cut[0] < cut[1])


def _first_document(text: str) -> str:
    for event in yaml.parse(text, Loader=yaml.CSafeLoader):
        if isinstance(event, yaml.DocumentEndEvent) and event.end_mark:
            return text[: event.end_mark.index]
    return text


def _mask(key: str) -> str:
    """Return what stands for the value of a key: for versions of amtool that know no `<secret>` URLs stay such."""
    return f"https://{MASK}" if key.endswith("url") else MASK


# -- what stands in the file --------------------------------------------------------------------------


def _of_file(text: str, root: yaml.Node | None) -> Iterator[_Cut]:
    for section, value in entries(root):
        match section:
            case "global":
                yield from _of_block(text, value, Global)
            case "tracing":
                yield from _of_block(text, value, Tracing)
            case "event_recorder":
                yield from _of_secret(text, value, section)
            case "receivers":
                for receiver in items(value):
                    yield from _of_receiver(text, receiver)


def _of_receiver(text: str, receiver: yaml.Node) -> Iterator[_Cut]:
    for key, integrations in entries(receiver):
        block = blocks().get(key.removesuffix("_configs"))
        for integration in items(integrations) if block else ():
            yield from _within(text, integration, block)


def _of_block(text: str, node: yaml.Node, block: type[Block]) -> Iterator[_Cut]:
    fields = {field.alias or name: field for name, field in block.model_fields.items()}
    for key, value in entries(node):
        if key in fields and not fields[key].repr:
            yield from _of_secret(text, value, key)
        elif key in fields:
            yield from _within(text, value, fields[key].annotation)


def _within(text: str, node: yaml.Node, annotation: Any) -> Iterator[_Cut]:
    """Yield the cuts in a value whose type says where in it blocks are."""
    if isinstance(annotation, type) and issubclass(annotation, Block):
        yield from _of_block(text, node, annotation)
    origin = get_origin(annotation)
    inner = [node]
    if origin in (list, tuple):
        inner = items(node)
    elif origin is dict:
        inner = [value for _, value in entries(node)]
    for part in get_args(annotation):
        for value in inner:
            yield from _within(text, value, part)


def _of_secret(text: str, node: yaml.Node, key: str) -> Iterator[_Cut]:
    """Yield every scalar in a value; a reference stays, unless a URL is expected in its place."""
    if isinstance(node, yaml.ScalarNode):
        plain = key.endswith("url") or Reference.parse(node.value) is None
        if node.value and node.tag != _NULL and plain:
            yield (*without_marks(text, node.start_mark.index, node.end_mark.index), _mask(key))
    for inner in (*items(node), *(value for _, value in entries(node))):
        yield from _of_secret(text, inner, key)


def entries(node: yaml.Node | None) -> Iterator[tuple[str, yaml.Node]]:
    """Yield what stands in a mapping, and in what is merged into it."""
    for key, value in node.value if isinstance(node, yaml.MappingNode) else ():
        if key.tag == MERGE:
            for part in items(value) or [value]:
                yield from entries(part)
        else:
            yield str(key.value), value


def items(node: yaml.Node | None) -> list[yaml.Node]:
    """Return what stands in a list."""
    return list(node.value) if isinstance(node, yaml.SequenceNode) else []


def without_marks(text: str, start: int, end: int) -> tuple[int, int]:
    """Return the part of a scalar that is its value: no anchor and no tag before it, no line break after it."""
    marks = _ANCHOR_AND_TAG.match(text, start, end)
    return marks.end() if marks else start, start + len(text[start:end].rstrip("\n"))


# -- what stands in comments --------------------------------------------------------------------------


@cache
def secret_keys() -> frozenset[str]:
    """Return the keys that hold a secret somewhere in a configuration."""
    return frozenset(key for block in (Global, Tracing, *blocks().values()) for key in _keys(block))


def _keys(annotation: Any) -> Iterator[str]:
    if isinstance(annotation, type) and issubclass(annotation, Block):
        for name, field in annotation.model_fields.items():
            if not field.repr:
                yield field.alias or name
            yield from _keys(field.annotation)
    for part in get_args(annotation):
        yield from _keys(part)


@cache
def _in_comment() -> re.Pattern[str]:
    """Return what finds a secret: the rest of its line, or, if nothing is there, all of the comment after it."""
    return re.compile(
        rf"""\b(?:{"|".join(sorted(secret_keys()))})["']?\s*:[ \t]*"""
        r"(?P<value>[^\s|>].*|(?:[|>].*)?(?:\n[ \t]*\#.*)+)"
    )


def _of_comments(text: str) -> Iterator[_Cut]:
    """Yield the secrets between tokens, where there is nothing but white space and comments."""
    for before, after in pairwise(yaml.scan(text, Loader=yaml.CSafeLoader)):
        for found in _in_comment().finditer(text, before.end_mark.index, after.start_mark.index):
            yield (*found.span("value"), MASK)
