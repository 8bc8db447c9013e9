"""Functions that change labels (Prometheus `functions.go`)."""

import re
from functools import lru_cache
from typing import Any

from tocsin.labels import Labels
from tocsin.promql.values import Moment, PromqlError, Vector, distinct, without
from tocsin.regexes import RegexError, compiled, expanded

LABEL = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*", re.ASCII)


def label_replace(_: Moment, vector: Vector, target: str, to: str, source: str, pattern: str) -> Vector:
    """Set a label to `to`, groups filled in, where the pattern matches all of the source label's value."""
    regex = _compiled(pattern)
    if not LABEL.fullmatch(target):
        raise PromqlError(f"invalid destination label name in label_replace(): {target}")

    def replaced(labels: Labels) -> Labels:
        match = regex.search(labels.get(source, ""))
        return labels if match is None else _with(labels, target, "".join(expanded(to, match)))

    return distinct([(replaced(labels), value) for labels, value in vector])


def label_join(_: Moment, vector: Vector, target: str, separator: str, *sources: str) -> Vector:
    """Set a label to the values of others, joined."""
    for source in sources:
        if not LABEL.fullmatch(source):
            raise PromqlError(f"invalid source label name in label_join(): {source}")
    if not LABEL.fullmatch(target):
        raise PromqlError(f"invalid destination label name in label_join(): {target}")

    def joined(labels: Labels) -> Labels:
        return _with(labels, target, separator.join(labels.get(source, "") for source in sources))

    return distinct([(joined(labels), value) for labels, value in vector])


def _with(labels: Labels, name: str, value: str) -> Labels:
    return {**labels, name: value} if value else without(labels, [name])


@lru_cache(maxsize=256)
def _compiled(pattern: str) -> Any:
    try:
        return compiled(f"^(?:{pattern})$", captures=True)
    except RegexError:
        raise PromqlError(f"invalid regular expression in label_replace(): {pattern}") from None
