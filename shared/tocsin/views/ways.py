"""Where the secrets of a configuration go, and by what way: what may not change while a mask stands for them.

Who may change a configuration, but has not seen its secrets, could else have them sent to a host of their own.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import yaml

from tocsin.configfile.fields import MASK
from tocsin.views.secrets import entries, items, secret_keys

MASKS = (MASK, f"https://{MASK}")
_LINKS = frozenset(("avatar_url", "client_url", "icon_url", "image_url", "thumb_url"))
"""What is only shown to people."""
_URLS = ("url", "url_file")
_KINDS = {"smtp": "email"}
_EVERY = "http"
"""The kind of `http_config` under `global`: what stands in it goes wherever integrations go that have none."""


@dataclass(frozen=True, slots=True)
class Step:
    """A key on the way to a value, and the mappings in which it stands: as it came, and as it was shown."""

    key: str
    new: yaml.Node
    shown: yaml.Node


def leads_as_before(steps: Sequence[Step]) -> bool:
    """Tell whether the secret at the end of some steps goes where it went, and nobody new can read along.

    A secret URL goes where it says itself, so of the rest only what is in between counts for it.
    """
    ends = steps[-1].key.endswith(_URLS)
    root = steps[0]
    match [step.key for step in steps]:
        case ["global", key, *_]:
            kind = _kind(key)
            known = {_way(one, ends) for one in _integrations(root.shown, kind)}
            others = {way for one in _integrations(root.new, kind) if (way := _way(one, ends))}
            return others <= known and _shared(root.new, kind, ends) == _shared(root.shown, kind, ends)
        case ["receivers", configs, _, *_]:
            kind, one = configs.removesuffix("_configs"), steps[2]
            same = _way(one.new, ends) == _way(one.shown, ends)
            return same and _shared(root.new, kind, ends) == _shared(root.shown, kind, ends)
    return True  # nobody sends it


def _kind(key: str) -> str:
    """Return the kind of integration that a key under `global` is for."""
    first = key.partition("_")[0]
    return _KINDS.get(first, first)


def _integrations(root: yaml.Node, kind: str) -> Iterator[yaml.Node]:
    for section, receivers in entries(root):
        for receiver in items(receivers) if section == "receivers" else ():
            for configs, integrations in entries(receiver):
                if kind in (_EVERY, configs.removesuffix("_configs")):
                    yield from items(integrations)


def _shared(root: yaml.Node, kind: str, ends: bool) -> frozenset[object]:
    """Return the way that is the same for all integrations of a kind."""
    return frozenset(
        (key, value)
        for section, block in entries(root)
        if section == "global"
        for key, value in _way(block, ends)
        if kind == _EVERY or _kind(key) in (kind, _EVERY)
    )


def _way(block: yaml.Node, ends: bool) -> frozenset[tuple[str, object]]:
    """Return the part of a block that says where it sends, or for what `ends` where it goes only how."""
    return frozenset(
        (key, plain(value, secrets=False))
        for key, value in entries(block)
        if key == "http_config"
        or "tls" in key
        or (not ends and key not in _LINKS and key.endswith((*_URLS, "smarthost")))
    )


def plain(node: yaml.Node, *, secrets: bool = True) -> object:
    """Return what a value says, whatever its style and whichever mask; without `secrets` but for those in it.

    URLs are told all the same: where they are secret they are a way, too.
    """
    if isinstance(node, yaml.MappingNode):
        told = (entry for entry in entries(node) if secrets or _is_told(entry[0]))
        return frozenset((key, plain(value, secrets=secrets)) for key, value in told)
    if isinstance(node, yaml.SequenceNode):
        return tuple(plain(item, secrets=secrets) for item in node.value)
    return MASK if node.value in MASKS else node.value


def _is_told(key: str) -> bool:
    return key.endswith(_URLS) or key not in secret_keys()
