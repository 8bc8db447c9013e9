"""A shop with a thousand rules: evaluated by a worker in virtual time, against a real Prometheus or what it said."""

import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import count
from typing import Any
from urllib.parse import parse_qs

from tests.integration.prometheus_server import Prometheus
from tocsin import bootstrap
from tocsin.evaluation.records import load
from tocsin.evaluation.states import Instance, State
from tocsin.http import SOURCE_BODY_BYTES, HttpClient, Reply, Request, Unreachable
from tocsin.instants import instant
from tocsin.labels import LabelSet, label_set
from tocsin.local.applying import apply_config
from tocsin.local.clocks import VirtualClock
from tocsin.local.queues import LocalQueue, QueueSettings
from tocsin.ports import Answer, Query, Sample, Samples, Source, Stored, Written, one_by_one
from tocsin.rules.book import RuleBook
from tocsin.rules.rule import Rule
from tocsin.schedule.buckets import BUCKETS
from tocsin.schedule.layout import Buckets
from tocsin.schedule.ticks import TICK, ticks_between
from tocsin.settings import Settings
from tocsin.sinks.remote_write import RemoteWriteSink
from tocsin.sources.guard import Pace
from tocsin.sources.prometheus import PrometheusSource
from tocsin.stores.memory import MemoryDatabase
from tocsin.views.alerts import read_firing

INSTANT_SECONDS, RANGE_SECONDS = 0.005, 0.05
"""How long a query takes, in virtual time."""
CONFIG = """
route: {receiver: team, group_by: [alertname], group_wait: 10s, group_interval: 1m, repeat_interval: 4h}
receivers: [{name: team, webhook_configs: [{url: http://team.invalid/}]}]
"""


# -- what there is --------------------------------------------------------------------------------


def rules(numbers: Iterable[int], group_size: int, interval: timedelta, **more: Any) -> list[Rule]:
    """Return rules, each on a series of its own: how long they hold and keep firing is from nothing to 20 min."""
    minutes = (0, 0, 1, 3, 5, 20)
    return [
        Rule(
            "shop",
            f"{n // group_size} at {interval.seconds} s",
            f"High{n}",
            f'level{{i="{n}"}} > 5',
            interval=interval,
            hold=timedelta(minutes=random.Random(f"for {n}").choice(minutes)),
            keep_firing_for=timedelta(minutes=random.Random(f"keep {n}").choice(minutes)),
            annotations={"text": "{{ $labels.i }} is at {{ $value }}"},
            **more,
        )
        for n in numbers
    ]


def write_inputs(server: Prometheus, series: int, start: datetime, end: datetime) -> None:
    """Write series that have a value or none, each for a minute, or minutes, or long."""
    changes = [change for n in range(series) for change in _changes(n, start, end)]
    sink = RemoteWriteSink(f"{server.url}/api/v1/write", max_concurrency=1)
    assert sink.write(changes, 60) == Stored()


def _changes(n: int, start: datetime, end: datetime) -> Iterable[Written]:
    rng = random.Random(f"series {n}")
    at, dwell_seconds = start, rng.choice((60, 300, 1500, 9000))
    while at < end:
        value = None if rng.random() < 0.1 and at > start else float(rng.randint(0, 10))
        yield Written({"__name__": "level", "i": str(n)}, value, at)
        at += timedelta(milliseconds=1 + round(rng.expovariate(1 / dwell_seconds) * 1000))


class Known:
    """A source that has asked for everything beforehand."""

    def __init__(self, server: Prometheus, asked: Iterable[Rule], ticks: Sequence[datetime]) -> None:
        queries = [Query(rule.expr, tuple(ticks), TICK.total_seconds()) for rule in asked]
        answers = PrometheusSource(server.url).ask(queries, 120)
        self._answers: dict[str, Mapping[datetime, tuple[Sample, ...]]] = {}
        for query, answer in zip(queries, answers, strict=True):
            assert isinstance(answer, Samples), answer
            self._answers[query.expr] = dict(zip(ticks, answer.at, strict=True))

    def ask(self, queries: Sequence[Query], timeout_seconds: float) -> Sequence[Answer]:
        """Answer from what is known."""
        return [Samples(tuple(self._answers[query.expr][at] for at in query.at)) for query in queries]


