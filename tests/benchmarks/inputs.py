"""What inputs and rules about them cost, counted in requests and DynamoDB units on the real collector and evaluator."""

import random
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TypeVar

from tests.benchmarks.costs import Cost, tick
from tests.direct import handler
from tests.simulation.outside import START
from tests.simulation.system import System, rule
from tocsin.collection import catalogue
from tocsin.collection.catalogue import Cataloguer
from tocsin.collection.collector import Collector
from tocsin.collection.crew import Crew
from tocsin.collection.gather import Gather
from tocsin.collection.input import Input
from tocsin.collection.running import Probe, Runner
from tocsin.collection.schedule import Schedule
from tocsin.history import Via, What
from tocsin.rules.rule import Rule
from tocsin.samples.log import SampleLog
from tocsin.samples.reading import Reader
from tocsin.schedule.ticks import TICK
from tocsin.sources.inputs import KIND, InputsSource
from tocsin.stores.counting import CountingDatabase

TICKS_A_MONTH = 6 * 60 * 24 * 30
DUE_SECONDS, IDLE_SECONDS = 0.5, 0.05
"""How long a tick takes: as long as the slowest of its checks."""
MEMORY_GB = 0.5
# On demand, us-east-1, arm64.
GB_SECOND_DOLLARS = 13.3334e-6
INVOCATION_DOLLARS = 0.2e-6
SQS_REQUEST_DOLLARS = 0.4e-6
MESSAGE_REQUESTS = 2.1
"""Received, deleted, and one of ten that are sent at once."""
_WARM_TICKS = 5
T = TypeVar("T")


class Collecting:
    """A warm collector and a warm evaluator, whose every request is counted; targets take times of their own."""

    def __init__(self, inputs: int, interval: timedelta = timedelta(seconds=10)) -> None:
        self.system, self._chance = System(), random.Random(1)
        self.database = CountingDatabase(self.system.inner)
        clock = self.system.clock
        crew = Crew(self._side_by_side, max(inputs, 1), clock.now, lambda: clock.seconds)
        self._collector = Collector(
            self.database,
            SampleLog(self.database),
            Runner(self._http_response, crew, clock, {"location": "eu-west-1"}),
            clock,
            self.system.token,
            self.system.runs,
            self.system.shipments,
        )
        source = InputsSource(Reader(self.database), clock)
        self._evaluator = handler(self.system, "evaluator", self.database, source)
        self._ticker = handler(self.system, "ticker", self.database)
        self._tick = 0
        if inputs:
            self._add(inputs, Schedule(interval))

    def _add(self, inputs: int, schedule: Schedule) -> None:
        now = self.system.clock.now()
        given = [Input(f"shop-{n:04d}", "http_response", schedule=schedule) for n in range(inputs)]
        Cataloguer(self.system.inner, self.system.token).change(
            lambda was: catalogue.added(was, given, now, "me"), What.INPUTS, (), by="me", via=Via.CLI, now=now
        )

    def _side_by_side(
        self,
        jobs: Sequence[Callable[[], T]],
        timeout_seconds: float,
        each_seconds: Sequence[float],
        give_up: Callable[[int], None],
    ) -> Sequence[T | None]:
        """Run jobs one by one, each in its own time."""
        clock, began = self.system.clock, self.system.clock.now()
        found = []
        for job in jobs:
            clock.time = began + timedelta(seconds=self._chance.uniform(0, 1))
            found.append(job())
        clock.time = began + timedelta(seconds=2)
        return found

    def _http_response(self, given: Input) -> Sequence[Probe]:
        """Open an input that gathers what http_response does of a target that is well."""

        def probe(gather: Gather) -> None:
            took = timedelta(seconds=self._chance.uniform(0.01, 0.5))
            self.system.clock.time += took
            gather.add(
                "http_response",
                {
                    "http_response_code": 200,
                    "response_time": took.total_seconds(),
                    "content_length": 4711,
                    "result_type": "success",
                    "result_code": 0,
                },
                {
                    "server": f"https://{given.id}.example/health",
                    "method": "GET",
                    "status_code": "200",
                    "result": "success",
                },
            )

        return [probe]

    def tick(self) -> Cost:
        """Return what the collector's next tick costs."""
        self._tick += 1
        self.system.go_to(self._tick * 10)
        self.database.reset()
        self._collector.tick(1, 0, START + self._tick * TICK)
        return self._cost()

    def minute(self) -> Cost:
        """Return what the ticker costs in a minute."""
        self.database.reset()
        self._ticker({}, None)
        return self._cost()

    def evaluate(self) -> Cost:
        """Return what the same tick costs the evaluator."""
        self.database.reset()
        tick(self._evaluator, self.system, self._tick * 10)
        return self._cost()

    def _cost(self) -> Cost:
        counted = self.database
        return Cost(Counter(counted.requests), counted.read_units, counted.write_units)


