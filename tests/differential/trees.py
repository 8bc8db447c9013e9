"""Seeded trees of routes, their matchers written in every way there is, and alerts that go through them."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from typing import Any

import yaml

from tests.differential.writing import written
from tocsin.labels import Labels
from tocsin.matchers import Matcher, MatchOp

_NAMES = ("alertname", "severity", "job", "team", "_x")
_VALUES = ("Down", "page", "web", "web-1", "a", "b", "x y", 'é"q', "back\\slash", "a,b", "{a}", "")
_PATTERNS = (
    "Down|page",
    "web.*",
    "[ab]",
    ".+",
    ".*",
    "",
    "web-[0-9]+|",
    "(?i)DOWN",
    "x y",
    "a$",
    "^a",
    "é.*",
    "a.b",
)


@dataclass(frozen=True)
class Tree:
    """A configuration in which each route has a receiver of its own, and the labels of an alert."""

    config: str
    labels: Labels


def tree(seed: int) -> Tree:
    """Return the tree of a seed."""
    rng = random.Random(f"tree {seed}")
    numbers = count()
    root = {
        "receiver": f"r{next(numbers)}",
        "routes": [_route(rng, numbers, 1) for _ in range(rng.randint(1, 4))],
    }
    receivers = [{"name": f"r{number}"} for number in range(next(numbers))]
    labels = {name: rng.choice(_VALUES) for name in _NAMES if rng.random() < 0.7}
    config = yaml.safe_dump({"route": root, "receivers": receivers}, allow_unicode=True, sort_keys=False)
    return Tree(config, labels or {"alertname": "Down"})


def _route(rng: random.Random, numbers: Iterator[int], depth: int) -> dict[str, Any]:
    below = rng.choice((0, 0, 1, 2, 3)) if depth < 4 else 0
    return {
        "receiver": f"r{next(numbers)}",
        "continue": rng.random() < 0.4,
        **written(rng, [_matcher(rng) for _ in range(rng.choice((0, 1, 1, 1, 2)))]),
        "routes": [_route(rng, numbers, depth + 1) for _ in range(below)],
    }


def _matcher(rng: random.Random) -> Matcher:
    op = rng.choice(tuple(MatchOp))
    values = _VALUES if op in (MatchOp.EQUAL, MatchOp.NOT_EQUAL) else _PATTERNS
    return Matcher(rng.choice(_NAMES), op, rng.choice(values))
