"""Fingerprints: whether an edit of a rule changes what it means, or only how it reads.

What a rule means decides its alerts: what is asked of whom, and how long it must hold. The rest (annotations,
its place and its group's, when inside its interval it runs) can be edited under a firing alert.
"""

import json
from hashlib import sha256

from tocsin.rules.rule import Rule, to_document

_MEANING = (
    "kind",
    "name",
    "expr",
    "source",
    "plan",
    "labels",
    "hold_ms",
    "keep_firing_for_ms",
    "query_offset_ms",
)
_PLACE = ("position",)
"""What a rule has from its neighbours: that it moves is no edit of it."""


def semantic(rule: Rule) -> str:
    """Return the fingerprint of what the rule means."""
    document = to_document(rule)
    return _digest({name: document[name] for name in _MEANING if name in document})


def cosmetic(rule: Rule) -> str:
    """Return the fingerprint of everything else that somebody wrote."""
    document = to_document(rule)
    return _digest({name: held for name, held in document.items() if name not in (*_MEANING, *_PLACE)})


def _digest(document: dict[str, object]) -> str:
    return sha256(json.dumps(document, sort_keys=True).encode()).hexdigest()[:16]
