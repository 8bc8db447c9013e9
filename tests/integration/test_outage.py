"""An hour without evaluations, for a thousand rules, and how they come back: against a real Prometheus, in virtual time."""

import random
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import count
from urllib.parse import parse_qs

import pytest

from tests.integration.prometheus_server import needs_prometheus, running_prometheus
from tocsin import bootstrap
from tocsin.evaluation.records import load
from tocsin.evaluation.states import Instance
from tocsin.evaluation.unit import spread, unit_of
from tocsin.evaluation.worker import Report
from tocsin.http import SOURCE_BODY_BYTES, HttpClient, Reply, Request, Unreachable
from tocsin.instants import instant, millis
from tocsin.labels import LabelSet, label_set
from tocsin.local.applying import apply_config
from tocsin.local.clocks import VirtualClock
from tocsin.local.queues import LocalQueue, QueueSettings
from tocsin.ports import Answer, Query, Samples, Source, Stored, Written, one_by_one
from tocsin.rules.book import RuleBook
from tocsin.rules.rule import Rule
from tocsin.schedule.buckets import BUCKETS
from tocsin.schedule.layout import Buckets
from tocsin.schedule.ticks import TICK, due_between, floor_tick, ticks_between
from tocsin.settings import Settings
from tocsin.sinks.remote_write import RemoteWriteSink
from tocsin.sources.guard import Pace
from tocsin.sources.prometheus import PrometheusSource
from tocsin.stores.memory import MemoryDatabase
from tocsin.views.alerts import read_firing

pytestmark = [needs_prometheus, pytest.mark.prometheus]

SLOW, FAST = 1000, 20
"""How many rules are evaluated every 60 s and every 10 s."""
BEFORE, OUTAGE, AFTER = timedelta(minutes=3), timedelta(hours=1), timedelta(minutes=3)
CONFIG = """
route: {receiver: team, group_by: [alertname], group_wait: 10s, group_interval: 1m, repeat_interval: 4h}
receivers: [{name: team, webhook_configs: [{url: http://team.invalid/}]}]
"""


def rules(*, source_of_fast: str = "prometheus") -> list[Rule]:
    """Return the rules: in groups of ten those at 60 s, each in a group of its own those at 10 s."""
    rng = random.Random(3)
    minutes = [timedelta(minutes=n) for n in (0, 0, 1, 3, 5, 20)]
    found = []
    for n in range(SLOW + FAST):
        fast = n >= SLOW
        found.append(
            Rule(
                "shop",
                f"fast{n}" if fast else f"slow{n // 10}",
                f"High{n}",
                f'level{{i="{n}"}} > 5',
                source=source_of_fast if fast else "prometheus",
                interval=timedelta(seconds=10 if fast else 60),
                hold=rng.choice(minutes),
                keep_firing_for=rng.choice(minutes),
                annotations={"text": "{{ $labels.i }} is at {{ $value }}"},
            )
        )
    return found


def inputs(start: datetime, end: datetime) -> list[Written]:
    """Return the series that the rules ask for: each has a value or none, for minutes or for long."""
    written = []
    for n in range(SLOW + FAST):
        rng = random.Random(n)
        at, dwell = start, rng.choice((60, 300, 1500))
        while at < end:
            value = None if rng.random() < 0.1 and at > start else float(rng.randint(0, 10))
            written.append(Written({"__name__": "level", "i": str(n)}, value, at))
            at += timedelta(milliseconds=round(rng.expovariate(1 / dwell) * 1000) + 1)
    return written


# -- outside --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Asked:
    """A request: when it was made, what for, and for which times."""

    at: datetime
    expr: str
    first: datetime
    last: datetime
    many: bool


class Line:
    """The transport to Prometheus: every request takes its time, is written down, and fails while it is cut."""

    def __init__(self, clock: VirtualClock) -> None:
        self._clock, self._send = clock, HttpClient(SOURCE_BODY_BYTES)
        self.asked: list[Asked] = []
        self.cut = False

    def __call__(self, request: Request, timeout_seconds: float) -> Reply:
        form = {name: values[0] for name, values in parse_qs(request.body.decode()).items()}
        many = request.url.endswith("_range")
        self._clock.sleep(0.05 if many else 0.005)
        if self.cut:
            return Unreachable("cut")
        first, last = ((form["start"], form["end"]) if many else (form["time"],) * 2)
        times = (instant(round(float(text) * 1000)) for text in (first, last))
        self.asked.append(Asked(self._clock.now(), form["query"], *times, many))
        return self._send(request, timeout_seconds)


class Known:
    """A source that was asked for everything before."""

    def __init__(self, source: PrometheusSource, known: Sequence[Rule], ticks: Sequence[datetime]) -> None:
        queries = [Query(rule.expr, tuple(ticks), TICK.total_seconds()) for rule in known]
        self._known: dict[tuple[str, datetime], tuple[object, ...]] = {}
        ...
