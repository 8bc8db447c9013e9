"""A scenario: a configuration and what happens when. Both sides play the same."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

import yaml

from tocsin.labels import Labels
from tocsin.matchers import Matcher

SLOT_SECONDS = 2.0
"""Every group_interval is a multiple of it, so every group ticks at the same places of each slot.

Alerts are posted at its beginning and end soon after that, then silences come and go, and groups tick in the
middle. So all that happens in a slot is before all ticks of it, by a margin, and no load of the machine turns it.
"""
RESOLVES = 0.35
"""Where in a slot alerts end that nobody sends any more, by their endsAt or by resolve_timeout."""
ACTS = 0.5
"""Where people make silences, edit and expire them: by then all that ends in the slot has ended."""
ENDS = 0.7
"""Where silences begin and end of themselves."""
SWEEPS = 0.75
"""Where ours is swept, which it is once a minute elsewhere: then groups notice that a silence has begun."""
WAITS = (0.8, 1.2)
"""Each group_wait, and so where groups tick."""
TURNS = 4 * SLOT_SECONDS + ENDS
"""When the wall's clock comes to another minute, in scenarios in which that matters."""
OLD = 1.0
"""Where an alert comes that has fired for longer than any group_wait: its groups tick here from then on."""
PAST_TICKS = 1.4
"""What every repeat_interval has beyond whole slots: the earliest and the latest tick are less apart."""
EXTERNAL_URL = "http://alertmanager.example"
GENERATOR_URL = "http://prometheus.example/graph?g0.expr=up&g0.tab=1"


@dataclass(frozen=True)
class PostedAlert:
    """An alert as a sender posts it; times are seconds after the scenario's start."""

    labels: Labels
    annotations: Mapping[str, str]
    starts: float | None = None
    ends: float | None = None


@dataclass(frozen=True)
class Post:
    """A sender posts alerts, in one request."""

    at: float
    alerts: tuple[PostedAlert, ...]


@dataclass(frozen=True)
class Silencing:
    """Somebody silences alerts; by the name of an earlier silence it is an edit of that one.

    It `starts` when it did before if that is None.
    """

    at: float
    name: str
    matchers: tuple[Matcher, ...]
    starts: float | None
    ends: float
    comment: str


@dataclass(frozen=True)
class Expiry:
    """Somebody expires a silence."""

    at: float
    name: str


Event = Post | Silencing | Expiry


class Trouble(StrEnum):
    """What a webhook does other than take its notifications."""

    REFUSES = "refuses"
    """Everything, for good."""
    FALTERS = "falters"
    """At every first attempt; the second one of the same content is taken."""


@dataclass(frozen=True)
class Scenario:
    """What both sides play.

    `receivers` are the webhooks of each receiver, without their URLs; some may be in trouble. With `turns` the
    time intervals `before` and `after` meet `TURNS` seconds after the start, which therefore is no odd time.
    """

    seed: int
    settings: Mapping[str, Any]
    receivers: Mapping[str, Sequence[Mapping[str, Any]]]
    events: tuple[Event, ...]
    seconds: float
    troubles: Mapping[tuple[str, int], Trouble]
    turns: bool

    def config(self, base_url: str, start: datetime) -> str:
        """Return the alertmanager.yml; each webhook has a URL of its own below `base_url`."""
        receivers = [
            {
                "name": name,
                "webhook_configs": [
                    {"url": f"{base_url}/{self.seed}/{name}/{index}", **webhook}
                    for index, webhook in enumerate(webhooks)
                ],
            }
            for name, webhooks in self.receivers.items()
        ]
        intervals = [
            {"name": name, "time_intervals": [element]}
            for name, element in _intervals(self.turns, start).items()
        ]
        written = {**self.settings, "time_intervals": intervals, "receivers": receivers}
        return yaml.safe_dump(written, sort_keys=False)

    def __str__(self) -> str:
        events = "\n".join(map(str, self.events))
        return f"{self.config('http://…', datetime.now(UTC))}\n{events}\n{dict(self.troubles)}"


def _intervals(turns: bool, start: datetime) -> dict[str, Any]:
    intervals: dict[str, Any] = {"always": {}, "never": {"years": ["1999"]}}
    if turns:
        turn = f"{start + timedelta(seconds=TURNS):%H:%M}"
        intervals["before"] = {"times": [{"start_time": "00:00", "end_time": turn}]}
        intervals["after"] = {"times": [{"start_time": turn, "end_time": "24:00"}]}
    return intervals


@dataclass(frozen=True)
class Told:
    """A notification that a webhook got, `at` so many seconds after the scenario's start."""

    at: float
    receiver: str
    index: int
    body: Mapping[str, Any]

    @property
    def channel(self) -> tuple[str, str, int]:
        """Whose notifications have an order: those of one group to one integration."""
        return self.body["groupKey"], self.receiver, self.index
