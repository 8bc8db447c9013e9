"""Everything twice, out of order, and eight workers at once on one shard: one page, and the same end."""

import random
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest

from tests.direct import deliver, handler
from tests.engines import MINISTACK
from tests.simulation.outside import START
from tests.simulation.system import System, config, rule
from tocsin.instants import millis
from tocsin.ports import Database

WORKERS = 8
TICKS = 18


class Crowd:
    """Eight containers of each function; every message goes to two of them, at once with others."""

    def __init__(self, database: Database, seed: int) -> None:
        self.system = System(database)
        self.rng = random.Random(seed)
        self.containers = {
            name: [handler(self.system, name, database) for _ in range(WORKERS)]
            for name in ("evaluator", "dispatcher")
        }

    def deliver(self, name: str, bodies: list[Any]) -> None:
        """Deliver every message twice, in any order, to all the containers at once."""
        twice = bodies * 2
        self.rng.shuffle(twice)
        jobs = [(self.containers[name][number % WORKERS], body) for number, body in enumerate(twice)]

        with ThreadPoolExecutor(WORKERS) as pool:
            list(pool.map(lambda job: deliver(job[0], self.system, job[1]), jobs))

    def tick(self, number: int) -> None:
        """Let a tick come, its last three messages with it, and then the flushes that are due."""
        self.system.go_to(10 * number + 0.5)
        ticks = [millis(START + timedelta(seconds=10 * n)) for n in range(max(0, number - 3), number + 1)]
        self.deliver("evaluator", [{"tick": tick, "layout": 1, "shard": 0} for tick in ticks] * 2)
        due = self.system.flushes.due()
        for message in due:
            self.system.flushes.waiting.remove(message)
        if due:
            self.deliver("dispatcher", [message.body for message in due] * 2)


@pytest.fixture
def crowd(database: Database) -> Crowd:
    crowd = Crowd(database, seed=7)
    crowd.system.apply(rule("Down", hold=timedelta(seconds=20)), rule("Slow"), rule("Quiet"))
    crowd.system.configure(config(group_by=("alertname",)))
    for instance in "abc":
        crowd.system.present("Down", (15, True), (95, False), instance=instance)
    crowd.system.present("Slow", (30, True))
    return crowd


@pytest.mark.parametrize("engine", ["memory", MINISTACK], indirect=True)
def test_one_notification_not_two_and_the_same_state_in_the_end(crowd: Crowd) -> None:
    for number in range(TICKS):
        crowd.tick(number)
    told = [
        (notification.group_labels["alertname"], notification.reason.value, len(notification.alerts))
        for _, _, notification in crowd.system.ledger.sent
    ]
    assert sorted(told) == [
        ("Down", "all alerts resolved", 3),
        ("Down", "first notification", 3),
        ("Slow", "first notification", 1),
    ]
    [head] = [item for item in crowd.system.inner.query("state", "1.0") if item["sk"] == "HEAD"]
    assert head["cursor"] == millis(START + timedelta(seconds=10 * (TICKS - 1)))
    assert "redo" not in head
    assert "lagging" not in head
