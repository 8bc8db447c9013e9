"""Seeded series that flap, vanish, are no number for a while, and come back, each change at its own millisecond."""

import math
import random
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from tocsin.labels import Labels
from tocsin.ports import Written

_VALUES = (0.0, 1.0, 2.5, 3.0, 4.0, 5.0, 1 / 3, 5.000000000000001, 7.25, 8.0, 9.5, 1e-7, 123456.789, -2.0)
_ODD = (math.nan, math.inf, -math.inf, -0.0, 1e15)
_QUIET_SECONDS = 1.5
"""At first all is well, so that nothing depends on how soon the first evaluation comes."""
SERIES: Sequence[tuple[str, Labels]] = (
    ("level", {"site": "a", "host": "1"}),
    ("level", {"site": "a", "host": "2"}),
    ("level", {"site": "b", "host": "1"}),
    ("load", {"site": "a"}),
    ("load", {"site": "b"}),
)


def inputs(seed: str, start: datetime, seconds: float) -> list[Written]:
    """Return what the series `level_SEED` and `load_SEED` are from `start` on, each only where it changes."""
    return [
        Written({"__name__": f"{name}_{seed}", **labels}, value, start + timedelta(milliseconds=ms))
        for name, labels in SERIES
        for ms, value in _changes(random.Random(f"{seed} {name} {labels}"), seconds)
    ]


def _changes(rng: random.Random, seconds: float) -> Iterator[tuple[int, float | None]]:
    yield 0, 1.0
    second, present = _QUIET_SECONDS, True
    vanishing, odd = rng.choice((0.0, 0.1, 0.4)), rng.choice((0.0, 0.05, 0.3))
    shortest, longest = rng.choice(((0.1, 1.0), (0.2, 2.0), (0.5, 8.0)))
    while second < seconds:
        second += math.exp(rng.uniform(math.log(shortest), math.log(longest)))
        present = not present or rng.random() >= vanishing
        yield round(second * 1000), _value(rng, odd) if present else None


def _value(rng: random.Random, odd: float) -> float:
    return rng.choice(_ODD if rng.random() < odd else _VALUES)