# -- the line to Prometheus -----------------------------------------------------------------------


@dataclass(frozen=True)
class Asked:
    """A query that Prometheus got: when, and for which times."""

    at: datetime
    expr: str
    times: tuple[datetime, ...]

    @property
    def late(self) -> timedelta:
        """How long after its last time it was asked."""
        return self.at - self.times[-1]


class Line:
    """The transport to a Prometheus: queries take their time, are written down, and do not arrive while it is cut."""

    def __init__(self, clock: VirtualClock) -> None:
        self._clock, self._send = clock, HttpClient(SOURCE_BODY_BYTES)
        self.asked: list[Asked] = []
        self.cut = False

    def __call__(self, request: Request, timeout_seconds: float) -> Reply:
        form = {name: values[0] for name, values in parse_qs(request.body.decode()).items()}
        times, at = _times(form), self._clock.now()
        self._clock.sleep(INSTANT_SECONDS if len(times) == 1 else RANGE_SECONDS)
        if self.cut:
            return Unreachable("the line is cut")
        self.asked.append(Asked(at, form["query"], times))
        return self._send(request, timeout_seconds)


def _times(form: Mapping[str, str]) -> tuple[datetime, ...]:
    if "time" in form:
        return (_instant(form["time"]),)
    first, last, step = _instant(form["start"]), _instant(form["end"]), timedelta(seconds=float(form["step"]))
    return tuple(first + n * step for n in range((last - first) // step + 1))


def _instant(seconds: str) -> datetime:
    return instant(round(float(seconds) * 1000))


# -- the shop -------------------------------------------------------------------------------------


class Shop:
    """A shard, its worker, and its dispatch up to the door."""

    def __init__(self, start: datetime) -> None:
        self.clock = VirtualClock(start)
        self.database = MemoryDatabase()
        self._tokens = count()
        apply_config(self.database, CONFIG, "alertmanager.yml", start)

    def source(self, server: Prometheus, line: Line) -> Source:
        """Return a Prometheus at the end of a line, which takes one query after the other."""
        started = self.clock.now()
        pace = Pace(lambda: (self.clock.now() - started).total_seconds(), self.clock.sleep, lambda: 0.5)
        return PrometheusSource(server.url, transport=line, parallel=one_by_one, pace=pace)

    def open(self, sources: Mapping[str, Source]) -> None:
        """Start the worker, with caches as empty as after a deployment."""
        world = bootstrap.World(
            self.database,
            self.clock,
            flushes=LocalQueue("flushes", QueueSettings(), self.clock),
            sources=sources,
            parallel=one_by_one,
            token=lambda: f"t{next(self._tokens)}",
        )
        self._worker = bootstrap.evaluator(world, Settings())

    def apply(self, added: Sequence[Rule]) -> None:
        """Store rules."""
        RuleBook(self.database).write(added, [], by="test", at_ms=0)

    def run(self, until: datetime) -> None:
        """Deliver every tick up to a time, each when it is due or, if the worker is busy then, afterwards."""
        for tick in ticks_between(self.clock.now(), until):
            self.clock.advance_to(tick)
            self._worker.tick(1, 0, tick)

    def instances(self) -> dict[LabelSet, Instance]:
        """Return what is known of every alert and can matter yet.

        Its value and its texts are those of when it last changed; when what fires now ended before, nobody asks.
        """
        records = load(self.database, Buckets(0, BUCKETS)).values()
        return {held.labels: _standing(held) for record in records for held in record.instances.values()}

    def firing(self) -> dict[LabelSet, datetime]:
        """Return what dispatch has been told that fires, and since when."""
        views = read_firing(self.database, None, (), self.clock.now())
        return {label_set(view.alert.labels): view.alert.starts_at for view in views}


def _standing(held: Instance) -> Instance:
    resolved_at = None if held.state is State.FIRING else held.resolved_at
    return replace(held, value=0.0, annotations=None, resolved_at=resolved_at)
