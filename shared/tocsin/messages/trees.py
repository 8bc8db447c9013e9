"""The webhook's `payload`: a tree of YAML whose keys and texts are templates (Alertmanager: DeepCopyWithTemplate)."""

import json
import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from math import isfinite
from typing import Any

import yaml

_DEEPEST = 50


def expanded_tree(value: Any, expand: Callable[[str], str]) -> Any:
    """Return the tree with every key and every text in it expanded.

    A text that comes to YAML of something else than a text becomes that: a number, a list, what `toJson` makes.
    Alertmanager expands the texts in there once more, so that a label with `{{` in it would be a template; we do not.
    """
    if isinstance(value, str):
        return _structured(expand(value))
    if isinstance(value, Mapping):
        return {
            expand(name): expanded_tree(inner, expand)
            for name, inner in value.items()
            if isinstance(name, str)
        }
    if isinstance(value, list | tuple):
        return [expanded_tree(inner, expand) for inner in value]
    return value


class _Loader(yaml.CSafeLoader):
    """A loader for which a scalar is what it is for Go's yaml.v2: there are no times in it, no `1:30` for 90."""


_Loader.yaml_implicit_resolvers = {}
for _tag, _pattern in {
    "null": r"~|null|Null|NULL|",
    "bool": r"true|True|TRUE|false|False|FALSE|yes|Yes|YES|no|No|NO|on|On|ON|off|Off|OFF",
    "int": r"[-+]?(?:0b[01_]+|0x[0-9a-fA-F_]+|0[0-7_]*|[1-9][0-9_]*)",
    "float": r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?",
}.items():
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(f"(?:{_pattern})\\Z"), None)


def _structured(text: str) -> Any:
    if text.startswith(("[", "{")):  # what `toJson` makes: read as JSON it costs far less than as YAML
        with suppress(ValueError, RecursionError):
            return _as_json(json.loads(text))
    try:
        loaded = yaml.load(text, Loader=_Loader) if _is_harmless(text) else text  # noqa: S506 -- a safe loader
        return text if isinstance(loaded, str) else _as_json(loaded)
    except (
        yaml.YAMLError,
        ValueError,
        LookupError,
        AttributeError,
    ):  # the latter: `!!bool x`, `!!timestamp x`
        return text


def _is_harmless(text: str) -> bool:
    """Return whether no alias can make much of little, and nothing nests so deep that libyaml's stack ends."""
    depth = 0
    for event in yaml.parse(text, Loader=yaml.CSafeLoader):
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > _DEEPEST or isinstance(event, yaml.AliasEvent):
            return False
    return True


def _as_json(value: Any, depth: int = 0) -> Any:
    """Return what was loaded if JSON has it; as in Alertmanager keys that are no texts are left out."""
    if depth > _DEEPEST:
        raise ValueError("it nests too deep")
    if isinstance(value, dict):
        return {name: _as_json(inner, depth + 1) for name, inner in value.items() if isinstance(name, str)}
    if isinstance(value, list):
        return [_as_json(inner, depth + 1) for inner in value]
    if value is None or isinstance(value, str | bool | int) or (isinstance(value, float) and isfinite(value)):
        return value
    raise ValueError(f"JSON has no {value!r}")
