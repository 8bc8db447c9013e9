"""The many ways to write the same matchers in a route."""

import random
from collections.abc import Sequence
from typing import Any

from tocsin.matchers import Matcher, MatchOp

_MAPS = {MatchOp.EQUAL: "match", MatchOp.REGEX: "match_re"}


def written(rng: random.Random, matchers: Sequence[Matcher]) -> dict[str, Any]:
    """Return matchers as a user may write them: quoted or not, in braces or not, several in a text, in maps."""
    written: dict[str, Any] = {}
    listed: list[str] = []
    for matcher in matchers:
        key = _MAPS.get(matcher.op, "matchers")
        if key in _MAPS.values() and matcher.name not in written.get(key, {}) and rng.random() < 0.3:
            written.setdefault(key, {})[matcher.name] = matcher.value
        elif matcher.value.isalnum() and matcher.value.isascii() and rng.random() < 0.5:
            listed.append(f" {matcher.name} {matcher.op} {matcher.value} ")
        else:
            listed.append(str(matcher))
    if len(listed) > 1 and rng.random() < 0.3:
        listed = [",".join(listed)]
    if listed and rng.random() < 0.2:
        listed[0] = "{" + listed[0] + "}"
    return {**written, "matchers": listed} if listed else written
