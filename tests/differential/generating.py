"""Seeded scenarios."""

import random
from collections.abc import Sequence
from typing import Any

from tests.differential.kinds import KINDS, Kind
from tests.differential.scenario import RESOLVES, SLOT_SECONDS, Scenario, Trouble
from tests.differential.shapes import Shape, duration, inhibit_rule
from tests.differential.stories import SLOTS, Story

_TAIL_SECONDS = 2 * SLOT_SECONDS + 0.6
"""In which nothing happens any more, and what is owed is told, also by a webhook that falters."""


def scenario(seed: int) -> Scenario:
    """Return the scenario of a seed."""
    rng = random.Random(f"scenario {seed}")
    kind = rng.choice(KINDS)
    pace = rng.choice((1, 1, 1, 2)) * SLOT_SECONDS
    names = ("team", "boss", "log.all")[: rng.randint(1, 3)]
    receivers = {name: _webhooks(rng, kind) for name in names}
    timeout = rng.randint(1, 3) * pace + RESOLVES
    settings = {
        "global": {"resolve_timeout": duration(timeout)},
        "route": Shape(rng, kind, pace, names).root(),
        "inhibit_rules": [inhibit_rule(rng) for _ in range(kind is Kind.MUTED and rng.randint(0, 2))],
    }
    events = tuple(Story(rng, kind, pace, timeout).events())
    return Scenario(
        seed,
        settings,
        receivers,
        events,
        seconds=SLOTS * SLOT_SECONDS + _TAIL_SECONDS,
        troubles={("team", rng.randrange(2)): rng.choice(tuple(Trouble))} if kind is Kind.TROUBLED else {},
        turns=kind is Kind.TIMED,
    )


def _webhooks(rng: random.Random, kind: Kind) -> Sequence[dict[str, Any]]:
    cut = kind is Kind.CUT
    count = 2 if kind is Kind.TROUBLED else rng.choice((1, 1, 1, 2))
    return [
        {"send_resolved": cut or rng.random() < 0.7, "max_alerts": rng.randint(0, 2) if cut else 0}
        for _ in range(count)
    ]
