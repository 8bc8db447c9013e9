"""What a flush of a hundred alerts costs us beside many silences, and beside many alerts that inhibit others."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from statistics import median

from tests.benchmarks.costs import Cost
from tests.benchmarks.dispatch import alerts
from tests.benchmarks.dispatch_world import Dispatch
from tests.simulation.outside import START
from tocsin.dispatch.silence import Silence
from tocsin.dispatch.silencestore import put_silence
from tocsin.index import bump, read_index
from tocsin.matchers import parse_matchers

_FLUSHES = 7
_YEAR = timedelta(days=365)
_INHIBITS = {
    "source_matchers": ["severity = critical"],
    "target_matchers": ["severity = page"],
    "equal": ["cluster"],
}


@dataclass(frozen=True)
class Flush:
    """What one flush of a warm dispatcher costs, and our CPU in that of a cold one."""

    cost: Cost
    ms: float
    cold_ms: float

    def __str__(self) -> str:
        return f"our CPU {self.ms:.1f} ms, cold {self.cold_ms:.1f} ms; {self.cost}"


def beside_silences(number: int) -> Flush:
    """Return what a flush costs beside so many silences, each for one instance of one rule, of which none mutes."""
    world = Dispatch()
    for one in range(number):
        matchers = parse_matchers(f'{{alertname="Rule{one % 50}",instance="other-{one}"}}')
        silence = Silence(f"silence-{one}", matchers, START, START + _YEAR, "somebody", "", START)
        world.counted.write(put_silence(silence))
    world.counted.write(bump("silences"))
    assert read_index(world.counted).silences == 1
    return _flush(world, f"silences-{number}")


def beside_sources(number: int) -> Flush:
    """Return what a flush costs while so many alerts fire that inhibit other clusters than the group's."""
    world = Dispatch(inhibit_rules=[_INHIBITS])
    sources = [
        replace(one, labels={**one.labels, "severity": "critical", "cluster": f"other-{place % 100}"})
        for place, one in enumerate(alerts("sources", 1, 1, number))
    ]
    world.intake.hand_over("sources", 1, sources)
    world.pass_seconds(30)
    world.flush()
    world.inbox.bodies.clear()
    return _flush(world, f"sources-{number}")


def _flush(world: Dispatch, region: str) -> Flush:
    """Flush a group of a hundred alerts whenever it is repeated, the first time by a dispatcher that is new."""
    known = set(world.due())
    world.intake.hand_over("targets", 1, alerts(region, 1, 1, 100))
    world.pass_seconds(60)
    [group] = set(world.due()) - known
    world.start()
    efforts = []
    for _ in range(1 + _FLUSHES):
        efforts.append(world.measured(lambda: world.dispatcher.flush(group)))
        world.pass_seconds(6 * 3600)
    assert world.told().total() == 100 * len(efforts)
    cold, *warm = efforts
    return Flush(warm[0].cost, 1000 * median(one.cpu_seconds for one in warm), 1000 * cold.cpu_seconds)


def report() -> Iterator[str]:
    """Yield the figures in words."""
    for silences in (10, 100, 1_000, 10_000):
        yield f"flush of 100 alerts beside {silences} silences: {beside_silences(silences)}"
    for sources in (1, 10_000):
        yield f"flush of 100 alerts beside {sources} that inhibit others: {beside_sources(sources)}"