def due_tick(inputs: int) -> Cost:
    """Return what a warm tick costs in which so many inputs are due."""
    collecting = Collecting(inputs)
    for _ in range(_WARM_TICKS):
        collecting.tick()
    return collecting.tick()


def idle_tick(inputs: int) -> Cost:
    """Return what a warm tick costs in which none of so many inputs is due."""
    collecting = Collecting(inputs, timedelta(minutes=1))
    while "put" not in collecting.tick().requests:
        pass
    return collecting.tick()


def rule_tick(inputs: int) -> tuple[Cost, Cost]:
    """Return what a warm tick of the evaluator costs with no rule, and with one that asks for so many inputs."""
    without, with_one = (_evaluated(inputs, rules) for rules in (0, 1))
    return without, with_one


def _evaluated(inputs: int, rules: int) -> Cost:
    collecting = Collecting(inputs)
    collecting.system.apply(*(_asking(f"Down{number}") for number in range(rules)))
    for _ in range(_WARM_TICKS):
        collecting.tick()
        collecting.evaluate()
    collecting.tick()
    return collecting.evaluate()


def _asking(name: str) -> Rule:
    expr = "http_response_result_code > 0"
    return replace(rule(name), expr=expr, plan=KIND.compile(expr))


@dataclass(frozen=True)
class Bill:
    """What the collector costs in a month, in dollars."""

    dynamodb: float
    compute: float
    messages: float

    @property
    def total(self) -> float:
        """All of it."""
        return self.dynamodb + self.compute + self.messages


def month(inputs: int, interval_seconds: int) -> Bill:
    """Return what so many inputs cost a month."""
    due = TICKS_A_MONTH * 10 // interval_seconds
    idle = TICKS_A_MONTH - due
    database = due_tick(inputs).times(due) + idle_tick(inputs).times(idle)
    seconds = due * DUE_SECONDS + idle * IDLE_SECONDS
    compute = seconds * MEMORY_GB * GB_SECOND_DOLLARS + TICKS_A_MONTH * INVOCATION_DOLLARS
    return Bill(database.dollars, compute, TICKS_A_MONTH * MESSAGE_REQUESTS * SQS_REQUEST_DOLLARS)


def report() -> Iterator[str]:
    """Yield every figure."""
    for inputs in (10, 100, 500):
        yield f"{inputs} inputs due, warm: {due_tick(inputs)}; none of them due: {idle_tick(inputs)}"
        for seconds in (10, 60):
            bill = month(inputs, seconds)
            yield (
                f"{inputs} inputs every {seconds} s: {bill.total:.2f} $ a month: DynamoDB {bill.dynamodb:.2f}, "
                f"Lambda {bill.compute:.2f} (ticks of {DUE_SECONDS:g} s), SQS {bill.messages:.2f}"
            )
        without, with_one = rule_tick(inputs)
        more = (with_one.dollars - without.dollars) * TICKS_A_MONTH
        yield f"evaluator, a rule about {inputs} inputs: {with_one}, {more:.2f} $ a month more than without"
