"""Ten minutes of a Prometheus that repeats 1,000 firing alerts every minute: what is known is not written again.

Beside it what storing each alert as often as it comes would cost: a write of one item, every time.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from tests.acceptance.alerting import START, Clock, config
from tocsin.api.build import build
from tocsin.api.requests import Request
from tocsin.bootstrap import World
from tocsin.local.applying import apply_config
from tocsin.local.watching import Tally, log
from tocsin.ports import Message, one_by_one
from tocsin.settings import Access, Api, Settings
from tocsin.stores.counting import CountingDatabase
from tocsin.stores.memory import MemoryDatabase

if TYPE_CHECKING:
    from tocsin.api.app import App

ALERTS, MINUTES = 1000, 10
PROMISED = timedelta(minutes=4)
"""How far ahead Prometheus says that what fires will end: four times what lies between two posts of it."""
MOST_PART = 0.10
_WRITES = ("put", "update", "delete", "transact")


class Hints:
    """Takes what is hinted at, and needs none of it."""

    def send(self, messages: Sequence[Message]) -> None:
        """Drop hints: no group is flushed here."""


@dataclass
class Counted:
    """An API whose database is counted."""

    database: CountingDatabase = field(default_factory=lambda: CountingDatabase(MemoryDatabase()))
    clock: Clock = field(default_factory=lambda: Clock(START))

    def __post_init__(self) -> None:
        apply_config(self.database, config(), "alertmanager.yml", START)
        world = World(self.database, self.clock, flushes=Hints(), parallel=one_by_one)
        settings = Settings(api=Api(access=Access.OFF))
        self.app: App = build(world, settings, Tally(), log("api", lambda line: None))
        self.database.reset()

    def post(self, alerts: list[dict[str, object]], batch: int) -> None:
        """Post alerts, so many at once."""
        for start in range(0, len(alerts), batch):
            body = json.dumps(alerts[start : start + batch]).encode()
            headers = {"content-type": "application/json"}
            answer = self.app.answer(Request("POST", "/api/v2/alerts", headers=headers, body=body))
            assert (answer.status, answer.body) == (200, b"")

    @property
    def writes(self) -> int:
        """How many requests have written."""
        return sum(self.database.requests[kind] for kind in _WRITES)


def firing(names: int, now: datetime) -> list[dict[str, object]]:
    """Return what Prometheus posts of alerts that have fired since the start: rule by rule, so many rules."""
    return [
        {
            "labels": {
                "alertname": f"Rule{number * names // ALERTS}",
                "instance": f"host-{number:04}:9100",
                "job": "node",
            },
            "annotations": {"summary": f"host-{number:04} is down"},
            "startsAt": START.isoformat(),
            "endsAt": (now + PROMISED).isoformat(),
            "generatorURL": "http://prometheus.example/graph?g0.expr=up+%3D%3D+0",
        }
        for number in range(ALERTS)
    ]


def minutes(api: Counted) -> Iterator[datetime]:
    """Yield the time of each post: the first, and one a minute after it."""
    for minute in range(MINUTES + 1):
        api.clock.time = START + timedelta(minutes=minute)
        yield api.clock.time


@pytest.mark.parametrize("batch", [64, ALERTS], ids=["64 at once", "all at once"])
@pytest.mark.parametrize("names", [1, 64], ids=["of one name", "of 64 names"])
def test_ten_minutes_of_repetitions_cost_at_most_a_tenth_of_storing_each(names: int, batch: int) -> None:
    api, written = Counted(), []
    for now in minutes(api):
        before = api.writes
        api.post(firing(names, now), batch)
        written.append(api.writes > before)
    each = ALERTS * (MINUTES + 1)
    print(f"{api.writes} writes, {api.database.write_units:g} units; storing each: {each}")
    assert api.writes <= MOST_PART * each
    assert api.database.write_units <= MOST_PART * each
    assert written == [minute in (0, 1, 6) for minute in range(MINUTES + 1)]


def test_an_alert_that_changes_is_written_at_once_and_alone() -> None:
    api = Counted()
    for _ in range(2):
        api.clock.sleep(60)
        api.post(firing(64, api.clock.now()), ALERTS)
    api.clock.sleep(60)
    alerts = firing(64, api.clock.now())
    alerts[7]["annotations"] = {"summary": "host-0007 is gone"}
    before = api.writes
    api.post(alerts, ALERTS)
    assert 0 < api.writes - before <= 5  # the shelf, that it is done, the chunk, and the arming in two tries
