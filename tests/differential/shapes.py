"""Seeded configurations: trees of routes with their groupings and times, and inhibition rules."""

import random
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from tests.differential.kinds import Kind
from tests.differential.scenario import PAST_TICKS, SLOT_SECONDS, WAITS
from tests.differential.writing import written
from tocsin.durations import format_duration
from tocsin.matchers import Matcher, MatchOp

MATCHERS = (
    Matcher("alertname", MatchOp.EQUAL, "Down"),
    Matcher("alertname", MatchOp.REGEX, "Down|Slow"),
    Matcher("alertname", MatchOp.NOT_REGEX, "S.*"),
    Matcher("severity", MatchOp.EQUAL, "page"),
    Matcher("severity", MatchOp.EQUAL, "warn"),
    Matcher("severity", MatchOp.NOT_EQUAL, "page"),
    Matcher("job", MatchOp.EQUAL, "web"),
    Matcher("job", MatchOp.NOT_EQUAL, ""),
    Matcher("team", MatchOp.EQUAL, 'é"q\\'),
    Matcher("team", MatchOp.REGEX, "a?"),
    Matcher("instance", MatchOp.NOT_REGEX, "1|2"),
)
_GROUPINGS = (["alertname"], ["alertname", "job"], ["severity"], ["team", "instance"], ["..."])


def duration(seconds: float) -> str:
    """Return a duration as users write it."""
    return format_duration(timedelta(seconds=seconds))


def inhibit_rule(rng: random.Random) -> dict[str, Any]:
    """Return a rule by which some alerts inhibit others, or themselves."""
    source, target = rng.sample(MATCHERS, 2)
    return {
        "source_matchers": [str(source)],
        "target_matchers": [str(target)],
        "equal": rng.choice(([], ["job"], ["team"], ["alertname", "instance"])),
    }


class Shape:
    """Makes the tree of routes."""

    def __init__(self, rng: random.Random, kind: Kind, pace: float, receivers: Sequence[str]) -> None:
        self._rng, self._kind, self._pace, self._receivers = rng, kind, pace, receivers

    def root(self) -> dict[str, Any]:
        """Return the root route with all its times, and what is below it."""
        own = self._own(certain=True)
        return {"receiver": self._receivers[0], **own, "routes": self._below(depth=1)}

    def _below(self, depth: int) -> list[dict[str, Any]]:
        routes = [self._route(depth) for _ in range(self._rng.randint(0, 3 - depth + 1))]
        if routes and self._rng.random() < 0.15:
            # A twin has the same group keys; it comes at once, so that it is told of the same alerts.
            routes.insert(0, {**routes[0], "continue": True})
        return routes

    def _route(self, depth: int) -> dict[str, Any]:
        rng = self._rng
        route: dict[str, Any] = {
            **written(rng, rng.sample(MATCHERS, rng.choice((1, 1, 2)))),
            "continue": rng.random() < 0.4,
            **self._own(certain=False),
        }
        if rng.random() < 0.6:
            route["receiver"] = rng.choice(self._receivers)
        timed = self._kind is Kind.TIMED
        if rng.random() < (0.8 if timed else 0.1):
            names = ("before", "after", "never") if timed else ("always", "never")
            key = rng.choice(("mute_time_intervals", "active_time_intervals"))
            route[key] = rng.sample(names, rng.choice((1, 1, 2)))
        if depth < 3:
            route["routes"] = self._below(depth + 1)
        return route

    def _own(self, *, certain: bool) -> dict[str, Any]:
        """Return what a route may say itself or inherit."""
        rng = self._rng
        # A webhook that falters is told up to a second late, from when on 0.25 counts.
        repeat = rng.choice((100,) if self._kind is Kind.TROUBLED else (1, 2, 3, 100))
        longer = rng.randint(0, 2) * SLOT_SECONDS if self._kind is Kind.PATIENT else 0
        own = {
            # In a child 0.25 takes an empty list as if it were left out.
            "group_by": rng.choice((*_GROUPINGS, []) if certain else _GROUPINGS),
            "group_wait": duration(rng.choice(WAITS) + longer),
            "group_interval": duration(rng.choice((SLOT_SECONDS, self._pace))),
            "repeat_interval": duration(repeat * SLOT_SECONDS + PAST_TICKS),
        }
        return {key: value for key, value in own.items() if certain or rng.random() < 0.4}
