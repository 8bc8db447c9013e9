"""What a tick and a page cost, counted in requests and DynamoDB units on the real handlers."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from tests.direct import deliver, handler
from tests.simulation.system import System, config, rule
from tocsin.instants import millis
from tocsin.stores.counting import CountingDatabase

READ_UNIT_DOLLARS = 0.125e-6
WRITE_UNIT_DOLLARS = 0.625e-6


@dataclass(frozen=True)
class Cost:
    """Requests by kind, read and write units."""

    requests: Mapping[str, float]
    read_units: float
    write_units: float

    @property
    def total(self) -> float:
        """All requests."""
        return sum(self.requests.values())

    @property
    def dollars(self) -> float:
        """On demand, us-east-1."""
        return self.read_units * READ_UNIT_DOLLARS + self.write_units * WRITE_UNIT_DOLLARS

    def __add__(self, other: "Cost") -> "Cost":
        requests = Counter(self.requests) + Counter(other.requests)
        return Cost(requests, self.read_units + other.read_units, self.write_units + other.write_units)

    def over(self, times: float) -> "Cost":
        """Return what each of so many times costs in the mean, to a tenth."""
        requests = {kind: round(number / times, 1) for kind, number in self.requests.items()}
        return Cost(requests, round(self.read_units / times, 1), round(self.write_units / times, 1))

    def times(self, times: float) -> "Cost":
        """Return what so many cost."""
        requests = {kind: number * times for kind, number in self.requests.items()}
        return Cost(requests, self.read_units * times, self.write_units * times)

    def __str__(self) -> str:
        kinds = ", ".join(f"{number:g} {kind}" for kind, number in sorted(self.requests.items()))
        return f"{self.total:g} requests ({kinds}), {self.read_units:g} RRU, {self.write_units:g} WRU"


class Counted:
    """A system with warm containers, whose every request is counted."""

    def __init__(self) -> None:
        self.system = System()
        self.database = CountingDatabase(self.system.inner)
        self.evaluator = handler(self.system, "evaluator", self.database)
        self.dispatcher = handler(self.system, "dispatcher", self.database)

    def tick(self, seconds: float) -> Cost:
        """Evaluate one tick and return what it cost."""
        self.database.reset()
        tick(self.evaluator, self.system, seconds)
        return self._cost()

    def flush(self) -> Cost:
        """Flush the groups that are due and return what that cost."""
        self.database.reset()
        for message in self.system.flushes.due():
            self.system.flushes.waiting.remove(message)
            deliver(self.dispatcher, self.system, message.body)
        return self._cost()

    def _cost(self) -> Cost:
        counted = self.database
        return Cost(Counter(counted.requests), counted.read_units, counted.write_units)


def tick(evaluator: Any, system: System, seconds: float) -> None:
    """Let the only shard's tick come."""
    system.go_to(seconds)
    deliver(evaluator, system, {"tick": millis(system.clock.now()), "layout": 1, "shard": 0})


def quiet_tick(rules: int) -> tuple[Cost, int]:
    """Return what a warm tick costs with so many rules and nothing firing, and the size of HEAD in bytes."""
    counted = Counted()
    counted.system.apply(*(rule(f"Rule{number}") for number in range(rules)))
    counted.system.configure(config())
    counted.tick(0)
    cost = counted.tick(10)
    [head] = [item for item in counted.system.inner.query("state", "1.0") if item["sk"] == "HEAD"]
    size = sum(len(name) + len(str(value)) for name, value in head.items())
    return cost, size


def one_page(series: int) -> list[tuple[str, Cost]]:
    """Return what each step costs from the tick where all series go pending to the page about all of them."""
    counted = Counted()
    texts = {"summary": "{{ $labels.instance }} is at {{ $value }}"}
    counted.system.apply(rule("Big", hold=timedelta(seconds=10), annotations=texts))
    counted.system.configure(config(group_by=("alertname",)))
    for number in range(series):
        instance = f"host-{number:05d}.example.com:9100"
        counted.system.present("Big", (15, True), instance=instance, job="node")
    counted.tick(0)
    counted.tick(10)
    steps = [("pending", counted.tick(20)), ("firing", counted.tick(30))]
    counted.system.go_to(40)
    steps.append(("notified", counted.flush()))
    [(_, _, told)] = counted.system.ledger.sent
    assert len(told.alerts) == series
    return steps
